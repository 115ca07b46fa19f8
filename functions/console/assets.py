"""Scripts, styles and icons, served by this function under a name with their hash: browsers keep them for ever."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from functions.console.responses import Response

FOLDER: Final = Path(__file__).resolve().parent / "static"
KINDS: Final = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


@cache
def _content(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


@cache
def asset(name: str) -> str:
    """The address of a file of `static`."""
    digest = hashlib.sha256(_content(name)).hexdigest()[:16]
    return f"/console/static/{digest}/{name}"


@cache
def integrity(name: str) -> str:
    """For the attribute of the same name: a browser runs no other content."""
    from base64 import b64encode

    return "sha384-" + b64encode(hashlib.sha384(_content(name)).digest()).decode()


@cache
def _names() -> frozenset[str]:
    return frozenset(path.name for path in FOLDER.iterdir() if path.suffix in KINDS)


def serve(digest: str, name: str) -> Response | None:
    """The file of an address, if it is still the one that the address was made of."""
    if name not in _names() or asset(name) != f"/console/static/{digest}/{name}":
        return None
    kept = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(body=_content(name), content_type=KINDS[Path(name).suffix], headers=kept)
