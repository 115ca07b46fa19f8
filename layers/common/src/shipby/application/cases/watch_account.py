"""What is watched of a seller's account in each poll round: push health, the life of the key, the error index.

Each check has its own pace and its own watch; a watch is written when it was checked, so `checked_at` is its pace, but
push health only when it changes, because it is read in every round. All checks run after the postings were listed with
the same key: a method that then answers "rejected" is one that the key may not call, which is a state, not a failure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import cast

from shipby.application.cases.odd_entries import close_readable, keep_odd_entries, noting
from shipby.application.cases.opening import close_open_case, open_case
from shipby.application.ports.clock import Clock
from shipby.application.ports.marketplace import Marketplace, PushUrlHealth
from shipby.application.ports.matters import Watches
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, Commits, SaveWatch
from shipby.application.rating.index_figures import NOT_PERMITTED
from shipby.application.rating.watch_index import watch_index
from shipby.application.shared.retry import decide_anew
from shipby.application.shared.troubles import Troubles
from shipby.domain import actors
from shipby.domain.cases import watches
from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.watch import Watch
from shipby.domain.cases.watches import DISABLED, HEALTHY, KEY_WARNINGS, push_alarm
from shipby.domain.errors import ActionNotOfferedError, CredentialsRejectedError
from shipby.domain.events import Event, EventType, watch_ref
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Alarm, RungKind
from shipby.domain.rating.standing import KeyInfo
from shipby.domain.skew import age, ahead

PUSH_HEALTH = watches.PUSH_HEALTH
KEY = watches.MARKETPLACE_KEY
KEY_EVERY = timedelta(days=1)
SLACK = timedelta(minutes=2)
"""A schedule is not exact to the second: what is due within this time is done now, not a whole round later."""
NO_ADDRESS = "NONE"
"""State of push health where no address is registered: everything is found by polling, nothing is unhealthy."""
_WORSE: Sequence[str] = (HEALTHY, "YELLOW", "RED", DISABLED)
_OURS = "/ozon/push/"


class KeyState(StrEnum):
    """States of the watch `marketplace-key`."""

    VALID = "valid"
    EXPIRES_SOON = "expires_soon"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class AccountState:
    """What a round saw: the state of every push address, the worst of ours, the key, and the band of the index; empty
    where it could not be read."""

    push_states: tuple[str, ...]
    push: str
    key: str
    index: str

    def view(self) -> dict[str, Json]:
        return {"push": list(self.push_states), "key": self.key, "index": self.index}


def watch_account(
    seller: str,
    *,
    store: Store,
    marketplace: Marketplace,
    clock: Clock,
    at_once: bool = False,
    troubles: Troubles | None = None,
) -> AccountState:
    """Do what is due; `at_once`: read the error index whether it is due or not, because somebody asks.

    What fails stops nothing beside it, and the next round tries again. It is added to `troubles`; without them the
    first is raised at the end.
    """
    now, own = clock.now(), Troubles()
    key = push = index = ""
    states: tuple[str, ...] = ()
    with noting() as odd:
        with own.of("key"):
            key = watch_key(seller, store=store, marketplace=marketplace, now=now)
        with own.of("push addresses"):
            states, push = watch_push(seller, store=store, marketplace=marketplace, now=now)
        with own.of("error index"):
            index = watch_index(seller, store=store, marketplace=marketplace, now=now, at_once=at_once)
    whole = not own.found
    with own.of("odd entries of the account"):
        keep_odd_entries(seller, odd, store=store, now=now)
        if whole:
            close_readable(seller, odd, odd.whole, store=store, now=now)
    if troubles is None:
        own.settle()
    else:
        troubles.found += own.found
    return AccountState(states, push, key, index)


def watch_push(seller: str, *, store: Watches, marketplace: Marketplace, now: datetime) -> tuple[tuple[str, ...], str]:
    """The states of all push addresses, and the one that counts; a change of it is written and told."""
    try:
        found = marketplace.push_health()
    except (CredentialsRejectedError, ActionNotOfferedError) as error:
        note_state(seller, PUSH_HEALTH, NOT_PERMITTED, {"problem": str(error)}, store=store, now=now)
        return (), NOT_PERMITTED
    states = tuple(url.state for url in found)
    # Addresses of other programs at the same account say nothing of ours.
    ours = [url for url in found if f"{_OURS}{seller}." in url.url] or list(found)
    state = max((url.state for url in ours), key=_badness, default=NO_ADDRESS)

    def once() -> None:
        watch = store.watch(seller, PUSH_HEALTH)
        before = watch.state if watch else ""
        if before == state and not (watch and ahead(watch.checked_at, now)):
            return
        unhealthy = _badness(state) > 0
        was_unhealthy = _badness(before) > 0
        if unhealthy and _badness(state) > _badness(before):
            happened = EventType.PUSH_UNHEALTHY
        else:
            happened = EventType.PUSH_RECOVERED if was_unhealthy and state == HEALTHY else EventType.WATCH_CHANGED
        reason = "; ".join(url.reason for url in ours if url.state == state and url.reason)
        event = Event(
            type=happened,
            at=now,
            actor=actors.MARKETPLACE_POLL,
            reason=reason,
            data={"state": state, "was": before or None},
        )
        changed = Watch(
            seller=seller,
            id=PUSH_HEALTH,
            version=watch.version + 1 if watch else 1,
            checked_at=now,
            state=state,
            data={"urls": [_url_view(url) for url in found]},
            next_alarm=push_alarm(state, now) if unhealthy else None,
        )
        _save(changed, event, store)

    decide_anew(once)
    return states, state


def watch_key(seller: str, *, store: Store, marketplace: Marketplace, now: datetime) -> str:
    """Once a day, or after a rejection: when the key ends. A new end arms its alarm anew and is told as renewed."""
    known = store.watch(seller, KEY)
    rejected = known is not None and known.state == KeyState.REJECTED
    if known is not None and not rejected and age(known.checked_at, now) < KEY_EVERY - SLACK:
        return known.state
    if rejected:
        # Before the watch changes: a round that breaks off in between must not leave a case open that nobody closes.
        close_open_case(
            store,
            seller=seller,
            kind=CaseKind.MARKETPLACE_KEY,
            subject=KEY,
            resolution="the marketplace accepts the key again",
            now=now,
            actor=actors.MARKETPLACE_POLL,
        )
    try:
        info = marketplace.key_info()
    except (CredentialsRejectedError, ActionNotOfferedError) as error:
        # The key works, as the lists of this round show; only its own end cannot be read with it.
        note_state(seller, KEY, NOT_PERMITTED, {"problem": str(error)}, store=store, now=now)
        return NOT_PERMITTED
    return decide_anew(lambda: _note_key(seller, info, store=store, now=now))


def note_rejected_key(seller: str, problem: str, *, store: Store, now: datetime) -> None:
    """The marketplace rejects the key: told once per rejection, with a case that stays open until a key works."""

    def once() -> None:
        watch = store.watch(seller, KEY)
        if watch is not None and watch.state == KeyState.REJECTED:
            return
        event = Event(
            type=EventType.KEY_REJECTED, at=now, actor=actors.MARKETPLACE_POLL, reason=problem, data={"watch": KEY}
        )
        changed = Watch(
            seller=seller,
            id=KEY,
            version=watch.version + 1 if watch else 1,
            checked_at=now,
            state=KeyState.REJECTED,
            data={**(watch.data if watch else {}), "problem": problem},
        )
        _save(changed, event, store)

    decide_anew(once)
    # Asked for every time: a round that broke off after the watch must not leave the matter without its case.
    open_case(
        store,
        seller=seller,
        kind=CaseKind.MARKETPLACE_KEY,
        subject=KEY,
        reason=problem,
        now=now,
        actor=actors.MARKETPLACE_POLL,
    )


def note_state(
    seller: str, identifier: str, state: str, data: Mapping[str, Json], *, store: Watches, now: datetime
) -> None:
    """A watch that could not be read at all: its state says so, its alarm is taken down, nobody is woken."""

    def once() -> None:
        watch = store.watch(seller, identifier)
        if watch is not None and watch.state == state and age(watch.checked_at, now) < KEY_EVERY - SLACK:
            return
        event = Event(
            type=EventType.WATCH_CHANGED,
            at=now,
            actor=actors.MARKETPLACE_POLL,
            reason=str(data.get("problem", "")),
            data={"state": state, "was": watch.state if watch else None},
        )
        version = watch.version + 1 if watch else 1
        _save(
            Watch(seller=seller, id=identifier, version=version, checked_at=now, state=state, data=dict(data)),
            event,
            store,
        )

    decide_anew(once)


def _note_key(seller: str, info: KeyInfo, *, store: Watches, now: datetime) -> str:
    watch = store.watch(seller, KEY)
    ends = info.expires_at
    state = KeyState.EXPIRES_SOON if ends is not None and ends - KEY_WARNINGS[0] <= now else KeyState.VALID
    text = ends.isoformat() if ends else None
    same = watch is not None and watch.data.get("expires_at") == text
    rejected = watch is not None and watch.state == KeyState.REJECTED
    renewed = rejected or (watch is not None and not same and watch.data.get("expires_at") is not None)
    event = Event(
        type=EventType.KEY_RENEWED if renewed else EventType.WATCH_CHANGED,
        at=now,
        actor=actors.MARKETPLACE_POLL,
        data={"state": state, "expires_at": text},
    )
    data: dict[str, Json] = {"expires_at": text, "methods": len(info.methods)}
    if watch is None:
        changed = Watch(seller=seller, id=KEY, version=1, checked_at=now, state=state, data=data)
    else:
        changed = replace(watch, version=watch.version + 1, checked_at=now, state=state, data=data)
    if not same or rejected:
        # The first warning, even where it is past already: a key found with five days left is told at once.
        first = Alarm(due=ends - KEY_WARNINGS[0], kind=RungKind.KEY_EXPIRES) if ends else None
        changed = replace(changed, next_alarm=first)
    _save(changed, event, store)
    return state


def _save(watch: Watch, event: Event, store: Commits) -> None:
    store.commit([SaveWatch(watch), AppendEvents(watch.seller, watch_ref(watch.id), watch.version, (event,))])


def _badness(state: str) -> int:
    """0: nothing is wrong with it. A word that the marketplace has not published is as bad as YELLOW."""
    if state in ("", NO_ADDRESS, NOT_PERMITTED):
        return 0
    return _WORSE.index(state) if state in _WORSE else 1


def unhealthy(state: str) -> bool:
    """Whether pushes may be missing, so that the seller is polled faster."""
    return _badness(state) > 0


def _url_view(url: PushUrlHealth) -> Json:
    return cast("Json", {"url": url.url, "state": url.state, "reason": url.reason})
