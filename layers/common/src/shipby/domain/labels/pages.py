"""A page of a label file, and what was found on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PageVerdict(StrEnum):
    """What reading a page back from its picture proved."""

    PROVEN = "proven"
    """It names exactly the posting it was asked for."""
    UNREADABLE = "unreadable"
    """It names no posting at all. The marketplace may have changed its layout: a warning, no proof of a mistake."""
    MISMATCH = "mismatch"
    """It names several postings."""
    DOUBLE = "double"
    """The same page came before."""
    FOREIGN = "foreign"
    """It names a posting that was not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPage:
    """A page of a label file that was set aside: why, what it says, and where it lies."""

    seller: str
    id: str
    at: datetime
    verdict: PageVerdict
    reason: str
    page: int
    """Its number in the file, from 1; never what it is bound by."""
    asked_for: tuple[str, ...] = ()
    """Postings the file was asked for (the first 20)."""
    names: tuple[str, ...] = ()
    """Posting numbers it names."""
    barcodes: tuple[str, ...] = ()
    form: str = ""
    sha256: str = ""
    key: str = ""
