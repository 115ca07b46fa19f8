"""Signing in and out: a person's own console, and benches that many share.

A token is 32 random bytes, shown once; what is stored is its sha256. Nobody chooses a token: each sign-in, each other
shop and each change of the person's role makes a new one, and the former opens nothing any more.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.ports.writes import SaveAccess
from shipby.application.sellers.authenticate import key_hash, live_key, live_session, person_of, session_by_hash
from shipby.application.shared.retry import decide_anew
from shipby.domain.errors import SignInRefusedError, TooManyTriesError, VersionConflictError
from shipby.domain.people import pins
from shipby.domain.people import tries as counting
from shipby.domain.people.person import Person
from shipby.domain.people.session import BENCH, CONSOLE, SEEN_EVERY, Session, role_at
from shipby.domain.people.tries import Tries
from shipby.domain.pointers import BADGE


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody with a live session."""

    session: Session
    person: Person
    token: str = ""
    """A new token, to be handed out in place of what came, which opens nothing any more. Empty: it stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchSignIn:
    """What a person shows at a shared bench: the code of their badge, or who they are and their PIN, or all of it."""

    badge: str = ""
    person: str = ""
    pin: str = ""


def open_session(api_key: str, *, store: Store, clock: Clock) -> SignedIn:
    """Sign a person in at a console of their own by one of their keys, `shp_<id>.<secret>`.

    Raises SignInRefusedError for a key that is not valid, or not a person's, or whose person was removed.
    """
    key = live_key(api_key, store=store, now=clock.now())
    person = person_of(key, store) if key else None
    if person is None:
        raise SignInRefusedError("no person of a shop has this key; a program's key signs nobody in")
    return _begin(person, station="", store=store, clock=clock)


def open_own_session(seller: str, person: str, *, store: Store, clock: Clock) -> SignedIn:
    """Sign in a person whose key was looked at already. Raises SignInRefusedError for nobody, or who was removed."""
    known = store.person(seller, person) if person else None
    if known is None:
        raise SignInRefusedError("this key is nobody's; a program's key signs nobody in")
    return _begin(known, station="", store=store, clock=clock)


def open_bench_session(seller: str, station: str, shown: BenchSignIn, *, store: Store, clock: Clock) -> SignedIn:
    """Sign a person in at the shared bench whose key is `station`: as a packer, for a short while.

    Raises SignInRefusedError for a badge or PIN that is nobody's, TooManyTriesError after a few wrong ones (of the
    person, or at the bench), InvalidInputError for a scan that is no badge: it counts as no try.
    """
    badge = pins.badge_hash(shown.badge) if shown.badge else ""
    bench = f"station.{station}"
    _count(seller, bench, store, clock)
    person = _badge_of(seller, badge, store) if badge else None
    if badge and (person is None or shown.person not in ("", person.id)):
        raise _refused()
    if not badge or shown.pin:
        person = _by_pin(seller, person.id if person else shown.person, shown.pin, store, clock)
    if person is None or role_at(person, station=True) is None:
        raise _refused()
    _forget(seller, bench, store)
    return _begin(person, station=station, store=store, clock=clock)


def session_of(token: str, *, store: Store, clock: Clock) -> SignedIn | None:
    """Who is signed in by a token; None: nobody, any more. Notes the call, at most once in SEEN_EVERY.

    Where the person's role has changed since, the answer has another token, for the new role.
    """
    now = clock.now()
    found = live_session(token, store=store, now=now)
    if found is None:
        return None
    session, person = found
    role = role_at(person, station=bool(session.station))
    if role is None:
        return None
    if role is not session.role:
        try:
            return _instead(session, person, store=store, clock=clock)
        except VersionConflictError:
            return None  # another call has the new token, or has signed out
    if now - session.seen_at >= SEEN_EVERY:
        store.note_session_use(session.sha256, now)
    return SignedIn(session, person)


def switch_shop(sha256: str, seller: str, *, store: Store, clock: Clock) -> SignedIn:
    """Go on in another shop that the person belongs to, with another token; `sha256` is the hash of the present one.

    Raises SignInRefusedError if nobody is signed in, if it is a shared bench, or if they do not belong to that shop.
    """
    found = session_by_hash(sha256, store=store, now=clock.now())
    person = store.person(seller, found[1].id) if found and not found[0].station else None
    if found is None or person is None or not person.active:
        raise SignInRefusedError("this session cannot go on in that shop")
    return _instead(found[0], person, store=store, clock=clock)


def close_session(token: str, *, store: Store, clock: Clock) -> None:
    """Sign out. A token that opens nothing is fine."""
    close_session_of(key_hash(token), store=store, clock=clock)


def close_session_of(sha256: str, *, store: Store, clock: Clock) -> None:
    """Sign out by the hash of the token."""

    def once() -> None:
        session = store.session(sha256)
        if session is not None and session.closed_at is None:
            store.commit([SaveAccess(_closed(session, clock.now()))])

    decide_anew(once)


def shops_of(person: str, *, store: Store) -> list[Person]:
    """The person as each of their shops knows them, shops in the order of their ids; those they have left are not."""
    account = store.account(person)
    found = [store.person(seller, person) for seller in sorted(account.sellers)] if account else []
    return [each for each in found if each is not None and each.active]


def _begin(person: Person, *, station: str, store: Store, clock: Clock) -> SignedIn:
    token, session = _new(person, station, clock.now())
    store.commit([SaveAccess(session)])
    return SignedIn(session, person, token)


def _instead(former: Session, person: Person, *, store: Store, clock: Clock) -> SignedIn:
    """Another session in place of one: both in one transaction, so that of two at once one alone goes on."""
    now = clock.now()
    token, session = _new(person, former.station, now)
    session = replace(session, ends_at=min(former.ends_at, session.ends_at))
    store.commit([SaveAccess(_closed(former, now)), SaveAccess(session)])
    return SignedIn(session, person, token)


def _new(person: Person, station: str, now: datetime) -> tuple[str, Session]:
    role = role_at(person, station=bool(station))
    if role is None:
        raise _refused()
    life = BENCH if station else CONSOLE
    token = f"shs_{secrets.token_urlsafe(32)}"
    session = Session(
        sha256=key_hash(token),
        version=1,
        seller=person.seller,
        person=person.id,
        role=role,
        opened_at=now,
        seen_at=now,
        idle=life.idle,
        ends_at=now + life.whole,
        station=station,
    )
    return token, session


def _closed(session: Session, now: datetime) -> Session:
    return replace(session, version=session.version + 1, closed_at=now)


def _badge_of(seller: str, digest: str, store: Store) -> Person | None:
    identifier = store.find(seller, BADGE, digest)
    person = store.person(seller, identifier) if identifier else None
    return person if person is not None and person.badge == digest else None


def _by_pin(seller: str, identifier: str, pin: str, store: Store, clock: Clock) -> Person:
    person = store.person(seller, identifier) if identifier else None
    if person is not None:
        _count(seller, f"person.{person.id}", store, clock)
    # Of somebody who is not there a PIN is looked at just as long: the time tells nothing of who works here.
    if not pins.pin_is(pin, person.pin if person else "") or person is None:
        raise _refused()
    _forget(seller, f"person.{person.id}", store)
    return person


def _count(seller: str, subject: str, store: Store, clock: Clock) -> None:
    """Raises TooManyTriesError while nobody may try; else what is tried now counts as wrong until it proves right."""

    def once() -> None:
        now = clock.now()
        known = store.tries(seller, subject) or Tries(seller=seller, subject=subject)
        left = counting.wait(known, now).total_seconds()
        if left:
            raise TooManyTriesError("too many wrong tries, so nobody may try for a while", retry_after=left)
        store.commit([SaveAccess(counting.one_more(known, now))])

    decide_anew(once)


def _forget(seller: str, subject: str, store: Store) -> None:
    def once() -> None:
        known = store.tries(seller, subject)
        if known is not None and known.wrong:
            store.commit([SaveAccess(counting.right(known))])

    decide_anew(once)


def _refused() -> SignInRefusedError:
    return SignInRefusedError("no badge or PIN of anybody who packs here")
