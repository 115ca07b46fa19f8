"""Finding a posting by a code of its label: what one posting alone has leads to it, what several have leads to none."""

from __future__ import annotations

from shipby.application.ports.sellers import Pointers
from shipby.application.ports.writes import ClaimPointer
from shipby.domain import pointers
from shipby.domain.labels.page_proof import SEVERAL

SECOND = "#2"
"""Behind a code: the second posting that was seen with it. It is never given back, so the code stays in doubt."""


def posting_of_code(seller: str, code: str, *, store: Pointers) -> str | None:
    """The posting whose label alone has this code; SEVERAL ("") where others have it too, None where none has."""
    number = store.find(seller, pointers.LABEL, code)
    if number is None or store.find(seller, pointers.LABEL, code + SECOND) is None:
        return number
    return SEVERAL


def claim_code(seller: str, code: str, number: str, *, store: Pointers) -> ClaimPointer | None:
    """The pointer that makes a posting known by a code of its label; None where it adds nothing."""
    owner = store.find(seller, pointers.LABEL, code)
    if owner in (None, number):
        return ClaimPointer(seller, pointers.LABEL, code, number)
    if store.find(seller, pointers.LABEL, code + SECOND) is None:
        return ClaimPointer(seller, pointers.LABEL, code + SECOND, number)
    return None
