"""The OpenAPI 3.1 document, made from the operations by tools/openapi.py; never loaded to serve a call."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from functions.seller_api.operations import IfMatch, Operation
from functions.seller_api.problems import CONTENT_TYPE, KINDS
from shipby.contracts import answers
from shipby.contracts.base import Listing, Query, View
from shipby.contracts.service import Problem
from shipby.domain.sellers.keys import Role

Json = dict[str, Any]
_REF = "#/components/schemas/{model}"
_TAGS: Mapping[str, str] = {
    "postings": "Postings",
    "search": "Postings",
    "boards": "Postings",
    "warehouses": "Account",
    "delivery-methods": "Account",
    "limits": "Service",
    "events": "Account",
    "labels": "Labels",
    "waves": "Postings",
    "products": "Bench",
    "stock": "Stock",
    "stock-pools": "Stock",
    "picking": "Bench",
    "quality": "Bench",
    "pick-lists": "Bench",
    "stock-offers": "Stock",
    "stock-counts": "Stock",
    "supply": "Stock",
    "carriages": "Closing the day",
    "returns": "Returns",
    "return-policies": "Returns",
    "cancel-requests": "Returns",
    "refunds": "Money",
    "delivery-reports": "Postings",
    "carriers": "Carriers",
    "tracking-changes": "Postings",
    "purchases": "Purchases",
    "tracking-jobs": "Postings",
    "silent-parcels": "Postings",
    "carrier-scans": "Carriers",
    "intents": "Money",
    "proof": "Account",
    "guard": "Money",
    "cases": "Account",
    "claims": "Returns",
    "evidence-packs": "Returns",
    "deadlines": "Deadlines",
    "risk": "Deadlines",
    "reports": "Deadlines",
    "settings": "Account",
    "webhooks": "Webhooks",
    "event-types": "Webhooks",
    "me": "People",
    "people": "People",
    "keys": "People",
    "sessions": "People",
    "health": "Service",
    "openapi.json": "Service",
}
_PATH_PARAMETERS: Mapping[str, str] = {
    "number": "Posting number",
    "job": "Id of a print job",
    "id": "Id",
    "sku": "The marketplace's SKU; of stock, the name that it is kept under: your article or that SKU",
    "pool": "A pool of your own, or `shop:pool` of another shop",
    "code": "What the scanner read, or a carrier's code",
}
_PROBLEM_NAMES: Mapping[int, str] = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    412: "PreconditionFailed",
    422: "IdempotencyMismatch",
    428: "PreconditionRequired",
    429: "TooManyRequests",
    500: "InternalError",
    503: "Unavailable",
}


def answer_model(name: str) -> type[View]:
    """The model an operation names: one of the views, or Listing[<view>]."""
    if name.startswith("Listing["):
        item = answers.model(name[len("Listing[") : -1])
        return cast("type[View]", Listing.__class_getitem__(item))
    return answers.model(name)


def openapi(operations: Sequence[Operation]) -> Json:
    """The whole document; the same operations always give the same document."""
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(Problem, "serialization")]
    models += [(answer_model(operation.answers), "serialization") for operation in operations]
    models += [(operation.body, "validation") for operation in operations if operation.body]
    models += [(operation.query, "validation") for operation in operations]
    unique = list(dict.fromkeys(models))
    references, definitions = models_json_schema(unique, ref_template=_REF)
    schemas: Json = definitions["$defs"]
    queries = {operation.query: schemas.pop(operation.query.__name__) for operation in _first_of_each(operations)}
    paths: dict[str, Json] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, references, queries)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Shipby",
            "version": "1.0.0",
            "summary": "Order fulfilment for Ozon sellers",
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "Where the stack is deployed; http://127.0.0.1:8080 after `make up`"}],
        "security": [{"apiKey": []}],
        "tags": [{"name": name} for name in dict.fromkeys(_TAGS.values())],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "parameters": _PARAMETERS,
            "headers": _HEADERS,
            "responses": {name: _problem(status) for status, name in _PROBLEM_NAMES.items()},
            "securitySchemes": {
                "apiKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "shp_<id>.<secret>",
                    "description": "Made with `shipby key create`; each key has a role.",
                }
            },
        },
    }


def _first_of_each(operations: Iterable[Operation]) -> list[Operation]:
    return list({operation.query: operation for operation in operations}.values())


def _operation(operation: Operation, references: Mapping[Any, Json], queries: Mapping[type[Query], Json]) -> Json:
    described: Json = {
        "operationId": operation.id,
        "tags": [_TAGS[operation.path.split("/")[2]]],
        "summary": operation.summary,
        "description": _described(operation),
    }
    if not operation.roles:
        described["security"] = []
    if parameters := _parameters(operation, queries[operation.query]):
        described["parameters"] = parameters
    if operation.body is not None:
        needed = any(field.is_required() for field in operation.body.model_fields.values())
        schema = references[operation.body, "validation"]
        described["requestBody"] = {"required": needed, "content": {"application/json": {"schema": schema}}}
    schema = references[answer_model(operation.answers), "serialization"]
    success: Json = {
        "description": "Accepted; follow Location" if operation.status == 202 else "Done",
        "content": {"application/json": {"schema": schema}},
    }
    if operation.csv:
        success["content"]["text/csv"] = {"schema": {"type": "string"}}
    headers = ["Location"] if operation.status == 202 else []
    headers += ["ETag"] if operation.etag else []
    if headers:
        success["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
    described["responses"] = {str(operation.status): success} | {
        str(status): {"$ref": f"#/components/responses/{_PROBLEM_NAMES[status]}"} for status in _refusals(operation)
    }
    return described


def _described(operation: Operation) -> str:
    parts = [operation.description] if operation.description else []
    if operation.roles:
        roles = [role for role in Role if role in operation.roles]
        parts.append(f"Roles: {', '.join(roles)}.")
    return " ".join(parts) or "Anybody may call it."


def _parameters(operation: Operation, query: Json) -> list[Json]:
    names = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    parameters: list[Json] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PATH_PARAMETERS[name],
            "schema": {"type": "string"},
        }
        for name in names
    ]
    needed = query.get("required", [])
    for name, described in query.get("properties", {}).items():
        schema = {key: value for key, value in described.items() if key != "title"}
        description = schema.pop("description", "")
        if "anyOf" in schema:
            # A parameter is left out, never null.
            schema = next(each for each in schema["anyOf"] if each != {"type": "null"})
        parameter: Json = {"name": name, "in": "query", "required": name in needed, "schema": schema}
        parameters.append(parameter | ({"description": description} if description else {}))
    if operation.if_match:
        name = "IfMatchRequired" if operation.if_match is IfMatch.REQUIRED else "IfMatch"
        parameters.append({"$ref": f"#/components/parameters/{name}"})
    if operation.unsafe:
        parameters.append({"$ref": "#/components/parameters/IdempotencyKey"})
    return parameters


def _refusals(operation: Operation) -> list[int]:
    statuses = {400, 500, 503}
    if operation.roles:
        statuses |= {401, 403, 429}
    if "{" in operation.path or operation.path == "/v1/proof":
        statuses.add(404)
    if operation.unsafe:
        statuses |= {409, 422}
    if operation.if_match:
        statuses.add(412)
    if operation.if_match is IfMatch.REQUIRED:
        statuses.add(428)
    return sorted(statuses)


def _problem(status: int) -> Json:
    codes = [code for code, kind in KINDS.items() if kind.status == status and code not in _NEVER_HERE]
    text = "; ".join(f"{code}: {KINDS[code].title[0].lower()}{KINDS[code].title[1:]}" for code in codes)
    answer: Json = {
        "description": text,
        "content": {CONTENT_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}},
    }
    if status in (429, 503):
        answer["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    if status == 429:
        answer["headers"] |= {name: {"$ref": f"#/components/headers/{name}"} for name in _LIMIT_HEADERS}
    return answer


_NEVER_HERE = frozenset(
    {"marketplace_refused", "marketplace_unavailable", "rate_limited", "not_ready_yet", "credentials_rejected"}
)
"""The API itself never calls the marketplace."""
_PARAMETERS: Json = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "The same key and request again within 30 days do the work once and get the same answer.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "The ETag you have seen; 412 if the item has changed since. Without it the stage alone decides.",
        "schema": {"type": "string", "examples": ['"3"']},
    },
    "IfMatchRequired": {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "description": "The ETag you have seen; 412 if the item has changed since.",
        "schema": {"type": "string", "examples": ['"3"']},
    },
}
_HEADERS: Json = {
    "ETag": {"description": "The version, for If-Match", "schema": {"type": "string", "examples": ['"3"']}},
    "Location": {"description": "Where to follow it", "schema": {"type": "string", "format": "uri-reference"}},
    "Retry-After": {"description": "Seconds", "schema": {"type": "integer", "minimum": 1}},
    "RateLimit-Limit": {
        "description": "Calls in a window, of the key or of the seller, whichever is nearer to its end.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "RateLimit-Remaining": {
        "description": "Calls that are left in this window.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "RateLimit-Reset": {"description": "Seconds until the next window.", "schema": {"type": "integer", "minimum": 1}},
    "RateLimit-Policy": {
        "description": "The limit and its window in seconds.",
        "schema": {"type": "string", "examples": ["300;w=10"]},
    },
}
_LIMIT_HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy")
_DESCRIPTION = inspect.cleandoc(
    """
    Times are RFC 3339 in UTC, money is `{amount: "12.50", currency}`, listings are `items` and `next_cursor`.
    Every error is `application/problem+json` and says what to do. (The gateway itself refuses a missing or unknown key
    before the API is reached: 401 or 403 with a body of its own.)
    Calls that the marketplace has to carry out answer 202 with the Location of an intent.
    A key and a seller have a number of calls in each ten seconds; RateLimit-Remaining on every answer says how many are
    left, and what is more is answered 429 with Retry-After.
    """
)
