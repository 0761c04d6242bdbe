"""kube-score and checkov find nothing in what tracegen runs on Kubernetes but what is excepted with a reason."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path

from compiler.test_matrix import systems
from invariants import System
from real import reviewers
from real.reviewers import EXCEPTIONS, Excepted, Remark, exceptions
from support import ROOT

PAGE = ROOT / "docs" / "kubernetes-review.md"
BEGIN, END = "<!-- exceptions -->\n", "<!-- end of exceptions -->\n"
MOST_SHOWN = 12


@cache
def clusters() -> dict[str, System]:
    """Every system of the matrix that has something for a cluster, by a name for its file."""
    found = [each for each in systems() if each.manifests.all]
    return {f"{number:03}": each for number, each in enumerate(found)}


@cache
def few() -> dict[str, System]:
    """Systems in which each component stands in each way; checkov takes a second for each."""
    seen: set[object] = set()
    found: dict[str, System] = {}
    for name, system in sorted(clusters().items(), key=lambda each: -len(each[1].manifests.platform)):
        ways = {(each.component, each.manifest.kind, each.is_operated) for each in system.manifests.platform}
        ways |= {system.get("kubernetes", "network_policies")}
        if ways - seen:
            found[name] = system
            seen |= ways
    return found


def test_kube_score_finds_nothing_critical_but_what_is_excepted(kube_score: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(partial(reviewers.kube_score, kube_score), clusters().values()))
    judge("kube-score", dict(zip(clusters(), found, strict=True)))


def test_checkov_finds_nothing_but_what_is_excepted(checkov: Path, tmp_path: Path) -> None:
    judge("checkov", reviewers.checkov(checkov, few(), tmp_path))


def judge(tool: str, remarks: Mapping[str, list[Remark]]) -> None:
    """Each remark is excepted, and each exception is needed."""
    mine = [each for each in exceptions() if each.tool == tool]
    needed: list[tuple[Excepted, str]] = []
    wrong: set[Remark] = set()
    for name, found in remarks.items():
        for remark in found:
            covering = [each for each in mine if each.covers(remark, clusters()[name])]
            needed += [(each, remark.component) for each in covering]
            wrong |= set() if covering else {remark}
    assert not wrong, "\n".join(map(str, sorted(wrong)[:MOST_SHOWN]))
    needless = [(each.check, *(set(each.of) - {who for what, who in needed if what == each})) for each in mine]
    unused = [each.check for each in mine if each not in [what for what, _ in needed]]
    assert not unused and not [each for each in needless if len(each) > 1], f"not needed: {unused}, {needless}"


def test_the_page_has_every_exception(regen: bool) -> None:
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    whole = f"{head}{BEGIN}{table()}{END}{tail}"
    if regen:
        PAGE.write_text(whole, encoding="utf-8")
    assert text == whole or regen, f"{PAGE.name} is not what {EXCEPTIONS.name} says: pytest --regen {__file__}"


def table() -> str:
    """The exceptions as the page shows them."""
    lines = ["| tool | check | of | why |", "|---|---|---|---|"]
    for each in exceptions():
        of = [f"`{name}`" for name in each.of] or ["everything"]
        where = [f", with `{key}: {value}`" for key, value in each.where.items()]
        lines.append(f"| {each.tool} | `{each.check}` | {', '.join(of)}{''.join(where)} | {each.why.strip()} |")
    return "\n".join(lines) + "\n"
