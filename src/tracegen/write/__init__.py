"""The only stage that touches the destination.

`plan_changes` compares a tree with a folder, `apply` carries the changes out, `recover` takes up what a
killed run left, `abort` takes back a run that ended in a conflict.
"""

from tracegen.write.errors import (
    Busy,
    CannotWrite,
    NotForOutputs,
    NothingToAbort,
    OtherSpec,
    WriteRefused,
    WritesItsSource,
    WrongEnvironment,
)
from tracegen.write.lock import is_busy
from tracegen.write.paths import Tree
from tracegen.write.plan import Change, Changes, is_drift, plan_changes
from tracegen.write.reconcile import Style, Verdict
from tracegen.write.runs import Aborted, Outcome, Recovery, abort, apply, can_abort, needs_recovery, recover
from tracegen.write.show import abort_lines, as_json, conflict_lines, count_line, diff, recovery_lines, verdict_lines

__all__ = [
    "Aborted",
    "Busy",
    "CannotWrite",
    "Change",
    "Changes",
    "NotForOutputs",
    "NothingToAbort",
    "OtherSpec",
    "Outcome",
    "Recovery",
    "Style",
    "Tree",
    "Verdict",
    "WriteRefused",
    "WritesItsSource",
    "WrongEnvironment",
    "abort",
    "abort_lines",
    "apply",
    "as_json",
    "can_abort",
    "conflict_lines",
    "count_line",
    "diff",
    "is_busy",
    "is_drift",
    "needs_recovery",
    "plan_changes",
    "recover",
    "recovery_lines",
    "verdict_lines",
]
