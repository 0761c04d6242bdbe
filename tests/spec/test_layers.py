"""Layers: included files, environments and `service_defaults` become one spec, as ruling 1 says."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from specs import SMALLEST, problems, specs, told, value
from tracegen.checking import UnknownEnvironment
from tracegen.problems import Place, Severity
from tracegen.source.node import Entry, Mapping, Node, Scalar, Sequence, plain
from tracegen.spec.merge import MergeLog, merge

# RFC 7396

KEYS = st.sampled_from("abc")
LEAVES = st.sampled_from(["x", "y", "1", "true"])


def documents(nulls: bool) -> st.SearchStrategy[Any]:
    leaves = LEAVES | st.none() if nulls else LEAVES
    values = leaves | st.lists(LEAVES, max_size=2)
    return st.dictionaries(KEYS, st.recursive(values, _mappings, max_leaves=6), max_size=3)


def _mappings(below: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(KEYS, below, max_size=3)


def as_node(data: Any) -> Node:
    place = Place("spec", 1, 1)
    if isinstance(data, dict):
        return Mapping({key: Entry(place, as_node(each)) for key, each in data.items()}, place)
    if isinstance(data, list):
        return Sequence(tuple(map(as_node, data)), place)
    return Scalar("", True, place) if data is None else Scalar(data, False, place)


def merge_patch(target: Any, patch: Any) -> Any:
    """The pseudo code of RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, each in patch.items():
        if each is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), each)
    return result


@given(documents(nulls=False), documents(nulls=True))
def test_merging_is_rfc_7396(target: Any, patch: Any) -> None:
    one, other = as_node(target), as_node(patch)
    assert isinstance(one, Mapping) and isinstance(other, Mapping)
    assert plain(merge(one, other, {}, MergeLog())) == merge_patch(target, patch)


@given(documents(nulls=True), documents(nulls=True), documents(nulls=False))
def test_two_patches_of_overrides_in_a_row_are_their_combination(lower: Any, upper: Any, target: Any) -> None:
    assume(_can_be_one(lower, upper))
    schema = {"additionalProperties": {"x-patch": True}}
    stacked = merge(_under_one_key(lower), _under_one_key(upper), schema, MergeLog())
    combined = plain(stacked)["file"]
    assert merge_patch(target, combined) == merge_patch(merge_patch(target, lower), upper)


def _can_be_one(lower: Any, upper: Any) -> bool:
    """No patch says "replace it, and then merge": where a mapping lies over a word or null, one cannot do for two."""
    return all(
        _can_be_one(lower[key], each) if isinstance(lower[key], dict) else False
        for key, each in upper.items()
        if key in lower and isinstance(each, dict)
    )


def _under_one_key(patch: Any) -> Mapping:
    node = as_node({"file": patch})
    assert isinstance(node, Mapping)
    return node


# Environments


def test_an_environment_replaces_lists_merges_mappings_and_takes_keys_away(tmp_path: Path) -> None:
    spec = f"""{SMALLEST}
propagators: [tracecontext, b3]
attributes: {{team: shop, tier: gold}}
environments:
  prod:
    propagators: [tracecontext]
    attributes: {{tier: ~, region: eu}}
"""
    prod = value(tmp_path, spec, "prod")
    assert prod["propagators"] == ["tracecontext"]
    assert prod["attributes"] == {"team": "shop", "region": "eu"}
    assert value(tmp_path, spec)["attributes"] == {"team": "shop", "tier": "gold"}


def test_keys_that_only_an_environment_has_are_added(tmp_path: Path) -> None:
    spec = f"""{SMALLEST}
environments:
  prod:
    collector: {{replicas: 3}}
    services: {{worker: {{language: go}}}}
  dev:
"""
    found = specs(tmp_path, spec)
    assert found["prod"].get("collector", "replicas") == 3
    assert list(found["prod"].services) == ["api", "worker"]
    assert found["dev"].value == {key: each for key, each in found[None].value.items() if key != "environments"}


def test_an_environment_takes_a_service_away(tmp_path: Path) -> None:
    spec = f"{SMALLEST}  web: {{language: node}}\nenvironments: {{small: {{services: {{web: ~}}}}}}\n"
    assert list(specs(tmp_path, spec)["small"].services) == ["api"]


def test_short_forms_are_written_long_before_layers_are_merged(tmp_path: Path) -> None:
    spec = f"""{SMALLEST}
collector: {{queue: {{type: persistent, size: 4Gi}}}}
sampling: {{head: {{type: ratio, ratio: 0.5}}}}
environments:
  same: {{collector: {{queue: persistent}}}}
  other: {{collector: {{queue: memory}}, sampling: {{head: always_off}}}}
"""
    found = specs(tmp_path, spec)
    assert found["same"].get("collector", "queue") == {"type": "persistent", "size": "4Gi"}
    assert found["other"].get("collector", "queue") == {"type": "memory"}
    assert found["other"].get("sampling", "head") == {"type": "always_off"}


