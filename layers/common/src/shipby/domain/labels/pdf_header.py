"""Where a PDF begins: readers take one whose header stands within the first 1,024 bytes (ISO 32000-1, implementation
note 13 of Annex H), and some servers send a line break, a byte order mark or their own lines before it."""

from __future__ import annotations

HEADER = b"%PDF-"
_WITHIN = 1024
_MARKUP = (b"{", b"[", b"<", b'"')


def from_header(content: bytes) -> bytes:
    """The file from its header on; empty if it is no PDF. Offsets in a PDF count from there.

    A header within JSON or a page of HTML is somebody's text, not the file's.
    """
    at = content.find(HEADER, 0, _WITHIN + len(HEADER))
    if at < 0 or any(sign in content[:at] for sign in _MARKUP):
        return b""
    return content[at:]
