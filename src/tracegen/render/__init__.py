"""System → Plan → Tree."""

from tracegen.render.plan import UnknownOverride, plan, render
from tracegen.system.file import PlannedFile, Structured, Written

__all__ = ["PlannedFile", "Structured", "UnknownOverride", "Written", "plan", "render"]
