"""The schema for editors, as text."""

import json

from tracegen.catalogue import catalogue
from tracegen.catalogue.data import data_path
from tracegen.spec.json_schema import for_editors
from tracegen.spec.schema import composed

#: Where it is committed; a test holds that it is what the code makes.
COMMITTED = ("schemas", "tracegen.schema.json")


def editor_schema() -> str:
    """The JSON Schema of specs as people write them, made from the packs that are there; ends in a newline."""
    return json.dumps(for_editors(composed(catalogue())), indent=1, ensure_ascii=False) + "\n"


def committed_editor_schema() -> bytes:
    """The same as it was committed: a render, which every pipeline runs, does not wait for it to be made."""
    return data_path(*COMMITTED).read_bytes()
