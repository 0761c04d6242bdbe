"""The page names every code, and what is planted to find it."""

from support import ROOT
from tracegen.verify import CODES
from verify.healthy import BROKEN, BROKEN_CONTRACTS


def test_the_page_has_every_code(regen: bool) -> None:
    mutations = [*((code, mutation) for mutation, code in BROKEN_CONTRACTS), *((each[1], each[0]) for each in BROKEN)]
    planted = {code: mutation.__name__.replace("_", " ") for code, mutation in reversed(mutations)}
    planted["logs-without-trace"] = "log without trace"
    rows = ["", "| code | found | planted |", "|---|---|---|"]
    rows += [
        f"| {each.id} | {each.title} | {planted.get(each.id, 'trace without an error')} |" for each in CODES.values()
    ]
    rows += [""]
    page = ROOT / "docs" / "verify.md"
    lines = page.read_text(encoding="utf-8").splitlines()
    start, end = lines.index("<!-- codes -->") + 1, lines.index("<!-- /codes -->")
    if regen:
        page.write_text("\n".join([*lines[:start], *rows, *lines[end:]]) + "\n", encoding="utf-8")
    else:
        assert lines[start:end] == rows
