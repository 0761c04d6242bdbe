"""Tests of `tracegen.rehearse`: traffic made from a spec."""
