"""Tests of `tracegen.cli`: the commands, as they are called."""
