"""Tests of `tracegen.spec`."""
