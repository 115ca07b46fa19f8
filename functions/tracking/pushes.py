"""POST /tracking/push/{seller}: take one push of 17TRACK. What it says is stored before it is answered."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping

from functions.tracking.wiring import parts, services
from shipby.adapters.aws_lambda.batch import Event
from shipby.adapters.seventeentrack import contract
from shipby.application.tracking.following.receive import PushTaken, TrackingPush, receive_tracking
from shipby.domain.errors import InvalidInputError, RetryableError
from shipby.observability import logger

_WORDS: Mapping[int, str] = {200: "ok", 404: "unknown address", 413: "too large", 503: "not stored, send it again"}


def take(event: Event) -> Mapping[str, object]:
    """The answer; 503 makes 17TRACK send it again. One log line each: what a stranger wrote is not in it."""
    own = parts()
    headers = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    seller = str((event.get("pathParameters") or {}).get("seller", ""))
    push = TrackingPush(seller=seller, raw=_raw(event), signature=headers.get("sign", ""))
    try:
        taken = receive_tracking(
            push, contract.read_push, most=contract.MAX_PUSH, store=own.store, services=services(), now=own.clock.now()
        )
    except (RetryableError, InvalidInputError) as error:
        taken = PushTaken(503, "not_stored")
        logger().error("a push of the tracking service was not stored", extra={"reason": str(error)})
    _tell(taken, seller)
    body = json.dumps({"result": _WORDS[taken.status]})
    return {"statusCode": taken.status, "headers": {"content-type": "application/json"}, "body": body}


def _tell(taken: PushTaken, seller: str) -> None:
    about: dict[str, object] = {"push": taken.outcome, "kept": taken.kept, "left_out": taken.left_out}
    if taken.status == 200:
        about["seller"] = seller
    quiet = taken.outcome == "stored"
    (logger().info if quiet else logger().warning)(f"a push of the tracking service: {taken.outcome}", extra=about)


def _raw(event: Event) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body)
    except (binascii.Error, ValueError):
        return b""