@pytest.mark.parametrize(
    "layer, kept, dropped",
    [
        ("{storage: memory}", {"type": "memory"}, ["index_prefix", "shards", "url"]),
        ("{storage: elasticsearch}", {"type": "elasticsearch", "shards": 3}, []),
        ("{storage: {type: cassandra, keyspace: spans}}", {"keyspace": "spans"}, ["index_prefix", "shards", "url"]),
        ("{storage: {shards: 5}}", {"type": "opensearch", "shards": 5}, []),
    ],
)
def test_a_changed_type_drops_what_it_does_not_know(
    layer: str, kept: dict[str, Any], dropped: list[str], tmp_path: Path
) -> None:
    spec = f"""
tracegen: 1
name: shop
backend:
  type: jaeger
  storage: {{type: opensearch, url: "https://search:9200", index_prefix: shop, shards: 3}}
services: {{api: {{language: python}}}}
environments: {{other: {{backend: {layer}}}}}
"""
    found = specs(tmp_path, spec)["other"]
    assert kept.items() <= found.get("backend", "storage").items()
    assert sorted(each.path.rpartition(".")[2] for each in found.dropped) == dropped
    assert not set(dropped) & set(found.get("backend", "storage"))


def test_what_is_dropped_is_told_with_its_line_and_reason(tmp_path: Path) -> None:
    spec = """\
tracegen: 1
name: shop
backend:
  type: jaeger
  mode: scalable
  storage: cassandra
  kafka: {brokers: ["kafka:9092"]}
services: {api: {language: python}}
environments:
  dev: {backend: {mode: single}}
"""
    (dropped,) = specs(tmp_path, spec)["dev"].dropped
    assert (dropped.path, dropped.place.line, dropped.because) == ("backend.kafka", 7, "backend.mode: single")


def test_a_mode_that_is_taken_away_drops_what_its_default_does_not_know(tmp_path: Path) -> None:
    spec = """\
tracegen: 1
name: shop
backend: {type: jaeger, mode: scalable, storage: cassandra, roles: {query: {replicas: 2}}}
services: {api: {language: python}}
environments:
  dev: {backend: {mode: ~}}
"""
    found = specs(tmp_path, spec)["dev"]
    assert found.value["backend"] == {"type": "jaeger", "storage": {"type": "cassandra"}}
    assert [each.path for each in found.dropped] == ["backend.roles"]


def test_a_changed_backend_drops_the_keys_of_the_other(tmp_path: Path) -> None:
    spec = """\
tracegen: 1
name: shop
backend: {type: tempo, storage: {type: gcs, bucket: traces, prefix: a}, retention: 14d}
services: {api: {language: python}}
environments:
  vendor: {backend: {type: external, endpoint: "https://otlp.example.com"}}
  s3: {backend: {storage: {type: s3, region: eu-central-1}}}
"""
    found = specs(tmp_path, spec)
    assert found["vendor"].value["backend"] == {"type": "external", "endpoint": "https://otlp.example.com"}
    assert {each.path for each in found["vendor"].dropped} == {"backend.storage", "backend.retention"}
    # The new type is looked up among Tempo's storages, where s3 knows bucket and prefix too.
    storage = {"type": "s3", "bucket": "traces", "prefix": "a", "region": "eu-central-1"}
    assert found["s3"].get("backend", "storage") == storage
    assert not found["s3"].dropped


@pytest.mark.parametrize("where", ["", "environments:\n  dev:\n    "])
def test_within_one_layer_such_keys_are_errors(where: str, tmp_path: Path) -> None:
    base = "tracegen: 1\nname: shop\nservices: {api: {language: python}}\n"
    base += "backend: {type: jaeger}\n" if where else ""
    found = told(tmp_path, f"{base}{where}backend: {{type: jaeger, storage: {{type: memory, size: 5Gi}}}}\n")
    assert [each.split(" ", 1)[1] for each in found] == ["TG115 backend.storage.size"]


def test_an_unknown_environment_is_none_of_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(UnknownEnvironment) as caught:
        problems(tmp_path, f"{SMALLEST}environments: {{dev: {{}}, prod: {{}}}}\n", environments=["prd"])
    assert (caught.value.name, caught.value.known) == ("prd", ("dev", "prod"))


def test_an_environment_that_is_no_layer_is_wrong_and_not_unknown(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, f"{SMALLEST}environments: {{prod: 3}}\n", environments=["prod"])
    assert (found.code.id, found.path) == ("TG112", "environments.prod")


