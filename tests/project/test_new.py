"""`tracegen new` without a terminal: answers ahead, targets that are refused, and projects that work."""

import itertools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from project.histories import copier_once as copier_once
from support import Ran, tracegen, tree_of
from tracegen.catalogue import catalogue
from tracegen.project import services
from tracegen.project.questions import complete, name_of, objection, questions, unanswered

pytestmark = pytest.mark.usefixtures("copier_once")

#: For what only a person can know.
KNOWN_TO_PEOPLE = {
    "backend.endpoint": "https://otlp.example.com",
    "storage.bucket": "traces",
    "storage.account": "acmetraces",
    "storage.container": "traces",
}


FIRST = ("jaeger", "single")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is kept in this user's own folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def new(folder: Path, **data: str) -> Ran:
    return tracegen("new", folder, "--defaults", *(f"--data={key}={value}" for key, value in data.items()))


def paths() -> list[dict[str, str]]:
    """Every way through the questions about the backend, and through those about sampling with the first backend."""
    found: list[dict[str, str]] = []
    waiting: list[dict[str, str]] = [{}]
    while waiting:
        said = waiting.pop()
        choosing = [each for each in unanswered(said, Path("shop")) if each.kind == "one"]
        if choosing:
            choices = [each.value for each in choosing[0].choices]
            if choosing[0].key == "sampling" and (said["backend"], said.get("mode")) != FIRST:
                choices = choices[:1]
            # What does not fit the default service is refused at the question, with the reason.
            fitting = [each for each in choices if not objection(said, choosing[0], each, Path("shop"))]
            waiting += [{**said, choosing[0].key: each} for each in fitting]
        else:
            asked = [each.key for each in questions(complete(said, Path("shop")), Path("shop"))]
            found.append(said | {key: value for key, value in KNOWN_TO_PEOPLE.items() if key in asked})
    return found


@pytest.mark.parametrize("said", paths(), ids=lambda said: "-".join(said.values()))
def test_every_way_through_the_questions_ends_in_a_project_that_is_as_its_spec_says(
    said: dict[str, str], tmp_path: Path
) -> None:
    ran = new(tmp_path / "shop", **said)
    assert ran.code == 0, ran.err
    checked = tracegen("render", tmp_path / "shop" / "tracegen.yaml", "--check", "--strict")
    assert checked.code == 0, checked.out + checked.err
    assert checked.out.endswith(" unchanged\n") and len(checked.out.splitlines()) == 1


def test_every_backend_mode_and_storage_is_offered() -> None:
    packs = catalogue()
    offered = {(each["backend"], each.get("mode"), each.get("storage")) for each in paths()}
    assert offered == {
        (backend.name, mode, storage.name)
        for backend in packs.backends.values()
        for mode in backend.modes
        for storage in packs.storages.values()
        if backend.name in storage.backends and mode in storage.modes
    } | {(backend.name, None, None) for backend in packs.backends.values() if not backend.modes}


def test_a_project_has_what_a_team_needs(here: Path) -> None:
    assert new(Path("shop"), services="web node calls api, api go").code == 0
    tree = tree_of(here / "shop")
    assert {
        "tracegen.yaml",
        "compose.yaml",
        "README.md",
        ".gitattributes",
        ".gitignore",
        ".github/workflows/tracing.yaml",
        ".pre-commit-config.yaml",
        "compose.override.yaml",
        ".prettierignore",
        "renovate.json",
        "requirements-tracegen.txt",
        ".copier-answers.yml",
        "services/web/otel.env",
    } <= set(tree)
    spec = yaml.safe_load(tree["tracegen.yaml"])
    assert spec["services"] == {"web": {"language": "node", "calls": ["api"]}, "api": {"language": "go"}}
    json.loads(tree["renovate.json"])


def test_the_project_has_nothing_to_say_against_itself(here: Path) -> None:
    """No error and no warning, by default; a note, that its examples are in no registry yet."""
    new(Path("shop"))
    ran = tracegen("validate", "shop/tracegen.yaml", "--strict")
    problems = [line for line in ran.out.splitlines() if not line.startswith(" ")]
    assert ran.code == 0
    assert [line.split(": ")[1].split(" ")[:2] for line in problems] == [["TG809", "note"]]


