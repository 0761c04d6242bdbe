"""System → planned files → Tree."""

from tracegen.render.files import UnknownOverride, planned_files, render
from tracegen.system.file import PlannedFile, Structured, Written

__all__ = ["PlannedFile", "Structured", "UnknownOverride", "Written", "planned_files", "render"]
