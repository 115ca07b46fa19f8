"""Folding scans into journeys: one number may travel more than once, and scans come in any order, twice, or late.

The result hangs on the set of scans alone, never on the order in which they came: scans are put in order of their own
time, and split where a new journey begins after one that has ended (a waybill that is used again for the way back, or a
year later for another parcel). Within a journey the status goes forward only: a
"shipped" that arrives late never undoes "delivered".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shipby.domain.tracking.scans import BEGINS, ENDS, PROGRESS, Scan, ScanStatus

USED_AGAIN_AFTER = timedelta(days=1)
"""A journey has ended: what begins at least so much later is another one. Corrections of the same day are not."""
AHEAD = timedelta(hours=14)
"""A scan may lie so far ahead of our clock, for carriers that write local times as UTC; later ones are not believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """One way of a number, from its first sign of life to its end."""

    index: int
    """1, 2, …: which journey of the number."""
    scans: tuple[Scan, ...]
    """In order of their time."""

    @property
    def status(self) -> ScanStatus:
        """How far it is. An end is an end; on the way back, or held, is what was said last."""
        return _status(self.scans)

    @property
    def progress(self) -> int:
        """Percent of a good journey."""
        reached = max((PROGRESS[scan.status] for scan in self.scans if scan.status in PROGRESS), default=0)
        return round(100 * reached / max(PROGRESS.values()))

    @property
    def accepted_at(self) -> datetime | None:
        """The first scan by the carrier."""
        return next((scan.at for scan in self.scans if scan.status is not ScanStatus.LABEL_MADE), None)

    @property
    def last_at(self) -> datetime:
        return self.scans[-1].at

    @property
    def ended_at(self) -> datetime | None:
        return next((scan.at for scan in self.scans if scan.status in ENDS), None)

    @property
    def delivered_at(self) -> datetime | None:
        return next((scan.at for scan in self.scans if scan.status is ScanStatus.DELIVERED), None)

    @property
    def eta(self) -> datetime | None:
        """The newest word of when it is to be delivered; None once it has ended."""
        told = [scan.eta for scan in self.scans if scan.eta is not None]
        return told[-1] if told and self.ended_at is None else None


def _status(scans: Sequence[Scan]) -> ScanStatus:
    ended = next((scan.status for scan in scans if scan.status in ENDS), None)
    if ended is not None:
        return ended
    status = scans[0].status
    for scan in scans:
        forward = PROGRESS.get(scan.status, -1) >= PROGRESS.get(status, -1)
        if scan.status is ScanStatus.UNKNOWN or (scan.status in PROGRESS and status in PROGRESS and not forward):
            continue
        if status is ScanStatus.RETURNING and scan.status in PROGRESS and scan.status is not ScanStatus.DELIVERED:
            # On its way back it is sorted and moved as well.
            continue
        status = scan.status
    return status


def journeys_of(scans: Iterable[Scan]) -> tuple[Journey, ...]:
    """All journeys of a number, oldest first; the same for every order in which the scans came."""
    ordered = sorted({scan.id: scan for scan in scans}.values(), key=_order)
    parts: list[list[Scan]] = []
    ended: datetime | None = None
    for scan in ordered:
        again = ended is not None and scan.status in BEGINS and scan.at >= ended + USED_AGAIN_AFTER
        if not parts or again:
            parts.append([])
            ended = None
        parts[-1].append(scan)
        if ended is None and scan.status in ENDS:
            ended = scan.at
    return tuple(Journey(index=index, scans=tuple(part)) for index, part in enumerate(parts, 1))


def _order(scan: Scan) -> tuple[datetime, int, str]:
    return scan.at, PROGRESS.get(scan.status, len(PROGRESS)), scan.id