def test_next_are_a_way_to_a_trace_without_docker_and_one_with_it(here: Path) -> None:
    ran = new(Path("my shop"))
    commands = [line.partition("#")[0].strip() for line in ran.err.partition("Next:\n")[2].splitlines()]
    with_docker = ["docker compose up --detach --wait", "curl http://127.0.0.1:8080/", ""]
    assert commands == ["cd 'my shop'", "tracegen rehearse --view", *with_docker]
    assert ran.err.endswith("# Choose a service at http://127.0.0.1:16686\n")


def test_a_first_render_tells_what_is_next_and_a_second_one_does_not(here: Path) -> None:
    new(Path("shop"))
    Path("spec").mkdir()
    shutil.copy("shop/tracegen.yaml", "spec")
    first, second = (tracegen("render", "spec/tracegen.yaml", "-o", "out") for _ in range(2))
    told = first.err.partition("Next:\n")[2].splitlines()
    assert [line.partition("#")[0].strip() for line in told][:2] == [
        "tracegen rehearse spec/tracegen.yaml --view",
        "cd out",
    ]
    assert "Next:" not in second.err and (first.code, second.code) == (0, 0)
    assert "Next:" not in tracegen("render", "spec/tracegen.yaml", "-o", "quiet", "--quiet").err


def test_make_verify_holds_traces_against_the_spec(here: Path) -> None:
    new(Path("shop"))
    Path("empty.json").write_text('{"resourceSpans": []}', encoding="utf-8")
    command = f"TRACEGEN={sys.executable} -m tracegen"
    make = ["make", "--no-print-directory", "--directory", "shop", "verify", command, "FROM=../empty.json"]
    done = subprocess.run(make, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "no-spans" in done.stdout, done.stderr


def test_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert new(tmp_path / name / "shop").code == 0
    assert tree_of(tmp_path / "one" / "shop") == tree_of(tmp_path / "two" / "shop")


def test_without_a_terminal_nothing_is_asked_and_the_way_out_is_told(here: Path) -> None:
    command = ["new", "shop", "--data", "backend=tempo", "--data", "storage=gcs"]
    ran = tracegen(*command)
    assert ran.code == 2
    assert "there is no terminal to ask on" in ran.err
    assert "--data 'storage.bucket=traces'" in ran.err
    assert "--data 'backend" not in ran.err
    assert not list(here.iterdir())


def test_what_it_tells_to_pass_is_enough(here: Path) -> None:
    ran = tracegen("new", "shop")
    told = [line.strip().removeprefix("--data ").strip("'") for line in ran.err.splitlines() if "--data '" in line]
    assert tracegen("new", "shop", *(f"--data={each}" for each in told)).code == 0


def test_answers_come_from_a_file_and_data_wins_over_them(here: Path) -> None:
    Path("answers.yaml").write_text(
        "project: acme\nservices:\n  - web node calls api\n  - api go\nbackend: tempo\n", encoding="utf-8"
    )
    ran = tracegen("new", "shop", "--answers", "answers.yaml", "--data", "project=other", "--defaults")
    assert ran.code == 0, ran.err
    spec = yaml.safe_load(Path("shop/tracegen.yaml").read_text(encoding="utf-8"))
    assert (spec["name"], spec["backend"]["type"], list(spec["services"])) == ("other", "tempo", ["web", "api"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("project: [a]\n", "project: one value is wanted here"),
        ("services: 5\n", "services: services are a list such as"),
        ("services: {a: 5}\n", "services: services are a list such as"),
        ("services: {a: {language: python, frob: 1}}\n", "services.a.frob: 'frob' is not a key of services.a"),
        ("targets: {a: 1}\n", "is not a target"),
        ("backend: null\n", "backend: one value is wanted here"),
        ("backend: kafka\n", "backend.type: 'kafka' is not a"),
        ("sampling: ratio\nsampling.ratio: much\n", "sampling.ratio: 'much' is not a number"),
        ("sampling: ratio\nsampling.ratio: 7\n", "7 is"),
        ("sampling: ratio\nsampling.ratio: nan\n", "sampling.ratio: 'nan' is not a number"),
        ("- a\n", "the top level is a list"),
    ],
)
def test_hostile_answers_are_refused_with_their_key(here: Path, text: str, said: str) -> None:
    Path("answers.yaml").write_text(text, encoding="utf-8")
    ran = tracegen("new", "shop", "--answers", "answers.yaml", "--defaults")
    assert ran.code in (1, 2)
    assert said in ran.err
    assert not (here / "shop").exists()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60), st.sampled_from(["project", "services", "storage", "backend", "targets", "sampling"]))
