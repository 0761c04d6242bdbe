"""Traces held against what a spec declares, and against what good instrumentation is.

    store = Store(keep=needed(expected))     # or any other: this one holds no more than is looked at
    verdict = verify(store, expected)        # Expected() where there is no spec
    verdict.findings                         # each with a code of CODES, whom it is about, and a trace to open
    verdict.untold                           # what cannot be told from these traces, and why
    verdict.score.value                      # the Instrumentation Score of the rules that are looked at

A check is a class with `trace(trace)`, called for each, and `found()`; `engine.CHECKS` lists them. Nothing here reads
a spec, a file or an address.
"""

from tracegen.verify.codes import CODES, Code
from tracegen.verify.engine import Verdict, needed, verify
from tracegen.verify.expected import Contract, Expected, ExpectedService
from tracegen.verify.finding import Finding

__all__ = ["CODES", "Code", "Contract", "Expected", "ExpectedService", "Finding", "Verdict", "needed", "verify"]
