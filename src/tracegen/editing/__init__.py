"""Edits of a spec's text: what is not edited stays as it is, comments and all."""

from tracegen.editing.fixes import Fixed, fixed
from tracegen.editing.insert import with_entry, with_items
from tracegen.editing.layout import CannotFormat, formatted

__all__ = ["CannotFormat", "Fixed", "fixed", "formatted", "with_entry", "with_items"]
