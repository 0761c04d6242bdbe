"""One alert of Prometheus."""

from tracegen.emit import Commented, Value


def alert(name: str, expression: str, severity: str, words: str) -> Value:
    """An alert: a `page` fires at once, since what it counts is lost; a `ticket` after a quarter of an hour."""
    wait = "15m" if severity == "ticket" else "0m"
    return {
        "alert": name,
        "expr": expression,
        "for": Commented(wait, "Each lost span counts.") if severity == "page" else wait,
        "labels": {"severity": severity},
        "annotations": {"summary": words},
    }
