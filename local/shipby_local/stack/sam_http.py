"""HTTP APIs of a SAM template as CloudFormation resources: API, stage, integrations, routes and authorizers."""

import re
from dataclasses import dataclass, field
from typing import Any

from shipby_local.stack.errors import TemplateError

IMPLICIT = "ServerlessHttpApi"
_COPIED = {"Description", "Name", "DisableExecuteApiEndpoint", "CorsConfiguration", "Tags"}
_STAGE = {"AccessLogSettings", "DefaultRouteSettings", "RouteSettings", "StageVariables"}
_AUTHORIZER = {
    "AuthorizerPayloadFormatVersion",
    "EnableFunctionDefaultPermissions",
    "EnableSimpleResponses",
    "FunctionArn",
    "FunctionInvokeRole",
    "Identity",
}


@dataclass(slots=True)
class Api:
    """One HTTP API and the routes collected from functions' events: (function, event, properties)."""

    name: str
    properties: dict[str, Any]
    condition: str | None = None
    routes: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)


def collect(template: dict[str, Any]) -> dict[str, Api]:
    """The template's HTTP APIs by logical id, `Globals` applied."""
    from shipby_local.stack.sam import merge

    shared = (template.get("Globals") or {}).get("HttpApi") or {}
    apis = {}
    for name, resource in template["Resources"].items():
        if resource.get("Type") == "AWS::Serverless::HttpApi":
            properties = merge(shared, resource.get("Properties") or {})
            known = _COPIED | _STAGE | {"Auth", "StageName", "FailOnWarnings"}
            unknown = sorted(set(properties) - known)
            if unknown:
                raise TemplateError(
                    f"{name}: the embedded stack does not know the SAM properties {', '.join(unknown)}."
                )
            apis[name] = Api(name, properties, resource.get("Condition"))
    return apis


def add_route(apis: dict[str, Api], function: str, event: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Note one `HttpApi` event; answers the permission that lets the API call the function."""
    where = f"{function}.Events.{event}"
    reference = properties.get("ApiId") or {"Ref": IMPLICIT}
    if not isinstance(reference, dict) or set(reference) != {"Ref"}:
        raise TemplateError(f"{where}: ApiId must be a Ref to an API of the same template.")
    name = str(reference["Ref"])
    if name == IMPLICIT:
        apis.setdefault(IMPLICIT, Api(IMPLICIT, {}))
    if name not in apis:
        raise TemplateError(f"{where}: there is no HTTP API {name}.")
    apis[name].routes.append((function, event, properties))
    source = {"Fn::Sub": f"arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{name}}}/*"}
    return {
        f"{function}{event}Permission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": {"Ref": function},
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": source,
            },
        }
    }


def resources(api: Api) -> dict[str, Any]:
    """All resources of one API. Raises TemplateError for an authorizer that is not defined."""
    made: dict[str, Any] = {}
    properties = {key: api.properties[key] for key in _COPIED if key in api.properties}
    made[api.name] = _resource("AWS::ApiGatewayV2::Api", {"Name": api.name, "ProtocolType": "HTTP", **properties})
    stage = {key: api.properties[key] for key in _STAGE if key in api.properties}
    stage |= {"ApiId": {"Ref": api.name}, "AutoDeploy": True, "StageName": api.properties.get("StageName", "$default")}
    made[f"{api.name}ApiGatewayDefaultStage"] = _resource("AWS::ApiGatewayV2::Stage", stage)
    auth = api.properties.get("Auth") or {}
    for name, authorizer in (auth.get("Authorizers") or {}).items():
        made[f"{api.name}{name}Authorizer"] = _authorizer(api, name, authorizer)
    for function, event, route in api.routes:
        integration = f"{api.name}{function}Integration"
        made[integration] = _resource(
            "AWS::ApiGatewayV2::Integration",
            {
                "ApiId": {"Ref": api.name},
                "IntegrationType": "AWS_PROXY",
                "IntegrationMethod": "POST",
                "IntegrationUri": {"Fn::GetAtt": [function, "Arn"]},
                "PayloadFormatVersion": route.get("PayloadFormatVersion", "2.0"),
                **({"TimeoutInMillis": route["TimeoutInMillis"]} if "TimeoutInMillis" in route else {}),
            },
        )
        made |= _route(api, function, event, route, integration, auth)
    if api.condition:
        for resource in made.values():
            resource["Condition"] = api.condition
    return made


def _route(
    api: Api, function: str, event: str, route: dict[str, Any], integration: str, auth: dict[str, Any]
) -> dict[str, Any]:
    method, path = str(route.get("Method", "ANY")).upper(), route.get("Path")
    key = f"{'ANY' if method == 'X-AMAZON-APIGATEWAY-ANY-METHOD' else method} {path}" if path else "$default"
    properties: dict[str, Any] = {
        "ApiId": {"Ref": api.name},
        "RouteKey": key,
        "Target": {"Fn::Join": ["/", ["integrations", {"Ref": integration}]]},
        "AuthorizationType": "NONE",
    }
    name = (route.get("Auth") or {}).get("Authorizer") or auth.get("DefaultAuthorizer")
    if name and name != "NONE":
        if name not in (auth.get("Authorizers") or {}):
            raise TemplateError(f"{function}.Events.{event}: {api.name} defines no authorizer {name}.")
        properties |= {"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": f"{api.name}{name}Authorizer"}}
    suffix = re.sub(r"\W", "", f"{function}{event}")
    return {f"{api.name}{suffix}Route": _resource("AWS::ApiGatewayV2::Route", properties)}


def _authorizer(api: Api, name: str, definition: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(definition) - _AUTHORIZER)
    if unknown or "FunctionArn" not in definition:
        raise TemplateError(
            f"{api.name}.Auth.Authorizers.{name}: the embedded stack knows Lambda authorizers only"
            + (f", not {', '.join(unknown)}." if unknown else "; FunctionArn is missing.")
        )
    identity = definition.get("Identity") or {}
    sources = [f"$request.header.{header}" for header in identity.get("Headers") or []]
    sources += [f"$request.querystring.{query}" for query in identity.get("QueryStrings") or []]
    return _resource(
        "AWS::ApiGatewayV2::Authorizer",
        {
            "ApiId": {"Ref": api.name},
            "Name": name,
            "AuthorizerType": "REQUEST",
            "AuthorizerUri": {
                "Fn::Sub": [
                    "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function}/invocations",
                    {"Function": definition["FunctionArn"]},
                ]
            },
            "AuthorizerPayloadFormatVersion": str(definition.get("AuthorizerPayloadFormatVersion", "2.0")),
            "EnableSimpleResponses": bool(definition.get("EnableSimpleResponses", False)),
            "IdentitySource": sources,
            "AuthorizerResultTtlInSeconds": int(identity.get("ReauthorizeEvery", 300 if sources else 0)),
        },
    )


def _resource(kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}
