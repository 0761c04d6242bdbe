"""The language: short forms, texts, `accept`, and the composed schema with its editor twin."""

import random
import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from specs import SMALLEST, problems, specs, told, value
from support import ROOT, tracegen
from tracegen.catalogue import catalogue
from tracegen.checking import check
from tracegen.problems import Problem, ProblemsFound, Severity
from tracegen.source.files import Document, load
from tracegen.source.reader import read
from tracegen.spec.form import with_choosers
from tracegen.spec.json_schema import strict
from tracegen.spec.schema import schema

EXAMPLE = ROOT / "tests" / "data" / "spec_example.yaml"
#: What the example lacks: Tempo with tenants, an external backend, remote sampling, Kafka with a login.
WIDE = ROOT / "tests" / "data" / "spec_wide.yaml"
SMALLEST_OF_ALL = ROOT / "tests" / "data" / "spec_smallest.yaml"

examples = pytest.mark.parametrize("path", [EXAMPLE, WIDE, SMALLEST_OF_ALL], ids=lambda path: path.stem)


# Texts


@pytest.mark.parametrize(
    "written, text",
    [
        ("012", "012"),
        ("1.10", "1.10"),
        ("no", "no"),
        ("2024-01-31", "2024-01-31"),
        ("12:30", "12:30"),
        ("1e3", "1e3"),
        ("0x1F", "0x1F"),
        ("true", "true"),
        (".inf", ".inf"),
        ("1_000", "1_000"),
        ("+1", "+1"),
        ("'~'", "~"),
        ('""', ""),
        ('"a\\nb"', "a\nb"),
        ("|-\n        two\n        lines", "two\nlines"),
    ],
)
def test_values_of_env_and_attributes_keep_their_source_text(written: str, text: str, tmp_path: Path) -> None:
    spec = f"""\
tracegen: 1
name: shop
backend: {{type: jaeger}}
attributes:
    key: {written}
services:
  api:
    language: python
    env:
     KEY: {written}
    attributes:
     key: {written}
environments:
  prod:
    service_defaults:
     env:
      OTHER: {written}
"""
    found = specs(tmp_path, spec)
    assert found[None].value["attributes"] == {"key": text}
    assert found[None].services["api"]["attributes"] == {"key": text}
    assert found["prod"].services["api"]["env"] == {"KEY": text, "OTHER": text}


def test_elsewhere_a_number_is_a_number_and_words_are_words(tmp_path: Path) -> None:
    found = value(tmp_path, f"{SMALLEST}collector: {{replicas: 2e0, resources: {{cpu: 1}}}}\nmetrics: true\n")
    assert repr(found["collector"]["replicas"]) == "2"
    assert found["metrics"] is True
    assert told(tmp_path, f"{SMALLEST}metrics: yes\n") == ["6:10 TG112 metrics"]


# Short forms


@pytest.mark.parametrize(
    "short, long",
    [
        ("backend: {type: jaeger, storage: badger}", "backend: {type: jaeger, storage: {type: badger}}"),
        ("backend: {type: tempo, storage: local}", "backend: {type: tempo, storage: {type: local}}"),
        ("backend: {type: tempo, tenants: [red]}", "backend: {type: tempo, tenants: [{name: red}]}"),
        ("collector: {queue: memory}", "collector: {queue: {type: memory}}"),
        ("sampling: {head: always_off}", "sampling: {head: {type: always_off}}"),
        (
            "services: {a: {language: go, sampling: {head: remote}}}",
            "services: {a: {language: go, sampling: {head: {type: remote}}}}",
        ),
        ("include: teams.yaml", "include: [teams.yaml]"),
    ],
)
def test_a_short_form_means_its_long_form(short: str, long: str, tmp_path: Path) -> None:
    files = {"teams.yaml": "services: {}\n"}
    one, other = (specs(tmp_path, _over_smallest(text), files)[None].value for text in (short, long))
    assert one == other == yaml.safe_load(_over_smallest(long))


def _over_smallest(text: str) -> str:
    """The smallest spec with the keys of the text in place of its own."""
    return yaml.safe_dump({**yaml.safe_load(SMALLEST), **yaml.safe_load(text)}, sort_keys=False)


