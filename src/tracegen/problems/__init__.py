"""What is wrong with a spec or an output folder, as values: `Code`, `Place`, `Problem`."""

from tracegen.problems.problem import Code, Place, Problem, ProblemsFound, Severity

__all__ = ["Code", "Place", "Problem", "ProblemsFound", "Severity"]
