"""Example services: what stands in, and really runs, for a service that has no image yet."""

import re
from collections.abc import Mapping
from typing import Any

from tracegen.catalogue import LanguagePack
from tracegen.spec.said import Said
from tracegen.system import Text, text

#: The tag of what is built from a spec that gives the service no version.
_TAG = "local"


def is_example(said: Mapping[str, Any], language: LanguagePack) -> bool:
    """Whether a service, as the spec says it, is the example of its language."""
    return not said.get("image") and said.get("deploy", True) and language.example is not None


def built_image(spec: Said, name: str, version: str) -> str:
    """The name under which the example is built: in the project's registry where there is one."""
    registry = spec.get("registry")
    tag = re.sub(r"[^\w.-]", "-", version, flags=re.ASCII).lstrip(".-") or _TAG
    return f"{f'{registry}/' if registry else ''}{spec.value['name']}-{name}:{tag}"


def example_environment(spec: Said, name: str, port: int, callees: Mapping[str, Text]) -> dict[str, Text]:
    """What the example reads beside its OpenTelemetry environment.

    `PORT`; `EXAMPLE_CALLS`, the variables that hold the addresses of its callees, by commas; and
    `EXAMPLE_REQUESTS_PER_SECOND`, the traffic that it makes itself because nobody else calls it.
    """
    variables = {"PORT": text(str(port))}
    if callees:
        variables["EXAMPLE_CALLS"] = text(",".join(callees))
    rate = spec.get("services", name, "traffic", "requests_per_second")
    if rate and not any(name in each.get("calls", []) for each in spec.services.values()):
        replicas = spec.services[name].get("replicas", 1)
        variables["EXAMPLE_REQUESTS_PER_SECOND"] = text(f"{rate / replicas:g}")
    return variables