# Accept

HEAD_BEFORE_TAIL = f"{SMALLEST}sampling: {{head: {{type: ratio, ratio: 0.1}}, tail: {{keep: [errors]}}}}\n"


def _severities(found: list[Problem]) -> dict[str, Severity]:
    return {each.code.id: each.severity for each in found if each.code.id != "TG901"}


def test_what_is_accepted_becomes_a_note_that_carries_the_reason(tmp_path: Path) -> None:
    assert _severities(problems(tmp_path, HEAD_BEFORE_TAIL)) == {"TG401": Severity.ERROR}
    found = problems(tmp_path, f'{HEAD_BEFORE_TAIL}accept: {{TG401: "a tenth is enough"}}\n')
    assert _severities(found) == {"TG401": Severity.NOTE}
    assert next(each for each in found if each.code.id == "TG401").message.endswith("(accepted: a tenth is enough)")


def test_a_warning_can_be_accepted_too_so_that_strict_is_of_use(tmp_path: Path) -> None:
    spec = f"{SMALLEST}compose: {{bind: 0.0.0.0}}\n"
    assert _severities(problems(tmp_path, spec)) == {"TG702": Severity.WARNING}
    assert tracegen("validate", "--strict", tmp_path / "tracegen.yaml").code == 1
    found = problems(tmp_path, f"{spec}accept: {{TG702: a firewall is in front}}\n")
    assert _severities(found) == {"TG702": Severity.NOTE}
    assert tracegen("validate", "--strict", tmp_path / "tracegen.yaml").code == 0


def test_what_cannot_be_accepted_stays_and_accept_is_an_error_too(tmp_path: Path) -> None:
    spec = f"{SMALLEST}  web: {{language: node, calls: [db]}}\naccept: {{TG201: the database is remote}}\n"
    assert _severities(problems(tmp_path, spec)) == {"TG201": Severity.ERROR, "TG118": Severity.ERROR}


def test_an_accept_that_nothing_needs_is_a_warning(tmp_path: Path) -> None:
    spec = f"{SMALLEST}accept: {{TG401: a tenth is enough}}\n"
    assert _severities(problems(tmp_path, spec)) == {"TG119": Severity.WARNING}


ONLY_IN_PROD = f"""{SMALLEST}
sampling: {{head: {{type: ratio, ratio: 0.1}}}}
accept: {{TG401: a tenth is enough}}
environments:
  dev:
  prod: {{sampling: {{tail: {{keep: [errors]}}}}}}
"""


def test_an_accept_of_the_base_may_be_for_one_environment_only(tmp_path: Path) -> None:
    assert _severities(problems(tmp_path, ONLY_IN_PROD)) == {"TG401": Severity.NOTE}


@pytest.mark.parametrize("environments", [[], ["dev"], ["prod"], ["dev", "prod"]])
def test_rendering_one_environment_does_not_complain_of_what_another_needs(
    environments: list[str], tmp_path: Path
) -> None:
    assert "TG119" not in _severities(problems(tmp_path, ONLY_IN_PROD, environments=environments))


def test_an_accept_in_a_layer_counts_in_that_layer(tmp_path: Path) -> None:
    spec = f"{HEAD_BEFORE_TAIL}environments: {{prod: {{accept: {{TG401: a tenth is enough}}}}}}\n"
    found = [each.severity for each in problems(tmp_path, spec) if each.code.id == "TG401"]
    assert sorted(found) == [Severity.ERROR, Severity.NOTE]


# Forms that Python and JSON Schema see differently


@pytest.mark.parametrize(
    "line",
    [
        'name: "shop\\n"',
        'backend: {type: jaeger, retention: "7d\\n"}',
        "collector: {resources: {cpu: .nan}}",
        "collector: {resources: {cpu: .inf}}",
        "sampling: {head: {type: ratio, ratio: .nan}}",
        "collector: {replicas: 1.5}",
        "collector: {replicas: true}",
        "tracegen: true",
        "compose: {bind: 999.1.1.1}",
    ],
)
def test_what_only_seems_to_fit_is_refused(line: str, tmp_path: Path) -> None:
    key = line.partition(":")[0]
    base = "\n".join(each for each in SMALLEST.splitlines() if not each.startswith(f"{key}:"))
    assert problems(tmp_path, f"{base}\n{line}\n")


