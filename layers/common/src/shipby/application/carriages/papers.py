"""The papers of an approved carriage: fetched as soon as the marketplace has made them, kept in the document store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from shipby.application.carriages.rows import CarriageContext
from shipby.application.ports.carriages import PaperFile
from shipby.domain.carriages import PATIENCE, Carriage, CarriageState, check_at, next_comparison, paper_wait
from shipby.domain.errors import (
    MarketplaceRefusedError,
    MarketplaceUnavailableError,
    NotFoundError,
    NotReadyYetError,
)
from shipby.domain.events import EventType
from shipby.domain.json_types import Json

ACT, BARCODE, CONTAINER_LABELS, DISCREPANCY = "act", "barcode", "container-labels", "discrepancy"
IN_PROCESS = "in_process"
_ENDINGS = {"application/pdf": "pdf", "image/png": "png"}
_MISSING = (NotReadyYetError, NotFoundError, MarketplaceRefusedError, MarketplaceUnavailableError)
"""What a paper that is not there (yet) is answered with; "not ready" was seen as a refusal too. One paper that cannot
be had keeps no other from coming."""


def fetch_papers(desk: CarriageContext, carriage: Carriage, compare_after: timedelta) -> str:
    """Fetch what is missing; "" where the comparison is next. Raises RetryableError."""
    now = desk.clock.now()
    compare_at = next_comparison(carriage, compare_after)
    due = compare_at is not None and now >= compare_at
    if carriage.state is CarriageState.DOCUMENTED or (carriage.attempts >= PATIENCE and not due):
        return ""
    found, barcode, problems = _fetch(desk, carriage)
    change = _documented if not problems else _still_missing

    def noted(row: Carriage) -> Carriage | None:
        if row.state is not CarriageState.APPROVED or row.attempts != carriage.attempts:
            return None
        with_papers = replace(row, documents={**row.documents, **found}, barcode=barcode, attempts=row.attempts + 1)
        return change(with_papers, problems, now, compare_at)

    told: dict[str, Json] = {"documents": [*carriage.documents, *found], "missing": dict(problems)}
    if not problems:
        desk.note(noted, EventType.CARRIAGE_DOCUMENTED, data=told)
        return "" if due else "carriage_documented"
    last = carriage.attempts + 1 == PATIENCE
    kind = EventType.CARRIAGE_FAILED if last else EventType.CARRIAGE_CHANGED
    desk.note(noted, kind, reason=_text(problems), data={"step": "documents", **told})
    return "" if due else "carriage_not_ready"


def _documented(row: Carriage, _: dict[str, str], now: datetime, compare_at: datetime | None) -> Carriage:
    alarm = check_at(max(now, compare_at)) if compare_at else None
    return replace(row, state=CarriageState.DOCUMENTED, problem="", next_alarm=alarm)


def _still_missing(row: Carriage, problems: dict[str, str], now: datetime, compare_at: datetime | None) -> Carriage:
    again = now + paper_wait(row.attempts - 1)
    if row.attempts >= PATIENCE:
        # Nobody knows better: a person was told, and each comparison tries once more.
        return replace(row, problem=_text(problems), next_alarm=check_at(compare_at) if compare_at else None)
    return replace(row, next_alarm=check_at(min(again, compare_at) if compare_at and compare_at > now else again))


def _text(problems: dict[str, str]) -> str:
    return "; ".join(f"{name}: {why}" for name, why in problems.items())[:500]


def keep(desk: CarriageContext, name: str, paper: PaperFile) -> str:
    """Put a paper into the document store. Returns its key, which is the same for the same content."""
    digest = hashlib.sha256(paper.content).hexdigest()
    key = f"carriages/{desk.seller}/{desk.id}/{name}-{digest[:16]}.{_ENDINGS[paper.content_type]}"
    desk.documents.put(key, paper.content, content_type=paper.content_type)
    return key


def _papers(desk: CarriageContext, carriage: Carriage) -> dict[str, Callable[[str], PaperFile]]:
    api = desk.marketplace.carriages
    wanted: dict[str, Callable[[str], PaperFile]] = {ACT: api.act, BARCODE: api.barcode}
    if carriage.containers:
        wanted[CONTAINER_LABELS] = api.container_labels
    return {name: get for name, get in wanted.items() if name not in carriage.documents}


def _fetch(desk: CarriageContext, carriage: Carriage) -> tuple[dict[str, str], str, dict[str, str]]:
    """Keys of what came, the barcode's text, and what did not come with the reason."""
    api, identifier = desk.marketplace.carriages, carriage.marketplace_id
    found: dict[str, str] = {}
    problems: dict[str, str] = {}
    barcode = carriage.barcode
    try:
        status = api.act_status(identifier).state
    except _MISSING:
        # Whether it knows carriages that were not made by act/create is not documented: the papers themselves tell.
        status = ""
    if status == IN_PROCESS:
        return found, barcode, {"documents": "the marketplace is still making them"}
    for name, get in _papers(desk, carriage).items():
        try:
            found[name] = keep(desk, name, get(identifier))
        except _MISSING as error:
            problems[name] = str(error)
    try:
        barcode = barcode or api.barcode_text(identifier)
    except _MISSING as error:
        problems["barcode text"] = str(error)
    return found, barcode, problems