def test_no_answer_is_a_bug_or_gets_out_of_its_place(here: Path, text: str, key: str) -> None:
    """Whatever is said, it is refused, or is an answer that the spec holds as it was said."""
    ran = tracegen("new", "shop", "--data", f"{key}={text}")  # not all is answered, so nothing is written
    assert ran.code == 2, ran.err
    assert "bug in tracegen" not in ran.err
    assert not (here / "shop").exists()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["tracegen.yaml"], "tracegen update"),
        (["compose.yaml"], "tracegen writes a file of that name"),
        (["tempo/tempo.yaml"], "tracegen writes a file of that name"),
        ([".tracegen/state.json"], "rendered from elsewhere"),
        ([".copier-answers.yml"], "another template made this folder"),
        (["HEAD", "objects/a", "refs/b"], "belongs to git itself"),
    ],
)
def test_a_target_that_will_not_do_is_told_before_the_first_question(here: Path, files: list[str], said: str) -> None:
    for name in files:
        (here / name).parent.mkdir(exist_ok=True, parents=True)
        (here / name).write_text("mine\n", encoding="utf-8")
    before = tree_of(here)
    ran = tracegen("new")
    assert (ran.code, "hint: " in ran.err) == (2, True)
    assert said in ran.err
    assert "--data" not in ran.err
    assert tree_of(here) == before


def test_a_file_and_a_folder_inside_git_will_not_do(here: Path) -> None:
    (here / "file").write_text("", encoding="utf-8")
    assert "is not a folder" in tracegen("new", "file").err
    (here / ".git" / "hooks").mkdir(parents=True)
    assert "belongs to git itself" in tracegen("new", ".git/hooks/shop").err


@pytest.mark.skipif(os.geteuid() == 0, reason="for root every folder is writable")
def test_a_folder_that_is_read_only_will_not_do(here: Path) -> None:
    here.chmod(0o555)
    ran = tracegen("new", "shop")
    here.chmod(0o755)
    assert (ran.code, "is not writable" in ran.err) == (2, True)


def test_files_that_are_there_stay_and_are_left_out_for_good(here: Path) -> None:
    (here / "README.md").write_text("ours\n", encoding="utf-8")
    (here / "src").mkdir()
    (here / "src" / "main.py").write_text("pass\n", encoding="utf-8")
    ran = new(Path(), project="shop")
    assert ran.code == 0, ran.err
    assert (here / "README.md").read_text(encoding="utf-8") == "ours\n"
    assert "- README.md" in (here / ".copier-answers.yml").read_text(encoding="utf-8")
    assert tracegen("update", ".", "--plan").code == 0


def test_a_workflow_below_the_top_of_a_repository_is_told(here: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(here)], check=True)
    assert "GitHub reads workflows at" in new(Path("tracing")).err


def test_a_name_is_made_of_the_folder(tmp_path: Path) -> None:
    names = {"My Shop": "my-shop", "9lives": "lives", "Überall": "berall", "...": "tracing", "a" * 60: "a" * 40}
    assert {name: name_of(tmp_path / name) for name in names if name != "..."} == {
        key: value for key, value in names.items() if key != "..."
    }
    assert name_of(Path("/")) == "tracing"


def test_a_list_of_services_reads_as_it_is_written() -> None:
    for count in range(1, 4):
        for chosen in itertools.combinations(_ENTRIES, count):
            text = ", ".join(chosen)
            assert services.listed(services.parse(text)) == text
            assert services.parse(text.replace(", ", "\n")) == services.parse(text)


_ENTRIES = (
    "checkout python calls payment stock",
    "payment go gin",
    "stock other image ghcr.io/acme/stock:2",
    "ledger java elsewhere calls payment",
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "name at least one service"),
        ("checkout", "has no language"),
        ("checkout python, checkout go", "named twice"),
        ("checkout python flask frob", "cannot be read at 'frob'"),
        ("checkout python calls", "cannot be read at 'calls'"),
        ("a python calls b, c", "several calls are parted by blanks"),
    ],
)
def test_a_list_that_cannot_be_read_says_where(text: str, said: str) -> None:
    with pytest.raises(services.NotAService, match=said):
        services.parse(text)
