"""An HTTP API event as a page sees it."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from shipby.domain.errors import InvalidInputError

PREFIX = "/console"
MOST_FIELDS = 200
LONGEST_FORM = 64 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are in small letters."""

    method: str
    path: str
    """Below /console, without a slash at its end: "" is the first page."""
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    source: str
    """The caller's address."""
    id: str

    @property
    def partial(self) -> bool:
        """Whether a script asks for a fragment instead of a page."""
        return "hx-request" in self.headers or "x-bench" in self.headers

    @property
    def is_read(self) -> bool:
        return self.method in ("GET", "HEAD")


def read_request(event: Mapping[str, Any]) -> Request:
    """Raises InvalidInputError for a form that is none."""
    context = event["requestContext"]
    http = context["http"]
    headers = {name.lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    stage = context.get("stage", "$default")
    path = str(event["rawPath"])
    path = path if stage == "$default" else path.removeprefix(f"/{stage}")
    method = str(http["method"]).upper()
    cookies = event.get("cookies") or headers.get("cookie", "").split(";")
    return Request(
        method=method,
        path=unquote(path).removeprefix(PREFIX).rstrip("/"),
        query=_pairs(str(event.get("rawQueryString") or "")),
        form=_pairs(_body(event)) if method == "POST" else {},
        headers=headers,
        cookies=dict(cookie.strip().partition("=")[::2] for cookie in cookies if "=" in cookie),
        source=str(http.get("sourceIp", "")),
        id=str(context.get("requestId", "")),
    )


def _body(event: Mapping[str, Any]) -> str:
    text = str(event.get("body") or "")
    if len(text) > LONGEST_FORM:
        raise InvalidInputError("the form is too long")
    try:
        return b64decode(text).decode() if event.get("isBase64Encoded") else text
    except (Base64Error, UnicodeError) as error:
        raise InvalidInputError("the form is not UTF-8 text") from error


def _pairs(text: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"))
    except (ValueError, UnicodeError) as error:
        raise InvalidInputError("the form cannot be read") from error
