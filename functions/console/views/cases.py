"""Cases: what no machine may leave in silence."""

from __future__ import annotations

from typing import Any

from shipby.application.cases.opening import list_cases
from shipby.application.ports.matters import CaseReads
from shipby.domain.cases.case import CaseKind

LIMIT = 50
_OF_POSTINGS = frozenset(
    map(
        str,
        (
            CaseKind.OPEN_ORDER,
            CaseKind.LABEL_PAGE,
            CaseKind.MONEY,
            CaseKind.CANCEL_REQUEST,
            CaseKind.NOT_ACCEPTED,
            CaseKind.NO_NUMBER,
            CaseKind.SILENT_PARCEL,
        ),
    )
)
"""Kinds whose subject is a posting's number."""


def cases(seller: str, cursor: str | None, *, store: CaseReads, open_only: bool = True) -> dict[str, Any]:
    """A page of them, oldest first. Raises InvalidInputError for a cursor of another list."""
    page = list_cases(seller, open_only=open_only, limit=LIMIT, cursor=cursor, store=store)
    items: Any = page["items"]
    return {"items": [case_row(each) for each in items], "next": page["next_cursor"], "open_only": open_only}


def case_row(view: dict[str, Any]) -> dict[str, Any]:
    """A case with the page of what it is about."""
    return {**view, "posting": view["subject"] if view["kind"] in _OF_POSTINGS else ""}