def test_a_warning_of_the_base_does_not_hide_what_is_wrong_with_an_environment(tmp_path: Path) -> None:
    spec = """\
tracegen: 1
name: shop
backend: {type: jaeger}
services:
  api: {language: python, image: api, calls: [nobody]}
environments:
  prod: {services: {web: {language: node, calls: [nowhere]}}}
"""
    assert told(tmp_path, spec) == [
        "5:34 TG705 services.api.image",
        "5:47 TG201 services.api.calls[0]",
        "7:51 TG201 services.web.calls[0]",
    ]


def test_only_what_is_asked_for_is_checked_beside_the_base(tmp_path: Path) -> None:
    spec = f"{SMALLEST}environments: {{bad: {{foo: 1}}, good: {{}}}}\n"
    assert problems(tmp_path, spec)
    assert not problems(tmp_path, spec, environments=["good"])
    assert not problems(tmp_path, spec, environments=[])


def test_a_problem_of_a_layer_names_the_environment_and_stands_in_its_line(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, f"{SMALLEST}environments:\n  prod:\n    collector: {{replcas: 2}}\n")
    assert (found.place.line, found.place.column) == (8, 17)
    assert found.message == "'replcas' is not a key of collector (in environment prod)"


def test_what_two_layers_bring_about_points_at_the_upper_one(tmp_path: Path) -> None:
    spec = """\
tracegen: 1
name: shop
backend: {type: jaeger, storage: badger, retention: 6h}
sampling: {head: {type: ratio, ratio: 0.5}}
services:
  web: {language: node, calls: [api]}
  api: {language: python}
environments:
  modes: {backend: {mode: scalable}}
  days: {backend: {storage: opensearch}}
  tail: {sampling: {tail: {keep: [errors]}}}
  less: {services: {api: ~}}
"""
    assert told(tmp_path, spec) == [
        "9:27 TG301 backend.mode",
        "10:29 TG311 backend.storage.type",
        "11:21 TG401 sampling.tail",
        "12:21 TG201 services.api",
    ]


# Included files


def test_included_files_bring_services_and_objectives(tmp_path: Path) -> None:
    files = {
        "teams/a.yaml": "services: {pay: {language: go}}\nslos: [{service: pay, availability: 99}]\n",
        "teams/b.yaml": "services: {ledger: {language: java}}\n",
    }
    spec = f"{SMALLEST}metrics: true\nslos: [{{service: api, availability: 99}}]\ninclude: [teams/*.yaml]\n"
    found = specs(tmp_path, spec, files)[None]
    assert list(found.services) == ["api", "pay", "ledger"]
    assert [each["service"] for each in found.value["slos"]] == ["api", "pay"]


def test_all_services_may_come_from_included_files(tmp_path: Path) -> None:
    spec = "tracegen: 1\nname: shop\nbackend: {type: jaeger}\ninclude: teams.yaml\n"
    found = specs(tmp_path, spec, {"teams.yaml": "services: {pay: {language: go}}\n"})[None]
    assert list(found.services) == ["pay"]
    assert found.value["include"] == ["teams.yaml"]


def test_a_problem_in_an_included_file_points_into_it(tmp_path: Path) -> None:
    files = {"teams/pay.yaml": "services:\n  pay: {language: go, calls: [ledgr]}\n  ledger: {language: java}\n"}
    (found,) = problems(tmp_path, f"{SMALLEST}include: [teams/pay.yaml]\n", files)
    assert found.place == Place((tmp_path / "teams/pay.yaml").as_posix(), 2, 31)


def test_an_environment_may_change_an_included_service(tmp_path: Path) -> None:
    spec = f"{SMALLEST}include: [pay.yaml]\nenvironments: {{prod: {{services: {{pay: {{replicas: 3}}}}}}}}\n"
    found = specs(tmp_path, spec, {"pay.yaml": "services: {pay: {language: go}}\n"})
    assert found["prod"].services["pay"] == {"language": "go", "replicas": 3}


def test_objectives_of_a_wrong_type_are_told_though_files_bring_more(tmp_path: Path) -> None:
    files = {"pay.yaml": "services: {pay: {language: go}}\nslos: [{service: pay, availability: 99}]\n"}
    assert told(tmp_path, f"{SMALLEST}slos: 3\ninclude: [pay.yaml]\n", files) == ["6:7 TG112 slos"]


# Defaults of services


