"""The command line. Commands are imported when they are called: `--help` and `--version` stay quick."""

from tracegen.cli.entry import main

__all__ = ["main"]
