"""The commands as people and pipelines call them: what is printed where, what is written, and the exit codes."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import click
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
    assert "        services.*.calls (tracegen.yaml:6)\n" in ran.out
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


def test_a_spec_is_looked_for_in_the_folders_above(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tracegen("render")
    before = tree_of(project)
    monkeypatch.chdir(project / "services" / "api")
    assert tracegen("validate").err == "../../tracegen.yaml: valid\n"
    assert tracegen("render").code == 0
    assert tracegen("update", "--plan").code == 0
    assert tree_of(project) == before
    assert tracegen("explain", "otel.env").out.startswith("services/api/otel.env\n")
    (project / "tracegen.yaml").unlink()
    assert tracegen("validate").code == 2


@pytest.mark.parametrize(
    ("word", "meant"),
    [("rendr", "render"), ("init", "new"), ("plan", "render --plan"), ("lint", "validate"), ("upgrade", "update")],
)
def test_an_unknown_command_gets_the_one_that_was_meant(word: str, meant: str) -> None:
    ran = tracegen(word)
    assert ran.code == 2
    assert f"did you mean `tracegen {meant}`?" in ran.err


def test_help_is_a_word_too() -> None:
    assert tracegen("help").out == tracegen("--help").out
    assert tracegen("help", "render").out == tracegen("render", "--help").out


def test_colours_are_a_matter_of_the_option_then_of_the_environment(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(project / "tracegen.yaml", "jaeger", "jager")
    assert "\x1b[" not in tracegen("validate").out
    assert "\x1b[" in tracegen("validate", "--color", "always").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in tracegen("validate").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in tracegen("validate").out
    assert "\x1b[" in tracegen("validate", "--color", "always").out
    edit(project / "tracegen.yaml", "jager", "jaeger")
    assert "\x1b[32mcreate\x1b[0m" in tracegen("render", "--plan", "--color", "always").out


def test_every_command_can_say_more_and_less() -> None:
    from tracegen.cli.entry import group

    context = group.make_context("tracegen", ["packs"])
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        for each in command.commands.values() if isinstance(command, click.Group) else [command]:
            taken = {option for parameter in each.params for option in parameter.opts}
            assert {"-v", "-q", "--color"} <= taken, f"{name} {each.name}"


def test_quiet_says_what_is_wrong_and_nothing_else(project: Path) -> None:
    assert tracegen("validate", "-q") == Ran(0, "", "")
    edit(project / "tracegen.yaml", "badger,", "{type: badger, size: 5Gi},")
    assert " note " in tracegen("validate").out
    assert tracegen("validate", "-q") == Ran(0, "", "")
    edit(project / "tracegen.yaml", "jaeger", "jager")
    assert "'jager'" in tracegen("validate", "-q").out


def test_more_shows_the_line_of_a_problem_in_a_pipe_too(project: Path) -> None:
    edit(project / "tracegen.yaml", "jaeger", "jager")
    assert " | backend: {type: jager," in tracegen("validate", "-v").out


def test_explain_fits_a_screen_whatever_the_spec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for example in ("01-hello", "10-hundred-services"):
        lines = tracegen("explain", f"{ROOT}/examples/{example}/tracegen.yaml").out.splitlines()
        assert len(lines) <= 24
        assert max(map(len, lines)) <= 80
        assert lines[0] == "said in the spec:"
        assert any("backend.type" in line for line in lines)
    assert len(tracegen("explain", "-v", f"{ROOT}/examples/01-hello/tracegen.yaml").out.splitlines()) > 100


def test_without_traffic_sampling_is_told_in_a_sentence(project: Path) -> None:
    lines = tracegen("explain", "sampling").out.splitlines()
    assert lines[0].startswith("No traffic is said: say services.<name>.traffic")
    assert not any("GB/day" in line for line in lines)


def completed(words: list[str], begun: str) -> list[tuple[str, str]]:
    from click.shell_completion import ShellComplete

    from tracegen.cli.entry import group

    found = ShellComplete(group, {}, "tracegen", "_TRACEGEN_COMPLETE").get_completions(words, begun)
    return [(each.type, each.value) for each in found]


def test_files_environments_keys_codes_and_services_are_completed(project: Path) -> None:
    assert completed(["validate"], "trac") == [("file", "trac")]
    assert completed(["render"], "tr") == [("file", "tr")]
    assert completed(["render", "--env"], "") == [("plain", "dev")]
    assert ("plain", "backend.retention") in completed(["explain"], "backend.r")
    assert ("plain", "TG401") in completed(["explain"], "tg40")
    assert completed(["explain"], "collector/ga") == [("file", "collector/ga")]
    assert completed(["traces", "--service"], "a") == [("plain", "api")]
    (project / "tracegen.yaml").write_text("tracegen: [")
    assert completed(["render", "--env"], "") == []


MISTAKES = """\
# The shop.
tracegen: 1
name: shop
backend:
  type:jaeger
