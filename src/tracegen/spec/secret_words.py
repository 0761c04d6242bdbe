"""Names under which secrets travel, and texts that carry one.

A text is looked at once, from its beginning to its end, so that the time grows with its length and no faster.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

#: Headers by which vendors know who sends, beside those of which the name says it; and where that is written.
VENDOR_HEADERS: Mapping[str, str] = {
    "x-honeycomb-team": "https://docs.honeycomb.io/send-data/opentelemetry/",
    "signoz-ingestion-key": "https://signoz.io/docs/ingestion/signoz-cloud/keys/",
    "uptrace-dsn": "https://uptrace.dev/get/opentelemetry-collector",
    "api-key": "https://docs.newrelic.com/docs/opentelemetry/best-practices/opentelemetry-otlp/",
    "dd-api-key": "https://docs.datadoghq.com/opentelemetry/setup/otlp_ingest/traces/",
    "lightstep-access-token": "https://docs.lightstep.com/docs/create-and-manage-access-tokens",
    "x-sf-token": "https://help.splunk.com/en/splunk-observability-cloud/manage-data/other-data-ingestion-methods",
    "x-sentry-auth": "https://docs.sentry.io/concepts/otlp/",
    "helicone-auth": "https://docs.helicone.ai/helicone-headers/helicone-auth",
    "ocp-apim-subscription-key": "https://learn.microsoft.com/azure/api-management/api-management-subscriptions",
    "x-functions-key": "https://learn.microsoft.com/azure/azure-functions/function-keys-how-to",
}

_HEADER = re.compile(
    r"^(proxy-)?authorization$|cookie$|(^|[-_])(auth(orization)?|token|secret|password|credentials?|dsn)$"
    r"|(api|access|ingest(ion)?|license|subscription|private|service|write|insert)[-_]?key$",
    re.IGNORECASE,
)
#: Keys of a configuration of which the value is a secret, and those of which it may be one.
_KEY = re.compile(
    r"(password|passwd|passphrase|api_?key|client_?secret|secret_?(access_?)?key|private_?key)$", re.IGNORECASE
)
_DOUBTFUL_KEY = re.compile(r"(^|[_-]|(?<=[a-z]))(token|secret|credentials?|bearer)$", re.IGNORECASE)

_WORD = re.compile(r"\S+")
_PORT = re.compile(r"[0-9]{1,5}(/|$)")
_IN_A_QUERY = re.compile(
    r"[?&](?:password|passwd|pwd|token|access_token|api_?key|(?:client_)?secret)=(?P<value>[^&\s]+)", re.IGNORECASE
)
_ASSIGNED = re.compile(
    r"(?:password|passwd|pwd|accountkey|secret|token|api_?key)\s?=\s?(?P<value>[^;&\s]+)", re.IGNORECASE
)
_TOKEN = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9_.-]{16,}")
_REFERENCE = re.compile(r"\$\{|\$\(|\{\{|\$[A-Z_]")


def is_secret_header(name: str) -> bool:
    """Whether the value of a header is a secret: `authorization`, `*-api-key`, `*-token`, and those of vendors."""
    return name.lower() in VENDOR_HEADERS or _HEADER.search(name) is not None


def is_secret_key(name: str) -> bool:
    """Whether the value of a key of a configuration is a secret: `password`, `client_secret`, `api_key`."""
    return _KEY.search(name) is not None


def may_be_secret_key(name: str) -> bool:
    """Whether the value of a key of a configuration may be a secret or the name of one: `token`, `secret`."""
    return is_secret_key(name) or _DOUBTFUL_KEY.search(name) is not None


def has_login(url: str) -> bool:
    """Whether an address names a user, with or without a password."""
    try:
        return "@" in urlsplit(url if "://" in url else f"//{url}").netloc
    except ValueError:
        return False


def holds_password(text: str) -> bool:
    """Whether a text holds a URL with a password that is written out and not referred to."""
    if any(_is_password(password) for password in _passwords(text)):
        return True
    return "=" in text and any(not refers(found["value"]) for found in _IN_A_QUERY.finditer(text))


def may_hold_secret(text: str) -> bool:
    """Whether a text may well hold a secret: `host=db password=…`, `https://<token>@host`."""
    if "=" in text and any(not refers(found["value"]) for found in _ASSIGNED.finditer(text)):
        return True
    return any(":" not in login and _TOKEN.fullmatch(login) is not None for login in _logins(text))


def refers(text: str) -> bool:
    """Whether a text of a generated file takes its value from elsewhere, such as `${env:TOKEN}`."""
    return _REFERENCE.search(text) is not None


def _logins(text: str) -> Iterator[str]:
    """What stands between `://` and the last `@` of a word: a slash in a password does not end it."""
    if "@" not in text or "://" not in text:
        return
    for word in _WORD.finditer(text):
        _, _, rest = word.group().partition("://")
        login, at, _ = rest.rpartition("@")
        if at:
            yield login


def _passwords(text: str) -> Iterator[str]:
    for login in _logins(text):
        _, colon, password = login.partition(":")
        if colon:
            yield password


def _is_password(text: str) -> bool:
    """Not a reference, and not the port of a URL that has an `@` in its path."""
    return bool(text) and not refers(text) and not _PORT.match(text)
