"""Grafana Tempo 3."""

from tracegen.packs.contract import Backend
from tracegen.packs.tempo.backend import Tempo

BACKEND: Backend = Tempo()
