"""From the bytes of one file to its root mapping."""

from tracegen.problems import Place, Problem, ProblemsFound
from tracegen.source.codes import TOO_LARGE
from tracegen.source.compose import Composer
from tracegen.source.decode import decode
from tracegen.source.node import Mapping

#: Far more than a spec of a thousand services, far less than what makes a machine slow.
LARGEST_FILE = 4 * 1024 * 1024


def read(data: bytes, file: str) -> Mapping:
    """The root mapping of a file; raises `ProblemsFound` and nothing else. `file` is its name in problems."""
    if len(data) > LARGEST_FILE:
        message = f"the file is larger than {LARGEST_FILE // 1024 // 1024} MiB"
        hint = "is this the right file? a spec may be split with `include`"
        raise ProblemsFound([Problem.of(TOO_LARGE, Place(file), "", message, hint)])
    return Composer(decode(data, file), file).compose()
