"""HTTP requests of any method, past the proxies of the environment."""

from __future__ import annotations

import urllib.request
from collections.abc import Mapping

from programs.running import REQUEST_SECONDS, Answer


def request(method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Raises urllib.error.HTTPError for any status but 2xx."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    asked = urllib.request.Request(url, body, dict(headers or {}), method=method)
    with opener.open(asked, timeout=REQUEST_SECONDS) as answer:
        return Answer(answer.status, answer.headers.get("Content-Type", ""), answer.read())
