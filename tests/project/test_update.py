"""`tracegen update` over three released versions of the skeleton, with edits in between."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from project.histories import copier_once as copier_once
from project.histories import history
from support import Ran, tracegen, tree_of
from tracegen.project import history as histories
from tracegen.project import skeleton_changes
from tracegen.project.skeleton import ANSWERS, brought_up
from tracegen.write import Verdict

pytestmark = pytest.mark.usefixtures("copier_once")

#: Says which version of the skeleton is the newest that this tracegen knows.
Release = Callable[[int], None]


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Release:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def newest(versions: int) -> None:
        place = tmp_path / "histories" / str(versions)
        if not place.exists():
            history(place, versions)
        monkeypatch.setattr(histories, "home", lambda: place)

    newest(1)
    return newest


@pytest.fixture
def shop(tmp_path: Path, release: Release) -> Path:
    """A project made from the first version, outside git."""
    folder = tmp_path / "deep" / "shop"
    assert tracegen("new", folder, "--defaults", "--data", "services=web node calls api, api go").code == 0
    return folder


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, (path, old)
    path.write_text(text.replace(old, new), encoding="utf-8")


def verdicts(ran: Ran) -> dict[str, str]:
    words = [line.split() for line in ran.out.splitlines()]
    return {line[1]: line[0] for line in words if line and line[0] in set(Verdict)}


def updated(folder: Path, *options: str) -> dict[str, str]:
    """Plans, then updates: the run must give the verdicts of the plan, and a plan writes nothing."""
    before = tree_of(folder)
    planned = tracegen("update", folder, "--plan", "-v", *options)
    assert tree_of(folder) == before, "a plan writes nothing"
    ran = tracegen("update", folder, "-v", *options)
    assert (verdicts(ran), ran.code) == (verdicts(planned), planned.code)
    return verdicts(ran)


def test_over_three_versions_with_edits_in_between_all_of_them_are_kept(shop: Path, release: Release) -> None:
    edit(shop / "README.md", "Ask the platform team.", "Ask Maria.")
    edit(shop / "compose.yaml", "name: shop\n", "name: shop\n# seen by Maria\n")
    release(2)
    found = updated(shop)
    assert (found["README.md"], found[".gitignore"], found["renovate.json"]) == ("merge", "update", "create")
    assert found["NOTES.md"] == "remove" and found["compose.yaml"] == "edited"
    edit(shop / "renovate.json", "config:recommended", "config:best-practices")
    edit(shop / ".github/workflows/tracegen.yaml", "ubuntu-latest", "our-runners")
    release(3)
    found = updated(shop)
    assert (found["README.md"], found[".github/workflows/tracegen.yaml"]) == ("merge", "merge")
    assert found["renovate.json"] == "edited"
    readme = (shop / "README.md").read_text(encoding="utf-8")
    assert "Ask Maria." in readme and "then `tracegen render`" in readme and "and so is this page" in readme
    workflow = (shop / ".github/workflows/tracegen.yaml").read_text(encoding="utf-8")
    assert "our-runners" in workflow and "pull_request" in workflow and "${{ github.ref }}" in workflow
    assert "# seen by Maria" in (shop / "compose.yaml").read_text(encoding="utf-8")
    assert "config:best-practices" in (shop / "renovate.json").read_text(encoding="utf-8")
    assert not (shop / "NOTES.md").exists()
    assert "_commit: v3" in (shop / ANSWERS).read_text(encoding="utf-8")
    assert tracegen("render", shop / "tracegen.yaml", "--check").code == 0


def test_the_second_time_nothing_changes(shop: Path, release: Release) -> None:
    edit(shop / "README.md", "Ask the platform team.", "Ask Maria.")
    release(3)
    updated(shop)
    before = tree_of(shop)
    assert not set(updated(shop).values()) & {"update", "create", "merge", "remove", "conflict"}
    assert tree_of(shop) == before


def test_from_any_version_the_way_ends_in_the_same_files(shop: Path, release: Release, tmp_path: Path) -> None:
    shutil.copytree(shop, tmp_path / "by-steps" / "shop")
    for version in (2, 3):
        release(version)
        updated(tmp_path / "by-steps" / "shop")
    updated(shop)
    fresh = tmp_path / "fresh" / "shop"
    assert tracegen("new", fresh, "--defaults", "--data", "services=web node calls api, api go").code == 0
    assert tree_of(shop) == tree_of(tmp_path / "by-steps" / "shop") == tree_of(fresh)


def test_a_conflict_shows_both_sides_and_can_be_undone(shop: Path, release: Release) -> None:
    edit(shop / "README.md", "Edit the spec, then render.", "Edit the spec, then ask Maria.")
    edit(shop / "README.md", "Ask the platform team.", "Ask Maria.")
    before = tree_of(shop)
    release(3)
    ran = tracegen("update", shop)
    assert ran.code == 1 and verdicts(ran)["README.md"] == "conflict"
    text = (shop / "README.md").read_text(encoding="utf-8")
    assert "Edit the spec, then ask Maria." in text and "Edit the spec, then `tracegen render`." in text
    assert "<<<<<<<" in text and "Ask Maria." in text
    assert (shop / "renovate.json").exists()
    undone = tracegen("update", shop, "--abort")
    assert undone.code == 0, undone.err
    assert tree_of(shop) == before
    assert tracegen("update", shop, "--plan").code == 1


def test_a_conflict_waits_until_somebody_settles_it(shop: Path, release: Release) -> None:
    edit(shop / "README.md", "Edit the spec, then render.", "Edit the spec, then ask Maria.")
    release(2)
    assert tracegen("update", shop).code == 1
    release(3)
    before = (shop / "README.md").read_text(encoding="utf-8")
    ran = tracegen("update", shop)
    assert (ran.code, verdicts(ran)["README.md"]) == (1, "conflict")
    assert (shop / "README.md").read_text(encoding="utf-8") == before


def test_a_conflict_can_be_left_beside_the_file(shop: Path, release: Release) -> None:
    edit(shop / "README.md", "Edit the spec, then render.", "Edit the spec, then ask Maria.")
    release(2)
    assert tracegen("update", shop, "--conflict", "rej").code == 1
    assert "then ask Maria." in (shop / "README.md").read_text(encoding="utf-8")
    assert "<<<<<<<" not in (shop / "README.md").read_text(encoding="utf-8")
    assert "tracegen render" in (shop / "README.md.rej").read_text(encoding="utf-8")


def test_what_was_deleted_or_left_out_stays_so(tmp_path: Path, release: Release) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / ".gitignore").write_text("mine\n", encoding="utf-8")
    assert tracegen("new", folder, "--defaults").code == 0
    (folder / "README.md").unlink()
    release(3)
    found = updated(folder)
    assert not (folder / "README.md").exists()
    assert (folder / ".gitignore").read_text(encoding="utf-8") == "mine\n"
    assert ".gitignore" not in found


def test_what_a_version_does_without_stays_where_it_was_edited(shop: Path, release: Release) -> None:
    (shop / "NOTES.md").write_text("ours\n", encoding="utf-8")
    release(2)
    assert updated(shop)["NOTES.md"] == "yours"
    assert (shop / "NOTES.md").read_text(encoding="utf-8") == "ours\n"


def test_a_file_of_the_same_name_is_not_lost(shop: Path, release: Release) -> None:
    (shop / "renovate.json").write_text('{"extends": ["ours"]}\n', encoding="utf-8")
    release(2)
    assert updated(shop)["renovate.json"] == "conflict"
    assert '"ours"' in (shop / "renovate.json").read_text(encoding="utf-8")


def test_a_link_in_place_of_a_file_is_left_alone(shop: Path, release: Release, tmp_path: Path) -> None:
    elsewhere = tmp_path / "README.md"
    shutil.move(shop / "README.md", elsewhere)
    (shop / "README.md").symlink_to(elsewhere)
    before = elsewhere.read_text(encoding="utf-8")
    release(3)
    assert updated(shop)[".gitignore"] == "update"
    assert (shop / "README.md").is_symlink() and elsewhere.read_text(encoding="utf-8") == before


def test_in_a_folder_of_a_dirty_repository_only_the_project_changes(shop: Path, release: Release) -> None:
    """Git's own folder, the index too, and all beside the project stay byte for byte."""
    top = shop.parent
    (top / "other").mkdir()
    (top / "other" / "code.py").write_text("pass\n", encoding="utf-8")
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message=all"]):
        subprocess.run(["git", "-C", str(top), "-c", "user.name=a", "-c", "user.email=a@b.c", *words], check=True)
    (top / "other" / "code.py").write_text("dirty\n", encoding="utf-8")
    (top / "untracked.txt").write_text("untracked\n", encoding="utf-8")
    edit(shop / "README.md", "Ask the platform team.", "Ask Maria.")
    outside = {path: text for path, text in tree_of(top).items() if not path.startswith("shop/")}
    release(3)
    assert updated(shop)["README.md"] == "merge"
    assert {path: text for path, text in tree_of(top).items() if not path.startswith("shop/")} == outside


