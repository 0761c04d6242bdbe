"""What was rendered, on this machine without containers: `tracegen run`.

    with running(rendered, Wishes(folder)) as system:      # started; on leaving, nothing is left running
        system.started                                     # name → address
        system.refused                                     # name → why it could not be started

`places` maps hosts, ports and paths, and nothing else does.
"""

from tracegen.run.places import Places
from tracegen.run.system import Running, Wishes, running

__all__ = ["Places", "Running", "Wishes", "running"]
