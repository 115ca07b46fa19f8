"""Hold an order against the checks in the transaction that brings it, or changes it.

Where everything fits nothing is written. Another verdict is one event; a stop opens the case of the posting, and its
cure closes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from shipby.application.cases.opening import closing, find_open_case, opening
from shipby.application.ports.matters import Cases
from shipby.application.ports.papers import BenchReads
from shipby.application.ports.sellers import Reports
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveCase, Write
from shipby.application.postings.exemplars import sheet_of
from shipby.application.validation.letters import letter_due
from shipby.domain import actors
from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.matter import Matter, restated
from shipby.domain.deadlines.amending import work_stage
from shipby.domain.events import Event, EventType, case_ref
from shipby.domain.json_types import Json
from shipby.domain.packing.cards import ExemplarSheet, ProductCard
from shipby.domain.postings.posting import BEFORE_HAND_OVER, MarketplacePosting, Posting, Scheme
from shipby.domain.sellers.check_rules import OF_CARDS, Check, CheckRule, Severity
from shipby.domain.sellers.overrides import policy_for
from shipby.domain.sellers.owners import owner_of
from shipby.domain.sellers.settings import Automation, SellerSettings
from shipby.domain.validation.limits import DropOffLimits, limits_of
from shipby.domain.validation.mismatch import Verdict, as_json
from shipby.domain.validation.validate import Known, validate

_ASKS = (Severity.BLOCKING, Severity.WARNING)
_IN_CASE = 5
"""Mismatches that a case names; the posting's own view has all of them."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The posting with its verdict (same version), what happened, and what else is written."""

    posting: Posting
    events: tuple[Event, ...] = ()
    writes: tuple[Write, ...] = ()
    verdict: Verdict = field(default_factory=Verdict)


def is_checked(posting: Posting, settings: SellerSettings) -> bool:
    """Whether checks still matter: it is in the house, and the seller wants them."""
    return settings.checks is not Automation.OFF and work_stage(posting) in BEFORE_HAND_OVER


def drop_off_kind(detail: MarketplacePosting) -> str:
    """Under which name the limits of its drop-off are remembered for a day: postings of one method leave together."""
    return f"drop-off.{detail.warehouse_id or '-'}.{detail.delivery_method_id or '-'}"


def drop_off_rules(detail: MarketplacePosting, settings: SellerSettings) -> bool:
    """Whether any rule wants to know the limits of its drop-off; the marketplace names them for FBS only."""
    return detail.scheme is Scheme.FBS and any(rule.check is Check.DROP_OFF for rule in settings.check_rules)


def limits_known(
    detail: MarketplacePosting,
    settings: SellerSettings,
    *,
    store: Reports,
    now: datetime,
    memo: dict[str, DropOffLimits | None] | None = None,
) -> DropOffLimits | None:
    """The limits of its drop-off as they were read today, where a rule wants them. `memo` saves reading the same ones
    for many orders."""
    if not drop_off_rules(detail, settings):
        return None
    kind = drop_off_kind(detail)
    if memo is not None and kind in memo:
        return memo[kind]
    kept = store.report(settings.seller, kind, now.date())
    limits = limits_of(kept) if kept else None
    if memo is not None:
        memo[kind] = limits
    return limits


def verdict_on(
    posting: Posting,
    detail: MarketplacePosting,
    settings: SellerSettings,
    *,
    store: Store,
    now: datetime,
    sheet: ExemplarSheet | None = None,
    cards: Mapping[str, ProductCard] | None = None,
    memo: dict[str, DropOffLimits | None] | None = None,
) -> Verdict:
    """What does not fit of an order now. `sheet`: what is being entered of its pieces, `cards`: those of its products;
    None: as they are stored. `memo` as in `limits_known`."""
    known = Known(
        cards=_cards(detail, settings.check_rules, settings.seller, store) if cards is None else cards,
        sheet=sheet if sheet is not None else sheet_of(detail, settings.seller, store=store),
        limits=limits_known(detail, settings, store=store, now=now, memo=memo),
        assembled=posting.assembled_at is not None,
    )
    return validate(detail, settings.check_rules, known)


def _cards(
    detail: MarketplacePosting, rules: Sequence[CheckRule], seller: str, store: BenchReads
) -> Mapping[str, ProductCard]:
    if not any(rule.check in OF_CARDS for rule in rules):
        return {}
    return store.product_cards_of(seller, list(dict.fromkeys(line.sku for line in detail.lines)))


