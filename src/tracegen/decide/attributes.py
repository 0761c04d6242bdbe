"""Resource attributes of a service: what all its spans carry (ruling 11)."""

from collections.abc import Mapping

from tracegen.decide import Settings
from tracegen.decide.records import Service
from tracegen.system import TENANT_ATTRIBUTE


def resource_attributes(settings: Settings, name: str, service: Service) -> Mapping[str, str]:
    """What is the same of all spans of a service (ruling 11)."""
    attributes = {"service.namespace": settings.name}
    if service.version:
        attributes["service.version"] = service.version
    if settings.said.environment is not None:
        attributes["deployment.environment.name"] = settings.said.environment
    if service.tenant:
        attributes[TENANT_ATTRIBUTE] = service.tenant
    attributes |= settings.attributes
    attributes |= service.attributes
    return {"service.name": name, **attributes}
