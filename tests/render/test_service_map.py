"""The picture of who calls whom, in TRACING.md and beside it."""

import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from support import ROOT, compiled, one_service
from tracegen.layout import layout

SHOP = {
    "web": {"language": "node", "calls": ["cart", "end"]},
    "cart": {"language": "python", "calls": ["end", "cart"]},
    # A word of Mermaid's own.
    "end": {"language": "go", "calls": ["web"]},
    "alone": {"language": "java"},
}


def test_mermaid_and_svg_show_every_service_and_call(tmp_path: Path) -> None:
    rendered = compiled(tmp_path, one_service(services=SHOP))
    guide = rendered.tree["TRACING.md"].decode()
    chart = guide.partition("```mermaid\n")[2].partition("```")[0]
    assert chart.count("-->") == len(rendered.system.edges()) == 5
    assert all(f'["{name}"]' in chart for name in SHOP) and "  end " not in chart
    picture = ElementTree.fromstring(rendered.tree["TRACING.svg"])
    kind = "{http://www.w3.org/2000/svg}"
    assert [each.text for each in picture.iter(f"{kind}text")] == list(SHOP)
    assert len(picture.findall(f"{kind}path")) == 5
    width, height = int(picture.attrib["width"]), int(picture.attrib["height"])
    corners = [(int(each.attrib["x"]), int(each.attrib["y"])) for each in picture.iter(f"{kind}rect")]
    assert len(set(corners)) == len(SHOP)
    assert all(0 < x < width and 0 < y < height for x, y in corners)


def test_places_are_those_of_the_viewer(tmp_path: Path) -> None:
    rendered = compiled(tmp_path, one_service(services=SHOP))
    places = layout(SHOP, rendered.system.edges())
    boxes = list(ElementTree.fromstring(rendered.tree["TRACING.svg"]).iter("{http://www.w3.org/2000/svg}rect"))
    at = {name: int(box.attrib["x"]) for name, box in zip(SHOP, boxes, strict=True)}
    assert sorted(SHOP, key=lambda name: (places[name][0], name)) == sorted(SHOP, key=lambda name: (at[name], name))


@pytest.mark.parametrize(
    "services", [{"api": {"language": "go"}}, {"a": {"language": "go"}, "b": {"language": "go"}}]
)
def test_nobody_who_calls_is_no_picture(services: dict[str, object], tmp_path: Path) -> None:
    rendered = compiled(tmp_path, one_service(services=services))
    assert "TRACING.svg" not in rendered.tree and b"mermaid" not in rendered.tree["TRACING.md"]


def test_more_calls_than_mermaid_draws_are_in_the_picture_alone(tmp_path: Path) -> None:
    names = [f"s{number}" for number in range(40)]
    services = {name: {"language": "go", "calls": names[number + 1 :][:10]} for number, name in enumerate(names)}
    began = time.process_time()
    rendered = compiled(tmp_path, one_service(services=services))
    assert time.process_time() - began < 20
    assert b"mermaid" not in rendered.tree["TRACING.md"] and len(rendered.tree["TRACING.svg"]) < 60_000


PLACES = """
import random
from tracegen.layout import layout
choose = random.Random(4711)
for size in range(2, 40):
    names = [f"service-{number}" for number in range(size)]
    edges = {(choose.choice(names), choose.choice(names)) for _ in range(2 * size)}
    print(sorted(layout(names, edges).items()))
"""


def test_places_are_the_same_in_every_process() -> None:
    found = set()
    for seed in ("0", "1", "2", "3"):
        variables = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT / "src")}
        found.add(
            subprocess.run([sys.executable, "-c", PLACES], env=variables, capture_output=True, check=True).stdout
        )
    assert len(found) == 1
