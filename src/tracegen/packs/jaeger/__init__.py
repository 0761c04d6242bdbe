"""Jaeger 2."""

from tracegen.packs.contract import Backend
from tracegen.packs.jaeger.backend import Jaeger

BACKEND: Backend = Jaeger()
