"""Tests of `tracegen.doctor`: the path of a span, and its first broken hop."""
