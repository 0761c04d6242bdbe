"""The man page names every command and option, and is one that `man` can show."""

import shutil
import subprocess

import click
import pytest

from manual import man_page
from support import ROOT
from tracegen.cli.entry import group

PAGE = ROOT / "docs" / "tracegen.1"


def test_the_committed_page_is_made_from_the_commands(regen: bool) -> None:
    if regen:
        PAGE.write_text(man_page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == man_page()


def test_it_names_every_command_and_option() -> None:
    text = PAGE.read_text(encoding="utf-8").replace("\\-", "-")
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None and f"tracegen {name}" in text
        for option in (each for each in command.params if isinstance(each, click.Option)):
            assert all(flag in text for flag in option.opts), (name, option.opts)


def test_groff_has_nothing_to_say_against_it() -> None:
    if not shutil.which("groff"):
        pytest.skip("groff is not there")
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-z", str(PAGE)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
