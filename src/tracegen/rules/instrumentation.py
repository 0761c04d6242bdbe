"""What a language's pack can do for a service (ruling 9)."""

from collections.abc import Iterator

from tracegen.catalogue import NO_FRAMEWORK, Catalogue
from tracegen.decide import Settings
from tracegen.decide.example import is_example
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, cause
from tracegen.spec.wording import either

NO_SUCH_INSTRUMENTATION = Code("TG501", "Language has no such instrumentation")
NOTHING_TO_RUN = Code("TG502", "Nothing to run")
NO_SUCH_PROPAGATOR = Code("TG503", "Language has no such propagator")
BAGGAGE_NOT_COPIED = Code("TG505", "Baggage is not copied onto spans", Severity.NOTE)


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """For each service: its kind of instrumentation, its propagators, and what runs."""
    for name in settings.services:
        yield from _instrumentation(settings, packs, name)
        yield from _propagators(settings, packs, name)
        yield from _baggage(settings, packs, name)
        yield from _image(settings, packs, name)


def _instrumentation(settings: Settings, packs: Catalogue, name: str) -> Iterator[Problem]:
    language = packs.languages[settings.services[name].language]
    chosen = settings.services[name].instrumentation
    path = ("services", name, "instrumentation")
    if chosen not in language.instrumentation:
        where = cause(settings, path, ("services", name, "language"))
        message = f"{language.title} has no instrumentation: {chosen}"
        yield at(settings, NO_SUCH_INSTRUMENTATION, where, message, f"use {either(language.instrumentation)}")
    elif chosen == "auto" and language.auto_needs == "operator" and not _is_operated(settings):
        message = f"{language.title} with instrumentation auto needs the OpenTelemetry Operator"
        hint = "use sdk, or targets: [kubernetes] with kubernetes.flavor: operator"
        where = cause(settings, path, ("kubernetes", "flavor"), ("targets",))
        yield at(settings, NO_SUCH_INSTRUMENTATION, where, message, hint)


def _is_operated(settings: Settings) -> bool:
    """Whether the OpenTelemetry Operator is all that starts services (its internal/instrumentation/golang.go)."""
    return settings.kubernetes.flavor == "operator" and settings.targets == ("kubernetes",)


def _propagators(settings: Settings, packs: Catalogue, name: str) -> Iterator[Problem]:
    service = settings.services[name]
    language = packs.languages[service.language]
    for index, propagator in enumerate(settings.propagators):
        if propagator not in language.propagators and service.instrumentation != "none":
            message = f"{language.title}, the language of {name}, has no propagator {propagator}"
            hint = f"it has {either(language.propagators, 'and')}; use one that all services have"
            yield at(settings, NO_SUCH_PROPAGATOR, ("propagators", index), message, hint)


def _baggage(settings: Settings, packs: Catalogue, name: str) -> Iterator[Problem]:
    service = settings.services[name]
    language, chosen = packs.languages[service.language], service.instrumentation
    able = [kind for kind in language.instrumentation if "baggage" in language.settings.get(kind, {})]
    if settings.baggage.to_attributes and chosen not in able:
        message = f"{language.title} with instrumentation: {chosen} copies no baggage onto the spans of {name}"
        hint = (
            f"use {either(able)}, or copy it in the service's own code" if able else "copy it in the service's code"
        )
        yield at(settings, BAGGAGE_NOT_COPIED, ("baggage", "to_attributes"), message, hint)


def _image(settings: Settings, packs: Catalogue, name: str) -> Iterator[Problem]:
    service = settings.services[name]
    language = packs.languages[service.language]
    if language.example is None and not service.image and service.deploy:
        message = f"service {name} has no image, and language: {language.name} has no example service to run"
        hint = "name its image, or say deploy: false when it runs elsewhere"
        yield at(settings, NOTHING_TO_RUN, ("services", name), message, hint)
    elif is_example(service, language) and (service.port == "none" or service.framework == NO_FRAMEWORK):
        key = "port" if service.port == "none" else "framework"
        message = f"service {name} has no image, and the example service of {language.title} answers requests"
        hint = "name the image of the worker, or say deploy: false when it runs elsewhere"
        yield at(settings, NOTHING_TO_RUN, ("services", name, key), message, hint)
