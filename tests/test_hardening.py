"""docs/hardening.md: every count is whole, the page is up to date, and the counting finds what is missing."""

from pathlib import Path

import pytest

from hardening import PAGE, TABLES, counts, examples_rendered, table
from hardening_counts import Count
from hardening_kubernetes import kubernetes_counts

COMPOSE, KUBERNETES = counts(examples_rendered()), kubernetes_counts(examples_rendered())
COUNTS = [*COMPOSE.items(), *KUBERNETES.items()]


@pytest.mark.parametrize(("name", "count"), COUNTS, ids=lambda each: each if isinstance(each, str) else "")
def test_everything_that_is_rendered_has_it(name: str, count: Count) -> None:
    assert count.total > 0
    assert count.good == count.total


@pytest.mark.parametrize("name", TABLES)
def test_the_page_shows_the_counts_of_today(name: str) -> None:
    begin, end = TABLES[name]
    shown = PAGE.read_text(encoding="utf-8").split(begin)[1].split(end)[0].strip()
    assert shown == table(name), "run: python tests/hardening.py --write"


def test_a_file_without_any_of_it_counts_zero(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "services:\n  a: {image: jaeger, depends_on: [b], user: root}\n  b: {image: 'tempo:latest'}\n",
        encoding="utf-8",
    )
    (tmp_path / "collector.yaml").write_text(
        "extensions: {file_storage: }\nexporters: {otlp: }\n"
        "service: {pipelines: {traces: {processors: [batch], exporters: [otlp]}}}\n",
        encoding="utf-8",
    )
    found = counts(tmp_path)
    found.pop("YAML files that yamllint finds clean")
    assert all(count.total > 0 and count.good == 0 for count in found.values()), found


def test_a_workload_without_any_of_it_counts_zero(tmp_path: Path) -> None:
    (tmp_path / "deployment.yaml").write_text(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"
        "spec: {replicas: 2, template: {spec: {containers: [{name: a, image: tempo}]}}}\n",
        encoding="utf-8",
    )
    found = kubernetes_counts(tmp_path)
    assert all(count.total == 1 and count.good == 0 for count in found.values()), found
