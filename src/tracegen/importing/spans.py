"""Spans → services and edges: what ran, and not what files say."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from tracegen.importing.facts import CannotImport, Found, FoundService, Guess, Sure
from tracegen.importing.judging import spec_names
from tracegen.importing.known import known
from tracegen.importing.languages import OTHER
from tracegen.traces import Batch, Store, statistics


def from_spans(batches: Iterable[Batch]) -> Found:
    """The services and calls in spans, and what they say of languages. Raises CannotImport, CannotReadTraces."""
    with Store() as store:
        languages: dict[str, Counter[str]] = defaultdict(Counter)
        versions: dict[str, Counter[str]] = defaultdict(Counter)
        store.add(batches)
        for trace in store.traces():
            for span in trace.spans:
                resource = span.resource.attributes
                languages[span.service][str(resource.get("telemetry.sdk.language") or "")] += 1
                versions[span.service][str(resource.get("service.version") or "")] += 1
        found = statistics(store)
    if not languages:
        raise CannotImport(
            "there are no spans in it", "send some requests first, or ask further back with --back 24h"
        )
    names = spec_names(sorted(languages))
    result = Found(targets=["compose", "kubernetes"], project="system")
    for traced, name in names.items():
        result.services[name] = _service(name, languages[traced], versions[traced])
        if name != traced:
            result.notes.append(f"{traced} is called {name} here, as names of the spec are")
    for (caller, callee), edge in sorted(found.edges.items()):
        if caller in names and callee in names and caller != callee:
            why = f"{edge.requests.count} calls were seen"
            result.services[names[caller]].calls[names[callee]] = Guess(names[callee], Sure.CERTAIN, why)
    return result


def _service(name: str, languages: Counter[str], versions: Counter[str]) -> FoundService:
    service = FoundService(name, None)
    said = languages.most_common(1)[0][0]
    tables: dict[str, Any] = known()["languages"]
    language = next((each for each, table in tables.items() if said in table.get("sdk", ())), OTHER)
    why = f"its spans say telemetry.sdk.language {said}" if said else "its spans do not say its language"
    service.guesses["language"] = Guess(language, Sure.CERTAIN if said else Sure.UNSURE, why)
    version = versions.most_common(1)[0][0]
    if re.fullmatch(r"\S{1,128}", version):
        service.guesses["version"] = Guess(version, Sure.CERTAIN, "its spans")
    service.tracing = ["it makes its own spans"]
    if language != OTHER:
        service.guesses["instrumentation"] = Guess("none", Sure.LIKELY, "it makes its own spans already")
    return service
