"""Which trees can be written at all; the others are a bug of an earlier stage."""

from pathlib import Path

import pytest

from tracegen.emit.output_paths import fault_of
from tracegen.write import plan_changes

UNLAWFUL = [
    "", "/etc/passwd", "//server/share", "..", "../up", "a/../../up", "a/..", ".", "./a", "a/./b", "a//b", "a/",
    "C:/windows", "C:evil", "a\\b", "..\\up", "a:stream",
    ".git/config", ".GIT/config", "services/x/.Git/hooks/pre-commit", "git~1/config", ".gi\u200dt/config",
    ".tracegen/state.json", ".TraceGen/base/a", "a/.tracegen/x",
    "con", "CON", "a/NUL.txt", "com1", "lpt9.yaml", "aux .txt", "conout$", "COM¹",
    "a.", "a ", "a./b", "what?", "star*", "pipe|", 'quote"', "<a>",
    "tab\t", "line\nfeed", "nul\0", "rtl\u202e.yaml", "lone\ud800", "x" * 256,
]  # fmt: skip
LAWFUL = [
    "compose.yaml", ".env.example", ".gitignore", "a/.dockerignore", "services/checkout/otel.env", "console/x", "a b",
    "kubernetes/checkout-deployment.yaml", "..a", "a..b", "grünes/日本", "x" * 255, "git/x", "nulls",
]  # fmt: skip


@pytest.mark.parametrize("path", UNLAWFUL)
def test_an_unlawful_path_is_a_bug(path: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        plan_changes({path: b""}, tmp_path, None)


@pytest.mark.parametrize("path", LAWFUL)
def test_a_lawful_path_is_written(path: str) -> None:
    assert fault_of(path) is None


@pytest.mark.parametrize(
    "paths",
    [("a", "A"), ("Straße", "STRASSE"), ("é", "e\u0301"), ("a/b", "A/B"), ("a", "a/b"), ("A", "a/b/c")],
)
def test_two_paths_that_cannot_both_exist_are_a_bug(paths: tuple[str, str], tmp_path: Path) -> None:
    for order in (paths, paths[::-1]):
        with pytest.raises(ValueError):
            plan_changes(dict.fromkeys(order, b""), tmp_path, None)
