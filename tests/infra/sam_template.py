"""The SAM template as plain data, and the questions that the tests ask it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PATH = ROOT / "infra" / "template.yaml"
OPERATIONS = ROOT / "infra" / "operations.yaml"

Resource = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags: `!Ref X` is `{"Ref": "X"}`, `!Sub X` is `{"Fn::Sub": "X"}`."""


def _short_tag(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    else:
        value = node.value
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_tag)


@cache
def template() -> dict[str, Any]:
    """The whole template."""
    loaded: dict[str, Any] = yaml.load(PATH.read_text("utf-8"), _Loader)  # noqa: S506 - derives from SafeLoader
    return loaded


@cache
def operations() -> dict[str, Any]:
    """The nested template of alarms, dashboard and budget."""
    loaded: dict[str, Any] = yaml.load(OPERATIONS.read_text("utf-8"), _Loader)  # noqa: S506 - derives from SafeLoader
    return loaded


def resources(kind: str) -> dict[str, Resource]:
    """Logical id -> resource, of one type."""
    return {name: resource for name, resource in template()["Resources"].items() if resource["Type"] == kind}


def properties(name: str) -> dict[str, Any]:
    """Properties of one resource."""
    found: dict[str, Any] = template()["Resources"][name].get("Properties", {})
    return found


def functions() -> dict[str, dict[str, Any]]:
    """Properties of every function, with `Globals` applied to what they leave out."""
    shared = template()["Globals"]["Function"]
    return {
        name: {**shared, **resource["Properties"]} for name, resource in resources("AWS::Serverless::Function").items()
    }


def folder_of(function: dict[str, Any]) -> str:
    """`order_webhook` of `../functions/order_webhook`."""
    return str(function["CodeUri"]).rsplit("/", 1)[-1]


def environment(name: str) -> dict[str, Any]:
    """All environment variables of a function."""
    own: dict[str, Any] = properties(name)["Environment"]["Variables"]
    return {**template()["Globals"]["Function"]["Environment"]["Variables"], **own}


def target(reference: Any) -> str:
    """Logical id that a Ref or GetAtt points at."""
    if "Ref" in reference:
        return str(reference["Ref"])
    return str(reference["Fn::GetAtt"][0])


def text(value: Any) -> str:
    """A resource of a policy as one string: `Table.Arn`, `${Table.Arn}/index/days`, `*`."""
    if isinstance(value, str):
        return value
    if "Fn::GetAtt" in value:
        return ".".join(value["Fn::GetAtt"])
    if "Fn::Sub" in value:
        return str(value["Fn::Sub"])
    return f"Ref:{value['Ref']}"


def listed(value: Any) -> list[Any]:
    """IAM writes one thing or a list of things."""
    return value if isinstance(value, list) else [value]


@dataclass(frozen=True, slots=True)
class Grant:
    """One action on one resource that a role or managed policy allows."""

    holder: str
    action: str
    resource: str


def _documents(name: str, resource: Resource) -> Iterator[dict[str, Any]]:
    if resource["Type"] == "AWS::IAM::Role":
        yield from (policy["PolicyDocument"] for policy in resource["Properties"].get("Policies", []))
    if resource["Type"] == "AWS::IAM::ManagedPolicy":
        yield resource["Properties"]["PolicyDocument"]


@cache
def grants() -> tuple[Grant, ...]:
    """Everything that the template's roles and managed policies allow; no statement hides behind NotAction."""
    found = []
    for name, resource in template()["Resources"].items():
        for document in _documents(name, resource):
            for statement in document["Statement"]:
                assert set(statement) - {"Condition"} == {"Effect", "Action", "Resource"}, f"{name}: {statement}"
                assert statement["Effect"] == "Allow"
                found += [
                    Grant(name, action, text(place))
                    for action in listed(statement["Action"])
                    for place in listed(statement["Resource"])
                ]
    return tuple(found)


def granted(function: str, prefix: str = "") -> set[tuple[str, str]]:
    """(action, resource) pairs of a function's role, for actions that start with `prefix`."""
    return {
        (grant.action, grant.resource)
        for grant in grants()
        if grant.holder == f"{function}Role" and grant.action.startswith(prefix)
    }


def events(kind: str) -> list[tuple[str, str, dict[str, Any]]]:
    """(function, event name, properties) of every event of a kind."""
    return [
        (function, name, event["Properties"])
        for function, own in functions().items()
        for name, event in own.get("Events", {}).items()
        if event["Type"] == kind
    ]
