"""The health check of the container: exits 0 when the service answers."""

import os
import urllib.request

port = os.environ.get("PORT", "8080")
path = os.environ.get("TRACING_HEALTH_PATH", "/healthz")
with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=4):
    pass
