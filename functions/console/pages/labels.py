"""A parcel's label from our own address, so that a frame of the bench may print it."""

from __future__ import annotations

from functions.console.responses import Response
from functions.console.visit import Visit
from shipby.application.printing.printable import label_file

LARGEST = 4 * 1024 * 1024
"""A function answers with 6 MB at most, and base64 makes a third more of it (AWS Lambda quotas)."""


def show(visit: Visit, number: str) -> Response:
    """The PDF. Raises NotFoundError, ActionNotOfferedError (it may not print now)."""
    key, content = label_file(visit.seller, number, store=visit.parts.store, documents=visit.parts.documents)
    if len(content) > LARGEST:
        from functions.console.responses import redirect

        return redirect(visit.parts.documents.link(key, seconds=300))
    return Response(
        body=content,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{_plain(number)}.pdf"'},
    )


def _plain(number: str) -> str:
    return "".join(letter for letter in number if letter.isascii() and (letter.isalnum() or letter == "-"))
