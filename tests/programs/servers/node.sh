# node.sh CLUSTER NETWORK ETCD APISERVER CNI WORK: a Kubernetes of one node, in namespaces of processes, mounts and network of its own.
#
# All that it changes, rules of packet filters and mounts with it, goes when this first process does. It reaches no other
# network, and none reaches it; files are in WORK alone.
set -eu
cluster=$1 network=$2 etcd=$3 apiserver=$4 cni=$5 work=$6
ip=10.99.0.1 pods=10.244.0.0/16 services=10.96.0.0/16
cd "$work"

# Where its programs write of themselves, on this machine as elsewhere.
for folder in /run /var/log /var/lib; do mount -t tmpfs tmpfs $folder; done
# The kubelet sets these, and they are the whole machine's.
for file in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
    [ -e /proc/sys/$file ] || continue
    kept=$work/sys-$(basename $file)
    cat /proc/sys/$file >"$kept"
    mount --bind "$kept" /proc/sys/$file
done
# A bridge without ports bears the node's address: not every machine has `dummy` links.
ip link set lo up
ip link add knode0 type bridge
ip addr add $ip/32 dev knode0
ip link set knode0 up
for switch in net/ipv4/ip_forward net/bridge/bridge-nf-call-iptables; do echo 1 >/proc/sys/$switch; done

run() {
    name=$1
    shift
    "$@" >"$name.log" 2>&1 &
}
ready() {
    # What is asked, until it answers.
    for _ in $(seq 600); do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.2
    done
    echo "not ready: $*" >&2
    exit 1
}

openssl genrsa -out accounts.key 2048 2>/dev/null
echo 'administrator,admin,admin,"system:masters"' >tokens.csv
run etcd "$etcd" --data-dir etcd --unsafe-no-fsync --listen-client-urls http://127.0.0.1:2379 \
    --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380
run apiserver "$apiserver" --etcd-servers=http://127.0.0.1:2379 --authorization-mode=RBAC --token-auth-file=tokens.csv \
    --service-account-issuer=https://kubernetes.default.svc --service-account-key-file=accounts.key \
    --service-account-signing-key-file=accounts.key --bind-address=$ip --advertise-address=$ip --secure-port=6443 \
    --cert-dir=certificates --service-cluster-ip-range=$services --allow-privileged=true \
    --kubelet-preferred-address-types=InternalIP
cat >kubeconfig <<END
apiVersion: v1
kind: Config
clusters: [{name: node, cluster: {server: "https://$ip:6443", insecure-skip-tls-verify: true}}]
users: [{name: admin, user: {token: administrator}}]
contexts: [{name: node, context: {cluster: node, user: admin}}]
current-context: node
END
ready sh -c "[ -s certificates/apiserver.crt ] && openssl s_client -connect $ip:6443 </dev/null"
run controllers "$cluster" kube-controller-manager --kubeconfig=kubeconfig --leader-elect=false --allocate-node-cidrs=true \
    --cluster-cidr=$pods --service-account-private-key-file=accounts.key --root-ca-file=certificates/apiserver.crt
run scheduler "$cluster" kube-scheduler --kubeconfig=kubeconfig --leader-elect=false

mkdir -p cni.d kubelet volumes plugins
cat >cni.d/10-bridge.conflist <<END
{"cniVersion": "0.4.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "kcni0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.244.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}], "dataDir": "$work/addresses"}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
END
# Root of some machines lacks CAP_SYS_RESOURCE, and may not lower what the kernel ends last.
cat >containerd.toml <<END
version = 2
root = "$work/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt"]
[grpc]
  address = "$work/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  sandbox_image = "registry.k8s.io/pause:3.10"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$cni"
    conf_dir = "$work/cni.d"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
END
run containerd containerd --config containerd.toml
ready ctr --address containerd.sock version
for image in images/*.tar; do ctr --address containerd.sock --namespace k8s.io images import "$image" >>import.log 2>&1; done
echo "nameserver 127.0.0.1" >resolv.conf
cat >kubelet.yaml <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
cgroupDriver: cgroupfs
cgroupRoot: /tracegen-node
failCgroupV1: false
failSwapOn: false
oomScoreAdj: 0
containerRuntimeEndpoint: unix://$work/containerd.sock
clusterDomain: cluster.local
clusterDNS: [10.96.0.10]
resolvConf: $work/resolv.conf
podLogsDir: $work/pods
volumePluginDir: $work/plugins
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
END
for controller in /sys/fs/cgroup/*/ /sys/fs/cgroup/; do mkdir -p "$controller/tracegen-node" 2>/dev/null || true; done
run kubelet "$cluster" kubelet --config kubelet.yaml --kubeconfig kubeconfig --root-dir "$work/kubelet" --node-ip $ip \
    --hostname-override node --cert-dir "$work/kubelet/pki"
run proxy "$cluster" kube-proxy --kubeconfig=kubeconfig --hostname-override=node --proxy-mode=iptables --cluster-cidr=$pods \
    --conntrack-max-per-core=0
# It ends where the node is not registered yet.
run policies sh -c 'until "$0" "$@"; do sleep 1; done' "$network" policies --kubeconfig=kubeconfig --hostname-override=node --run-firewall=true --run-router=false \
    --run-service-proxy=false --service-cluster-ip-range=$services --metrics-port=0 --health-port=0
touch started
wait
