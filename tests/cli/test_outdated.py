"""`tracegen packs --outdated` against the catalogue of another tracegen."""

import json
from pathlib import Path

import pytest

from support import tracegen


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    path = tmp_path / "catalogue.json"
    path.write_text(tracegen("packs", "--format", "json").out, encoding="utf-8")
    return path


def moved(path: Path, name: str, image: str) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    next(each for each in content["versions"] if each["name"] == name)["image"] = image
    path.write_text(json.dumps(content), encoding="utf-8")


def test_nothing_is_behind_its_own_catalogue(catalogue: Path) -> None:
    ran = tracegen("packs", "--outdated", catalogue)
    assert (ran.code, ran.out) == (0, "")


def test_a_newer_pin_is_told_and_an_older_one_is_not(catalogue: Path) -> None:
    moved(catalogue, "jaeger", "jaegertracing/jaeger:3.0.0")
    moved(catalogue, "tempo", "grafana/tempo:2.9.0")
    ran = tracegen("packs", "--outdated", catalogue)
    assert ran.code == 1
    assert [line.split() for line in ran.out.splitlines()][1:] == [["jaeger", "2.21.0", "3.0.0"]]
    assert json.loads(tracegen("packs", "--outdated", catalogue, "--format", "json").out) == [
        {"name": "jaeger", "pinned": "2.21.0", "catalogue": "3.0.0"}
    ]


def test_an_image_of_another_repository_is_no_newer_version(catalogue: Path) -> None:
    moved(catalogue, "jaeger", "elsewhere/jaeger:9.0.0")
    assert tracegen("packs", "--outdated", catalogue).code == 0


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"versions": 5}', '{"versions": [1]}', "[" * 100_000, "\0"])
def test_what_is_no_catalogue_is_wrong_usage(tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text(text, encoding="utf-8")
    ran = tracegen("packs", "--outdated", tmp_path / "file")
    assert ran.code == 2
    assert "is no catalogue" in ran.err
    assert tracegen("packs", "--outdated", tmp_path / "nothing").code == 2
