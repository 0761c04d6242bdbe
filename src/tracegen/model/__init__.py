"""The narrow waist: packs describe neutral components, targets print them."""

from tracegen.model.component import (
    Component,
    FileMount,
    Health,
    Port,
    Publish,
    Resources,
    Secret,
    SecretMount,
    Text,
    Volume,
    Wait,
    text,
)
from tracegen.model.decision import Decision
from tracegen.model.model import (
    Backend,
    Destination,
    Exposure,
    Model,
    Queue,
    Sampler,
    Service,
    Storage,
    Tier,
)

__all__ = [
    "Backend",
    "Component",
    "Decision",
    "Destination",
    "Exposure",
    "FileMount",
    "Health",
    "Model",
    "Port",
    "Publish",
    "Queue",
    "Resources",
    "Sampler",
    "Secret",
    "SecretMount",
    "Service",
    "Storage",
    "Text",
    "Tier",
    "Volume",
    "Wait",
    "text",
]