services:
  api: # the front
    language: typescript
    port: "8080"   # why
    calls: stock, prices
    resources: {memory: 512MB, CPU: 1}
  stock: {language: golang, replicas: two}
  prices: {language: Python, health: healthz}
# the end
"""


def test_fix_writes_what_has_one_right_answer_and_leaves_the_rest(project: Path) -> None:
    (project / "tracegen.yaml").write_text(MISTAKES, encoding="utf-8")
    ran = tracegen("validate", "--fix")
    right = {
        "type:jaeger": "type: jaeger",
        "typescript": "node",
        '"8080"': "8080",
        "stock, prices": "[stock, prices]",
        "512MB": "512Mi",
        "CPU": "cpu",
        "golang": "go",
        "Python": "python",
        "healthz": "/healthz",
    }
    expected = MISTAKES
    for wrong, better in right.items():
        expected = expected.replace(wrong, better)
    assert (project / "tracegen.yaml").read_text(encoding="utf-8") == expected
    assert "tracegen.yaml:8:15: services.api.language: typescript is now node\n" in ran.err
    assert ran.code == 1
    assert [line.split()[0] for line in ran.out.splitlines()] == ["tracegen.yaml:12:35:", "hint:"]
    edit(project / "tracegen.yaml", "replicas: two", "replicas: 2")
    before = tree_of(project)
    assert tracegen("validate", "--fix").code == 0
    assert tree_of(project) == before


@pytest.mark.parametrize(
    "spec",
    [
        SPEC.replace("jaeger", "jager"),  # a guess, and no certainty
        SPEC.replace("name: shop", "name: My Shop"),  # others know it by its name
        SPEC.replace("3d", "3"),  # of what unit?
        SPEC.replace("[stock]", "[stok]"),
        SPEC.replace("language: go", "language: &x golang"),
        SPEC.replace("language: go", "language: >-\n    golang"),
    ],
)
def test_fix_leaves_alone_what_is_a_guess_or_not_one_word(project: Path, spec: str) -> None:
    (project / "tracegen.yaml").write_text(spec, encoding="utf-8")
    tracegen("validate", "--fix")
    assert (project / "tracegen.yaml").read_text(encoding="utf-8") == spec


def test_add_writes_into_the_spec_and_changes_nothing_else(project: Path) -> None:
    tracegen("add", "service", "cart", "node", "express", "calls", "stock", "--called-by", "api")
    tracegen("add", "environment", "prod", "collector.replicas=3", "backend.retention=14d")
    tracegen("add", "library", "cart", "pg", "ioredis")
    tracegen("add", "library", "cart", "pg", "redis")
    changed = (
        SPEC.replace("calls: [stock]", "calls: [cart, stock]")
        .replace(
            "  stock: {language: go}\n",
            "  stock: {language: go}\n  cart: {libraries: [redis, pg, ioredis], language: node, framework: express, "
            "calls: [stock]}\n",
        )
        .replace("memory}}\n", "memory}}\n  prod: {collector: {replicas: 3}, backend: {retention: 14d}}\n")
    )
    assert (project / "tracegen.yaml").read_text(encoding="utf-8") == changed
    assert tracegen("validate").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["service", "x", "pyhton"], "did you mean 'python'?"),
        (["service", "api", "python"], "has a service 'api' already"),
        (["service", "x"], "has no language"),
        (["service", "x", "go", "calls", "stok"], "did you mean 'stock'?"),
        (["service", "x", "go", "--called-by", "apii"], "did you mean 'api'?"),
        (["library", "api", "flsk"], "is not a library"),
        (["library", "ap", "redis"], "did you mean 'api'?"),
        (["environment", "dev"], "has an environment 'dev' already"),
        (["environment", "prod", "collector.replicas"], "write KEY=VALUE"),
        (["environment", "prod", "collector.replicas=x"], "is not a whole number"),
    ],
)
def test_what_would_make_the_spec_wrong_is_not_added(project: Path, words: list[str], said: str) -> None:
    ran = tracegen("add", *words)
    assert ran.code in (1, 2)
    assert said in ran.err
    assert (project / "tracegen.yaml").read_text(encoding="utf-8") == SPEC


def test_add_works_in_block_style_and_where_a_section_is_missing(project: Path) -> None:
    spec = "tracegen: 1\nname: shop\nbackend: {type: jaeger}\nservices:\n    api:\n        language: go\n\n# end\n"
    (project / "tracegen.yaml").write_text(spec, encoding="utf-8")
    tracegen("add", "service", "stock", "go")
    tracegen("add", "environment", "dev")
    assert (project / "tracegen.yaml").read_text(encoding="utf-8") == spec.replace(
        "        language: go\n", "        language: go\n    stock: {language: go}\n"
    ) + "environments:\n  dev: {}\n"
    assert tracegen("add", "--help").out.startswith("Usage: tracegen add")


def test_fmt_lays_out_and_keeps_comments_order_and_quotes(project: Path) -> None:
    ragged = (
        "tracegen:   1\r\nname:  shop   \nbackend:\n    type: jaeger # the backend\n\n\n\nservices:\n    api:\n"
        '        language: python\n        env: {A: 012,B: no, C: "x # y"}\n        # whom it calls\n        calls:\n'
        "        - stock   # why\n    stock: {language: go,\n      port: 8080}\n"
    )
    (project / "tracegen.yaml").write_bytes(ragged.encode())
    assert tracegen("fmt", "--check").code == 1
    assert "-name:  shop" in tracegen("fmt", "--diff").out
    assert (project / "tracegen.yaml").read_bytes() == ragged.encode()
    assert tracegen("fmt").code == 0
    assert (project / "tracegen.yaml").read_text(encoding="utf-8") == (
        "tracegen: 1\nname: shop\nbackend:\n  type: jaeger   # the backend\n\nservices:\n  api:\n"
        '    language: python\n    env: {A: 012, B: no, C: "x # y"}\n    # whom it calls\n    calls:\n'
        "      - stock     # why\n  stock: {language: go, port: 8080}\n"
    )
    assert tracegen("fmt", "--check").code == 0


def test_fmt_leaves_a_file_alone_whose_comments_it_would_lose(project: Path) -> None:
    spec = SPEC.replace("{language: python,", "{language: python,  # old\n   ")
    (project / "tracegen.yaml").write_text(spec, encoding="utf-8")
    ran = tracegen("fmt")
    if (project / "tracegen.yaml").read_text(encoding="utf-8") == spec:
        assert ran.code == 1
        assert "is left as it is" in ran.err
    else:
        assert "# old" in (project / "tracegen.yaml").read_text(encoding="utf-8")
    for example in sorted((ROOT / "examples").glob("*/tracegen.yaml")):
        assert tracegen("fmt", "--check", str(example)).code == 0, example


def test_watch_renders_again_at_each_change_and_survives_a_wrong_one(project: Path) -> None:
    command = [sys.executable, "-m", "tracegen", "render", "--watch"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as watching:
        assert watching.stderr

        def until(words: str) -> None:
            assert watching.stderr
            while words not in (line := watching.stderr.readline()):
                assert line, f"it ended before {words!r}"

        until("waiting for a change")
        edit(project / "tracegen.yaml", "3d", "4x")
        until("'4x' is not a duration")
        until("waiting for a change")
        edit(project / "tracegen.yaml", "4x", "4d")
        until("waiting for a change")
        assert b"96h" in (project / "jaeger/config.yaml").read_bytes()
        watching.send_signal(signal.SIGINT)
        assert watching.wait(timeout=30) == 130
