"""Files that the marketplace answers with: as they are, or inside a JSON object."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from shipby.adapters.ozon.methods import Method
from shipby.adapters.ozon.reading.answers import Node, parse_json, unreadable
from shipby.adapters.ozon.transport import Transport
from shipby.application.ports.carriages import PaperFile
from shipby.domain.errors import MarketplaceUnavailableError, NotReadyYetError
from shipby.domain.labels.pdf_header import from_header

_TYPES = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png"}


def paper(
    transport: Transport, method: Method, payload: Mapping[str, object], *, what: str, within: str = ""
) -> PaperFile:
    """The file that a method answers with; `within` names the object that holds it, where it is not the answer itself.

    Raises NotReadyYetError while what comes is neither a PDF nor a PNG, and what a read raises.
    """
    answer = transport.fetch(method, payload, what=what)
    if _type(answer.body):
        return _file(answer.body, method.path)
    try:
        node = Node.of(parse_json(answer.body), method.path)
    except ValueError:
        raise NotReadyYetError(f"{method.path} {what}: what came is no file yet; ask again in a minute") from None
    return paper_of(node.node(within) if within else node)


def paper_of(node: Node) -> PaperFile:
    """The file of `file_content` (or `content`). Raises NotReadyYetError while it is empty or no file."""
    key = "file_content" if "file_content" in node else "content"
    text = node.text(key)
    # The description says base64 (`format: byte`), its examples show the bytes themselves, one per character.
    if text.startswith(("%PDF-", "\x89PNG")):
        try:
            return _file(text.encode("latin-1"), node.at(key))
        except UnicodeEncodeError:
            raise unreadable(node.at(key), "a file") from None
    try:
        return _file(base64.b64decode(text, validate=True), node.at(key))
    except (binascii.Error, ValueError):
        raise MarketplaceUnavailableError(
            f"{node.at(key)} is neither a file nor base64; if this stays, the marketplace's API has changed"
        ) from None


def _type(content: bytes) -> str:
    start = from_header(content) or content
    return next((kind for magic, kind in _TYPES.items() if start.startswith(magic)), "")


def _file(content: bytes, name: str) -> PaperFile:
    content = from_header(content) or content
    kind = _type(content)
    if not kind:
        raise NotReadyYetError(f"{name}: what came is no PDF or PNG yet; ask again in a minute")
    return PaperFile(content=content, content_type=kind)
