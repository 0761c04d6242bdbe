"""Tests of `tracegen.emit`."""
