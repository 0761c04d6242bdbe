"""Random trees that lean towards what YAML readers stumble over. Deterministic: see `steady`."""

from hypothesis import settings
from hypothesis import strategies as st

from tracegen.emit import Commented, Value

#: The same examples on every run and machine.
steady = settings(derandomize=True, database=None, deadline=None, max_examples=200)

# fmt: off
NASTY = [
    "", " ", "~", "null", "NULL", "y", "N", "yes", "No", "on", "OFF", "true", "False", "=", "<<", "-", "--", "---",
    "...", "--- x", "? x", "?", ":", ": x", "x:", "x: y", "x #y", "#x", "- x", "-x", "!x", "!!str", "&x", "*x", "|",
    ">-", "%x", "@x", "`x", "'x'", '"x"', "[]", "{}", "[x]", "{x: y}", ",x", "x,y", "x]", "\\", "\\n", "C:\\x", "$x",
    "012", "0o17", "0x1F", "0b11", "1_000", "1e3", "1E-5", ".5", "5.", "+1", "-1", "1:30", "8080:80", "190:20:30.15",
    ".inf", "-.INF", ".NaN", "2001-12-14", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43", "1,000", "0_0",
    "10.0.0.1", "0.0.0.0:4317", "1.2.3", "7d", "512Mi", "-_0x1f", "0b_-1", "e9", "123456789012345678901234567890",
    "a\n", "a\nb", " a\nb", "a\n\nb\n", "a\n\n", "\na", "\n", "\n\n", "a \nb", "a\n ", "#a\n#b\n", "---\na",
    "a\tb\nc", "\t", "a\tb", "\r", "a\r\nb", "\x00", "\x7f", "\x85", "\xa0x", "a\u2028b\nc", "\ufeffx",
    "\u202egnp.exe", "e\u0301", "\u200b", "\u200e", "\u061c", "\u2066", "\ufffe", "\ue000", "😀",
    "\U0001f468\u200d\U0001f469", "中文", "\U0010ffff",
]
# fmt: on

nasty_text = st.sampled_from(NASTY)
#: Every character but lone surrogates, which are refused.
any_text = st.text(max_size=12)
tricky_text = st.text(alphabet="ab01.-+_:#,'\"\\[]{}!&*|>%@?=~ \n\t", max_size=8)
text = st.one_of(nasty_text, st.tuples(nasty_text, nasty_text).map("".join), tricky_text, any_text)
lines = st.lists(st.one_of(nasty_text, tricky_text), min_size=2, max_size=6).map("\n".join)
number = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
scalar: st.SearchStrategy[Value] = st.one_of(st.none(), st.booleans(), number, text, lines)


def _containers(inner: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    node = st.one_of(inner, st.builds(Commented, inner, st.one_of(text, lines)))
    return st.one_of(st.lists(node, max_size=4), st.dictionaries(text, node, max_size=4))


#: Any tree that `to_yaml` writes, with comments on some of its nodes.
values = st.recursive(scalar, _containers, max_leaves=12)
