"""Whatever stands in the records of a project, no command fails with a bug, and no file of a person changes."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from project.histories import copier_once as copier_once
from project.histories import history
from support import Ran, tracegen, tree_of
from tracegen.project import history as histories
from tracegen.project.skeleton import ANSWERS
from write.children import killed_at, needs_fork

pytestmark = [needs_fork, pytest.mark.usefixtures("copier_once")]

HOSTILE: list[Any] = [
    None,
    True,
    -1,
    10**30,
    1e400,
    "",
    "../x",
    ".git/x",
    "\0",
    "a" * 5000,
    [],
    {},
    [[1]],
    {"a": None},
]
BYTES = [
    b"",
    b"\0",
    b"\xff\xfe",
    b"{",
    b"[" * 5000,
    b"1e400",
    b"<<<<<<< a\n=======\n>>>>>>> b\n",
    b": {a: [",
    b"null",
]

COMMANDS: list[Callable[[Path], Ran]] = [
    lambda shop: tracegen("render", shop / "tracegen.yaml", "--check"),
    lambda shop: tracegen("render", shop / "tracegen.yaml", "--plan"),
    lambda shop: tracegen("render", shop / "tracegen.yaml", "--diff"),
    lambda shop: tracegen("update", shop, "--plan"),
    lambda shop: tracegen("explain", shop / "tracegen.yaml", "compose.yaml"),
    lambda shop: tracegen("new", shop, "--defaults"),
    lambda shop: tracegen("render", shop / "tracegen.yaml"),
    lambda shop: tracegen("render", shop / "tracegen.yaml", "--conflict", "rej"),
    lambda shop: tracegen("update", shop),
    lambda shop: tracegen("render", shop / "tracegen.yaml", "--abort"),
    lambda shop: tracegen("update", shop, "--abort"),
]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with an edit, a run that can be taken back, and one that was killed; of an older skeleton."""
    folder = tmp_path_factory.mktemp("start")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        patch.setattr(histories, "home", lambda: folder / "one")
        history(folder / "one", 1)
        shop = folder / "shop"
        assert tracegen("new", shop, "--defaults", "--data", "services=api go").code == 0
        _replace(shop / "jaeger/config.yaml", "spans: 168h", "spans: 300h")
        _replace(shop / "tracegen.yaml", "type: jaeger", "type: jaeger\n  retention: 9d")
        assert tracegen("render", shop / "tracegen.yaml").code == 1
        _replace(shop / "tracegen.yaml", "retention: 9d", "retention: 12d")
        call = 40
        while not (shop / ".tracegen/journal.json").exists():
            assert killed_at(lambda: tracegen("render", shop / "tracegen.yaml"), call)
            if not (shop / ".tracegen/journal.json").exists():
                shutil.rmtree(shop / ".tracegen/staging", ignore_errors=True)
            call += 3
        (shop / "notes.md").write_text("mine\n", encoding="utf-8")
        (folder / "x").write_text("beside\n", encoding="utf-8")
        _add_former(shop)
    return folder


def _add_former(shop: Path) -> None:
    """Half of what an earlier version kept, too."""
    (shop / ".tracegen/base").mkdir()
    (shop / ".tracegen/base/notes.md").write_text("mine\n", encoding="utf-8")
    state = {"environment": None, "files": {"notes.md": "0" * 64, "tracegen.yaml": "1" * 64}, "format": 1}
    (shop / ".tracegen/state.json").write_text(json.dumps(state, indent=1), encoding="utf-8")


def _replace(place: Path, old: str, new: str) -> None:
    text = place.read_text(encoding="utf-8")
    assert old in text
    place.write_text(text.replace(old, new), encoding="utf-8")


def _records(shop: Path) -> list[Path]:
    own = [
        place for place in sorted((shop / ".tracegen").rglob("*")) if place.is_file() and place.name != "schema.json"
    ]
    return [*own, shop / ANSWERS]


def _spoil(place: Path, dice: Random) -> None:
    """One record in another form: damaged bytes, a value that nobody writes, another kind of file, or gone."""
    kind = dice.choice(["bytes", "value", "value", "value", "gone", "folder", "whole"])
    text = place.read_bytes()
    if kind == "value" and place.suffix == ".json":
        place.write_text(json.dumps(_spoiled(json.loads(text), dice)), encoding="utf-8")
    elif kind == "value" and place.name == ANSWERS:
        lines = text.decode().splitlines()
        at = dice.randrange(len(lines))
        value = json.dumps(dice.choice(HOSTILE)).replace("Infinity", "1e400")
        lines[at] = f"{lines[at].split(':')[0]}: {value}"
        place.write_text("\n".join(lines), encoding="utf-8")
    elif kind == "gone":
        place.unlink()
    elif kind == "folder":
        place.unlink()
        place.mkdir()
    elif kind == "whole":
        place.write_bytes(dice.choice(BYTES))
    else:
        at = dice.randrange(len(text) + 1)
        place.write_bytes(text[:at] + dice.choice(BYTES) + text[at + dice.randrange(9) :])


def _spoiled(value: Any, dice: Random) -> Any:
    if isinstance(value, dict) and value and dice.random() < 0.85:
        key = dice.choice(sorted(value))
        return {**value, key: _spoiled(value[key], dice)}
    if isinstance(value, list) and value and dice.random() < 0.85:
        at = dice.randrange(len(value))
        return [*value[:at], _spoiled(value[at], dice), *value[at + 1 :]]
    return dice.choice(HOSTILE)


@pytest.mark.parametrize("seed", range(70))
def test_no_command_fails_with_a_bug(start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    history(tmp_path / "three", 3)
    monkeypatch.setattr(histories, "home", lambda: tmp_path / "three")
    dice = Random(seed)
    shutil.copytree(start, tmp_path / "start", dirs_exist_ok=True)
    shop = tmp_path / "start" / "shop"
    for _ in range(dice.randrange(1, 3)):
        _spoil(dice.choice(_records(shop)), dice)
    persons = {path: text for path, text in tree_of(tmp_path / "start").items() if not path.startswith("shop/")}
    notes, spec = (shop / "notes.md").read_bytes(), (shop / "tracegen.yaml").read_bytes()
    for command in dice.sample(COMMANDS, 5):
        ran = command(shop)
        assert ran.code in (0, 1, 2) and "bug in tracegen" not in ran.err, ran.err
        assert ((shop / "notes.md").read_bytes(), (shop / "tracegen.yaml").read_bytes()) == (notes, spec)
    after = {path: text for path, text in tree_of(tmp_path / "start").items() if not path.startswith("shop/")}
    assert {path: after[path] for path in persons} == persons
    held = b"".join(text for path, text in tree_of(shop).items())
    assert b"300h" in held, "the edit is in its file, in a conflict, or held for --abort"
