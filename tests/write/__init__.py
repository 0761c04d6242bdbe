"""Tests of `tracegen.write`."""
