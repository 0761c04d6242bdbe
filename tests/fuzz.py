"""A coverage-guided fuzzer on what reads, merges and writes texts: atheris steers libFuzzer by Python's branches.

python tests/fuzz.py reader [runs]     any bytes are a mapping or problems, and never anything else
python tests/fuzz.py merge [runs]      no line of the person is lost, and a result with both sides says so
python tests/fuzz.py emitter [runs]    what is written is read back, by PyYAML too

It ends with 0 after that many runs from a fixed seed, else with the input that broke something.
"""

import math
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import atheris

with atheris.instrument_imports(include=["tracegen"]):
    from tracegen.emit import to_yaml
    from tracegen.problems import ProblemsFound
    from tracegen.source.reader import read
    from tracegen.write.merge import holds_markers
    from tracegen.write.reconcile import Verdict, reconcile

import yaml

#: How many runs are enough for a commit: some seconds each.
RUNS = {"reader": 20_000, "merge": 10_000, "emitter": 5_000, "planted": 50_000}
SEED = 1
#: Few different lines, so that three texts of them meet; and what only a person's text has.
_LINES = [b"a", b"b", b"services:", b"  api: {}", b"", b"\xff"]
_MARKERS = [b"<<<<<<< yours", b"=======", b">>>>>>> rendered", b"|||||||"]


def reader(data: bytes) -> None:
    """Refuses by problems with a place, or gives a mapping."""
    try:
        found = read(data, "spec.yaml")
    except ProblemsFound as refused:
        assert refused.problems
        assert all(each.place.file and each.message for each in refused.problems)
    else:
        assert found.entries is not None


def merged(data: bytes) -> None:
    """Weighs what tracegen wrote, what the person has and what is rendered now."""
    given = atheris.FuzzedDataProvider(data)
    base, mine, new = (_text(given, lines) for lines in (_LINES, [*_LINES, *_MARKERS], _LINES))
    found = reconcile(base, mine, new)
    # A line of the base that tracegen took away may go; what the person wrote may not.
    written = Counter(mine.splitlines()) - Counter(base.splitlines())
    assert not written - Counter(found.content.splitlines()), (base, mine, new, found)
    shown = found.verdict is Verdict.CONFLICT
    assert holds_markers(found.content) == shown or found.content in (mine, new), (base, mine, new, found)


def _text(given: Any, lines: list[bytes]) -> bytes:
    picked = [given.PickValueInList(lines) for _ in range(given.ConsumeIntInRange(0, 12))]
    return b"\n".join(picked) + (b"\n" if given.ConsumeBool() else b"")


def emitter(data: bytes) -> None:
    """Values of every kind, with keys and texts of every kind."""
    given = atheris.FuzzedDataProvider(data)
    value = {f"k{number}": _value(given, 3) for number in range(given.ConsumeIntInRange(1, 4))}
    try:
        text = to_yaml(value)
    except (ValueError, TypeError):
        return  # said by name: infinities, lone surrogates
    assert yaml.safe_load(text) == value, (value, text)
    assert not read(text.encode(), "spec.yaml").entries.keys() ^ value.keys()


def _value(given: Any, depth: int) -> Any:
    kind = given.ConsumeIntInRange(0, 6 if depth else 4)
    if kind == 0:
        return given.ConsumeUnicode(40)
    if kind == 1:
        return given.ConsumeInt(9)
    if kind == 2:
        number = given.ConsumeFloat()
        return number if math.isfinite(number) else 0.5
    if kind in (3, 4):
        return (True, None)[kind - 3]
    size = given.ConsumeIntInRange(0, 3)
    if kind == 5:
        return [_value(given, depth - 1) for _ in range(size)]
    return {given.ConsumeUnicode(20): _value(given, depth - 1) for _ in range(size)}


@atheris.instrument_func  # type: ignore[untyped-decorator]
def planted(data: bytes) -> None:
    """A fault behind four branches, which chance alone does not find in so few runs."""
    if data[:1] == b"t" and data[1:2] == b"g" and data[2:3] == b"1" and data[3:4] == b"!":
        raise ValueError("found")


TARGETS: dict[str, Callable[[bytes], None]] = {
    "reader": reader,
    "merge": merged,
    "emitter": emitter,
    "planted": planted,
}


def main(arguments: list[str]) -> None:
    """Run a target; atheris ends the process."""
    name, runs = arguments[0], int(arguments[1]) if len(arguments) > 1 else RUNS[arguments[0]]
    # No corpus on disk, so each run begins alike.
    atheris.Setup([sys.argv[0], f"-runs={runs}", f"-seed={SEED}", "-max_len=600", "-len_control=0"], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
