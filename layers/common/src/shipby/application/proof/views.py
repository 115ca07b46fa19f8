"""What people read of the proof."""

from __future__ import annotations

from datetime import date

from shipby.application.ports.sellers import Reports
from shipby.application.postings.queries import View
from shipby.application.proof.prove import REPORT
from shipby.domain.errors import NotFoundError


def get_proof(seller: str, day: date, *, store: Reports) -> View:
    """The newest nothing-lost proof made on a day (UTC). Raises NotFoundError."""
    report = store.report(seller, REPORT, day)
    if report is None:
        raise NotFoundError(
            f"no nothing-lost proof was made on {day.isoformat()} (UTC). The marketplace poll makes one "
            "every hour while the seller's marketplace key works; try again within the hour, or read an earlier day"
        )
    return dict(report)
