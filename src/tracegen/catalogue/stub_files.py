"""Which files a language's pack gives a service: found by listing, so a new file is a new file.

Folders of a pack: `sdk` and `auto` for the kinds of instrumentation, `example` for services without an image, and the
same three below `frameworks/<framework>` (a `/` in its name is a `-`), whose files replace those of the same name.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tracegen.catalogue.pack import LanguagePack

#: The suffix of templates; every other file is copied as it is.
TEMPLATE = ".j2"
#: The page for a service that is there already: how tracing is put into it, and taken out again.
ADOPTION = "README.tracing.md"


def stub_files(pack: LanguagePack, framework: str, instrumentation: str, example: bool) -> Mapping[str, Path]:
    """Source files by the path that they have in the service's folder, templates with their suffix taken off."""
    kinds = [instrumentation, *(["example"] if example else [])]
    own = pack.folder / "frameworks" / framework.replace("/", "-")
    folders = [root / kind for kind in kinds for root in (pack.folder, own)]
    found = {path: file for folder in folders for path, file in _listed(folder).items()}
    return dict(sorted(found.items()))


@cache
def _listed(folder: Path) -> Mapping[str, Path]:
    files = (file for file in sorted(folder.rglob("*")) if file.is_file() and "__pycache__" not in file.parts)
    return {file.relative_to(folder).as_posix().removesuffix(TEMPLATE): file for file in files}
