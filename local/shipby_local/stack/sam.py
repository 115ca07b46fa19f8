"""From a SAM template to plain CloudFormation that the emulator creates.

The emulator has no SAM transform of its own, and creates an HTTP API from SAM's OpenAPI body with no routes at all; so
the subset of SAM that this project uses is expanded here, with the logical ids SAM gives, and routes and authorizers
become resources of their own. Whatever is outside the subset is refused by name: nothing is dropped in silence.
Source: SAM specification, "Generated CloudFormation resources".
"""

import copy
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from shipby_local.stack import sam_http
from shipby_local.stack.errors import TemplateError
from shipby_local.stack.template import Archives

Resource = dict[str, Any]
Resources = dict[str, Resource]

_COPIED = [
    "Architectures",
    "Description",
    "Environment",
    "EphemeralStorage",
    "FunctionName",
    "Handler",
    "KmsKeyArn",
    "Layers",
    "LoggingConfig",
    "MemorySize",
    "RecursiveLoop",
    "ReservedConcurrentExecutions",
    "Role",
    "Runtime",
    "RuntimeManagementConfig",
    "SnapStart",
    "Timeout",
    "VpcConfig",
]
_TRANSLATED = ["CodeUri", "Events", "EventInvokeConfig", "Tags", "Tracing"]
_MAPPING = [
    "BatchSize",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "Enabled",
    "FilterCriteria",
    "FunctionResponseTypes",
    "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "ScalingConfig",
    "StartingPosition",
    "TumblingWindowInSeconds",
]


def expand(template: dict[str, Any], archives: Archives) -> dict[str, Any]:
    """The template without SAM; code is packed into `archives`. Raises TemplateError for what is outside the subset."""
    result = {name: section for name, section in template.items() if name not in ("Transform", "Globals", "Resources")}
    global_sections = template.get("Globals") or {}
    apis = sam_http.collect(template)
    resources: Resources = {}
    for name, resource in template["Resources"].items():
        kind = str(resource.get("Type", ""))
        if not kind.startswith("AWS::Serverless::"):
            resources[name] = resource
            continue
        if kind == "AWS::Serverless::Function":
            made = _function(name, resource, global_sections.get("Function") or {}, archives, apis)
        elif kind == "AWS::Serverless::LayerVersion":
            made = _layer(name, resource, global_sections.get("LayerVersion") or {}, archives)
        elif kind == "AWS::Serverless::HttpApi":
            made = {}
        else:
            raise TemplateError(f"{name}: the embedded stack does not know {kind}.")
        for part in made.values():
            _carry_over(resource, part)
        resources |= made
    for api in apis.values():
        resources |= sam_http.resources(api)
    result["Resources"] = resources
    return result


def merge(shared: Any, own: Any) -> Any:
    """`Globals` under a resource's own properties: maps merge, lists join, anything else is overridden."""
    if isinstance(shared, dict) and isinstance(own, dict):
        if len(own) == 1 and next(iter(own)).startswith(("Ref", "Fn::")):
            return own
        return {
            key: merge(shared[key], own[key]) if key in shared and key in own else {**shared, **own}[key]
            for key in {**shared, **own}
        }
    if isinstance(shared, list) and isinstance(own, list):
        return shared + own
    return own


def _carry_over(source: Resource, target: Resource) -> None:
    for attribute in ("Condition", "DependsOn"):
        if attribute in source:
            target.setdefault(attribute, copy.deepcopy(source[attribute]))


def _layer(name: str, resource: Resource, shared: dict[str, Any], archives: Archives) -> Resources:
    properties = merge(shared, resource.get("Properties") or {})
    known = {"LayerName", "Description", "ContentUri", "CompatibleRuntimes", "CompatibleArchitectures", "LicenseInfo"}
    _refuse_unknown(name, properties, known | {"RetentionPolicy", "PublishLambdaVersion"})
    made = {key: value for key, value in properties.items() if key in known - {"ContentUri"}}
    made.setdefault("LayerName", name)
    made["Content"] = archives.layer(name, str(properties.get("ContentUri", ".")), resource.get("Metadata") or {})
    return {name: {"Type": "AWS::Lambda::LayerVersion", "Properties": made}}


