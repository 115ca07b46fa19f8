"""Files, and links to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class UploadLink:
    """Where and how a file is sent: with this method to this address, with exactly these headers."""

    method: str
    url: str
    headers: Mapping[str, str]


class DocumentStore(Protocol):
    """Files: labels and other papers."""

    def put(self, key: str, content: bytes, *, content_type: str) -> None: ...
    def get(self, key: str) -> bytes:
        """Raises NotFoundError."""

    def delete(self, key: str) -> None:
        """Delete a file; one that is gone already does no harm."""

    def link(self, key: str, *, seconds: int) -> str:
        """A signed link that stops working after `seconds`."""

    def upload_link(self, key: str, *, content_type: str, size: int, sha256: str, seconds: int) -> UploadLink:
        """A signed address that takes one file of exactly this type, length and SHA-256 (64 hex digits)."""

    def size(self, key: str) -> int:
        """Bytes of a file. Raises NotFoundError."""

    def chunks(self, key: str) -> Iterator[bytes]:
        """A file in parts of at most 1 MiB. Raises NotFoundError, while it is read too."""

    def copy(self, source: str, target: str) -> None:
        """A second file with the same content and type. Raises NotFoundError."""

    def put_file(self, key: str, file: BinaryIO, *, content_type: str) -> None:
        """Write a file that is too large for memory, from its beginning."""
