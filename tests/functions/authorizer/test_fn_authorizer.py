"""The authorizer: who may pass, and as whom."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.authorizer import handler as function
from functions.authorizer.wiring import Parts
from shipby.application.people.sessions import close_session, open_session
from shipby.application.ports.writes import SaveAccess
from shipby.application.sellers.register import create_api_key, new_api_key
from shipby.domain.errors import StoreUnavailableError
from shipby.domain.sellers.keys import Role
from tests.support import builders as a
from tests.support.memory_store import MemoryStore

REFUSED = {"isAuthorized": False}


@pytest.fixture
def clock() -> a.FixedClock:
    return a.FixedClock()


@pytest.fixture
def store(clock: a.FixedClock, monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    made = MemoryStore(clock=clock)
    monkeypatch.setattr(function, "parts", lambda: Parts(made, clock))
    return made


def ask(authorization: str | None) -> Mapping[str, Any]:
    """An authorizer event (payload 2.0) as an HTTP API sends it."""
    headers = {"accept": "*/*", "host": "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"}
    event: dict[str, Any] = {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/$default/GET/v1/postings",
        "identitySource": None,
        "routeKey": "ANY /v1/{proxy+}",
        "rawPath": "/v1/postings",
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
            "http": {"method": "GET", "path": "/v1/postings", "protocol": "HTTP/1.1", "sourceIp": "198.51.100.7"},
            "requestId": "BRkQ3hG0liAEMjg=",
            "routeKey": "ANY /v1/{proxy+}",
            "stage": "$default",
            "time": "02/Mar/2026:09:00:00 +0000",
            "timeEpoch": 1772442000000,
        },
        "pathParameters": {"proxy": "postings"},
    }
    if authorization is not None:
        headers["authorization"] = authorization
        event["identitySource"] = [authorization]
    return function.handler(event, None)


@pytest.mark.parametrize("role", Role)
def test_a_key_passes_as_its_seller_and_role(store: MemoryStore, clock: a.FixedClock, role: Role) -> None:
    key = create_api_key(a.SELLER, role, store=store, clock=clock)

    assert ask(f"Bearer {key.text}") == {
        "isAuthorized": True,
        "context": {"seller": a.SELLER, "role": role.value, "key_id": key.id, "note": "1"},
    }


def test_a_key_whose_use_was_noted_within_the_hour_asks_for_no_note(store: MemoryStore, clock: a.FixedClock) -> None:
    key = create_api_key(a.SELLER, Role.OWNER, store=store, clock=clock)
    store.note_key_use(a.SELLER, key.id, clock.now())
    clock.advance(timedelta(minutes=59))
    assert "note" not in ask(f"Bearer {key.text}")["context"]
    clock.advance(timedelta(minutes=1))
    assert ask(f"Bearer {key.text}")["context"]["note"] == "1"


def test_a_persons_key_passes_as_what_the_person_is_now(store: MemoryStore, clock: a.FixedClock) -> None:
    person = a.person(role=Role.PACKER, warehouses=("77", "78"))
    key, secret = new_api_key(a.SELLER, Role.OWNER, clock.now(), person=person.id)
    store.commit([SaveAccess(person), SaveAccess(key)])
    context = ask(f"Bearer {secret.text}")["context"]
    assert (context["role"], context["person"], context["warehouses"]) == ("packer", person.id, "77,78")
    store.commit([SaveAccess(replace(person, version=2, role=Role.SUPPORT, warehouses=()))])
    context = ask(f"Bearer {secret.text}")["context"]
    assert (context["role"], "warehouses" in context) == ("support", False)
    store.commit([SaveAccess(replace(person, version=3, removed_at=clock.now()))])
    assert ask(f"Bearer {secret.text}") == REFUSED


def test_a_key_of_a_person_that_this_shop_does_not_have_does_not_pass(store: MemoryStore, clock: a.FixedClock) -> None:
    key, secret = new_api_key(a.SELLER, Role.OWNER, clock.now(), person="0" * 16)
    store.commit([SaveAccess(key), SaveAccess(a.person(seller="seller-2", id="0" * 16))])
    assert ask(f"Bearer {secret.text}") == REFUSED


def test_a_session_passes_as_its_person_until_it_is_closed(store: MemoryStore, clock: a.FixedClock) -> None:
    key, secret = new_api_key(a.SELLER, Role.MANAGER, clock.now(), person=a.person().id)
    store.commit([SaveAccess(a.person()), SaveAccess(key)])
    signed = open_session(secret.text, store=store, clock=clock)
    assert ask(f"Bearer {signed.token}")["context"] == {
        "seller": a.SELLER,
        "role": "manager",
        "key_id": signed.session.id,
        "person": a.person().id,
        "session": signed.session.sha256,
    }
    clock.advance(timedelta(minutes=1))
    assert ask(f"Bearer {signed.token}")["context"]["note"] == "1"
    close_session(signed.token, store=store, clock=clock)
    assert ask(f"Bearer {signed.token}") == REFUSED


@pytest.mark.parametrize("how", ["program", "person", "session"])
def test_it_reads_one_row_and_of_a_person_one_more(
    store: MemoryStore, clock: a.FixedClock, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    key, secret = new_api_key(a.SELLER, Role.MANAGER, clock.now(), person="" if how == "program" else a.person().id)
    store.commit([SaveAccess(a.person()), SaveAccess(key)])
    text = open_session(secret.text, store=store, clock=clock).token if how == "session" else secret.text
    read: list[str] = []

    def counted(name: str) -> None:
        real = getattr(store, name)

        def reading(*told: str) -> object:
            read.append(name)
            return real(*told)

        monkeypatch.setattr(store, name, reading)

    for name in ("api_key", "person", "session"):
        counted(name)
    assert ask(f"Bearer {text}")["isAuthorized"] is True
    assert read == {"program": ["api_key"], "person": ["api_key", "person"], "session": ["session", "person"]}[how]


def test_the_context_holds_plain_text_only(store: MemoryStore, clock: a.FixedClock) -> None:
    key = create_api_key(a.SELLER, Role.OWNER, store=store, clock=clock)

    assert {type(value) for value in ask(f"bearer {key.text}")["context"].values()} == {str}


def test_an_unknown_or_altered_key_does_not_pass(store: MemoryStore, clock: a.FixedClock) -> None:
    text = create_api_key(a.SELLER, Role.OWNER, store=store, clock=clock).text
    identifier, secret = text.split(".")
    altered = ("A" if secret[0] != "A" else "B") + secret[1:]

    for authorization in (
        f"Bearer {identifier}.{altered}",
        f"Bearer shp_{'0' * 16}.{secret}",
        f"Bearer {identifier}",
        f"Bearer {text}x",
        f"Basic {text}",
        text,
        "Bearer",
        "Bearer ключ",
        "x" * 10_000,
        "",
        None,
    ):
        assert ask(authorization) == REFUSED, authorization


def test_a_key_ends_with_its_life_or_its_revocation(store: MemoryStore, clock: a.FixedClock) -> None:
    made = create_api_key(a.SELLER, Role.OWNER, store=store, clock=clock)
    header = f"Bearer {made.text}"
    key = store.api_key(made.id)
    assert key is not None

    clock.advance(timedelta(days=365) - timedelta(seconds=1))
    assert ask(header)["isAuthorized"] is True
    clock.advance(timedelta(seconds=1))
    assert ask(header) == REFUSED

    store.commit([SaveAccess(replace(key, version=2, expires_at=None, revoked_at=clock.now()))])
    assert ask(header) == REFUSED


def test_a_database_that_does_not_answer_is_never_remembered_as_a_refusal(
    store: MemoryStore, clock: a.FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = create_api_key(a.SELLER, Role.OWNER, store=store, clock=clock)

    def fail(_: str) -> None:
        raise StoreUnavailableError("the database is overloaded; try again")

    monkeypatch.setattr(store, "api_key", fail)

    with pytest.raises(StoreUnavailableError):
        ask(f"Bearer {key.text}")


def test_its_cold_start_loads_neither_models_nor_powertools() -> None:
    code = "import sys, functions.authorizer.handler; print([m for m in sys.modules if m in set(sys.argv[1:])])"
    heavy = ["pydantic", "aws_lambda_powertools", "moto"]

    done = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
