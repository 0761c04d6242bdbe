"""The commands as people and pipelines call them: what is printed where, what is written, and the exit codes."""

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from support import ROOT, Ran, tracegen, tree_of

SPEC = """\
tracegen: 1
name: shop
targets: [compose]
backend: {type: jaeger, storage: badger, retention: 3d}
services:
  api: {language: python, calls: [stock]}
  stock: {language: go}
environments:
  dev: {backend: {storage: memory}}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "tracegen.yaml").write_text(SPEC, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def verdicts(ran: Ran) -> list[str]:
    """The lines of files, without the line that counts them."""
    return ran.out.splitlines()[:-1]


def test_render_writes_beside_the_spec_and_tells_what_it_did(project: Path) -> None:
    ran = tracegen("render")
    assert ran.code == 0
    assert "create   compose.yaml" in ran.out.splitlines()
    assert (project / "jaeger/config.yaml").is_file()
    assert json.loads((project / ".tracegen/schema.json").read_bytes())["title"] == "tracegen.yaml"


def test_rendering_twice_changes_nothing(project: Path) -> None:
    tracegen("render")
    before = tree_of(project)
    ran = tracegen("render")
    assert ran.out.endswith(" unchanged\n") and len(ran.out.splitlines()) == 1
    every = tracegen("render", "-v").out.splitlines()
    assert {line.split()[0] for line in every[:-1]} == {"same"}
    assert tracegen("render", "-q").out == ""
    assert tracegen("render", "-q", "-v").code == 2
    assert tree_of(project) == before


def test_an_environment_goes_below_env_and_to_where_it_is_told(project: Path) -> None:
    assert tracegen("render", "--env", "dev").code == 0
    assert b"max_traces" in (project / "env/dev/jaeger/config.yaml").read_bytes()
    assert tracegen("render", "--env", "dev", "-o", "elsewhere").code == 0
    assert (project / "elsewhere/compose.yaml").is_file()


def test_a_tree_refuses_another_environment(project: Path) -> None:
    tracegen("render", "--env", "dev", "-o", "out")
    before = tree_of(project / "out")
    ran = tracegen("render", "-o", "out")
    assert ran.code == 2
    assert "environment 'dev'" in ran.err
    assert tree_of(project / "out") == before


def test_a_stub_free_service_has_the_same_bytes_in_every_environment_but_what_names_it(project: Path) -> None:
    tracegen("render")
    tracegen("render", "--env", "dev")
    base = (project / "services/api/otel.env").read_text(encoding="utf-8")
    dev = (project / "env/dev/services/api/otel.env").read_text(encoding="utf-8")
    assert dev == base.replace("service.namespace=shop", "service.namespace=shop,deployment.environment.name=dev")


def test_standard_input_is_rendered_into_the_current_folder(project: Path) -> None:
    command = [sys.executable, "-m", "tracegen", "render", "-", "-o", "out"]
    done = subprocess.run(command, input=SPEC.encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (project / "out/compose.yaml").is_file()


def test_check_exits_1_until_everything_is_rendered_and_writes_nothing(project: Path) -> None:
    before = tree_of(project)
    assert tracegen("render", "--check").code == 1
    assert tree_of(project) == before
    tracegen("render")
    assert tracegen("render", "--check").code == 0


def test_plan_and_json_give_the_verdicts_that_the_run_then_gives(project: Path) -> None:
    planned = json.loads(tracegen("render", "--plan", "--format", "json").out)
    assert not (project / "compose.yaml").exists()
    assert json.loads(tracegen("render", "--format", "json").out) == planned


def test_diff_shows_lines_and_writes_nothing(project: Path) -> None:
    tracegen("render")
    (project / "tracegen.yaml").write_text(SPEC.replace("3d", "4d"), encoding="utf-8")
    ran = tracegen("render", "--diff")
    assert "-            spans: 72h" in ran.out.splitlines()
    assert "+            spans: 96h" in ran.out.splitlines()
    assert b"72h" in (project / "jaeger/config.yaml").read_bytes()


def test_an_edit_is_kept_and_merged_with_what_is_new(project: Path) -> None:
    tracegen("render")
    config = project / "jaeger/config.yaml"
    edit(config, "ephemeral: false", "ephemeral: false  # mine")
    assert tracegen("render", "--check").code == 0
    edit(project / "tracegen.yaml", "retention: 3d", "retention: 4d")
    edit(config, "extensions:", "# at the top\nextensions:")
    wanted = config.read_text(encoding="utf-8").replace("72h", "96h")
    edit(config, "ephemeral: false  # mine", "ephemeral: false")
    wanted = wanted.replace("  # mine", "")
    assert tracegen("render", "--check").code == 1
    planned = tracegen("render", "--plan")
    ran = tracegen("render")
    assert (planned.code, ran.code, verdicts(planned)) == (0, 0, verdicts(ran))
    assert "merge    jaeger/config.yaml" in ran.out.splitlines()
    assert config.read_text(encoding="utf-8") == wanted
    assert tracegen("render", "--check").code == 0


@pytest.fixture
def conflicting(project: Path) -> Path:
    """A project whose next render ends in a conflict."""
    tracegen("render")
    edit(project / "jaeger/config.yaml", "72h", "100h")
    edit(project / "tracegen.yaml", "retention: 3d", "retention: 4d")
    return project


def test_a_conflict_shows_both_sides_and_is_taken_back(conflicting: Path) -> None:
    config = conflicting / "jaeger/config.yaml"
    before = tree_of(conflicting)
    planned, shown = tracegen("render", "--plan"), tracegen("render", "--diff")
    assert tree_of(conflicting) == before
    ran = tracegen("render")
    assert (planned.code, shown.code, ran.code, verdicts(planned)) == (1, 1, 1, verdicts(ran))
    assert "conflict jaeger/config.yaml" in ran.out.splitlines()
    text = config.read_text(encoding="utf-8")
    assert "<<<<<<< yours\n            spans: 100h\n=======\n            spans: 96h\n>>>>>>> tracegen\n" in text
    line = text.splitlines().index("<<<<<<< yours") + 1
    assert f"jaeger/config.yaml:{line}: conflict: keep what is right of both sides" in ran.err
    assert tracegen("render", "--check").code == 1
    aborted = tracegen("render", "--abort")
    assert aborted.code == 0
    assert "jaeger/config.yaml" in aborted.err
    assert tree_of(conflicting) == before
    assert tracegen("render", "--abort").code == 2


def test_what_is_refused_can_stand_beside_the_file(conflicting: Path) -> None:
    before = (conflicting / "jaeger/config.yaml").read_bytes()
    ran = tracegen("render", "--conflict", "rej")
    assert ran.code == 1
    assert "create   jaeger/config.yaml.rej" in ran.out.splitlines()
    assert (conflicting / "jaeger/config.yaml").read_bytes() == before
    refused = conflicting / "jaeger/config.yaml.rej"
    assert "-            spans: 100h\n+            spans: 96h\n" in refused.read_text(encoding="utf-8")
    assert tracegen("render").code == 1
    refused.unlink()
    assert tracegen("render", "--check").code == 0


def test_a_run_is_taken_back_though_the_spec_is_broken_by_now(conflicting: Path) -> None:
    tracegen("render")
    (conflicting / "tracegen.yaml").write_text("services: [", encoding="utf-8")
    assert tracegen("render", "--abort").code == 0
    assert "100h" in (conflicting / "jaeger/config.yaml").read_text(encoding="utf-8")


def test_an_environment_is_taken_back_in_its_own_folder(conflicting: Path) -> None:
    assert tracegen("render").code == 1
    assert tracegen("render", "--env", "dev").code == 0
    assert tracegen("render", "--abort", "--env", "dev").code == 2
    assert tracegen("render", "--abort").code == 0


def test_taking_back_goes_with_nothing_that_looks_or_writes(conflicting: Path) -> None:
    for option in ("--plan", "--diff", "--check", "--restore=compose.yaml"):
        assert tracegen("render", "--abort", option).code == 2


def test_a_plan_and_its_lines_as_data(conflicting: Path) -> None:
    plan = json.loads(tracegen("render", "--plan", "--format", "json").out)
    verdicts = {each["path"]: each["verdict"] for each in plan}
    assert verdicts["jaeger/config.yaml"] == "conflict"
    assert set(plan[0]) == {"path", "verdict", "note"}
    with_lines = json.loads(tracegen("render", "--diff", "--format", "json").out)
    assert "+            spans: 96h" in next(
        each["diff"] for each in with_lines if each["path"] == "jaeger/config.yaml"
    )


def test_a_file_no_longer_rendered_goes_unless_somebody_edited_it(project: Path) -> None:
    tracegen("render")
    stock = project / "services/stock/otel.env"
    without = SPEC.replace(", calls: [stock]", "").replace("  stock: {language: go}\n", "")
    (project / "tracegen.yaml").write_text(without, encoding="utf-8")
    assert "remove   services/stock/otel.env" in tracegen("render").out
    assert not stock.parent.exists()


def test_a_deleted_file_stays_deleted_until_it_is_asked_for(project: Path) -> None:
    tracegen("render")
    (project / "TRACING.md").unlink()
    assert "yours    TRACING.md (you deleted it; --restore brings it back)" in tracegen("render").out
    assert not (project / "TRACING.md").exists()
    assert "create   TRACING.md" in tracegen("render", "--restore", "TRACING.md").out
    assert (project / "TRACING.md").is_file()
    assert tracegen("render", "--restore", "nothing.md").code == 2


def test_strict_stops_at_a_warning(project: Path) -> None:
    (project / "tracegen.yaml").write_text(
        SPEC.replace("language: go", "language: go, env: {OTEL_SERVICE_NAME: x}"), encoding="utf-8"
    )
    assert tracegen("validate").code == 0
    assert tracegen("validate", "--strict").code == 1
    assert tracegen("render", "--strict", "-o", "out").code == 1
    assert not (project / "out").exists()


@pytest.mark.parametrize("format_", ["text", "json", "github", "sarif"])
def test_validate_prints_its_findings_as_data(project: Path, format_: str) -> None:
    (project / "tracegen.yaml").write_text(SPEC.replace("python", "pyhton"), encoding="utf-8")
    ran = tracegen("validate", "--format", format_)
    assert ran.code == 1
    assert "pyhton" in ran.out and "python" in ran.out
    if format_ in ("json", "sarif"):
        json.loads(ran.out)


def test_validate_checks_every_environment_and_several_specs(project: Path) -> None:
    broken = SPEC.replace("dev: {backend: {storage: memory}}", "dev: {backend: {storage: disk}}")
    (project / "other.yaml").write_text(broken, encoding="utf-8")
    ran = tracegen("validate", "tracegen.yaml", "other.yaml")
    assert ran.code == 1
    assert ran.out.startswith("other.yaml:9:")


def test_a_missing_spec_does_not_hide_the_problems_of_another(project: Path) -> None:
    (project / "tracegen.yaml").write_text(SPEC.replace("python", "pyhton"), encoding="utf-8")
    ran = tracegen("validate", "tracegen.yaml", "missing.yaml")
    assert ran.code == 2
    assert "pyhton" in ran.out and "missing.yaml" in ran.err


def test_explain_tells_what_was_said_and_what_was_decided(project: Path) -> None:
    ran = tracegen("explain", "backend")
    assert "backend.retention: 3d\n    said in tracegen.yaml:4" in ran.out
    assert "backend.mode: single\n    one process" in ran.out
    decisions = json.loads(tracegen("explain", "backend.retention", "--format", "json").out)
    assert decisions[0]["said"] == {"file": "tracegen.yaml", "line": 4, "column": 53}


def test_explain_names_what_an_environment_dropped(project: Path) -> None:
    ran = tracegen("explain", "--env", "dev", "backend.retention")
    assert "dropped" in ran.out and "memory" in ran.out


def test_explain_tells_where_a_file_comes_from(project: Path) -> None:
    tracegen("render")
    ran = tracegen("explain", "jaeger/config.yaml")
    assert "written by: packs/jaeger" in ran.out
    assert "        backend.retention (tracegen.yaml:4)\n" in ran.out
    assert "        services.*.language (tracegen.yaml:6 and 1 more)\n" in ran.out
    assert "and, where they are said, by:\n        " in ran.out and "backend.archive" in ran.out


OVERRIDES = (
    "overrides:\n  collector/gateway.yaml:\n    processors: {memory_limiter: {check_interval: 2s}, batch: null}\n"
)


def test_explain_tells_versions_overrides_and_what_became_of_a_file(project: Path) -> None:
    (project / "tracegen.yaml").write_text(SPEC + OVERRIDES, encoding="utf-8")
    explain = ("explain", "./collector/gateway.yaml", "--format", "json")
    assert json.loads(tracegen(*explain).out)["state"] == "not written yet"
    tracegen("render")
    edit(project / "collector/gateway.yaml", "receivers:", "# mine\nreceivers:")
    data = json.loads(tracegen(*explain).out)
    assert data["overrides"] == [
        {"path": "processors.memory_limiter.check_interval", "value": "2s", "said": "tracegen.yaml:12"},
        {"path": "processors.batch", "value": None, "said": "tracegen.yaml:12"},
    ]
    assert list(data["images"].values()) == ["collector"]
    assert (data["source"], data["state"]) == ("collector", "edited; tracegen keeps that")
    assert "overridden" not in tracegen("explain", "compose.yaml").out
    text = tracegen("explain", "collector/gateway.yaml").out
    assert "        processors.memory_limiter.check_interval: 2s (tracegen.yaml:12)\n" in text
    assert "        processors.batch: removed (tracegen.yaml:12)\n" in text
    assert "    in the folder: edited; tracegen keeps that\n" in text


def test_explain_names_every_image_of_a_deployment_with_the_registry_of_the_spec(project: Path) -> None:
    (project / "tracegen.yaml").write_text(SPEC + "registry: registry.example.com\n", encoding="utf-8")
    images = json.loads(tracegen("explain", "jaeger/config.yaml", "--format", "json").out)["images"]
    assert [image.split(":")[0] for image in images] == ["registry.example.com/jaegertracing/jaeger"]


def test_explain_finds_the_environment_of_a_file_in_its_place(project: Path) -> None:
    tracegen("render", "--env", "dev")
    ran = tracegen("explain", "env/dev/jaeger/config.yaml")
    assert ran.out.startswith("jaeger/config.yaml\n")
    assert "in the folder: as rendered" in ran.out


def test_explain_says_of_other_files_whose_they_are(project: Path) -> None:
    (project / "notes.md").write_text("mine", encoding="utf-8")
    (project / "renovate.json").write_text("{}", encoding="utf-8")
    assert "yours; tracegen does not render it" in tracegen("explain", "notes.md").out
    assert "from the skeleton" in tracegen("explain", "renovate.json").out


def test_explain_of_a_code_prints_its_page(project: Path) -> None:
    ran = tracegen("explain", "TG401")
    assert ran.code == 0
    assert ran.out.startswith("### TG401 Head sampling before tail sampling")


def test_explain_of_something_unknown_is_wrong_usage_with_a_way_out(project: Path) -> None:
    ran = tracegen("explain", "backend.retentoin")
    assert ran.code == 2
    assert "backend.retention" in ran.err


def test_packs_lists_every_pin_with_its_source() -> None:
    content = json.loads(tracegen("packs", "--format", "json").out)
    assert {"jaeger", "collector"} <= {entry["name"] for entry in content["versions"]}
    assert all(entry["source"] and entry["tested"] for entry in content["versions"])
    assert "jaegertracing/jaeger:" in tracegen("packs").out


def test_schema_prints_the_committed_schema_which_is_one() -> None:
    printed = tracegen("schema").out
    assert printed == (ROOT / "schemas" / "tracegen.schema.json").read_text(encoding="utf-8")
    jsonschema.Draft202012Validator.check_schema(json.loads(printed))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(shell: str) -> None:
    ran = tracegen("completion", shell)
    assert ran.code == 0
    assert "_TRACEGEN_COMPLETE" in ran.out


def test_completion_completes_commands() -> None:
    environment = {"_TRACEGEN_COMPLETE": "bash_complete", "COMP_WORDS": "tracegen re", "COMP_CWORD": "1"}
    program = Path(sys.executable).with_name("tracegen")
    if not program.is_file():
        pytest.skip("tracegen is not installed beside this Python")
    done = subprocess.run([str(program)], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "plain,render\nplain,rehearse\n"


def test_the_version_is_told_also_by_the_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tracegen", "--version"], capture_output=True, text=True, check=False
    )
    assert done.stdout == tracegen("--version").out


def test_a_wrong_command_or_option_is_wrong_usage() -> None:
    assert tracegen("rendr").code == 2
    assert tracegen("render", "--nonsense").code == 2
    assert tracegen("explain", "a", "b", "c").code == 2


def test_conflicts_are_told_last_with_a_count_and_the_next_command(conflicting: Path) -> None:
    ran = tracegen("render", "tracegen.yaml")
    *lines, count = ran.out.splitlines()
    assert [line.split()[0] for line in lines if line.startswith("conflict")] == ["conflict"]
    assert lines[-1] == "conflict jaeger/config.yaml" and not any(line.startswith("same") for line in lines)
    assert re.fullmatch(r"(\d+ \w+, )*1 conflict, \d+ unchanged", count)
    assert ran.err.splitlines()[-1] == (
        "settle them, then run `tracegen render`; to take this run back: `tracegen render --abort`"
    )
    assert tracegen("render", "--abort").code == 0
    planned = tracegen("render", "--plan")
    assert re.search(r"\d to update, 1 conflict", planned.out.splitlines()[-1])
    elsewhere = tracegen("render", "tracegen.yaml", "-o", "a folder")
    assert elsewhere.code == 0 and "created" in elsewhere.out.splitlines()[-1]


def test_a_look_during_another_run_is_told_to_wait(project: Path) -> None:
    from tracegen.write.lock import exclusive

    tracegen("render")
    with exclusive(project):
        (project / ".tracegen/staging").mkdir()
        ran = tracegen("render", "--check")
    assert ran.code == 1
    assert "another tracegen is writing" in ran.err and "interrupted" not in ran.err
    ran = tracegen("render", "--check")
    assert ran.code == 1 and "interrupted" in ran.err


@pytest.mark.parametrize("folder", [".git", ".git/hooks", ".tracegen", ".tracegen/base", "sub/.GIT/x"])
def test_a_folder_of_git_or_of_tracegen_is_refused(project: Path, folder: str) -> None:
    (project / folder).mkdir(parents=True)
    before = tree_of(project)
    ran = tracegen("render", "-o", folder)
    assert ran.code == 2 and "belongs to" in ran.err
    assert tree_of(project) == before


def test_a_spec_at_the_place_of_an_output_is_refused_before_anything_is_written(project: Path) -> None:
    (project / "tracegen.yaml").rename(project / "compose.yaml")
    before = tree_of(project)
    ran = tracegen("render", "compose.yaml")
    assert ran.code == 2 and "compose.yaml is rendered, and is the place of compose.yaml" in ran.err
    assert tree_of(project) == before
    assert tracegen("render", "compose.yaml", "-o", "out").code == 0


def test_an_included_file_at_the_place_of_an_output_is_refused(project: Path) -> None:
    (project / "jaeger").mkdir()
    (project / "jaeger/config.yaml").write_text("services: {more: {language: go}}\n", encoding="utf-8")
    spec = project / "tracegen.yaml"
    spec.write_text(spec.read_text(encoding="utf-8") + "include: [jaeger/config.yaml]\n", encoding="utf-8")
    before = tree_of(project)
    ran = tracegen("render")
    assert ran.code == 2 and "never writes" in ran.err
    assert tree_of(project) == before


def test_a_second_spec_in_the_folder_removes_nothing(project: Path) -> None:
    tracegen("render")
    (project / "two.yaml").write_text(SPEC.replace("stock", "stocks"), encoding="utf-8")
    before = tree_of(project)
    ran = tracegen("render", "two.yaml")
    assert ran.code == 2 and "holds what tracegen.yaml rendered" in ran.err
    assert tree_of(project) == before
    (project / "tracegen.yaml").unlink()
    assert tracegen("render", "two.yaml").code == 0


def test_what_is_refused_is_as_closed_as_the_file(conflicting: Path) -> None:
    (conflicting / "jaeger/config.yaml").chmod(0o600)
    tracegen("render", "--conflict", "rej")
    assert (conflicting / "jaeger/config.yaml.rej").stat().st_mode & 0o777 == 0o600
