"""Tests of `tracegen.system`."""
