"""Signing in and out: who stays in for how long, and what ends it."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.people.sessions import (
    BenchSignIn,
    SignedIn,
    close_session,
    open_bench_session,
    open_session,
    session_of,
    shops_of,
    switch_shop,
)
from shipby.application.ports.writes import ClaimPointer, SaveAccess
from shipby.application.sellers.authenticate import authenticate, key_hash
from shipby.application.sellers.register import create_api_key, new_api_key
from shipby.domain.errors import InvalidInputError, SignInRefusedError, TooManyTriesError
from shipby.domain.people import pins
from shipby.domain.people.account import Account
from shipby.domain.people.person import Person
from shipby.domain.people.session import BENCH, CONSOLE
from shipby.domain.pointers import BADGE
from shipby.domain.sellers.keys import Role
from tests.support import builders as a
from tests.support.memory_store import MemoryStore

MINUTE = timedelta(minutes=1)
PIN = "2580"


class Shop:
    """One shop with a person, their key, their badge and PIN."""

    def __init__(self) -> None:
        self.clock = a.FixedClock()
        self.store = MemoryStore(clock=self.clock)
        self.badge = pins.new_badge()
        digest = pins.badge_hash(self.badge)
        self.anna = a.person(role=Role.PACKER, pin=pins.pin_hash(PIN), badge=digest)
        key, self.key = new_api_key(a.SELLER, Role.PACKER, self.clock.now(), name="laptop", person=self.anna.id)
        pointer = ClaimPointer(a.SELLER, BADGE, digest, self.anna.id)
        self.store.commit([SaveAccess(self.anna), SaveAccess(key), pointer])

    def open(self) -> SignedIn:
        return open_session(self.key.text, store=self.store, clock=self.clock)

    def at_bench(self, **shown: str) -> SignedIn:
        return open_bench_session(a.SELLER, "b1", BenchSignIn(**shown), store=self.store, clock=self.clock)

    def who(self, token: str) -> SignedIn | None:
        return session_of(token, store=self.store, clock=self.clock)

    def may_call(self, token: str) -> bool:
        return authenticate(f"Bearer {token}", store=self.store, now=self.clock.now()) is not None

    def change(self, **changes: Any) -> Person:
        known = self.store.person(a.SELLER, self.anna.id)
        assert known is not None
        changed = replace(known, version=known.version + 1, **changes)
        self.store.commit([SaveAccess(changed)])
        return changed


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_a_persons_key_signs_them_in_and_the_token_is_stored_as_its_hash_alone(shop: Shop) -> None:
    signed = shop.open()
    assert len(signed.token) == len("shs_") + 43
    assert (signed.person, signed.session.role, signed.session.station) == (shop.anna, Role.PACKER, "")
    assert signed.token not in repr(shop.store._rows)
    assert shop.store.session(key_hash(signed.token)) == signed.session
    found = shop.who(signed.token)
    assert found is not None
    assert (found.person, found.token) == (shop.anna, "")


def test_every_sign_in_has_a_token_of_its_own(shop: Shop) -> None:
    first, second = shop.open(), shop.open()
    assert first.token != second.token
    close_session(first.token, store=shop.store, clock=shop.clock)
    assert shop.who(first.token) is None
    assert shop.who(second.token) is not None


def test_a_programs_key_a_wrong_one_and_a_revoked_one_sign_nobody_in(shop: Shop) -> None:
    program = create_api_key(a.SELLER, Role.OWNER, store=shop.store, clock=shop.clock)
    wrong = shop.key.text[:-1] + ("A" if shop.key.text[-1] != "A" else "B")
    for text in (program.text, wrong, "", "shp_", shop.key.text.replace("shp_", "shs_")):
        with pytest.raises(SignInRefusedError):
            open_session(text, store=shop.store, clock=shop.clock)
    key = shop.store.api_key(shop.key.id)
    assert key is not None
    shop.store.commit([SaveAccess(replace(key, version=2, revoked_at=shop.clock.now()))])
    with pytest.raises(SignInRefusedError):
        shop.open()


@pytest.mark.parametrize("end", [timedelta(microseconds=-1), timedelta()])
def test_a_session_ends_when_nobody_called_for_a_while(shop: Shop, end: timedelta) -> None:
    token = shop.open().token
    shop.clock.advance(CONSOLE.idle + end)
    assert (shop.who(token) is not None) == shop.may_call(token) == (end < timedelta())


def test_a_session_that_is_used_ends_all_the_same_at_last(shop: Shop) -> None:
    token, calls = shop.open().token, 0
    while shop.who(token) is not None:
        shop.clock.advance(20 * MINUTE)
        calls += 1
    assert calls == CONSOLE.whole // (20 * MINUTE)


def test_its_last_call_is_noted_once_a_minute_at_most(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    token, noted = shop.open().token, []
    real = shop.store.note_session_use

    def note(*told: Any) -> None:
        noted.append(told)
        real(*told)

    monkeypatch.setattr(shop.store, "note_session_use", note)
    for _ in range(10):
        shop.clock.advance(timedelta(seconds=30))
        assert shop.who(token) is not None
    assert len(noted) == 5


@pytest.mark.parametrize("how", ["console", "bench"])
def test_who_was_removed_is_out_at_once_and_stays_out_when_taken_in_again(shop: Shop, how: str) -> None:
    token = shop.open().token if how == "console" else shop.at_bench(badge=shop.badge).token
    shop.clock.advance(MINUTE)
    shop.change(removed_at=shop.clock.now())
    assert shop.who(token) is None
    assert not shop.may_call(token)
    assert not shop.may_call(shop.key.text)
    with pytest.raises(SignInRefusedError):
        shop.open()
    with pytest.raises(SignInRefusedError):
        shop.at_bench(person=shop.anna.id, pin=PIN)
    shop.change(removed_at=None, added_at=shop.clock.now())
    assert shop.who(token) is None
    assert not shop.may_call(token)
    assert not shop.may_call(shop.key.text)


def test_another_role_has_another_token(shop: Shop) -> None:
    token = shop.open().token
    shop.change(role=Role.MANAGER)
    assert not shop.may_call(token)
    found = shop.who(token)
    assert found is not None
    assert (found.session.role, bool(found.token)) == (Role.MANAGER, True)
    assert found.session.ends_at == a.NOW + CONSOLE.whole
    assert shop.who(token) is None
    assert shop.may_call(found.token)


def test_of_two_calls_after_another_role_one_gets_the_new_token(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    token, commit, inner = shop.open().token, shop.store.commit, []
    shop.change(role=Role.MANAGER)

    def between(*told: object, **more: object) -> None:
        monkeypatch.setattr(shop.store, "commit", commit)
        inner.append(shop.who(token))
        commit(*told, **more)  # type: ignore[arg-type]  # as it came

    monkeypatch.setattr(shop.store, "commit", between)
    assert shop.who(token) is None
    assert inner[0] is not None
    assert shop.may_call(inner[0].token)


def test_a_badge_or_a_pin_signs_a_packer_in_for_a_short_while(shop: Shop) -> None:
    for shown in (
        {"badge": shop.badge},
        {"badge": shop.badge.lower() + "\n"},
        {"person": shop.anna.id, "pin": PIN},
        {"badge": shop.badge, "pin": PIN},
        {"badge": shop.badge, "person": shop.anna.id, "pin": PIN},
    ):
        signed = shop.at_bench(**shown)
        assert (signed.person.id, signed.session.role, signed.session.station) == (shop.anna.id, Role.PACKER, "b1")
        assert signed.session.ends_at - signed.session.opened_at == BENCH.whole
        shop.clock.advance(BENCH.idle)
        assert shop.who(signed.token) is None


@pytest.mark.parametrize(
    ("role", "as_what"),
    [
        (Role.OWNER, Role.PACKER),
        (Role.MANAGER, Role.PACKER),
        (Role.PACKER, Role.PACKER),
        (Role.SUPPORT, None),
        (Role.INTEGRATION, None),
        (Role.STATION, None),
    ],
)
def test_a_badge_opens_no_more_than_the_bench(shop: Shop, role: Role, as_what: Role | None) -> None:
    shop.change(role=role)
    if as_what is None:
        with pytest.raises(SignInRefusedError):
            shop.at_bench(badge=shop.badge)
        return
    signed = shop.at_bench(badge=shop.badge)
    assert signed.session.role is as_what
    found = authenticate(f"Bearer {signed.token}", store=shop.store, now=shop.clock.now())
    assert found is not None
    assert (found.role, found.person) == (as_what, shop.anna.id)


WRONG: list[Callable[[Shop], dict[str, str]]] = [
    lambda _: {"badge": pins.new_badge()},
    lambda shop: {"person": shop.anna.id, "pin": "2581"},
    lambda shop: {"person": shop.anna.id},
    lambda _: {"person": "nobody", "pin": PIN},
    lambda _: {"pin": PIN},
    lambda _: {},
    lambda shop: {"badge": shop.badge, "pin": "2581"},
    lambda shop: {"badge": shop.badge, "person": "another"},
]


@pytest.mark.parametrize("shown", WRONG)
def test_what_is_wrong_is_refused_in_one_word(shop: Shop, shown: Callable[[Shop], dict[str, str]]) -> None:
    with pytest.raises(SignInRefusedError, match="no badge or PIN of anybody who packs here"):
        shop.at_bench(**shown(shop))


def test_a_badge_of_another_shop_or_one_that_was_replaced_is_nobodys(shop: Shop) -> None:
    with pytest.raises(SignInRefusedError):
        open_bench_session("seller-2", "b1", BenchSignIn(badge=shop.badge), store=shop.store, clock=shop.clock)
    shop.change(badge=pins.badge_hash(pins.new_badge()))
    with pytest.raises(SignInRefusedError):
        shop.at_bench(badge=shop.badge)


def test_after_five_wrong_pins_nobody_may_try_and_the_wait_grows(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "pin_is", lambda pin, _: pin == PIN)
    tried = 0
    waits: list[float | None] = []
    while len(waits) < 8:
        with pytest.raises((SignInRefusedError, TooManyTriesError)) as caught:
            shop.at_bench(person=shop.anna.id, pin="9999")
        if isinstance(caught.value, TooManyTriesError):
            waits.append(caught.value.retry_after)
            shop.clock.advance(timedelta(seconds=caught.value.retry_after or 0))
        else:
            tried += 1
    assert (tried, waits) == (12, [60, 120, 240, 480, 960, 1920, 3600, 3600])
    signed = shop.at_bench(person=shop.anna.id, pin=PIN)
    assert signed.person.id == shop.anna.id
    with pytest.raises(SignInRefusedError):
        shop.at_bench(person=shop.anna.id, pin="9999")  # counted from the beginning


def test_the_right_pin_does_not_open_while_nobody_may_try(shop: Shop) -> None:
    for _ in range(5):
        with pytest.raises(SignInRefusedError):
            shop.at_bench(person=shop.anna.id, pin="9999")
    with pytest.raises(TooManyTriesError):
        shop.at_bench(person=shop.anna.id, pin=PIN)


def test_one_bench_cannot_try_everybody(shop: Shop) -> None:
    for number in range(5):
        with pytest.raises(SignInRefusedError):
            shop.at_bench(person=f"{number + 16:016x}", pin=PIN)
    with pytest.raises(TooManyTriesError):
        shop.at_bench(badge=shop.badge)
    other = open_bench_session(a.SELLER, "b2", BenchSignIn(badge=shop.badge), store=shop.store, clock=shop.clock)
    assert other.session.station == "b2"


def test_a_person_cannot_be_tried_at_many_benches(shop: Shop) -> None:
    for bench in range(5):
        with pytest.raises(SignInRefusedError):
            open_bench_session(
                a.SELLER, f"b{bench}", BenchSignIn(person=shop.anna.id, pin="9999"), store=shop.store, clock=shop.clock
            )
    with pytest.raises(TooManyTriesError):
        open_bench_session(
            a.SELLER, "b9", BenchSignIn(person=shop.anna.id, pin=PIN), store=shop.store, clock=shop.clock
        )


def test_many_at_once_try_no_more_than_five_pins(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    monkeypatch.setattr(pins, "pin_is", lambda pin, _: looked.append(pin))

    def attempt(number: int) -> None:
        for turn in range(4):
            try:
                shop.at_bench(person=shop.anna.id, pin=f"77{number}{turn}")
            except (SignInRefusedError, TooManyTriesError):
                continue

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= len(looked) <= 5


def test_a_scan_of_something_else_is_no_try(shop: Shop) -> None:
    for _ in range(9):
        with pytest.raises(InvalidInputError):
            shop.at_bench(badge="4601234567893")
    assert shop.at_bench(badge=shop.badge).person.id == shop.anna.id


def test_who_belongs_to_several_shops_sees_them_and_goes_on_in_another(shop: Shop) -> None:
    there = replace(shop.anna, seller="seller-2", role=Role.OWNER)
    left = replace(shop.anna, seller="seller-3", removed_at=a.NOW)
    sellers = ("seller-2", a.SELLER, "seller-3")
    account = Account(id=shop.anna.id, version=1, sellers=sellers)
    shop.store.commit([SaveAccess(there), SaveAccess(left), SaveAccess(account)])
    assert {each.seller for each in shops_of(shop.anna.id, store=shop.store)} == {a.SELLER, "seller-2"}
    assert shops_of("nobody", store=shop.store) == []
    token = shop.open().token
    moved = switch_shop(key_hash(token), "seller-2", store=shop.store, clock=shop.clock)
    assert (moved.session.seller, moved.session.role) == ("seller-2", Role.OWNER)
    assert moved.session.ends_at == a.NOW + CONSOLE.whole
    assert shop.who(token) is None
    assert shop.who(moved.token) is not None
    for seller in ("seller-3", "seller-9"):
        with pytest.raises(SignInRefusedError):
            switch_shop(key_hash(moved.token), seller, store=shop.store, clock=shop.clock)
    bench = shop.at_bench(badge=shop.badge).token
    with pytest.raises(SignInRefusedError):
        switch_shop(key_hash(bench), "seller-2", store=shop.store, clock=shop.clock)


@pytest.mark.parametrize("token", ["", "shs_", "shs_" + "x" * 42, "x" * 47, "shs_" + "x" * 43, "shp_0.x"])
def test_what_is_no_token_is_nobody_and_can_be_closed(shop: Shop, token: str) -> None:
    assert shop.who(token) is None
    assert not shop.may_call(token)
    close_session(token, store=shop.store, clock=shop.clock)
