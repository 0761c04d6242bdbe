"""Tests of the packs in `tracegen.catalogue`: what each storage, backend and language comes to."""
