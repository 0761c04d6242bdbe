# start.sh ROOT STATE: a Docker engine in a mount and a process namespace that are already its own.
#
# ROOT is a Debian with the engine in it, whose /usr and /etc take the place of this machine's for these processes only.
# The engine has a network of its own too, which reaches out through slirp4netns: no bridge, no rule of a packet filter
# and no published port of it is on this machine, and all goes when the first process does.
set -eu
root=$1 state=$2
for folder in usr etc; do mount --bind "$root/$folder" "/$folder"; done
mount -t proc proc /proc
unshare --net sh -c '
    ip link set lo up
    until [ -s "$0/network" ]; do sleep 0.05; done
    trap "kill \$engine" TERM
    while
        dockerd --data-root "$0/data" --exec-root "$0/run" --host "unix://$0/docker.sock" --pidfile "$0/pid" \
            --cgroup-parent "/$1" --default-address-pool base=10.200.0.0/16,size=24 &
        engine=$!
        wait $engine || wait $engine
        [ -e "$0/again" ]
    do rm "$0/again"; done
' "$state" "$(basename "$state")" &
engine=$!
until [ "$(readlink /proc/$engine/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
slirp4netns --configure --mtu=65520 --disable-host-loopback --ready-fd=3 $engine tap0 3>"$state/network" &
trap 'kill $engine' TERM
# The first wait ends with the signal, the second with the engine.
wait $engine || wait $engine
