"""The tables of `docs/languages.md`: what each language can and cannot do, out of its pack."""

from collections.abc import Iterator

from tracegen.catalogue import LanguagePack, catalogue

_HEAD = ("language", "frameworks", "instrumentation", "propagators", "remote sampling", "baggage onto spans", "tests")


def language_tables() -> list[str]:
    """One row a language, then a list of what cannot be done."""
    packs = catalogue().languages.values()
    rows = [
        f"| {' | '.join(_HEAD)} |",
        f"|{'---|' * len(_HEAD)}",
        *(f"| {' | '.join(_cells(each))} |" for each in packs),
    ]
    return [*rows, "", *(line for each in packs for line in _limits(each))]


def _cells(pack: LanguagePack) -> Iterator[str]:
    yield f"{pack.title} (`{pack.name}`)"
    yield _codes(pack.frameworks)
    yield _codes(pack.instrumentation)
    yield _codes(pack.propagators)
    yield _codes(pack.remote_sampling)
    yield _codes(kind for kind, settings in pack.settings.items() if "baggage" in settings)
    yield "built and run" if pack.runs_in_tests else "not run by our tests"


def _codes(values: Iterator[str] | tuple[str, ...]) -> str:
    return ", ".join(f"`{each}`" for each in values) or "-"


def _limits(pack: LanguagePack) -> Iterator[str]:
    if pack.limits:
        yield f"**{pack.title}**"
        yield ""
        yield from (f"- {each}" for each in pack.limits)
        yield ""
