"""What runs a component's pods: Deployment, StatefulSet, DaemonSet, Job or CronJob."""

import hashlib

from tracegen.emit import Commented, Value, to_json
from tracegen.render.kubernetes.labels import metadata, selector
from tracegen.render.kubernetes.pod import pod_template
from tracegen.render.kubernetes.volumes import claims
from tracegen.system import Component, System

#: An agent opens no port of its machine, so the new one can be ready before the old one goes.
ONE_MORE: Value = Commented(
    {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
    "Its machine has no other: the new one is ready before the old one goes.",
)

_DAY, _HOUR = 86_400, 3_600

#: Tries of a job that nobody starts again: waiting doubles from 10 seconds to five minutes, so this is eight hours.
_TRIES_OF_ONE = 100
#: Tries of one that comes again: about ten minutes.
_TRIES = 6


def workload(component: Component, system: System) -> Value:
    """The object, by what the component is."""
    return _FORMS[kind_of(component)](component, system)


def kind_of(component: Component) -> str:
    """The kind of the object that runs a component."""
    if component.job:
        return "CronJob" if component.every else "Job"
    if component.per_node:
        return "DaemonSet"
    return "StatefulSet" if component.volumes or component.ordinals else "Deployment"


def _deployment(component: Component, system: System) -> Value:
    return _apps("Deployment", component, system, _replicas(component))


def _stateful_set(component: Component, system: System) -> Value:
    together = Commented("Parallel", "Replicas need no order, and may need each other before they are ready.")
    first: dict[str, Value] = {"serviceName": component.name, "podManagementPolicy": together}
    templates = claims(component, system)
    last: dict[str, Value] = {"volumeClaimTemplates": templates} if templates else {}
    return _apps("StatefulSet", component, system, _replicas(component) | first, last)


def _daemon_set(component: Component, system: System) -> Value:
    return _apps("DaemonSet", component, system, {"updateStrategy": ONE_MORE})


def _apps(
    kind: str, component: Component, system: System, first: dict[str, Value], last: dict[str, Value] | None = None
) -> Value:
    spec: dict[str, Value] = {
        **first,
        "selector": {"matchLabels": selector(component.name, system)},
        "template": pod_template(component, kind, system),
        **(last or {}),
    }
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata(component, system), "spec": spec}


def _replicas(component: Component) -> dict[str, Value]:
    """Not where an autoscaler sets them: each apply would set them back."""
    return {} if component.most else {"replicas": component.replicas}


def _job(component: Component, system: System) -> Value:
    assert not component.files, "a changed ConfigMap would have to give the job another name, too"
    tries = Commented(_TRIES_OF_ONE, "About eight hours: a job that has failed for good is started by nobody.")
    spec: dict[str, Value] = {"backoffLimit": tries, "template": pod_template(component, "Job", system)}
    # A job's template cannot be changed: what differs is another job.
    digest = hashlib.sha256(to_json(spec).encode()).hexdigest()[:8]
    named = metadata(component, system, f"{component.name}-{digest}")
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": named, "spec": spec}


def _cron_job(component: Component, system: System) -> Value:
    spec: dict[str, Value] = {
        "schedule": _schedule(component.every),
        "timeZone": "Etc/UTC",
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": _HOUR,
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": 3,
        "jobTemplate": {"spec": {"backoffLimit": _TRIES, "template": pod_template(component, "CronJob", system)}},
    }
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata(component, system), "spec": spec}


def _schedule(every: int) -> str:
    """Days begin at night, and hours off the full one, when everybody's jobs start."""
    if every % _DAY == 0:
        days = every // _DAY
        return "17 1 * * *" if days == 1 else f"17 1 */{days} * *"
    return f"17 */{max(1, every // _HOUR)} * * *"


_FORMS = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "CronJob": _cron_job,
}
