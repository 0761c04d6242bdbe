#!/bin/sh
# One process: the example's own traffic would come from each.
# gunicorn writes its heartbeat to a file, and the root of the file system may be read-only.
exec gunicorn main:app --bind "0.0.0.0:${PORT:-8080}" --threads 8 --worker-tmp-dir /tmp --no-control-socket
