"""POST /ozon/push/{token}: take one push notification of the marketplace and answer in its own contract."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Mapping
from typing import Any

from functions.order_webhook.wiring import Parts, parts
from shipby.adapters.aws.clock import utc_now
from shipby.application.intake.receive_push import NOT_FOUND, PushAnswer, receive_push
from shipby.domain.errors import StoreUnavailableError

TRY_AGAIN = PushAnswer(
    503, {"error": {"code": "ERROR_UNKNOWN", "message": "not stored, send it again", "details": None}}, "unavailable"
)


def handler(event: Mapping[str, Any], _: object) -> dict[str, object]:
    """Answers 200 for everything that came with a valid token and was stored; 503 makes the marketplace repeat it."""
    own = parts()
    token = str((event.get("pathParameters") or {}).get("token", ""))
    source = str(event.get("requestContext", {}).get("http", {}).get("sourceIp", ""))
    if not own.may_send(source):
        answer = NOT_FOUND
    else:
        try:
            answer = receive_push(token, _raw_body(event), inbox=own.inbox, tokens=own.tokens, now=utc_now())
        except StoreUnavailableError:
            answer = TRY_AGAIN
    _count(answer, token, own)
    return {
        "statusCode": answer.status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(answer.body),
    }


def _raw_body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    # A lone surrogate is no UTF-8, yet it must not break the answer.
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode("utf-8", "surrogatepass")


def _count(answer: PushAnswer, token: str, own: Parts) -> None:
    """One line. A refused token is a stranger's text and names nobody."""
    line: dict[str, object] = {"service": own.service, f"push_{answer.outcome}": 1}
    if answer.status == 200:
        line["seller"] = token.partition(".")[0]
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
