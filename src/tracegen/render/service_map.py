"""Who calls whom as a picture: Mermaid for TRACING.md, and an SVG beside it with the places that the viewer gives."""

from collections.abc import Iterator
from html import escape

from tracegen.layout import Place, layout
from tracegen.system import System
from tracegen.system.file import Written

FILE = "TRACING.svg"
#: Mermaid draws no more edges than 500, and nobody can read as many: the SVG has them all.
_MOST_EDGES = 300

_HEIGHT, _ACROSS, _BETWEEN, _MARGIN = 34, 54, 70, 12
_CHARACTER, _PADDING = 7.5, 24
_STYLE = (
    "text{font:13px system-ui,sans-serif;text-anchor:middle;fill:#1c2430}"
    "rect{fill:#fff;stroke:#187a45;stroke-width:2}"
    "path{fill:none;stroke:#5a6575;stroke-width:2}marker path{fill:#5a6575;stroke:none}"
    "@media(prefers-color-scheme:dark){text{fill:#e6eaf0}rect{fill:#1c222b;stroke:#59c78a}path{stroke:#a1acbb}"
    "marker path{fill:#a1acbb}}"
)


def mermaid(system: System) -> str:
    """The graph of calls as a flowchart; empty where nobody calls anybody, or too many do."""
    edges = system.edges()
    if not 0 < len(edges) <= _MOST_EDGES:
        return ""
    # A name may be a word of Mermaid's own, such as `end`: numbers are not.
    numbers = {name: f"s{number}" for number, name in enumerate(system.services)}
    boxes = [f'  {number}["{name}"]' for name, number in numbers.items()]
    lines = [f"  {numbers[caller]} --> {numbers[callee]}" for caller, callee in edges]
    return "\n".join(["flowchart LR", *boxes, *lines])


def service_map(system: System) -> Iterator[Written]:
    """TRACING.svg, where there is an edge to show."""
    if edges := system.edges():
        yield Written(FILE, _picture(tuple(system.services), edges), "documents")


def _picture(names: tuple[str, ...], edges: tuple[tuple[str, str], ...]) -> str:
    width = round(max(map(len, names)) * _CHARACTER) + _PADDING
    places = {name: _point(place, width) for name, place in layout(names, edges).items()}
    right = max(x for x, _ in places.values()) + width + _MARGIN
    bottom = max(y for _, y in places.values()) + _HEIGHT + _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{right}" height="{bottom}" viewBox="0 0 {right} {bottom}"'
        ' role="img">',
        "<title>Who calls whom</title>",
        f"<style>{_STYLE}</style>",
        '<marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"'
        ' orient="auto-start-reverse" markerUnits="userSpaceOnUse"><path d="M0 0 8 4 0 8z"/></marker>',
        *(_line(places[caller], places[callee], width) for caller, callee in edges),
        *(_box(name, places[name], width) for name in names),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _point(place: Place, width: int) -> tuple[int, int]:
    layer, across = place
    return round(_MARGIN + layer * (width + _BETWEEN)), round(_MARGIN + across * _ACROSS)


def _box(name: str, at: tuple[int, int], width: int) -> str:
    x, y = at
    text = f'<text x="{x + width // 2}" y="{y + 22}">{escape(name)}</text>'
    return f'<rect x="{x}" y="{y}" width="{width}" height="{_HEIGHT}" rx="8"/>{text}'


def _line(caller: tuple[int, int], callee: tuple[int, int], width: int) -> str:
    """From the right side of the caller to the left one of the callee; a call back goes the other way, below."""
    (x, y), (to_x, to_y) = caller, callee
    middle = _HEIGHT // 2
    if caller == callee:
        path = f"M{x + width - 30} {y}c0 -26 44 -10 30 14"
    elif to_x > x:
        bend = (to_x - x - width) // 2
        path = f"M{x + width} {y + middle}c{bend} 0 {bend} {to_y - y} {to_x - x - width} {to_y - y}"
    else:
        bend, low = _BETWEEN // 2, middle + 10
        path = f"M{x} {y + low}C{x - bend} {y + low} {to_x + width + bend} {to_y + low} {to_x + width} {to_y + low}"
    return f'<path d="{path}" marker-end="url(#a)"/>'