def _function(
    name: str, resource: Resource, shared: dict[str, Any], archives: Archives, apis: dict[str, sam_http.Api]
) -> Resources:
    properties = merge(shared, resource.get("Properties") or {})
    _refuse_unknown(name, properties, {*_COPIED, *_TRANSLATED})
    made = {key: properties[key] for key in _COPIED if key in properties}
    if not isinstance(properties.get("CodeUri"), str):
        raise TemplateError(f"{name}: CodeUri must name a local folder.")
    made["Code"] = archives.function(name, properties["CodeUri"], resource.get("Metadata") or {})
    if "Tracing" in properties:
        made["TracingConfig"] = {"Mode": properties["Tracing"]}
    if "Tags" in properties:
        made["Tags"] = [{"Key": key, "Value": value} for key, value in properties["Tags"].items()]
    resources: Resources = {name: {"Type": "AWS::Lambda::Function", "Properties": made}}
    if "Role" not in properties:
        raise TemplateError(
            f"{name}: every function needs a Role of its own in the template; SAM's generated role is not made."
        )
    for event, definition in (properties.get("Events") or {}).items():
        resources |= _event(name, event, definition, apis)
    if "EventInvokeConfig" in properties:
        resources[f"{name}EventInvokeConfig"] = {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "Properties": {"FunctionName": {"Ref": name}, "Qualifier": "$LATEST", **properties["EventInvokeConfig"]},
        }
    return resources


def _event(name: str, event: str, definition: dict[str, Any], apis: dict[str, sam_http.Api]) -> Resources:
    kind, properties = definition.get("Type"), definition.get("Properties") or {}
    where = f"{name}.Events.{event}"
    if kind in ("SQS", "DynamoDB"):
        source = "Queue" if kind == "SQS" else "Stream"
        _refuse_unknown(where, properties, {*_MAPPING, source})
        mapping = {key: properties[key] for key in _MAPPING if key in properties}
        mapping |= {"EventSourceArn": properties[source], "FunctionName": {"Ref": name}}
        return {f"{name}{event}": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping}}
    if kind == "ScheduleV2":
        return _schedule(name, event, properties)
    if kind == "HttpApi":
        return sam_http.add_route(apis, name, event, properties)
    raise TemplateError(f"{where}: the embedded stack does not know events of type {kind}.")


def _schedule(name: str, event: str, properties: dict[str, Any]) -> Resources:
    where = f"{name}.Events.{event}"
    copied = {
        "Description",
        "FlexibleTimeWindow",
        "GroupName",
        "ScheduleExpression",
        "ScheduleExpressionTimezone",
        "State",
    }
    copied |= {"StartDate", "EndDate", "KmsKeyArn", "Name"}
    _refuse_unknown(where, properties, copied | {"DeadLetterConfig", "Input", "OmitName", "RetryPolicy", "RoleArn"})
    made = {key: value for key, value in properties.items() if key in copied}
    if "RoleArn" not in properties:
        raise TemplateError(f"{where}: RoleArn is needed; SAM's generated role is not made.")
    made.setdefault("FlexibleTimeWindow", {"Mode": "OFF"})
    if not properties.get("OmitName"):
        made.setdefault("Name", f"{name}{event}")
    target = {
        key: properties[key] for key in ("DeadLetterConfig", "Input", "RetryPolicy", "RoleArn") if key in properties
    }
    made["Target"] = {"Arn": {"Fn::GetAtt": [name, "Arn"]}, **target}
    return {f"{name}{event}": {"Type": "AWS::Scheduler::Schedule", "Properties": made}}


def _refuse_unknown(where: str, properties: dict[str, Any], known: set[str]) -> None:
    unknown = sorted(set(properties) - known)
    if unknown:
        raise TemplateError(f"{where}: the embedded stack does not know the SAM properties {', '.join(unknown)}.")


def archives_for(template: Path, bucket: str, replaced: Mapping[str, bytes] = MappingProxyType({})) -> Archives:
    """An empty set of archives for a template at this path."""
    return Archives(bucket, template.parent, replaced)