def test_defaults_are_merged_under_every_service(tmp_path: Path) -> None:
    spec = """\
tracegen: 1
name: shop
backend: {type: jaeger}
service_defaults: {replicas: 2, resources: {cpu: 1, memory: 256Mi}, env: {A: 1}}
services:
  api: {language: python}
  web: {language: node, replicas: 1, resources: {memory: 1Gi}, env: {B: 2}}
"""
    found = value(tmp_path, spec)["services"]
    assert found["api"] == {
        "replicas": 2,
        "resources": {"cpu": 1, "memory": "256Mi"},
        "env": {"A": "1"},
        "language": "python",
    }
    assert found["web"]["resources"] == {"cpu": 1, "memory": "1Gi"}
    assert found["web"]["env"] == {"A": "1", "B": "2"}
    assert found["web"]["replicas"] == 1


def test_defaults_that_a_language_does_not_know_are_dropped_for_it(tmp_path: Path) -> None:
    spec = """\
tracegen: 1
name: shop
backend: {type: jaeger}
service_defaults: {framework: flask}
services: {api: {language: python}, web: {language: ruby}}
"""
    found = specs(tmp_path, spec)[None]
    assert found.services["api"]["framework"] == "flask"
    assert "framework" not in found.services["web"]
    assert [each.path for each in found.dropped] == ["services.web.framework"]


def test_an_environment_changes_defaults_for_all_and_a_service_keeps_its_own(tmp_path: Path) -> None:
    spec = """\
tracegen: 1
name: shop
backend: {type: jaeger}
service_defaults: {replicas: 1}
services: {api: {language: python}, web: {language: node, replicas: 2}}
environments: {prod: {service_defaults: {replicas: 5}}}
"""
    found = specs(tmp_path, spec)["prod"].services
    assert (found["api"]["replicas"], found["web"]["replicas"]) == (5, 2)


def test_an_empty_value_takes_a_default_away_in_the_base_and_in_an_environment(tmp_path: Path) -> None:
    spec = """\
tracegen: 1
name: shop
backend: {type: jaeger}
service_defaults: {replicas: 2, resources: {cpu: 1, memory: 256Mi}}
services:
  api: {language: python}
  web: {language: node, replicas: ~, resources: {cpu: ~}}
environments:
  prod: {services: {api: {replicas: ~, resources: ~}}}
"""
    assert told(tmp_path, spec) == []
    found = specs(tmp_path, spec)
    assert found[None].services["web"] == {"language": "node", "resources": {"memory": "256Mi"}}
    assert found["prod"].services["api"] == {"language": "python"}
    assert found["prod"].services["web"] == found[None].services["web"]


def test_an_empty_value_that_no_default_is_under_is_told(tmp_path: Path) -> None:
    spec = f"""{SMALLEST}
service_defaults: {{replicas: 2}}
environments:
  prod: {{services: {{api: {{port: ~, replicas: ~}}}}}}
"""
    assert told(tmp_path, spec) == ["9:27 TG117 services.api.port"]


def test_what_is_wrong_with_the_defaults_is_told_once_at_their_line(tmp_path: Path) -> None:
    spec = """\
tracegen: 1
name: shop
backend: {type: jaeger}
service_defaults: {replcas: 2, image: shop, stub: ../x}
services: {api: {language: python}, web: {language: node}}
environments: {dev: {}, prod: {}}
"""
    assert told(tmp_path, spec) == ["4:20 TG110 service_defaults.replcas", "4:51 TG114 service_defaults.stub"]


def test_a_warning_about_the_defaults_is_told_once(tmp_path: Path) -> None:
    spec = """\
tracegen: 1
name: shop
backend: {type: jaeger}
service_defaults: {image: shop}
services: {api: {language: python}, web: {language: node}}
environments: {dev: {}}
"""
    assert told(tmp_path, spec) == ["4:27 TG705 services.api.image"]


# Ruling 8


@pytest.mark.parametrize(
    "base, layer, errors",
    [
        ("{type: jaeger, storage: memory, retention: 7d}", "{}", 1),
        ("{type: jaeger, retention: 7d}", "{storage: memory}", 0),
        ("{type: jaeger, retention: 7d}", "{storage: {type: memory}}", 0),
        ("{type: jaeger, retention: 7d}", "{storage: memory, retention: 1d}", 1),
        ("{type: jaeger, storage: memory}", "{retention: 1d}", 1),
        ("{type: jaeger, storage: memory}", "{storage: badger, retention: 1d}", 0),
    ],
)
def test_retention_beside_memory_is_an_error_only_in_the_layer_that_says_it(
    base: str, layer: str, errors: int, tmp_path: Path
) -> None:
    spec = f"""
tracegen: 1
name: shop
backend: {base}
services: {{api: {{language: python}}}}
environments: {{other: {{backend: {layer}}}}}
"""
    found = [each for each in problems(tmp_path, spec) if each.severity is Severity.ERROR]
    assert [each.code.id for each in found] == ["TG310"] * errors
