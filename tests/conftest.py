"""Fixtures of all tests, and `--regen`: write expected files anew, then look at `git diff`."""

from pathlib import Path

import pytest

pytest_plugins = ["programs.plugin", "programs.servers.plugin", "programs.browser"]

# What is rendered there has tests of its own, which run in a built service (real/test_real_stubs.py).
collect_ignore_glob = ["cases/*"]

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regen", action="store_true", help="write expected files anew instead of comparing")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first: those that need a real program come last."""
    items.sort(key=lambda item: item.get_closest_marker("real") is not None)


@pytest.fixture
def regen(request: pytest.FixtureRequest) -> bool:
    """Whether expected files are to be written anew."""
    return bool(request.config.getoption("--regen"))
