"""Tests of `tracegen.compiler`: whole specs in, whole trees out."""
