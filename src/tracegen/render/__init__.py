"""Model → Plan → Tree."""

from tracegen.render.file import PlannedFile, Structured, Written
from tracegen.render.plan import UnknownOverride, plan, render

__all__ = ["PlannedFile", "Structured", "UnknownOverride", "Written", "plan", "render"]
