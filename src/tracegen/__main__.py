"""`python -m tracegen`."""

import sys

import tracegen

if __name__ == "__main__":
    if not hasattr(tracegen, "__version__"):
        from tracegen.other_program import UNDO

        sys.exit(f"another program called tracegen was installed over this one; to undo it: {UNDO}")
    from tracegen.cli import main

    main()
