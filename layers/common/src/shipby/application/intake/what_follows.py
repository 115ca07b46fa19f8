"""What follows from a read beside what it folds: an amendment is told and taken account of, the order is checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from shipby.application.labels.voiding import void_labels
from shipby.application.ports.clock import Clock
from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.papers import BenchReads
from shipby.application.ports.sellers import Reports
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, Write
from shipby.domain.deadlines.fold import MARKETPLACE, Folded
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import MarketplacePosting, Posting, Stage, moves_only
from shipby.domain.sellers.overrides import policy_for
from shipby.domain.sellers.settings import Automation, SellerSettings


def learn(
    facts: MarketplacePosting,
    settings: SellerSettings,
    *,
    store: Reports,
    marketplace: Marketplace | None,
    clock: Clock,
) -> None:
    """Read what a rule of the seller's wants to know beside the order: the limits of its drop-off."""
    if marketplace is not None and settings.check_rules:
        from shipby.application.validation.limits import learn_limits  # most sellers have no rules: cold starts

        learn_limits(facts, settings, store=store, marketplace=marketplace, now=clock.now())


def address_kept(
    facts: MarketplacePosting, before: MarketplacePosting | None, known: Posting | None
) -> MarketplacePosting:
    """The read with the check on the address of the one before, where it says nothing of it. Behind the hand-over none
    is taken: the marketplace hides addresses then, which is no change of the order."""
    if before is None or known is None or not before.address:
        return facts
    if facts.address and known.handed_over_at is None:
        return facts
    return replace(facts, address=before.address)


def follow(
    folded: Folded,
    before: MarketplacePosting | None,
    facts: MarketplacePosting,
    settings: SellerSettings,
    *,
    first: bool,
    store: Store,
    now: datetime,
) -> tuple[Folded, Sequence[Write]]:
    """All of it, in its order: what was changed, the labels that are void, the checks."""
    folded, another = amended(folded, before, facts, settings, store=store, now=now)
    posting, voided, void = void_labels(
        folded.posting, facts, before, store=store, now=now, actor=MARKETPLACE, amended=another
    )
    folded = replace(folded, posting=posting, events=(*folded.events, *voided))
    folded, checks = checked(folded, facts, settings, first=first, store=store, now=now)
    return folded, (*void, *checks)


def amended(
    folded: Folded,
    before: MarketplacePosting | None,
    facts: MarketplacePosting,
    settings: SellerSettings,
    *,
    store: BenchReads,
    now: datetime,
) -> tuple[Folded, bool]:
    """What was changed in the order, told and taken account of; and whether that voids its labels."""
    if before is None or folded.posting.stage is Stage.CANCELLED or moves_only(before, facts):
        return folded, False
    from shipby.domain.deadlines.amending import amend  # few orders are changed: cold starts
    from shipby.domain.postings.amendments import amendment, told  # as above

    change = amendment(before, facts)
    if not change:
        return folded, False
    if not change.loud:
        changes: dict[str, Json] = {"changes": told(change.differences), "since": before.read_at.isoformat()}
        first, *others = folded.events
        return replace(folded, events=(replace(first, data={**first.data, **changes}), *others)), False
    posting = folded.posting
    check = store.bench_check(posting.seller, posting.number)
    scanned = bool(check and any(check.scanned.values()))
    posting, event = amend(posting, change, scanned=scanned, since=before.read_at, at=now, actor=MARKETPLACE)
    # What only says that something is another thing now is said better by this one.
    kept = tuple(each for each in folded.events if each.type is not EventType.POSTING_CHANGED)
    letter: tuple[Event, ...] = ()
    if event.data.get("stopped") and settings.tell_amended is not Automation.OFF:
        from shipby.application.validation.letters import letter_due  # as above

        letter = letter_due("amended", facts, settings.tell_amended, settings, now=now)
    return replace(folded, posting=rewind(posting), events=(*kept, event, *letter)), change.voids_label


def checked(
    folded: Folded,
    facts: MarketplacePosting,
    settings: SellerSettings,
    *,
    first: bool,
    store: Store,
    now: datetime,
) -> tuple[Folded, Sequence[Write]]:
    """The posting as it is held against the checks; nothing where nothing is wanted of it."""
    posting = folded.posting
    wanted = facts.requirements or settings.check_rules or posting.checked
    if not wanted and not (first and policy_for(posting, settings).auto_confirm is not Automation.OFF):
        return folded, ()
    from shipby.application.validation.check import check_read  # most orders want nothing: cold starts

    done = check_read(posting, facts, settings, first=first, store=store, now=now)
    return replace(folded, posting=done.posting, events=(*folded.events, *done.events)), done.writes


def shadow_notes(folded: Folded, settings: SellerSettings) -> Sequence[Write]:
    """Notes of what would have been done by itself after this read; the events stand at their places in `folded`."""
    if not any(event.type is EventType.AUTOMATION_SHADOWED for event in folded.events):
        return ()
    from shipby.application.shared.shadowing import shadow_writes  # only where a switch is in shadow: cold starts

    posting = folded.posting
    appended = AppendEvents(posting.seller, posting_ref(posting.number), posting.version, folded.events)
    return shadow_writes(appended, posting_number=posting.number, policy_version=settings.version)
