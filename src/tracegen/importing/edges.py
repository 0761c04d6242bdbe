"""Who calls whom: names of other units where programs are told addresses, and what starts after what."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tracegen.importing.facts import Edge, Guess, Sure, Unit
from tracegen.importing.sources import Sources

_TOKEN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_USER = re.compile(r"//[^/@\s]*@")
_PORT = re.compile(r":(\$\{?\w+[^}\s]*\}?|\d{2,5})(?![\d.]*[A-Za-z.])")
_HOST_OF_ENGINE = re.compile(r"(?:host\.docker\.internal|172\.17\.0\.1):(\d{2,5})")

#: Variables that hold the name of a host, where their whole value is one.
_OF_A_HOST = re.compile(
    r"HOST|ADDR|URL|URI|ENDPOINT|SERVER|SERVICE|SVC|NODE|BROKER|BOOTSTRAP|UPSTREAM|BACKEND|TARGET|SEED|CONTACT|PEER|"
    r"DSN|DOMAIN|DNS|BASE|API|MASTER|LINK|GATEWAY|PROXY|REMOTE|CONN",
    re.I,
)
#: Variables whose value is no address that this program calls, whatever it looks like.
_OF_NO_CALL = re.compile(
    r"NAME$|USER|PASS|TOPIC|QUEUE$|BUCKET|INDEX|GROUP|TYPE|DIALECT|DRIVER|ENGINE|PROVIDER|SCHEMA|VHOST|PREFIX|PROFILE|"
    r"MODE|ROLE|CLIENT_ID|REALM|ATTRIBUTES|CORS|ORIGIN|REDIRECT|CALLBACK|ADVERTISED|ALLOW|WHITELIST|PUBLIC_?URL|"
    r"EXTERNAL_?URL|VIRTUAL_HOST|LETSENCRYPT|NO_PROXY|^HOSTNAME$|TAG$|IMAGE|ISSUER|AUDIENCE|_DB$|DATABASE$|CONNECTION$",
    re.I,
)
_BEFORE_IN_TEXT = re.compile(
    r"(?:host|hostname|address|addr|server|proxy_pass|upstream|url|uri|service|cluster|destination|endpoint|fastcgi_pass|"
    r"grpc_pass|uwsgi_pass|reverse_proxy)[\"']?\s*[:=]?\s*[\"']?$",
    re.I,
)
#: In texts such as `Host=db;Port=5432`.
_OF_A_PAIR = re.compile(r"(?:^|[;\s\"'])(?:host|server|addr|address|hostname|data source)\s*=\s*$", re.I)
_FLAG = re.compile(
    r"^--?[\w.-]*(?:h|host|addr|address|url|uri|server|target|upstream|endpoint|broker|brokers|service)$", re.I
)
_ONCE = re.compile(r"(?:^|[-_])(?:migrat\w*|init|setup|seed\w*|bootstrap|provision\w*|wait\w*)(?:$|[-_])", re.I)

#: What stands behind a dot and is no namespace: ends of files and of domains.
_NO_NAMESPACE = re.compile(
    r"(?:js|mjs|ts|py|jar|war|conf|json|ya?ml|com|org|io|net|dev|sh|go|rb|php|log|txt|html|env|local|dll|exe|example|"
    r"sock|db|sql|crt|pem|key|properties|xml|toml|cfg|ini|csv|lua)$"
)

#: So many programs that have the same text are told what all are told, not what each of them calls.
_SHARED = 3


#: Why there is an edge that nothing but the order of starting shows.
AFTER = "depends_on or links alone, which may be no more than the order of starting"


class _Hit(NamedTuple):
    name: str
    sure: Sure


def runs_once(unit: Unit) -> bool:
    """Whether its name says that it prepares something and ends."""
    return bool(_ONCE.search(unit.name))


def edges(units: Sequence[Unit], sources: Mapping[str, Sources]) -> list[Edge]:
    """All calls that can be seen, the surest guess of each; callers and callees by the name of their unit."""
    book = _Book(units, sources)
    found: dict[tuple[str, str], Guess] = {}
    for unit in units:
        for name, guess in [*book.calls_of(unit), *book.needs_of(unit)]:
            key = unit.name, name
            if name != unit.name and (key not in found or _ranks_above(guess, found[key])):
                found[key] = guess
    return [Edge(caller, callee, guess) for (caller, callee), guess in found.items()]


def _ranks_above(new: Guess, old: Guess) -> bool:
    order = list(Sure)
    return order.index(new.sure) < order.index(old.sure)


class _Book:
    """Names of all units, and what is told to many of them."""

    def __init__(self, units: Sequence[Unit], sources: Mapping[str, Sources]) -> None:
        self._sources = sources
        self._names: dict[str, str] = {}
        self._ports: dict[int, str] = {}
        for unit in units:
            for name in unit.names:
                self._names.setdefault(name, unit.name)
            for port in unit.published:
                self._ports.setdefault(port, unit.name)
        for unit in units:
            self._names[unit.name.lower()] = unit.name
        self._texts = Counter(text for unit in units for text in set(unit.texts))
        self._files = Counter(pair for unit in units for pair in unit.own_files.items())

    def calls_of(self, unit: Unit) -> Iterator[tuple[str, Guess]]:
        sources = self._sources.get(unit.name, Sources())
        for key, value in {**sources.env, **unit.env}.items():
            yield from self._in_variable(unit, key, value)
        for text in sources.texts:
            for hit in self._hits(text):
                yield hit.name, Guess(hit.name, Sure.LIKELY, "configuration beside its Dockerfile")
        yield from self._in_words(unit)
        for text in unit.texts:
            if self._texts[text] < _SHARED:
                for hit in self._hits(text):
                    yield hit.name, Guess(hit.name, hit.sure, "its configuration that is mounted")

    def needs_of(self, unit: Unit) -> Iterator[tuple[str, Guess]]:
        """What it starts after."""
        for need in unit.needs:
            name = self._names.get(need.lower())
            if name:
                yield name, Guess(name, Sure.UNSURE, AFTER)

    def _in_variable(self, unit: Unit, key: str, value: str) -> Iterator[tuple[str, Guess]]:
        if key.startswith("__LINK_"):
            if value.lower() in self._names:
                name = self._names[value.lower()]
                yield name, Guess(name, Sure.LIKELY, "a link")
            return
        if _OF_NO_CALL.search(key) and not re.search(r"HOST$|URL$|URI$|ADDR", key, re.I):
            return
        if re.search(r"CORS|ORIGIN|REDIRECT|CALLBACK|ADVERTISED|ALLOW|NO_PROXY|VIRTUAL_HOST|PUBLIC_?URL", key, re.I):
            return
        shared = self._is_shared(unit, key, value)
        sure_at_most = Sure.UNSURE if shared else Sure.CERTAIN
        for hit in self._hits(value, bare=bool(_OF_A_HOST.search(key))):
            why = f"its variable {key}" + (", which many have from one file" if shared else "")
            yield hit.name, Guess(hit.name, max(hit.sure, sure_at_most, key=list(Sure).index), why)

    def _is_shared(self, unit: Unit, key: str, value: str) -> bool:
        """Whether a variable comes from a file of several programs, and nothing says that this one reads it."""
        if unit.own_files.get(key) != value or self._files[key, value] < 2:
            return False
        sources = self._sources.get(unit.name)
        if sources is not None and sources.folders:
            return not sources.mentions(key)
        return self._files[key, value] >= _SHARED

    def _in_words(self, unit: Unit) -> Iterator[tuple[str, Guess]]:
        words = [part for each in unit.words for part in each.split()]
        for before, word in zip(["", *words], words, strict=False):
            name, equals, _ = word.partition("=")
            flagged = bool(_FLAG.match(before)) or bool(equals and _FLAG.match(name))
            for hit in self._hits(word.rpartition("=")[2] if flagged else word, bare=flagged):
                yield hit.name, Guess(hit.name, hit.sure, "its command line")

    def _hits(self, text: str, *, bare: bool = False) -> Iterator[_Hit]:
        """Names in a text; `bare`: the whole text, or a part between commas, may be one."""
        if len(text) > 1_000_000:
            return
        text = _USER.sub("//", text)
        parts = {each.strip().lower() for each in re.split(r"[,;\s]+", text)} if bare else set()
        for match in _TOKEN.finditer(text):
            name = self._named(match.group().lower())
            if not name:
                continue
            before, after = text[max(0, match.start() - 40) : match.start()], text[match.end() : match.end() + 12]
            if (sure := _how_sure(match.group().lower(), before, after, parts, many_lines="\n" in text)) is not None:
                yield _Hit(name, sure)
        for match in _HOST_OF_ENGINE.finditer(text):
            if on_the_host := self._ports.get(int(match.group(1))):
                yield _Hit(on_the_host, Sure.LIKELY)

    def _named(self, token: str) -> str:
        """The unit of a host: its name, or its name in a cluster (`orders.shop.svc.cluster.local`)."""
        if token in self._names:
            return self._names[token]
        first, dot, rest = token.partition(".")
        if dot and first in self._names:
            labels = rest.split(".")
            if labels[1:2] == ["svc"] or (len(labels) == 1 and not _NO_NAMESPACE.match(rest)):
                return self._names[first]
            # A member of a StatefulSet: its own name before its Service's.
        member = re.match(r"^[a-z0-9-]+-\d+\.([a-z0-9-]+)", token)
        return self._names.get(member.group(1), "") if member else ""


def _how_sure(token: str, before: str, after: str, parts: set[str], *, many_lines: bool) -> Sure | None:
    """How sure a name is an address, by what stands around it; None where it is none."""
    has_port = bool(_PORT.match(after))
    if before.endswith("//") or (has_port and not before.endswith((".", "/", "-", "="))):
        return Sure.CERTAIN
    likely = (
        (has_port and before.endswith(("=", "/")))
        or token in parts
        or ".svc" in token
        or (_OF_A_PAIR.search(before) and after[:1] in (";", "", ","))
        or (many_lines and _BEFORE_IN_TEXT.search(before))
    )
    return Sure.LIKELY if likely else None


def by_caller(found: Iterable[Edge]) -> Mapping[str, list[Edge]]:
    """Edges of each caller."""
    callers: dict[str, list[Edge]] = {}
    for edge in found:
        callers.setdefault(edge.caller, []).append(edge)
    return callers
