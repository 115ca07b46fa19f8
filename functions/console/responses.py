"""What goes back to the browser, and the headers that every answer has."""

from __future__ import annotations

import gzip
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; "
    "form-action 'self'; frame-ancestors 'self'; base-uri 'none'"
)
"""The same on every answer. Frames are our own: a label that prints."""
SECURITY: Final[Mapping[str, str]] = {
    "Content-Security-Policy": CSP,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), serial=()",
    "Strict-Transport-Security": "max-age=31536000",
}
SMALLEST_PACKED: Final = 1000


@dataclass(frozen=True, slots=True)
class Response:
    """An answer before it is packed for API Gateway."""

    status: int = 200
    body: str | bytes = ""
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Sequence[str] = ()


def redirect(path: str, *, cookies: Sequence[str] = ()) -> Response:
    """After a form: the browser reads the page anew, so that reloading sends nothing again."""
    return Response(303, headers={"Location": path}, cookies=cookies)


def packed(response: Response, *, accepts: str) -> dict[str, Any]:
    """As an HTTP API takes it (payload 2.0); compressed where the browser can read that and it is worth it."""
    raw = response.body.encode() if isinstance(response.body, str) else response.body
    headers = {"Content-Type": response.content_type, "Cache-Control": "no-store", **SECURITY, **response.headers}
    is_text = response.content_type.startswith(("text/", "image/svg"))
    if is_text and len(raw) >= SMALLEST_PACKED and "gzip" in accepts:
        raw = gzip.compress(raw, 6, mtime=0)
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        is_text = False
    answer: dict[str, Any] = {
        "statusCode": response.status,
        "headers": headers,
        "body": raw.decode() if is_text else b64encode(raw).decode(),
        "isBase64Encoded": not is_text,
    }
    if response.cookies:
        answer["cookies"] = list(response.cookies)
    return answer
