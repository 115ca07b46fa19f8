"""People and keys as an operator keeps them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from shipby.application.ports.store import Store
from shipby.application.ports.writes import SaveSettings
from shipby.application.sellers.authenticate import Authenticated, authenticate
from shipby.domain import actors
from shipby.domain.events import person_ref
from shipby.domain.sellers.keys import Role
from shipby.domain.sellers.settings import SellerSettings
from shipby_local import cli
from shipby_local.commands import people
from tests.support import builders as a
from tests.support.memory_store import MemoryStore


@dataclass
class Shop:
    kept: MemoryStore = field(default_factory=MemoryStore)
    clock: a.FixedClock = field(default_factory=a.FixedClock)

    def store(self) -> Store:
        return self.kept

    def who(self, key: str) -> Authenticated | None:
        return authenticate(f"Bearer {key}", store=self.kept, now=self.clock.now())


Run = Callable[..., str]


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    shop = Shop()
    shop.kept.commit([SaveSettings(SellerSettings(seller=a.SELLER, version=1))])
    monkeypatch.setattr(people, "deployment_of", lambda *_: shop)
    return shop


@pytest.fixture
def run(shop: Shop) -> Run:
    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(cli.app, [*words])
        assert done.exit_code == code, (done.output, done.exception)
        return done.output

    return run


def test_somebody_is_taken_in_changed_and_removed(shop: Shop, run: Run) -> None:
    made = run("people", "add", a.SELLER, "--name", "Анна", "--role", "owner", "--warehouse", "77").split()
    person, key = made[1], made[3]
    found = shop.who(key)
    assert found is not None
    assert (found.person, found.role, found.warehouses) == (person, Role.OWNER, ("77",))
    run("people", "add", a.SELLER, "--name", "Борис", "--role", "owner")
    run("people", "change", a.SELLER, person, "--role", "packer", "--warehouse", "")
    found = shop.who(key)
    assert found is not None
    assert (found.role, found.warehouses) == (Role.PACKER, ())
    listed = run("people", "list", a.SELLER)
    assert "Анна" in listed
    assert "Борис" in listed
    run("people", "remove", a.SELLER, person, "--reason", "left")
    assert shop.who(key) is None
    told = [stored.event for stored in shop.kept.events(a.SELLER, person_ref(person))]
    assert {event.actor for event in told} == {actors.OPERATOR}
    assert told[-1].reason == "left"


def test_a_pin_and_a_badge_are_given_and_stopped(shop: Shop, run: Run) -> None:
    person = run("people", "add", a.SELLER, "--name", "Анна").split()[1]
    run("people", "pin", a.SELLER, person, "--pin", "2580")
    assert run("people", "badge", a.SELLER, person).strip().startswith("SHB")
    known = shop.kept.person(a.SELLER, person)
    assert known is not None
    assert (bool(known.pin), bool(known.badge)) == (True, True)
    run("people", "badge", a.SELLER, person, "--lost")
    known = shop.kept.person(a.SELLER, person)
    assert known is not None
    assert known.badge == ""


def test_keys_are_made_listed_rotated_and_revoked(shop: Shop, run: Run) -> None:
    first = run("keys", "make", a.SELLER, "--name", "1C", "--role", "integration").strip()
    identifier = first.removeprefix("shp_").partition(".")[0]
    second = run("keys", "rotate", a.SELLER, identifier, "--hours", "2").strip()
    assert shop.who(first) is not None
    assert shop.who(second) is not None
    shop.clock.advance(timedelta(hours=2))
    assert shop.who(first) is None
    run("keys", "revoke", a.SELLER, second.removeprefix("shp_").partition(".")[0], "--reason", "leaked")
    assert shop.who(second) is None
    listed = run("keys", "list", a.SELLER)
    assert "expired" in listed
    assert "revoked" in listed


@pytest.mark.parametrize(
    "words",
    [
        ("people", "add", a.SELLER, "--name", "x", "--role", "king"),
        ("people", "add", a.SELLER, "--name", "x", "--role", "station"),
        ("people", "add", "nobody", "--name", "x"),
        ("people", "add", a.SELLER, "--name", "x", "--id", "0000000000000000"),
        ("people", "remove", a.SELLER, "0000000000000000", "--reason", "x"),
        ("keys", "make", a.SELLER, "--name", "x"),
        ("keys", "revoke", a.SELLER, "0000000000000000", "--reason", "x"),
    ],
)
def test_what_makes_no_sense_changes_nothing(shop: Shop, run: Run, words: tuple[str, ...]) -> None:
    before = repr(shop.kept._rows)
    run(*words, code=1)
    assert repr(shop.kept._rows) == before


def test_who_left_a_shop_is_taken_in_again_by_their_id(shop: Shop, run: Run) -> None:
    person, key = run("people", "add", a.SELLER, "--name", "Анна").split()[1::2]
    run("people", "remove", a.SELLER, person, "--reason", "left")
    shop.clock.advance(timedelta(days=1))
    again = run("people", "add", a.SELLER, "--name", "Анна Б.", "--id", person).split()
    assert again[1] == person
    assert shop.who(again[3]) is not None
    assert shop.who(key) is None
