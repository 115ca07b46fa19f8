"""Sellers, push addresses and API keys: made once, shown once, stopped for good."""

from datetime import timedelta

import pytest

from shipby.application.intake.receive_push import TOKEN_CACHE, TokenCache, receive_push
from shipby.application.sellers.authenticate import authenticate
from shipby.application.sellers.register import (
    KEY_LIFE,
    create_api_key,
    create_push_token,
    register_seller,
    revoke_api_key,
    revoke_push_token,
)
from shipby.domain.errors import InvalidInputError, NotFoundError, VersionConflictError
from shipby.domain.sellers.keys import Role
from shipby.domain.sellers.settings import SellerSettings
from tests.support import builders as a
from tests.support.memory_store import MemoryStore

PING = b'{"message_type": "TYPE_PING", "time": "2026-03-01T10:00:00Z"}'


@pytest.fixture
def clock() -> a.FixedClock:
    return a.FixedClock()


@pytest.fixture
def store(clock: a.FixedClock) -> MemoryStore:
    return MemoryStore(clock=clock)


def answer(address: str, store: MemoryStore, tokens: TokenCache, clock: a.FixedClock) -> int:
    return receive_push(address, PING, inbox=store, tokens=tokens, now=clock.now()).status


def test_a_seller_is_registered_once(store: MemoryStore) -> None:
    register_seller(SellerSettings(seller="7", version=1), store=store)
    assert store.sellers() == ["7"]
    with pytest.raises(VersionConflictError):
        register_seller(SellerSettings(seller="7", version=1), store=store)


@pytest.mark.parametrize("identifier", ["", "7#8", "a b", "x" * 33])
def test_an_id_that_no_account_can_have_is_refused(store: MemoryStore, identifier: str) -> None:
    with pytest.raises(InvalidInputError):
        register_seller(SellerSettings(seller=identifier, version=1), store=store)


def test_a_revoked_push_address_stops_within_a_minute_and_its_twin_goes_on(
    store: MemoryStore, clock: a.FixedClock
) -> None:
    old, new = (create_push_token("7", store=store, clock=clock).text for _ in range(2))
    tokens = TokenCache({})
    assert answer(old, store, tokens, clock) == answer(new, store, tokens, clock) == 200
    revoke_push_token(f"https://example.org/ozon/push/{old}", store=store, clock=clock)
    clock.advance(TOKEN_CACHE)
    assert answer(old, store, tokens, clock) == 404
    assert answer(new, store, tokens, clock) == 200


def test_an_address_of_another_seller_or_of_nobody_cannot_be_revoked(store: MemoryStore, clock: a.FixedClock) -> None:
    secret = create_push_token("7", store=store, clock=clock).text.partition(".")[2]
    for address in (f"8.{secret}", "7.nothing-like-it-was-ever-made", ""):
        with pytest.raises(NotFoundError):
            revoke_push_token(address, store=store, clock=clock)
    assert answer(f"7.{secret}", store, TokenCache({}), clock) == 200


def test_a_key_opens_until_it_is_revoked_or_too_old(store: MemoryStore, clock: a.FixedClock) -> None:
    first, second = (create_api_key("7", Role.PACKER, store=store, clock=clock) for _ in range(2))
    known = authenticate(f"Bearer {first.text}", store=store, now=clock.now())
    assert known is not None
    assert (known.seller, known.role, known.key_id) == ("7", Role.PACKER, first.id)
    revoke_api_key(first.id, store=store, clock=clock)
    assert authenticate(f"Bearer {first.text}", store=store, now=clock.now()) is None
    assert authenticate(f"Bearer {second.text}", store=store, now=clock.now()) is not None
    assert authenticate(f"Bearer {second.text}", store=store, now=clock.now() + KEY_LIFE) is None


def test_revoking_twice_keeps_the_first_time(store: MemoryStore, clock: a.FixedClock) -> None:
    key = create_api_key("7", Role.OWNER, store=store, clock=clock)
    revoke_api_key(key.id, store=store, clock=clock)
    first = clock.now()
    clock.advance(timedelta(hours=1))
    revoke_api_key(key.id, store=store, clock=clock)
    kept = store.api_key(key.id)
    assert kept is not None
    assert kept.revoked_at == first
    with pytest.raises(NotFoundError):
        revoke_api_key("0000000000000000", store=store, clock=clock)