def test_git_hooks_and_settings_of_the_caller_have_no_part(
    shop: Path, release: Release, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As when update is run by a hook: git's variables point into another repository."""
    monkeypatch.setattr(skeleton_changes, "brought_up", brought_up)  # not remembered from another test
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere.git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
    release(3)
    assert updated(shop)["README.md"] == "update"
    assert not (tmp_path / "elsewhere.git").exists() and not (tmp_path / "index").exists()


def test_environments_that_were_rendered_are_updated_too(shop: Path, release: Release) -> None:
    spec = shop / "tracegen.yaml"
    spec.write_text(
        spec.read_text(encoding="utf-8") + "environments:\n  prod: {attributes: {a: b}}\n  dev: {}\n",
        encoding="utf-8",
    )
    assert tracegen("render", spec, "--env", "prod").code == 0
    edit(spec, "{a: b}", "{a: c}")
    release(2)
    ran = tracegen("update", shop, "--format", "json")
    rows = json.loads(ran.out)
    changed = {(each["folder"], each["path"]) for each in rows if each["verdict"] == "update"}
    assert ("env/prod", "services/web/otel.env") in changed and (".", ".gitignore") in changed
    assert not (shop / "env" / "dev").exists()
    assert tracegen("render", spec, "--env", "prod", "--check").code == 0


def test_a_target_that_comes_later_brings_its_file(
    tmp_path: Path, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the real skeleton: what is written for one target only is there as soon as the spec has the target."""
    monkeypatch.undo()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "real"
    assert tracegen("new", folder, "--defaults", "--data", "targets=").code == 0
    assert not (folder / "compose.override.yaml").exists()
    edit(folder / "tracegen.yaml", "targets: []", "targets: [compose]")
    assert updated(folder)["compose.override.yaml"] == "create"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("_src_path: https://tracegen.example/skeleton.git", "_src_path: gh:someone/else", "is of another template"),
        ("_commit: v1", "_commit: {", "the skeleton is left as it is"),
    ],
)
def test_answers_that_are_not_ours_leave_the_skeleton_alone(
    shop: Path, release: Release, old: str, new: str, said: str
) -> None:
    edit(shop / ANSWERS, old, new)
    before = tree_of(shop)
    release(3)
    ran = tracegen("update", shop)
    assert (ran.code, said in ran.err) == (0, True), ran.err
    assert tree_of(shop) == before


@pytest.mark.parametrize("tag", ["v9", "--upload-pack=touch", "[v1]", "null"])
def test_a_version_of_the_skeleton_that_is_not_known_is_refused(shop: Path, release: Release, tag: str) -> None:
    edit(shop / ANSWERS, "_commit: v1", f"_commit: {tag}")
    before = tree_of(shop)
    release(3)
    ran = tracegen("update", shop)
    assert (ran.code, "does not know" in ran.err) == (2, True)
    assert tree_of(shop) == before


def test_hostile_answers_reach_neither_copier_nor_the_disk(shop: Path, release: Release, tmp_path: Path) -> None:
    edit(shop / ANSWERS, "leave_out:", f"evil: {{a: '[[ 1 / 0 ]]'}}\n_tasks: ['touch {tmp_path}/pwned']\nleave_out:")
    edit(shop / ANSWERS, "tracegen_version: ", "tracegen_version: '[[ 0 ]]' # ")
    release(3)
    assert tracegen("update", shop, "--plan").code in (0, 1)
    tracegen("update", shop)
    assert not (tmp_path / "pwned").exists()
    assert not (tmp_path / "deep" / "pwned").exists()


def test_an_older_address_is_known(shop: Path, release: Release) -> None:
    edit(shop / ANSWERS, "https://tracegen.example/skeleton.git", "https://old.example/skeleton.git")
    release(2)
    assert updated(shop)[ANSWERS] == "update"
    assert "https://tracegen.example/skeleton.git" in (shop / ANSWERS).read_text(encoding="utf-8")


def test_an_older_tracegen_refuses(shop: Path) -> None:
    edit(shop / ANSWERS, "tracegen_version: ", "tracegen_version: 99.")
    ran = tracegen("update", shop)
    assert ran.code == 2 and "names tracegen 99." in ran.err


def test_a_project_without_a_skeleton_is_rendered(tmp_path: Path) -> None:
    spec = "tracegen: 1\nname: a\ntargets: [compose]\nbackend: {type: jaeger}\nservices: {a: {language: go}}\n"
    (tmp_path / "tracegen.yaml").write_text(spec, encoding="utf-8")
    ran = tracegen("update", tmp_path)
    assert ran.code == 0 and "has no skeleton" in ran.err
    assert tracegen("render", tmp_path / "tracegen.yaml", "--check").code == 0


def test_no_project_is_wrong_usage_and_a_wrong_spec_stops_all(shop: Path, release: Release, tmp_path: Path) -> None:
    assert tracegen("update", tmp_path / "nothing").code == 2
    edit(shop / "tracegen.yaml", "language: go", "language: golang")
    before = tree_of(shop)
    release(3)
    assert tracegen("update", shop).code == 1
    assert tree_of(shop) == before


def test_steps_of_a_breaking_version_are_told_before_and_with_the_update(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    assert (
        tracegen("new", folder, "--defaults", "--data", "backend=jaeger", "--data", "storage=elasticsearch").code == 0
    )
    spec = folder / "tracegen.yaml"
    text = spec.read_text(encoding="utf-8")
    spec.write_text(text + 'versions: {elasticsearch: "8.19.0"}\n', encoding="utf-8")
    assert tracegen("render", spec).code == 0
    spec.write_text(text, encoding="utf-8")
    planned = tracegen("update", folder, "--plan")
    assert (
        "elasticsearch moves from 8.19.0 to" in planned.err and "source: https://www.elastic.co/docs/" in planned.err
    )
    assert tracegen("update", folder).err == planned.err
    assert "elasticsearch moves" not in tracegen("update", folder).err, "it has moved"


def test_a_move_within_a_version_asks_for_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    assert tracegen("new", folder, "--defaults", "--data", "backend=tempo").code == 0
    spec = folder / "tracegen.yaml"
    text = spec.read_text(encoding="utf-8")
    spec.write_text(text + 'versions: {tempo: "3.0.0"}\nregistry: r.example.com/m\n', encoding="utf-8")
    assert tracegen("render", spec).code == 0
    spec.write_text(text, encoding="utf-8")
    assert "moves from" not in tracegen("update", folder).err


def test_every_breaking_version_names_a_pin_steps_and_its_source() -> None:
    from tracegen.catalogue import catalogue
    from tracegen.catalogue.listing import read_yaml

    entries = [each for path in catalogue().files("breaking.yaml") for each in read_yaml(path)]
    assert entries
    for entry in entries:
        assert set(entry) == {"image", "at", "what", "steps", "source"}
        assert entry["image"] in catalogue().images and entry["steps"] and entry["source"]
        assert isinstance(entry["at"], str), "3.10 as a number is 3.1"


def test_a_preview_of_lines_is_what_the_update_does(shop: Path, release: Release, tmp_path: Path) -> None:
    """`--diff` is a patch: applied to a copy it gives what the update gives, records aside."""
    edit(shop / "README.md", "Ask the platform team.", "Ask Maria.")
    release(3)
    patch = tracegen("update", shop, "--diff").out
    shutil.copytree(shop, tmp_path / "copy")
    environment = {"PATH": os.environ["PATH"], "GIT_CEILING_DIRECTORIES": str(tmp_path)}
    subprocess.run(["git", "apply", "-"], input=patch.encode(), cwd=tmp_path / "copy", env=environment, check=True)
    updated(shop)
    assert tree_of(tmp_path / "copy") == tree_of(shop)


def test_the_spec_of_a_project_is_never_written(shop: Path, release: Release) -> None:
    before = (shop / "tracegen.yaml").read_bytes()
    (shop / "tracegen.yaml").write_bytes(before + b"# a comment   \n")
    release(3)
    updated(shop)
    assert (shop / "tracegen.yaml").read_bytes() == before + b"# a comment   \n"
    assert yaml.safe_load(before)


def test_a_pin_that_moved_is_merged_with_an_edit_of_the_same_file(tmp_path: Path) -> None:
    """As a newer tracegen moves it; here the spec holds it back first."""
    folder = tmp_path / "shop"
    assert tracegen("new", folder, "--defaults").code == 0
    spec = folder / "tracegen.yaml"
    text = spec.read_text(encoding="utf-8")
    spec.write_text(text + 'versions: {jaeger: "2.20.0"}\n', encoding="utf-8")
    assert tracegen("render", spec).code == 0
    edit(folder / "compose.yaml", "name: shop\n", "# seen by Maria\nname: shop\n")
    spec.write_text(text, encoding="utf-8")
    assert updated(folder)["compose.yaml"] == "merge"
    compose = (folder / "compose.yaml").read_text(encoding="utf-8")
    assert "# seen by Maria" in compose and "jaeger:2.20.0" not in compose


@pytest.mark.parametrize(
    "text",
    [
        b"caf\xe9 of Maria\n",
        b"\x00\x01 binary\n",
        b"crlf of Maria\r\n",
        b"no end of line",
        b"+++ b/x\n--- a/x\n@@ -1 +1 @@\n",
    ],
    ids=["latin-1", "binary", "crlf", "no-end", "like-a-patch"],
)
def test_whatever_bytes_a_person_wrote_are_kept(shop: Path, release: Release, text: bytes) -> None:
    """At the end of a file that changes elsewhere; the line is there afterwards, and nothing is a bug."""
    place = shop / "README.md"
    place.write_bytes(place.read_bytes() + text)
    release(3)
    ran = tracegen("update", shop)
    assert ran.code in (0, 1), ran.err
    assert text.strip() in place.read_bytes()
