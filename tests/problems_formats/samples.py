"""Problems to print."""

from tracegen.problems import Code, Place, Problem, Severity

BAD_VALUE = Code("TG202", "value not allowed")
HEAD_BEFORE_TAIL = Code("TG401", "head sampling before tail sampling", Severity.WARNING, acceptable=True)

#: What would end a line, start a command, move a cursor or turn text around.
HOSTILE = "a\nb\r\n::set-env name=X::y\tc\x1b[31m\x9b\u202e\u2028\u200b\ud800\ufeff\0 100% a,b:c"

#: One of each kind, as they come from a stage.
PROBLEMS = (
    Problem.of(BAD_VALUE, Place("tracegen.yaml"), "", "the file as a whole", ""),
    Problem.of(
        BAD_VALUE,
        Place("tracegen.yaml", 14, 15),
        "services.checkout.language",
        "'pyhton' is not a language; choose from go, java, node, python, rust",
        "did you mean 'python'?",
    ),
    Problem.of(HEAD_BEFORE_TAIL, Place("teams/ü a.yaml", 3, 1), "sampling.head", "half of it is 50%"),
    Problem(HEAD_BEFORE_TAIL, Place("teams/ü a.yaml", 4, 1), "", "accepted: meant so", "", Severity.NOTE),
    Problem.of(BAD_VALUE, Place("a\nb\x1b.yaml", 1, 2), "env.A\nB", f"not {HOSTILE}", f"try {HOSTILE}"),
)
