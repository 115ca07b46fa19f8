"""Have numbers followed, and keep what is heard of them: pushed where the account pushes, else polled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from shipby.application.ports.clock import Clock
from shipby.application.ports.following.services import TrackingServices
from shipby.application.ports.papers import ScanReads
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.sellers import Pointers
from shipby.application.ports.writes import AddScan, Commits
from shipby.application.shared.paging import every
from shipby.application.tracking.ways import UNDER_WAY
from shipby.domain import pointers
from shipby.domain.errors import InvalidInputError
from shipby.domain.intents import Intent, IntentAction, IntentState
from shipby.domain.postings.posting import Scheme
from shipby.domain.tracking.journeys import AHEAD
from shipby.domain.tracking.scans import Scan

TOGETHER = 50
"""Scans in one transaction."""
OLDEST = timedelta(days=730)


class ScanStore(ScanReads, Pointers, Commits, Protocol):
    """What keeping scans needs of the store."""


class FollowAllStore(PostingReads, ScanReads, Pointers, Commits, Protocol):
    """What following everything needs of the store."""


def follow_settled(
    seller: str, settled: Iterable[Intent], *, store: PostingReads, services: TrackingServices
) -> Mapping[str, str]:
    """Register numbers that the marketplace was just seen to show on parcels of the seller's own carriers.

    Answers why a number is not followed; nothing is called for sellers without an account. Raises what `register`
    raises.
    """
    changes = [one for one in settled if one.action is IntentAction.SET_TRACKING and one.state is IntentState.CONFIRMED]
    if not changes or (service := services.of(seller)) is None:
        return {}
    postings = (store.posting(seller, intent.posting_number) for intent in changes)
    numbers = [one.tracking_number for one in postings if one and one.own_carrier and one.tracking_number]
    refused = service.register(list(dict.fromkeys(numbers))) if numbers else {}
    return {number: why for number, why in refused.items() if why}


@dataclass(frozen=True, slots=True)
class Followed:
    """What following everything that is under way has done."""

    numbers: int
    refused: Mapping[str, str]
    """Why a number is not followed."""
    kept: int
    """Scans that were polled and new; 0 where the account pushes."""


def follow_all(seller: str, *, store: FollowAllStore, services: TrackingServices, clock: Clock) -> Followed:
    """Register every number of the seller's own carriers that is under way, and read them where nothing is pushed.

    For accounts that were opened late, and for changes that were settled late; what is registered already costs no
    quota. Raises InvalidInputError without an account, and what `register` raises.
    """
    service = services.of(seller)
    if service is None:
        raise InvalidInputError(
            f"seller {seller} has no account at a tracking service",
            errors=[("seller", "store its key as the parameter sellers/<seller>/17track")],
        )
    found: dict[str, None] = {}
    for stage in UNDER_WAY:
        for item in every(lambda cursor, stage=stage: store.worklist(seller, stage, cursor=cursor)):  # type: ignore[misc]  # a default binds the stage
            posting = store.posting(seller, item.number) if item.scheme == Scheme.RFBS else None
            if posting is not None and posting.own_carrier and posting.tracking_number:
                found[posting.tracking_number] = None
    numbers = list(found)
    refused = {number: why for number, why in service.register(numbers).items() if why} if numbers else {}
    kept = poll_numbers(seller, numbers, store=store, services=services, clock=clock)
    return Followed(len(numbers), refused, kept)


def poll_numbers(
    seller: str, numbers: Sequence[str], *, store: ScanStore, services: TrackingServices, clock: Clock
) -> int:
    """Ask what is known of numbers and keep what is new; how many scans that were. Never asks where the account pushes.

    Raises what `read` raises.
    """
    service = services.of(seller)
    if service is None or services.pushes(seller) or not numbers:
        return 0
    now = clock.now()
    return sum(
        keep_scans(seller, number, scans, store=store, now=now) for number, scans in service.read(numbers).items()
    )


def keep_scans(seller: str, number: str, scans: Sequence[Scan], *, store: ScanStore, now: datetime) -> int:
    """Keep those that are new, or changed their ETA; how many that were. What lies ahead or years back is not believed.

    Raises InvalidInputError where no posting of the seller has or had the number.
    """
    if not any(store.find(seller, kind, number) for kind in (pointers.TRACKING, pointers.FORMER_TRACKING)):
        raise InvalidInputError(f"no posting has or had the number {number}")
    known = {scan.id: scan for scan in every(lambda cursor: store.scans(seller, number, cursor=cursor))}
    fresh = {
        scan.id: scan
        for scan in scans
        if now - OLDEST <= scan.at <= now + AHEAD and not _known(known.get(scan.id), scan)
    }
    writes = [AddScan(seller, number, scan) for scan in fresh.values()]
    for start in range(0, len(writes), TOGETHER):
        store.commit(writes[start : start + TOGETHER])
    return len(writes)


def _known(before: Scan | None, now: Scan) -> bool:
    """Whether it is there already; the same told by another source, or without an ETA, is."""
    return before is not None and (now.eta is None or before.eta == now.eta)
