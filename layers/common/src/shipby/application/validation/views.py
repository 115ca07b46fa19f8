"""Can it ship: the answer for people, as everything stands now."""

from __future__ import annotations

from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.postings.work_posting import load_posting
from shipby.application.shared.views import time_text
from shipby.application.validation.check import is_checked, limits_known, verdict_on
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Posting
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.validation.limits import DropOffLimits
from shipby.domain.validation.mismatch import Verdict, as_json


def get_check(seller: str, number: str, *, store: Store, clock: Clock) -> dict[str, Json]:
    """Raises NotFoundError."""
    posting = load_posting(store, seller, number)
    settings = store.settings(seller) or SellerSettings(seller=seller)
    detail = store.detail(seller, number, of=posting)
    if detail is None or not is_checked(posting, settings):
        return check_view(posting, Verdict(), None, checked=False)
    now = clock.now()
    verdict = verdict_on(posting, detail, settings, store=store, now=now)
    return check_view(posting, verdict, limits_known(detail, settings, store=store, now=now))


def check_view(
    posting: Posting, verdict: Verdict, limits: DropOffLimits | None, *, checked: bool = True
) -> dict[str, Json]:
    """As API clients see it."""
    return {
        "posting_number": posting.number,
        "stage": posting.stage,
        "version": posting.version,
        "can_ship": not posting.holds,
        "state": _state(posting, verdict) if checked else "off",
        "because": list(posting.holds),
        "before": time_text(posting.cut_off),
        "mismatches": as_json(verdict.found),
        "count": len(verdict.found),
        "drop_off": _limits(limits),
    }


def _state(posting: Posting, verdict: Verdict) -> str:
    if posting.holds:
        return "stopped"
    if posting.allowed:
        return "allowed"
    return "open" if verdict.found else "fits"


def _limits(limits: DropOffLimits | None) -> dict[str, Json] | None:
    if limits is None:
        return None
    return {
        "least_grams": limits.least_grams,
        "most_grams": limits.most_grams,
        "sides_cm": list(limits.sides_cm),
        "least_roubles": limits.least_roubles,
        "most_roubles": limits.most_roubles,
    }
