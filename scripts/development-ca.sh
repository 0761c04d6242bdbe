#!/bin/sh
# A private certificate authority and one server certificate, for development only: whoever reads the folder can
# sign for any name. Needs openssl.
#
#   scripts/development-ca.sh FOLDER NAME...
#
#   scripts/development-ca.sh certs otel-gateway otel-agent jaeger localhost 127.0.0.1
#
# makes, in FOLDER: ca.pem (what clients verify with), ca.key (keep it to yourself), tls.crt and tls.key (what servers
# show), valid for each NAME, a host name or an IP address. Run again, it keeps the authority and makes a new certificate.
set -eu

if [ $# -lt 2 ]; then
    echo "usage: $0 FOLDER NAME..." >&2
    exit 2
fi
if ! command -v openssl >/dev/null 2>&1; then
    echo "$0: openssl is not installed" >&2
    exit 2
fi

folder=$1
shift

names=
for name in "$@"; do
    case $name in
        *[!A-Za-z0-9.:*-]* | '') echo "$0: '$name' is no host name and no address" >&2; exit 2 ;;
        *:*) kind=IP ;;
        *[!0-9.]*) kind=DNS ;;
        *) kind=IP ;;
    esac
    names=${names:+$names,}$kind:$name
done

umask 077
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ ! -f "$folder/ca.key" ] || [ ! -f "$folder/ca.pem" ]; then
    cat >"$work/ca.cnf" <<END
[req]
prompt = no
distinguished_name = name
x509_extensions = extensions
[name]
CN = development authority
[extensions]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
END
    openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$work/ca.key"
    openssl req -x509 -new -sha256 -days 3650 -key "$work/ca.key" -config "$work/ca.cnf" -out "$work/ca.pem"
    mv "$work/ca.key" "$work/ca.pem" "$folder/"
fi

cat >"$work/server.cnf" <<END
[req]
prompt = no
distinguished_name = name
[name]
CN = development
[extensions]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = $names
END
openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$work/tls.key"
openssl req -new -sha256 -key "$work/tls.key" -config "$work/server.cnf" -out "$work/request"
openssl x509 -req -sha256 -days 365 -in "$work/request" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" \
    -set_serial "0x$(openssl rand -hex 16)" -extfile "$work/server.cnf" -extensions extensions \
    -out "$work/tls.crt" 2>/dev/null
mv "$work/tls.key" "$work/tls.crt" "$folder/"

# Containers run as users of their own, and Compose mounts these files as they are.
chmod 755 "$folder"
chmod 644 "$folder/ca.pem" "$folder/tls.crt" "$folder/tls.key"
echo "made $folder/ca.pem, $folder/tls.crt and $folder/tls.key for $names"