# The schema


@cache
def _editor_schema() -> Any:
    ran = tracegen("schema")
    assert ran.code == 0
    import json

    return json.loads(ran.out)


@cache
def _validator(which: str) -> Any:
    schema_ = strict(schema()) if which == "strict" else _editor_schema()
    Draft202012Validator.check_schema(schema_)
    return Draft202012Validator(schema_)


def _as_written(path: Path) -> Any:
    """What an editor sees: YAML 1.2, in which `no` is a word and `012` is no number."""
    from tracegen.source.node import plain

    return plain(read(path.read_bytes(), path.name))


@examples
def test_the_examples_have_no_errors_and_fit_the_strict_schema_in_every_environment(path: Path) -> None:
    checked = check(load(str(path), None), catalogue())
    assert all(problem.severity is not Severity.ERROR for problem in checked.problems)
    for spec in checked.settings.values():
        assert _validator("strict").is_valid(with_choosers(dict(spec.said.value), catalogue()))


@examples
def test_the_examples_fit_the_editor_schema_as_they_are_written(path: Path) -> None:
    errors = list(_validator("editor").iter_errors(_as_written(path)))
    assert not errors, errors[0].message


def test_the_example_of_the_spec_is_committed_as_it_stands_there() -> None:
    checked = check(load(str(EXAMPLE), None), catalogue())
    assert set(checked.settings) == {None, "dev", "prod"}
    assert "stock" in checked.settings[None].services


