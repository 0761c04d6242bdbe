"""`tracegen explain FILE` names the keys that shape a file, those and no others: its table is made by changing them.

The table is compared with what comes out today: each key that it names changes the file in a system that is tried
(`keys.files`), or is one too many. That no key is missing is shown with other systems and values.
"""

from keys.files import as_groups, changed, learnt, name_of, sample
from support import ROOT
from tracegen.cli.file_keys import TABLE, table

COMMITTED = ROOT / "src" / "tracegen" / "cli" / TABLE

#: How many of the systems that two choices of the matrix make are tried, and a seed that is only a number.
TRIED, SEED = 250, 12
#: The share of pairs of file and key that the table may miss in systems it was not made from.
NOT_LEARNT = 0.02


def test_the_table_is_what_changing_every_key_comes_to(regen: bool) -> None:
    if regen:
        COMMITTED.write_text(as_groups(learnt()), encoding="utf-8")
        table.cache_clear()
    wrong = {pattern: set(named) ^ set(learnt().get(pattern, ())) for pattern, named in table().items()}
    assert not {pattern: sorted(keys) for pattern, keys in wrong.items() if keys}
    assert table().keys() == learnt().keys()


def test_nearly_each_key_that_changes_a_file_of_another_system_is_named() -> None:
    """One choice of the matrix is laid over another, key by key: one of them, where it goes over invalid specs.

    The table is learnt from a sample, so what takes three unusual choices at once can be missing from it.
    """
    missing, found = set(), set()
    for (before, after), paths in (step for steps in sample(TRIED, SEED) for step in steps):
        for pattern, service in changed(before, after).values():
            names = {name_of(path, service) for path in paths}
            found.add((pattern, tuple(sorted(names))))
            assert pattern in table(), f"{pattern} has no keys"
            if not names & set(table().get(pattern, ())):
                missing.add(f"{pattern} is changed by {' or '.join(sorted(names))}")
    assert len(missing) <= NOT_LEARNT * len(found), sorted(missing)


def test_every_file_has_keys_and_a_namespace_few() -> None:
    assert all(table().values())
    named = table()["kubernetes/namespace.yaml"]
    assert {"kubernetes.namespace", "kubernetes.create_namespace", "kubernetes.pod_security"} <= set(named)
    assert not [key for key in named if key.startswith(("backend", "collector", "metrics", "registry", "security"))]
