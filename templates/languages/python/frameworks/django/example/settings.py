"""Settings of the example service."""

import secrets

ALLOWED_HOSTS = ["*"]
LOGGING_CONFIG = None
ROOT_URLCONF = "main"
SECRET_KEY = secrets.token_urlsafe(32)
