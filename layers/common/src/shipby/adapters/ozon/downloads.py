"""Fetching a prepared label file: from known hosts only, without credentials, capped, and only if it is a PDF."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from shipby.adapters.ozon.assumptions import FILE_HOST_SUFFIXES, LARGEST_FILE
from shipby.adapters.ozon.transport import Answer, Transport, rate_limited
from shipby.domain.errors import InvalidInputError, MarketplaceUnavailableError, NotReadyYetError
from shipby.domain.labels.pdf_header import from_header

_NAME = "label file"
_PORTS = {"http": 80, "https": 443}
_EXPIRED = frozenset({403, 404, 410})
"""What file stores answer to a signed link whose time is over."""
_PLAIN_ADDRESS = re.compile(r"[a-z0-9.-]+(:[0-9]+)?", re.IGNORECASE)
"""Host and port as every reader of addresses understands them. urllib3 ends a host at a backslash and urlsplit does
not, so they would name different hosts of `evil.example\\.ozon.ru`."""


def download(transport: Transport, url: str, *, largest: int = LARGEST_FILE) -> bytes:
    """The PDF behind `file_url`.

    Raises InvalidInputError for a host that is not the marketplace's, NotReadyYetError while it is not a PDF or once
    the link has expired (only a new label task helps then), MarketplaceUnavailableError if nothing came,
    RateLimitedError. The link itself is a secret while it lives, so it is in no message.
    """
    own = check_address(url, transport.base_url)
    answer = transport.retrying(lambda: transport.get(url, paced=own, largest=largest), _NAME, files=True)
    if answer.status == 429:
        raise rate_limited(answer, _NAME)
    if answer.status in (400, 409, 425):
        raise NotReadyYetError(f"{_NAME}: not ready (HTTP {answer.status}); ask again in a minute")
    if answer.status in _EXPIRED:
        raise NotReadyYetError(f"{_NAME}: HTTP {answer.status}, the link has expired; a new label task is asked for")
    if answer.status != 200:
        raise MarketplaceUnavailableError(f"{_NAME}: HTTP {answer.status}; it is fetched again")
    return _pdf(answer)


def check_address(url: str, base_url: str) -> bool:
    """Whether the file is on the API's own host (True) or another host of the marketplace (False).

    Raises InvalidInputError for anything else: an answer must not send us to hosts of somebody's choice.
    """
    try:
        parts, base = urlsplit(url), urlsplit(base_url)
        port, base_port = _port(parts), _port(base)
    except ValueError as error:
        raise InvalidInputError(f"{_NAME}: the link is not a web address") from error
    host = (parts.hostname or "").rstrip(".")
    if _PLAIN_ADDRESS.fullmatch(parts.netloc):
        if (parts.scheme, host, port) == (base.scheme, base.hostname, base_port):
            return True
        if (
            parts.scheme == "https"
            and port == 443
            and any(host == suffix or host.endswith(f".{suffix}") for suffix in FILE_HOST_SUFFIXES)
        ):
            return False
    raise InvalidInputError(f"{_NAME}: the link leads outside the marketplace; it was not opened")


def _port(parts: SplitResult) -> int | None:
    return parts.port or _PORTS.get(parts.scheme)


def _pdf(answer: Answer) -> bytes:
    pdf = from_header(answer.body)
    if not pdf:
        raise NotReadyYetError(f"{_NAME}: what came is not a PDF yet; ask again in a minute")
    return pdf
