"""Probes: https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/."""

from tracegen.emit import Commented, Value
from tracegen.system import Component, Health

#: Seconds between questions until it has started.
STARTING = 5


def probes(component: Component) -> dict[str, Value]:
    """Startup, readiness and liveness; only readiness for images that tracegen knows nothing of."""
    health = component.health
    if health is None or component.job:
        return {}
    ready: dict[str, Value] = {
        "readinessProbe": {
            **_question(health),
            "periodSeconds": min(health.interval, 10),
            "timeoutSeconds": health.timeout,
            "failureThreshold": 3,
        }
    }
    return (
        ready
        if component.user is None
        else {"startupProbe": _startup(health), **ready, "livenessProbe": _alive(health)}
    )


def _startup(health: Health) -> Value:
    return {
        **_question(health),
        "periodSeconds": STARTING,
        "timeoutSeconds": health.timeout,
        # Five times what it is given elsewhere: nodes are slower, and volumes have to be attached.
        "failureThreshold": health.start_period,
    }


def _alive(health: Health) -> Value:
    why = "Whether it lives, not whether it is ready: a restart does not help against what others lack."
    return Commented(
        {
            "tcpSocket": {"port": health.port},
            "periodSeconds": health.interval,
            "timeoutSeconds": health.timeout,
            "failureThreshold": health.retries,
        },
        why,
    )


def _question(health: Health) -> dict[str, Value]:
    if not health.path:
        return {"tcpSocket": {"port": health.port}}
    scheme: dict[str, Value] = {"scheme": "HTTPS"} if health.https else {}
    return {"httpGet": {"path": health.path, "port": health.port, **scheme}}
