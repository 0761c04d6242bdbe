"""Which program a container runs, and which hop it is."""

from collections.abc import Sequence

from tracegen.doctor.finding import Finding, Mark

#: The hop at which a program's configuration begins.
_FIRST_HOP = {"collector": "receiver", "jaeger": "backend", "tempo": "backend"}


def program_of(image: str) -> str:
    """collector, jaeger or tempo by the name of the image; empty for others."""
    name = image.rpartition("/")[2].partition("@")[0].partition(":")[0]
    if "collector" in name and ("opentelemetry" in name or "otel" in name):
        return "collector"
    return name if name in ("jaeger", "tempo") else ""


def config_flag(words: Sequence[str]) -> str:
    """The file that `--config FILE`, `--config=FILE` or `-config.file=FILE` names."""
    for number, word in enumerate(words):
        flag, sign, value = word.partition("=")
        if flag.lstrip("-") in ("config", "config.file"):
            return value if sign else next(iter(words[number + 1 : number + 2]), "")
    return ""


def first_hop(program: str) -> str:
    """Where a span enters it."""
    return _FIRST_HOP.get(program, "receiver")


def unreadable(program: str, mark: Mark, why: str, target: str) -> Finding:
    """Its configuration cannot be read, so it does not start."""
    return Finding(first_hop(program), mark, why, "", target)
