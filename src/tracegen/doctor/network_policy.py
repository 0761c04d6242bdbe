"""Whether network policies let a connection through.

https://kubernetes.io/docs/concepts/services-networking/network-policies/: a pod that no policy selects is open;
policies that select it add up. Only pods of one namespace are known here, so a namespace selector is taken to fit.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tracegen.doctor.documents import Document
from tracegen.doctor.finding import Mark
from tracegen.doctor.world import Unit


def blocked(policies: Sequence[Document], source: Unit, target: Unit, port: int) -> tuple[Mark, str] | None:
    """Where a connection is closed, and how; None when it is open."""
    return _closed(policies, target, source, port, "Ingress") or _closed(policies, source, target, port, "Egress")


def _closed(
    policies: Sequence[Document], subject: Unit, other: Unit, port: int, direction: str
) -> tuple[Mark, str] | None:
    selecting = [each for each in policies if _selects(each, subject) and direction in _types(each)]
    if not selecting or any(_opens(each, other, port, direction, subject) for each in selecting):
        return None
    # The narrowest says most: it is the one that is meant for this pod.
    key = direction.lower()
    named = max(
        selecting,
        key=lambda each: (bool(each.at("spec", key)), len(each.table("spec", "podSelector", "matchLabels"))),
    )
    words = f"NetworkPolicy {named.at('metadata', 'name')} closes port {port} of {subject.name} to who sends there"
    if direction == "Egress":
        words = (
            f"NetworkPolicy {named.at('metadata', 'name')} lets {subject.name} out to no port {port} of {other.name}"
        )
    return named.mark("spec", key), words


def _types(policy: Document) -> list[str]:
    said = policy.at("spec", "policyTypes")
    return list(said) if isinstance(said, list) else ["Ingress", *(["Egress"] if policy.at("spec", "egress") else [])]


def _selects(policy: Document, unit: Unit) -> bool:
    return _fits(policy.table("spec", "podSelector"), unit.labels)


def _opens(policy: Document, other: Unit, port: int, direction: str, subject: Unit) -> bool:
    key, peers = ("ingress", "from") if direction == "Ingress" else ("egress", "to")
    return any(
        _port_fits(rule.get("ports"), port, other if direction == "Egress" else subject)
        and (not rule.get(peers) or any(_peer_fits(peer, other) for peer in rule[peers]))
        for rule in policy.at("spec", key) or []
        if isinstance(rule, dict)
    )


def _port_fits(ports: Any, number: int, unit: Unit) -> bool:
    if not ports:
        return True
    return any(
        each.get("protocol", "TCP") == "TCP"
        and (
            each.get("port") is None
            or each["port"] == number
            or unit.ports.get(str(each["port"])) == number
            or (isinstance(each["port"], int) and each["port"] <= number <= int(each.get("endPort") or 0))
        )
        for each in ports
    )


def _peer_fits(peer: Mapping[str, Any], other: Unit) -> bool:
    if "ipBlock" in peer:
        return False
    return "podSelector" not in peer or _fits(peer["podSelector"] or {}, other.labels)


def _fits(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    wanted = {str(key): str(value) for key, value in (selector.get("matchLabels") or {}).items()}
    return wanted.items() <= labels.items() and all(
        _expression(each, labels) for each in selector.get("matchExpressions") or []
    )


def _expression(each: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value, values = labels.get(str(each.get("key"))), [str(one) for one in each.get("values") or []]
    match each.get("operator"):
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case _:
            return value is None
