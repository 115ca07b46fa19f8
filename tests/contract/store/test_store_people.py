"""People, their shops, keys and sessions."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.adapters.dynamodb.access.api_keys import ApiKeyReads
from shipby.application.ports.pages import Page
from shipby.application.ports.store import Store
from shipby.application.ports.writes import SaveAccess, Write
from shipby.domain.errors import VersionConflictError
from shipby.domain.people.account import Account
from shipby.domain.people.tries import Tries
from tests.contract.store.conftest import Table
from tests.contract.store.paging_support import hours, walk
from tests.support import builders as a

TABLES = ("moto", pytest.param("ministack", marks=pytest.mark.ministack))


def test_people_of_a_shop_come_back_and_are_changed_one_version_at_a_time(store: Store, seller: str) -> None:
    known = a.person(seller=seller, id=f"{seller}1", warehouses=("77", "78"), pin="x")
    store.commit([SaveAccess(known)])
    assert store.person(seller, known.id) == known
    assert store.person(f"{seller}x", known.id) is None
    gone = replace(known, version=2, removed_at=hours(1))
    store.commit([SaveAccess(gone)])
    assert store.person(seller, known.id) == gone
    with pytest.raises(VersionConflictError):
        store.commit([SaveAccess(replace(known, version=2, name="other"))])


def test_people_are_listed_by_shop_and_id(store: Store, seller: str) -> None:
    people = [a.person(seller=seller, id=f"{n:016x}") for n in range(5)]
    for person in reversed(people):
        store.commit([SaveAccess(person)])
    store.commit([SaveAccess(a.person(seller=f"{seller}x", id="f" * 16))])

    def listed(**page: Any) -> Page[Any]:
        return store.people(seller, **page)

    assert walk(listed, 2) == people


@pytest.mark.parametrize(
    ("make", "read"),
    [
        (
            lambda version, own: SaveAccess(Account(id=own, version=version, sellers=("7", own))),
            lambda store, own: store.account(own),
        ),
        (
            lambda version, own: SaveAccess(a.session(sha256=own, version=version, station="k1")),
            lambda store, own: store.session(own),
        ),
        (
            lambda version, own: SaveAccess(Tries(seller=own, subject="person.1", version=version, wrong=version)),
            lambda store, own: store.tries(own, "person.1"),
        ),
    ],
    ids=["account", "session", "tries"],
)
def test_each_is_read_by_its_own_id_and_changed_one_version_at_a_time(
    store: Store, seller: str, make: Callable[[int, str], Write], read: Callable[[Store, str], Any]
) -> None:
    assert read(store, seller) is None
    for version in (1, 2):
        store.commit([make(version, seller)])
        assert read(store, seller).version == version
    with pytest.raises(VersionConflictError):
        store.commit([make(2, seller)])
    assert read(store, f"{seller}x") is None


def test_keys_of_a_shop_are_listed_in_the_order_they_were_made(store: Store, seller: str) -> None:
    for hour in (3, 1, 2):
        store.commit([SaveAccess(a.api_key(seller=seller, id=f"{seller}{hour}", created_at=hours(hour)))])
    store.commit([SaveAccess(a.api_key(seller=f"{seller}x", id=f"{seller}x1"))])

    def listed(**page: Any) -> Page[Any]:
        return store.keys_of(seller, **page)

    assert walk(listed, 2) == [f"{seller}1", f"{seller}2", f"{seller}3"]


def test_a_keys_use_is_noted_at_most_once_an_hour_and_raises_no_version(store: Store, seller: str) -> None:
    key = a.api_key(seller=seller, id=f"{seller}key")
    store.commit([SaveAccess(key)])
    for minutes, noted in ((0, 0), (59, 0), (60, 60), (61, 60), (30, 60), (121, 121)):
        store.note_key_use(seller, key.id, a.NOW + timedelta(minutes=minutes))
        assert store.api_key(key.id) == replace(key, used_at=a.NOW + timedelta(minutes=noted)), minutes
    store.note_key_use(seller, "other", a.NOW)
    store.note_key_use(f"{seller}x", key.id, hours(9))
    assert store.api_key("other") is None
    assert store.keys_of(f"{seller}x").items == ()
    store.commit([SaveAccess(replace(key, version=2, revoked_at=hours(4)))])


def test_a_sessions_use_is_noted_while_it_is_open(store: Store, seller: str) -> None:
    session = a.session(sha256=f"{seller}hash")
    store.commit([SaveAccess(session)])
    store.note_session_use(session.sha256, hours(1))
    store.note_session_use(session.sha256, a.NOW)
    assert store.session(session.sha256) == replace(session, seen_at=hours(1))
    closed = replace(session, version=2, seen_at=hours(1), closed_at=hours(2))
    store.commit([SaveAccess(closed)])
    store.note_session_use(session.sha256, hours(3))
    store.note_session_use(f"{seller}other", hours(3))
    assert store.session(session.sha256) == closed
    assert store.session(f"{seller}other") is None


@pytest.mark.parametrize("engine", TABLES, indirect=True)
def test_a_key_of_an_older_release_can_be_revoked_and_is_listed_from_its_first_use_on(
    store: Store, engine: str, tables: Callable[[str], Table], seller: str
) -> None:
    identifier = f"{seller}key"
    tables(engine).put(
        {
            "PK": {"S": f"APIKEY#{identifier}"},
            "SK": {"S": "APIKEY"},
            "schema": {"N": "1"},
            "id": {"S": identifier},
            "seller": {"S": seller},
            "role": {"S": "packer"},
            "sha256": {"S": a.HASH},
            "created_at": {"N": "1772442000000000"},
        }
    )
    known = store.api_key(identifier)
    assert known is not None
    assert (known.version, known.person, known.used_at) == (1, "", None)
    assert store.keys_of(seller).items == ()
    store.note_key_use(seller, identifier, hours(1))
    assert store.keys_of(seller).items == (identifier,)
    store.commit([SaveAccess(replace(known, version=2, revoked_at=hours(2)))])
    with pytest.raises(VersionConflictError):
        store.commit([SaveAccess(replace(known, version=2, revoked_at=None))])
    found = store.api_key(identifier)
    assert found is not None
    assert found.revoked_at == hours(2)


@pytest.mark.parametrize("engine", TABLES, indirect=True)
def test_a_key_that_is_not_there_is_not_made_by_its_second_version(store: Store, engine: str, seller: str) -> None:
    with pytest.raises(VersionConflictError):
        store.commit([SaveAccess(a.api_key(seller=seller, id=f"{seller}key", version=2))])


@pytest.mark.parametrize("engine", TABLES, indirect=True)
def test_the_authorizers_share_reads_the_same_rows(
    store: Store, engine: str, tables: Callable[[str], Table], seller: str
) -> None:
    key, person = a.api_key(seller=seller, id=f"{seller}key"), a.person(seller=seller)
    session = a.session(seller=seller, sha256=f"{seller}hash")
    store.commit([SaveAccess(key), SaveAccess(person), SaveAccess(session)])
    table = tables(engine)
    reads = ApiKeyReads(table.client, table_name=table.name)
    assert reads.api_key(key.id) == key
    assert reads.person(seller, person.id) == person
    assert reads.session(session.sha256) == session
    assert (reads.api_key("x"), reads.person(seller, "x"), reads.session("x")) == (None, None, None)
