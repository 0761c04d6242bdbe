"""Packs with code, a folder each: backends, storages, and what runs beside them. `contract` says what they have."""
