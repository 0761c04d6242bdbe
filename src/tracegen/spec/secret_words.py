"""Names under which secrets travel, and texts that carry one."""

import re
from urllib.parse import urlsplit

_HEADER = re.compile(r"(^authorization$|^proxy-authorization$|^cookie$|api-?key$|-token$|-secret$)", re.IGNORECASE)
_PASSWORD_IN_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^/@\s:]*:[^/@\s]+@", re.IGNORECASE)
_REFERENCE = re.compile(r"\$\{|\$\(|\{\{")


def is_secret_header(name: str) -> bool:
    """Whether the value of a header is a secret: `authorization`, `*-api-key`, `*-token` and their like."""
    return _HEADER.search(name) is not None


def has_login(url: str) -> bool:
    """Whether an address names a user, with or without a password."""
    try:
        return "@" in urlsplit(url if "://" in url else f"//{url}").netloc
    except ValueError:
        return False


def holds_password(text: str) -> bool:
    """Whether a text holds a URL with a password that is written out and not referred to."""
    found = _PASSWORD_IN_URL.search(text)
    return found is not None and not _REFERENCE.search(found.group())


def refers(text: str) -> bool:
    """Whether a text of a generated file takes its value from elsewhere, such as `${env:TOKEN}`."""
    return _REFERENCE.search(text) is not None
