"""Tests of `tracegen.render`."""
