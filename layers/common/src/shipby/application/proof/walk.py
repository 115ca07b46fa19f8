"""Where a run of the proof stands, as it is kept between two stints."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import cast

from shipby.application.ports.sellers import Reports
from shipby.application.proof.report import Proof, read_proof
from shipby.domain.json_types import Json

GRACE = timedelta(minutes=10)
"""What began or changed within the last minutes may still be on its way: a push is read within one minute, a lost one
is found by the next visit of the poll (five), and a read that failed comes again within another four."""
WINDOW = timedelta(days=14)
RUN = "proof-run"
"""The row of a run that was cut short, and, numbered, what it has seen; overwritten by the next one."""
RUN_DAY = date(2000, 1, 1)
"""Rows of a run belong to no day: one that begins before midnight goes on after it."""
GIVEN_UP = timedelta(hours=24)
"""A run that has not ended by then begins anew: what it saw first is too old to be told as one."""
_SEEN_ROW = 30_000
"""Numbers that one row of what was seen holds: 6 bytes each, 240 KB as text."""


@dataclass(slots=True)
class Walk:
    """A run and where it stands: what is saved between two stints."""

    proof: Proof
    grace: timedelta
    began: datetime
    step: int = 0
    """Index into the steps."""
    at: datetime | None = None
    """How far the marketplace's list was looked at."""
    stretch: timedelta = WINDOW
    """How much of it is asked for at once."""
    day: str = ""
    """The day of ours that is looked at."""
    cursor: str = ""
    after: str = ""
    """The last number or id of this stretch, or of this page, that was looked at."""
    aside: dict[str, str] = field(default_factory=dict)
    """Entries that could not be read -> what is wrong with them."""
    odd_fields: int = 0
    rows: list[str] = field(default_factory=list)
    """Marks of the rows of what was seen by the stints before: two stints at once must not mix theirs."""
    seen: set[bytes] = field(default_factory=set)
    """Digests of the numbers that were looked at because the marketplace lists them."""
    fresh: list[bytes] = field(default_factory=list)
    """Those of this stint."""
    young: set[str] | None = None
    """Numbers whose status changed within the grace, once somebody had to ask."""

    def sees(self, number: str) -> bool:
        """Note a number; False if it was there already."""
        mark = _digest(number)
        if mark in self.seen:
            return False
        self.seen.add(mark)
        self.fresh.append(mark)
        return True

    def has_seen(self, number: str) -> bool:
        return _digest(number) in self.seen


def _mark(packed: str) -> str:
    return blake2b(packed.encode(), digest_size=8).hexdigest()


def _digest(number: str) -> bytes:
    return blake2b(number.encode(), digest_size=6).digest()


def begin(
    seller: str,
    *,
    now: datetime,
    window: timedelta = WINDOW,
    grace: timedelta = GRACE,
    changed_since: datetime | None = None,
) -> Walk:
    """A run that has looked at nothing yet."""
    proof = Proof(seller, since=now - window, until=now - grace, at=now, changed_since=changed_since)
    return Walk(proof, grace, now, stretch=window)


def keep(walk: Walk, *, store: Reports) -> None:
    """Save a run that is not at its end."""
    seller = walk.proof.seller
    while walk.fresh:
        chunk, walk.fresh = walk.fresh[:_SEEN_ROW], walk.fresh[_SEEN_ROW:]
        packed = base64.b64encode(b"".join(chunk)).decode("ascii")
        body: dict[str, Json] = {"began": walk.began.isoformat(), "seen": packed}
        store.save_report(seller, f"{RUN}-{len(walk.rows)}", RUN_DAY, body)
        walk.rows.append(_mark(packed))
    store.save_report(
        seller,
        RUN,
        RUN_DAY,
        {
            "began": walk.began.isoformat(),
            "grace": int(walk.grace.total_seconds()),
            "step": walk.step,
            "at": walk.at.isoformat() if walk.at else None,
            "stretch": int(walk.stretch.total_seconds()),
            "day": walk.day,
            "cursor": walk.cursor,
            "after": walk.after,
            "aside": dict(walk.aside),
            "odd_fields": walk.odd_fields,
            "rows": list(walk.rows),
            "proof": walk.proof.state(),
        },
    )


def kept(seller: str, *, store: Reports, now: datetime) -> Walk | None:
    """The run that was cut short, unless there is none, it is too old, or its rows do not belong together."""
    body = cast("Mapping[str, object] | None", store.report(seller, RUN, RUN_DAY))
    if body is None or body.get("done"):
        return None
    began = datetime.fromisoformat(str(body["began"]))
    if not timedelta(0) <= now - began <= GIVEN_UP:
        return None
    walk = Walk(
        read_proof(seller, cast("Mapping[str, Json]", body["proof"]), now),
        timedelta(seconds=float(str(body["grace"]))),
        began,
        step=int(str(body["step"])),
        at=datetime.fromisoformat(str(body["at"])) if body["at"] else None,
        stretch=timedelta(seconds=float(str(body["stretch"]))),
        day=str(body["day"]),
        cursor=str(body["cursor"]),
        after=str(body["after"]),
        aside={str(k): str(v) for k, v in cast("Mapping[str, object]", body["aside"]).items()},
        odd_fields=int(str(body["odd_fields"])),
        rows=[str(mark) for mark in cast("list[object]", body["rows"])],
    )
    for index, mark in enumerate(walk.rows):
        row = store.report(seller, f"{RUN}-{index}", RUN_DAY)
        if row is None or row["began"] != began.isoformat() or _mark(str(row["seen"])) != mark:
            return None
        packed = base64.b64decode(str(row["seen"]))
        walk.seen.update(packed[at : at + 6] for at in range(0, len(packed), 6))
    return walk


def forget(seller: str, *, store: Reports, now: datetime) -> None:
    """The run has ended."""
    store.save_report(seller, RUN, RUN_DAY, {"began": now.isoformat(), "done": True})
