"""A planned file as text."""

from tracegen.emit import to_json, to_yaml
from tracegen.system.file import PlannedFile, Structured


def text_of(file: PlannedFile) -> str:
    """The text of a file, as it is written."""
    if not isinstance(file, Structured):
        return file.text
    text = to_json(file.value) if file.path.endswith(".json") else to_yaml(file.value, file.head)
    return file.finish(text)
