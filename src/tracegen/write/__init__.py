"""The only stage that touches the destination.

`plan_changes` compares a tree with a folder, `apply` carries the changes out, `recover` takes up what a
killed run left, `abort` takes back a run that ended in a conflict.
"""

from tracegen.write.abort import Aborted, abort, can_abort
from tracegen.write.apply import apply
from tracegen.write.changes import Change, Changes, is_drift
from tracegen.write.errors import Busy, CannotWrite, NothingToAbort, WriteRefused, WrongEnvironment
from tracegen.write.plan import plan_changes
from tracegen.write.reconcile import Style, Verdict
from tracegen.write.recovery import Outcome, Recovery, needs_recovery, recover
from tracegen.write.show import abort_lines, as_json, conflict_lines, diff, recovery_lines, summary_lines
from tracegen.write.tree import Tree

__all__ = [
    "Aborted",
    "Busy",
    "CannotWrite",
    "Change",
    "Changes",
    "NothingToAbort",
    "Outcome",
    "Recovery",
    "Style",
    "Tree",
    "Verdict",
    "WriteRefused",
    "WrongEnvironment",
    "abort",
    "abort_lines",
    "apply",
    "as_json",
    "can_abort",
    "conflict_lines",
    "diff",
    "is_drift",
    "needs_recovery",
    "plan_changes",
    "recover",
    "recovery_lines",
    "summary_lines",
]