def _properties(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every property of a schema with what stands beside its name, wherever it is nested."""
    if isinstance(node, list):
        for index, each in enumerate(node):
            yield from _properties(each, f"{path}[{index}]")
    if not isinstance(node, dict):
        return
    for key, each in node.items():
        if key == "properties" and not path.endswith("/if") and isinstance(each, dict):
            for name, below in each.items():
                yield f"{path}.{name}", below
                yield from _properties(below, f"{path}.{name}")
        elif key not in ("examples", "enum", "default", "const"):
            yield from _properties(each, f"{path}/{key}")


def test_every_key_of_the_editor_schema_has_a_description_and_an_example() -> None:
    found = dict(_properties(_editor_schema()))
    assert len(found) > 300
    # `true` says only that a key of the mapping is no unknown one beside those of a variant.
    real = {path: each for path, each in found.items() if each is not True and each != {"not": {}}}
    lacking = [path for path, each in real.items() if not each.get("description") or "examples" not in each]
    assert not lacking


def test_every_example_fits_the_schema_it_stands_in() -> None:
    root = _editor_schema()
    for path, node in _properties(root):
        if node is True or node == {"not": {}}:
            continue
        validator = Draft202012Validator({**node, "$defs": root["$defs"]})
        for example in node["examples"]:
            errors = list(validator.iter_errors(example))
            assert not errors, f"{path}: {example}: {errors[0].message}"


def test_a_default_is_one_of_the_values_that_fit() -> None:
    root = _editor_schema()
    for path, node in _properties(root):
        if isinstance(node, dict) and "default" in node:
            assert Draft202012Validator({**node, "$defs": root["$defs"]}).is_valid(node["default"]), path


# The editor schema and the code

#: Specs on whose form both agree, each a change of the smallest one.
VALID = (
    "targets: []",
    "include: teams.yaml",
    "backend: {type: jaeger, storage: memory}",
    "backend: {type: jaeger, storage: {type: opensearch, url: 'https://search:9200'}}",
    "backend: {type: jaeger, mode: scalable, storage: cassandra, kafka: {brokers: ['k:9092']}}",
    "backend: {type: tempo, storage: local, tenants: [red, {name: blue}]}\nservice_defaults: {tenant: red}",
    "backend: {type: external, endpoint: 'https://otlp.example.com', headers: {x-api-key: {env: KEY}}}",
    "collector: {queue: memory}",
    "collector: {queue: {type: persistent, size: 3Gi}}",
    "collector: {redact: {patterns: [email, {name: order, regex: 'ORD-[0-9]+'}]}}",
    "sampling: {head: always_on}",
    "sampling: {head: {type: ratio, ratio: 0}}",
    "sampling: {tail: {keep: [errors, {slower_than: 1s}, {all: [errors, {ratio: 0.5}]}]}}",
    "metrics: true\nslos: [{service: api, availability: 99.9}]",
    "security: {ingest_auth: none}",
    "security: {ingest_auth: {bearer: {secret: {name: a, key: b}}}}",
    "attributes: {a: 012, b: 1.10, c: no, d: true}",
    "services: {api: {language: python, framework: django, env: {A: 1, B: {env: B}}}}",
    "services: {api: {language: other, image: 'a:1'}}",
    "service_defaults: {replicas: 2, framework: flask}",
    "accept: {TG401: a reason in words}",
    "environments: {prod: {collector: {replicas: 2}}, dev: }",
    "environments: {small: {services: {api: ~}}}\nservices: {api: {language: go}, b: {language: go}}",
    "environments: {prod: {backend: {type: tempo, storage: local}}}",
    "environments: {prod: {sampling: {head: {ratio: 0.5}}}}\nsampling: {head: {type: ratio, ratio: 0.1}}",
    "overrides: {compose.yaml: {a: ~}}",
)
INVALID = (
    "tracegen: 2",
    "tracegen: '1'",
    "name: Shop",
    "name: ~",
    "foo: 1",
    "targets: compose",
    "targets: [k8s]",
    "targets: [compose, compose]",
    "registry: 'https://registry.example.com'",
    "versions: {jaeger: 2.20}",
    "backend: jaeger",
    "backend: {}",
    "backend: {type: zipkin}",
    "backend: {type: jaeger, foo: 1}",
    "backend: {type: jaeger, endpoint: 'https://a'}",
    "backend: {type: jaeger, retention: 7}",
    "backend: {type: jaeger, storage: local}",
    "backend: {type: jaeger, storage: {type: opensearch, bucket: traces}}",
    "backend: {type: jaeger, storage: {type: opensearch, password: hunter2}}",
    "backend: {type: tempo, storage: badger}",
    "backend: {type: tempo, storage: {type: gcs}}",
    "backend: {type: external}",
    "collector: {topology: mesh}",
    "collector: {replicas: 0}",
    "collector: {queue: {type: memory, sze: 1Gi}}",
    "collector: {queue: disk}",
    "collector: {redact: {}}",
    "collector: {redact: {patterns: [phone]}}",
    "collector: {also: [{name: a}]}",
    "sampling: {head: {ratio: 0.1}}",
    "sampling: {head: {type: ratio}}",
    "sampling: {head: {type: ratio, ratio: 2}}",
    "sampling: {tail: {keep: []}}",
    "sampling: {tail: {keep: [{slower_than: 1s, ratio: 0.1}]}}",
    "propagators: [b4]",
    "attributes: {'a b': c}",
    "attributes: [a]",
    "metrics: yes",
    "slos: [{service: api}]",
    "security: {ingest_auth: some}",
    "security: {ingest_auth: {bearer: abc}}",
    "kubernetes: {ingress: {}}",
    "services: {}",
    "services: []",
    "services: {Api: {language: python}}",
    "services: {api: {}}",
    "services: {api: {language: cobol}}",
    "services: {api: {language: python, framework: gin}}",
    "services: {api: {language: ruby, framework: rails}}",
    "services: {api: {language: python, port: 70000}}",
    "services: {api: {language: python, prot: 80}}",
    "services: {api: {langauge: python}}",
    "services: {api: {language: python, env: {1A: a}}}",
    "services: {api: {language: python, env: {A: {nv: A}}}}",
    "service_defaults: {replcas: 2}",
    "accept: {T1: a reason in words}",
    "accept: {TG401: why}",
    "environments: []",
    "environments: {prod: 3}",
    "environments: {Prod: {}}",
    "environments: {prod: {foo: 1}}",
    "environments: {prod: {include: [a.yaml]}}",
    "environments: {prod: {tracegen: 1}}",
    "environments: {prod: {environments: {}}}",
    "environments: {prod: {services: {api: {prot: 80}}}}",
    "environments: {prod: {backend: {storge: badger}}}",
    "environments: {prod: {collector: {replicas: two}}}",
    "environments: {prod: {collector: {also: [{name: a}]}}}",
    "overrides: {../compose.yaml: {}}",
    "overrides: {compose.yaml: 3}",
)


def _both(text: str, folder: Path) -> tuple[bool, bool]:
    """The verdicts of the editor schema and of the code on a change of the smallest spec."""
    keys = re.findall(r"^(\w+):", text, re.MULTILINE)
    kept = [line for line in SMALLEST.splitlines() if line.partition(":")[0] not in keys]
    if "services" in keys:
        kept = [line for line in kept if not line.startswith(" ")]
    (folder / "teams.yaml").write_text("services: {}\n", encoding="utf-8")
    path = folder / "tracegen.yaml"
    path.write_text("\n".join([*kept, text, ""]), encoding="utf-8")
    try:
        check(load(str(path), None), catalogue())
        by_code = True
    except ProblemsFound:
        by_code = False
    return _validator("editor").is_valid(_as_written(path)), by_code


@pytest.mark.parametrize("text", VALID)
def test_the_editor_schema_and_the_code_take_the_same_specs(text: str, tmp_path: Path) -> None:
    assert _both(text, tmp_path) == (True, True)


@pytest.mark.parametrize("text", INVALID)
def test_the_editor_schema_and_the_code_refuse_the_same_specs(text: str, tmp_path: Path) -> None:
    assert _both(text, tmp_path) == (False, False)


# Spoilt specs

ODD: tuple[Any, ...] = (
    *(None, "", "x", "no", 0, 1, -1, 0.5, True, 1e400, 10**30, "a b\n", "{env: X}"),
    *([], ["x"], ["x", "x"], [None], [[1]], [{"x": 1}], {}, {"x": 1}, {"type": "x"}, {"type": ["x"]}, {"env": None}),
)
#: Words that only Python, JSON Schema or a bug would say.
FOREIGN = re.compile(
    r"\bNone\b|\bTrue\b|\bFalse\b|\{'|\['|jsonschema|Traceback|is not of type|is not valid under|does not match"
)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _paths(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items: Any = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, below in items:
        yield (*path, key)
        yield from _paths(below, (*path, key))


def _spoilt(data: Any, path: tuple[Any, ...], how: str, odd: Any) -> Any:
    changed = deepcopy(data)
    parent = changed
    for key in path[:-1]:
        parent = parent[key]
    if how == "taken away":
        del parent[path[-1]]
    elif how == "renamed" and isinstance(parent, dict):
        parent["zzz"] = parent.pop(path[-1])
    else:
        parent[path[-1]] = odd
    return changed


def _ways(path: Path) -> list[Any]:
    """A few of the thousands of ways to spoil a spec, the same in every run."""
    data = _as_written(path)
    data.pop("include", None)
    ways = [(each, how, odd) for each in _paths(data) for how, odd in _hows()]
    return [_spoilt(data, *way) for way in random.Random(7396).sample(ways, 250)]


def _hows() -> Iterator[tuple[str, Any]]:
    yield from (("replaced", odd) for odd in ODD)
    yield from (("taken away", None), ("renamed", None))


@pytest.mark.parametrize("path", [EXAMPLE, WIDE], ids=lambda path: path.stem)
def test_no_way_to_spoil_a_spec_ends_in_a_bug_or_in_words_that_are_not_ours(path: Path) -> None:
    for data in _ways(path):
        text = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
        for problem in _problems_of(text):
            said = f"{problem.message} | {problem.hint}"
            assert not FOREIGN.search(said), said
            assert problem.place.line, problem
            assert problem.hint != problem.message


def _problems_of(text: str) -> tuple[Problem, ...]:
    try:
        return check(Document(read(text.encode(), "spec.yaml"), "spec.yaml", Path()), catalogue()).problems
    except ProblemsFound as error:
        return error.problems


def test_examples_keep_keys_that_look_like_our_extensions() -> None:
    examples = dict(_properties(_editor_schema()))[".collector.also/items.headers"]["examples"]
    assert examples == [{"x-api-key": {"env": "VENDOR_KEY"}}]
