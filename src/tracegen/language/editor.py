"""The schema for editors, as text."""

import json

from tracegen.language.schema import compose
from tracegen.language.standard import for_editors
from tracegen.packs import catalogue


def editor_schema() -> str:
    """The JSON Schema of specs as people write them, ending in a newline; committed under `schemas/`."""
    return json.dumps(for_editors(compose(catalogue())), indent=1, ensure_ascii=False) + "\n"
