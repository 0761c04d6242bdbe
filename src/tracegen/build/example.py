"""Example services: what stands in, and really runs, for a service that has no image yet."""

import re
from collections.abc import Mapping

from tracegen.decide import Settings
from tracegen.system import Text, text

#: The tag of what is built from a spec that gives the service no version.
_TAG = "local"


def built_image(settings: Settings, name: str, version: str) -> str:
    """The name under which the example is built: in the project's registry where there is one."""
    registry = settings.registry
    tag = re.sub(r"[^\w.-]", "-", version, flags=re.ASCII).lstrip(".-") or _TAG
    return f"{f'{registry}/' if registry else ''}{settings.name}-{name}:{tag}"


def example_environment(
    settings: Settings, name: str, callees: Mapping[str, Text], is_called: bool
) -> dict[str, Text]:
    """What the example reads beside its OpenTelemetry environment.

    `PORT`; `EXAMPLE_CALLS`, the variables that hold the addresses of its callees, by commas; and
    `EXAMPLE_REQUESTS_PER_SECOND`, the traffic that it makes itself because nobody else calls it.
    """
    service = settings.services[name]
    variables = {"PORT": text(str(service.port))}
    if callees:
        variables["EXAMPLE_CALLS"] = text(",".join(callees))
    rate = service.traffic.requests_per_second
    if rate and not is_called:
        variables["EXAMPLE_REQUESTS_PER_SECOND"] = text(f"{rate / service.replicas:g}")
    return variables
