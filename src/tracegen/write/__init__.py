"""The only stage that touches the destination.

`plan_changes` compares a tree with a folder, `apply` carries the changes out, `recover` takes up what a
killed run left.
"""

from tracegen.write.apply import apply
from tracegen.write.changes import Change, Changes, is_drift
from tracegen.write.errors import Busy, CannotWrite, WriteRefused, WrongEnvironment
from tracegen.write.plan import plan_changes
from tracegen.write.reconcile import Verdict
from tracegen.write.recovery import Outcome, Recovery, needs_recovery, recover
from tracegen.write.show import as_json, diff, recovery_lines, summary_lines
from tracegen.write.tree import Tree

__all__ = [
    "Busy",
    "CannotWrite",
    "Change",
    "Changes",
    "Outcome",
    "Recovery",
    "Tree",
    "Verdict",
    "WriteRefused",
    "WrongEnvironment",
    "apply",
    "as_json",
    "diff",
    "is_drift",
    "needs_recovery",
    "plan_changes",
    "recover",
    "recovery_lines",
    "summary_lines",
]
