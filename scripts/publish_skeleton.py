"""Make the repository of the skeleton's versions, to be pushed to its public address.

    python scripts/publish_skeleton.py DIR

The commits are the same on every machine, so a repository that was pushed before only gets what is new.
"""

import sys
from pathlib import Path

from tracegen.project.history import addresses, make_repository

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    make_repository(Path(sys.argv[1]))
    print(f"git -C {sys.argv[1]} push --tags {addresses()[0]} main")
