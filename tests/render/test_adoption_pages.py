"""README.tracing.md: how tracing is put into a service that is there already, and taken out again."""

import re
from pathlib import Path

import pytest

from support import compiled, one_service
from tracegen.catalogue import catalogue

PAGE = "apps/api/README.tracing.md"
#: More than that, people do not do.
MOST_COMMANDS = 4
VARIANTS = [
    (name, framework, kind)
    for name, pack in catalogue().languages.items()
    for framework in (*pack.frameworks, *(["none"] if pack.without_framework else [])) or ("",)
    for kind in pack.instrumentation
    if kind != "none" and not (kind == "auto" and pack.auto_needs)
]


def service(language: str, framework: str, kind: str) -> dict[str, object]:
    """An image and a folder of its own."""
    said = {"language": language, "image": "registry.test/api:1", "instrumentation": kind, "stub": "apps/api"}
    return said | ({"framework": framework} if framework else {})


def sections(page: str) -> dict[str, str]:
    """The text below each heading of the second level."""
    parts = re.split(r"^## (.+)\n", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize(("language", "framework", "kind"), VARIANTS)
def test_every_service_that_is_there_already_is_told_four_things(
    language: str, framework: str, kind: str, tmp_path: Path
) -> None:
    tree = compiled(tmp_path, one_service(services={"api": service(language, framework, kind)})).tree
    found = sections(tree[PAGE].decode())
    assert list(found)[:4] == ["Put it in", "See that it works", "Take it out", "Whose it is"]
    numbers = [int(each) for each in re.findall(r"^(\d+)\. ", found["Put it in"], re.MULTILINE)]
    assert len(numbers) > 1 and numbers == list(range(1, len(numbers) + 1))
    commands = [
        line for block in re.findall(r"```sh\n(.*?)```", found["Put it in"], re.DOTALL) for line in block.splitlines()
    ]
    assert len([each for each in commands if each.strip()]) <= MOST_COMMANDS
    assert "tracegen verify --listen" in found["See that it works"]
    assert "without any condition" in found["Whose it is"]
    assert found["Take it out"].strip()


@pytest.mark.parametrize(("language", "framework", "kind"), VARIANTS)
def test_a_page_names_no_file_that_is_not_there(language: str, framework: str, kind: str, tmp_path: Path) -> None:
    tree = compiled(tmp_path, one_service(services={"api": service(language, framework, kind)})).tree
    written = {path.removeprefix("apps/api/") for path in tree} | {"otel.env"}
    named = set(re.findall(r"(?<![\w./-])(?:src/)?[\w.-]*(?:[Tt]rac|agent\.)[\w.-]*\.\w+", tree[PAGE].decode()))
    files = {each for each in named if re.search(r"\.(txt|py|mjs|json|php|rb|toml|rs|cs|props|go|xml)$", each)}
    assert {each for each in files if each not in {Path(path).name for path in written} | written} == set()


def test_the_guide_lists_the_pages_and_none_for_an_example_or_what_traces_itself(tmp_path: Path) -> None:
    services = {
        "api": service("python", "flask", "sdk"),
        "elsewhere": {"language": "go", "deploy": False},
        "example": {"language": "python"},
        "itself": service("python", "flask", "none") | {"stub": "apps/itself"},
    }
    tree = compiled(tmp_path, one_service(services=services)).tree
    pages = re.findall(r"^- \[.+\]\((.+)\)$", tree["TRACING.md"].decode(), re.MULTILINE)
    assert [each.replace("\\", "") for each in pages] == [PAGE, "services/elsewhere/README.tracing.md"]
    assert {each for each in tree if each.endswith("README.tracing.md")} == {each.replace("\\", "") for each in pages}
