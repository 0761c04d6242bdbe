#!/bin/sh
# PHP's small server ends in order at SIGINT, each of its processes for itself. The first of them does not wait for the
# others, which answer what they have begun: two seconds are for that.
php traffic.php &
traffic=$!
trap 'trap "" INT; kill "$traffic"; kill -INT 0; wait; sleep 2' TERM INT
php -S "0.0.0.0:${PORT:-8080}" index.php &
wait
