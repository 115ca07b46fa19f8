"""The case of a held decision: opened where an automatic action is stopped, closed where it is decided after all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shipby.application.cases.opening import closing, find_open_case, opening
from shipby.application.ports.matters import Cases
from shipby.application.ports.sellers import SellerReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, Commits, SaveCase, SaveWatch, Write
from shipby.application.shared.retry import or_decide_anew
from shipby.domain import actors
from shipby.domain.cases import watches
from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.cases.held import HeldDecision, Wait
from shipby.domain.cases.matter import Matter, still_held
from shipby.domain.cases.watch import Watch
from shipby.domain.events import Event, EventType, Ref, case_ref, posting_ref, watch_ref
from shipby.domain.postings.posting import Alarm, Posting, RungKind
from shipby.domain.sellers.owners import owner_of
from shipby.domain.sellers.settings import SellerSettings

POLICY_IS_READ = timedelta(seconds=35)
"""The alarm worker may remember a policy for 30 s: what a change rings is decided when nobody has the old one."""
DEFAULT_CAP = 10
"""Automatic actions of one kind a day where the seller named no cap."""
HELD_WATCH = watches.HELD_DECISIONS
"""The watch whose alarm has every held decision of a seller taken again."""
SHIP = "ship"
"""The action of a posting that ships itself, as its events name it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """An automatic action that is not taken now: which, why, and who owns its case."""

    seller: str
    ref: Ref
    action: str
    waits_for: Wait
    reason: str
    actor: str
    owner: str = ""
    """By the stage of its posting; empty: whom the policy names."""


def matter_of(seller: str, ref: Ref, action: str) -> Matter:
    """One case per item and action, whatever it waits for."""
    return Matter(seller=seller, kind=CaseKind.HELD, subject=f"{ref.kind} {ref.id} {action}")


def held_case(store: Cases, seller: str, ref: Ref, action: str) -> Case | None:
    """The open case of a decision that waits, strongly consistent."""
    return find_open_case(store, matter_of(seller, ref, action))


def hold(stopped: Stopped, *, store: Cases, now: datetime) -> list[Write]:
    """What opens the case of a stopped action in the caller's transaction, or moves the alarm of the open one."""
    known = held_case(store, stopped.seller, stopped.ref, stopped.action)
    if known is not None:
        return waits_on(known, stopped.waits_for, stopped.reason, now=now, actor=stopped.actor)
    matter = matter_of(stopped.seller, stopped.ref, stopped.action)
    _, writes = opening(
        store,
        seller=stopped.seller,
        kind=matter.kind,
        subject=matter.subject,
        reason=stopped.reason,
        owner=stopped.owner,
        now=now,
        actor=stopped.actor,
        held=HeldDecision(ref=stopped.ref, action=stopped.action, waits_for=stopped.waits_for, told_at=now),
    )
    return writes


def hold_posting(
    events: Sequence[Event],
    posting: Posting,
    settings: SellerSettings,
    *,
    store: Cases,
    now: datetime | None = None,
) -> list[Write]:
    """The cases of what these events of a posting say is held back; `now` if that is not when they happened."""
    writes: list[Write] = []
    for event in events:
        if event.type is EventType.AUTOMATION_HELD:
            stopped = Stopped(
                seller=posting.seller,
                ref=posting_ref(posting.number),
                action=str(event.data["action"]),
                # Events of older releases do not say it: soon enough for everything.
                waits_for=Wait(str(event.data.get("waits_for", Wait.INDEX))),
                reason=event.reason,
                owner=owner_of(posting, settings),
                actor=event.actor,
            )
            writes += hold(stopped, store=store, now=now or event.at)
    return writes


def waits_on(case: Case, wait: Wait, reason: str, *, now: datetime, actor: str) -> list[Write]:
    """The case of a decision that was taken again and still waits; nothing if that is no news and its alarm stands."""
    assert case.held is not None  # noqa: S101  # only cases of held decisions come here
    ahead = case.next_alarm is not None and case.next_alarm.due > now
    if ahead and wait is case.held.waits_for:
        return []
    changed, event = still_held(case, wait, reason=reason, at=now, actor=actor)
    return [SaveCase(changed), AppendEvents(case.seller, case_ref(case.id), changed.version, (event,))]


def still_stopped(case: Case, settings: SellerSettings, *, cap: str, store: SellerReads, now: datetime) -> bool:
    """Whether the kill switch or the day's cap still stops a decision: asked by reading, which costs no transaction."""
    waits = case.held.waits_for if case.held is not None else None
    if waits is Wait.KILL_SWITCH:
        return settings.kill_switch
    limit = settings.caps.get(cap, DEFAULT_CAP)
    return waits is Wait.CAP and store.cap_used(case.seller, cap, now.date()) >= limit


def refuses(case: Case) -> bool:
    """Whether a decision waits because the marketplace refused its call."""
    return case.held is not None and case.held.waits_for is Wait.MARKETPLACE


def let_go(
    seller: str, ref: Ref, action: str, resolution: str, *, store: Cases, now: datetime, actor: str
) -> list[Write]:
    """What closes the case of a decision, in the transaction that takes it; nothing if it was not held."""
    matter = matter_of(seller, ref, action)
    return closing(
        store, seller=seller, kind=matter.kind, subject=matter.subject, resolution=resolution, now=now, actor=actor
    )


def ring_held(seller: str, *, store: Store, now: datetime) -> list[Write]:
    """What has a seller's held decisions taken again at once, in the transaction that may have brought what they wait
    for; nothing where no case of theirs is open."""
    if not store.cases_in(seller, limit=1).items:
        return []
    known = store.watch(seller, HELD_WATCH)
    watch = known or Watch(seller=seller, id=HELD_WATCH, version=0, checked_at=now)
    alarm = Alarm(due=now + POLICY_IS_READ, kind=RungKind.DECIDE_AGAIN)
    armed = replace(watch, version=watch.version + 1, checked_at=now, next_alarm=alarm)
    event = Event(type=EventType.WATCH_CHANGED, at=now, actor=actors.SETTINGS, reason="the settings changed")
    return [SaveWatch(armed), AppendEvents(seller, watch_ref(HELD_WATCH), armed.version, (event,))]


def commit(store: Commits, writes: Sequence[Write]) -> None:
    """Commit what may open a case. Raises VersionConflictError too where somebody opened the same one meanwhile."""
    with or_decide_anew("a case about it was opened meanwhile: read it again"):
        store.commit(list(writes))
