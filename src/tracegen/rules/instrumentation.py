"""What a language's pack can do for a service (ruling 9)."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, cause, instrumentation_of, targets_of
from tracegen.spec.said import Spec
from tracegen.spec.wording import either

NO_SUCH_INSTRUMENTATION = Code("TG501", "Language has no such instrumentation")
NOTHING_TO_RUN = Code("TG502", "Nothing to run")
NO_SUCH_PROPAGATOR = Code("TG503", "Language has no such propagator")
STUBS_IN_ONE_FOLDER = Code("TG504", "Two stubs in one folder")
BAGGAGE_NOT_COPIED = Code("TG505", "Baggage is not copied onto spans", Severity.NOTE)


def check(spec: Spec, packs: Catalogue) -> Iterator[Problem]:
    """For each service: its kind of instrumentation, its propagators, what runs, and its stub's folder."""
    stubs: dict[str, str] = {}
    for name in spec.services:
        yield from _instrumentation(spec, packs, name)
        yield from _propagators(spec, packs, name)
        yield from _baggage(spec, packs, name)
        yield from _image(spec, name)
        folder = spec.get("services", name, "stub") or f"services/{name}"
        if folder in stubs:
            message = f"the stubs of {name} and {stubs[folder]} would be in one folder, {folder}"
            where = cause(spec, ("services", name, "stub"), ("services", stubs[folder], "stub"))
            hint = "give each its own; the default is services/<name>"
            yield at(spec, STUBS_IN_ONE_FOLDER, where, message, hint)
        stubs[folder] = name


def _instrumentation(spec: Spec, packs: Catalogue, name: str) -> Iterator[Problem]:
    language = packs.languages[spec.services[name]["language"]]
    chosen = instrumentation_of(spec, packs, name)
    path = ("services", name, "instrumentation")
    if chosen not in language.instrumentation:
        where = cause(spec, path, ("services", name, "language"))
        message = f"{language.title} has no instrumentation: {chosen}"
        yield at(spec, NO_SUCH_INSTRUMENTATION, where, message, f"use {either(language.instrumentation)}")
    elif chosen == "auto" and language.auto_needs == "operator":
        flavor = spec.get("kubernetes", "flavor") or "plain"
        if flavor != "operator" or targets_of(spec) != ["kubernetes"]:
            message = f"{language.title} with instrumentation auto needs the OpenTelemetry Operator"
            hint = "use sdk, or targets: [kubernetes] with kubernetes.flavor: operator"
            where = cause(spec, path, ("kubernetes", "flavor"), ("targets",))
            yield at(spec, NO_SUCH_INSTRUMENTATION, where, message, hint)


def _propagators(spec: Spec, packs: Catalogue, name: str) -> Iterator[Problem]:
    language = packs.languages[spec.services[name]["language"]]
    for index, propagator in enumerate(spec.get("propagators") or []):
        if propagator not in language.propagators and instrumentation_of(spec, packs, name) != "none":
            message = f"{language.title}, the language of {name}, has no propagator {propagator}"
            hint = f"it has {either(language.propagators, 'and')}; use one that all services have"
            yield at(spec, NO_SUCH_PROPAGATOR, ("propagators", index), message, hint)


def _baggage(spec: Spec, packs: Catalogue, name: str) -> Iterator[Problem]:
    language, chosen = packs.languages[spec.services[name]["language"]], instrumentation_of(spec, packs, name)
    able = [kind for kind in language.instrumentation if "baggage" in language.settings.get(kind, {})]
    if spec.get("baggage", "to_attributes") and chosen not in able:
        message = f"{language.title} with instrumentation: {chosen} copies no baggage onto the spans of {name}"
        hint = (
            f"use {either(able)}, or copy it in the service's own code" if able else "copy it in the service's code"
        )
        yield at(spec, BAGGAGE_NOT_COPIED, ("baggage", "to_attributes"), message, hint)


def _image(spec: Spec, name: str) -> Iterator[Problem]:
    service = spec.services[name]
    if service["language"] == "other" and not service.get("image") and service.get("deploy", True):
        message = f"service {name} has no image, and language: other has no example service to run"
        hint = "name its image, or say deploy: false when it runs elsewhere"
        yield at(spec, NOTHING_TO_RUN, ("services", name), message, hint)
