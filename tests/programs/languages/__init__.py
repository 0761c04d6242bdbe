"""One module for each language: how its rendered service is built, started and checked, as its Dockerfile does it.

TOOLS: tuple[str, ...]                          programs that must be on PATH
build(folder: Path, cache: Path) -> list[str]   builds in the service's folder; the command that starts it
checks(folder: Path) -> list[list[str]]         commands that must succeed there: formatter, linter, the stub's test
"""
