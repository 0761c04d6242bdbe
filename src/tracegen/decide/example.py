"""Which services are examples: what stands in for a service that has no image yet."""

from tracegen.catalogue import LanguagePack
from tracegen.decide.records import Service


def is_example(service: Service, language: LanguagePack) -> bool:
    """Whether a service is the example of its language, which is built and run."""
    return not service.image and service.deploy and language.example is not None