def check(
    posting: Posting,
    detail: MarketplacePosting,
    settings: SellerSettings,
    *,
    store: Store,
    now: datetime,
    actor: str,
    sheet: ExemplarSheet | None = None,
) -> Checked:
    """Hold a posting against the checks; for a transaction of the caller's, which saves the posting."""
    verdict = Verdict()
    if is_checked(posting, settings):
        verdict = verdict_on(posting, detail, settings, store=store, now=now, sheet=sheet)
    return settled(posting, verdict, settings, store=store, now=now, actor=actor)


def check_read(
    posting: Posting, facts: MarketplacePosting, settings: SellerSettings, *, first: bool, store: Store, now: datetime
) -> Checked:
    """The same after a read of the marketplace; an order that fits may be confirmed by itself."""
    settings = policy_for(posting, settings)
    done = check(posting, facts, settings, store=store, now=now, actor=actors.CHECKS)
    asked = [each.code for each in done.verdict.found if each.ask_buyer and each.severity in _ASKS]
    if asked and done.posting.checked != posting.checked:
        codes: list[Json] = list(dict.fromkeys(asked))
        due = letter_due("checks", facts, settings.auto_ask_buyer, settings, now=now, codes=codes)
        done = replace(done, events=(*done.events, *due))
    fits_now = first or done.posting.checked != posting.checked
    if not fits_now or done.verdict.found or settings.auto_confirm is Automation.OFF:
        return done
    from shipby.application.validation.auto_confirm import confirm  # a switch that few turn: cold starts

    return confirm(done, facts, settings, now=now)


def marked(posting: Posting, verdict: Verdict, settings: SellerSettings) -> Posting:
    """The posting (same version) as a verdict leaves it."""
    allowed = posting.allowed if verdict.mark == posting.allowed else ""
    stops = () if allowed or settings.checks is not Automation.ON else verdict.stops
    return replace(posting, holds=stops, checked=verdict.mark, allowed=allowed)


def settled(
    posting: Posting, verdict: Verdict, settings: SellerSettings, *, store: Cases, now: datetime, actor: str
) -> Checked:
    """The posting with a verdict, the event that tells of another one, and what opens or closes its case."""
    mark, changed = verdict.mark, marked(posting, verdict, settings)
    if changed == posting:
        return Checked(posting, verdict=verdict)
    gone = work_stage(posting) not in BEFORE_HAND_OVER
    events: tuple[Event, ...] = ()
    if mark != posting.checked and not gone:
        events = (_told(verdict, settings, now, actor),)
    return Checked(changed, events, tuple(_case(posting, changed, verdict, settings, store, now, actor)), verdict)


def _told(verdict: Verdict, settings: SellerSettings, now: datetime, actor: str) -> Event:
    data: dict[str, Json] = {
        "mismatches": as_json(verdict.found),
        "count": len(verdict.found),
        "stops": list(verdict.stops),
        "policy": settings.version,
    }
    if settings.checks is Automation.SHADOW:
        data["shadow"] = True
    return Event(type=EventType.POSTING_CHECKED, at=now, actor=actor, data=data)


def _case(
    before: Posting,
    after: Posting,
    verdict: Verdict,
    settings: SellerSettings,
    store: Cases,
    now: datetime,
    actor: str,
) -> list[Write]:
    """One case a posting: opened by the first stop, brought up to date by another one, closed by the cure."""
    seller, kind, number = after.seller, CaseKind.CANNOT_SHIP, after.number
    if not after.holds:
        if not before.holds:
            return []
        why = "a person lets it go on" if after.allowed else "everything fits now"
        if work_stage(after) not in BEFORE_HAND_OVER:
            why = f"the posting is {after.stage}"
        return closing(store, seller=seller, kind=kind, subject=number, resolution=why, now=now, actor=actor)
    reason, owner = _reason(after, verdict), owner_of(after, settings)
    known = find_open_case(store, Matter(seller=seller, kind=kind, subject=number))
    if known is None:
        _, writes = opening(
            store, seller=seller, kind=kind, subject=number, reason=reason, owner=owner, now=now, actor=actor
        )
        return writes
    if known.reason == reason:
        return []
    case, event = restated(known, reason=reason, owner=owner, at=now, actor=actor)
    return [SaveCase(case), AppendEvents(seller, case_ref(case.id), case.version, (event,))]


def _reason(posting: Posting, verdict: Verdict) -> str:
    """Can't, because X, fixed by Y before Z."""
    stops = [each for each in verdict.found if each.code in posting.holds]
    told = "; ".join(f"{each.what} ({each.code}): {each.todo}" for each in stops[:_IN_CASE])
    more = f"; {len(stops) - _IN_CASE} more" if len(stops) > _IN_CASE else ""
    before = f" Before {posting.cut_off:%Y-%m-%d %H:%M} UTC." if posting.cut_off else ""
    return f"posting {posting.number} cannot be sent as it is: {told}{more}.{before}"
