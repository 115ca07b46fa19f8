"""Pushes, registered sellers, tokens, keys, reports and documents."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.ports.pages import Page
from shipby.application.ports.store import Store
from shipby.application.ports.writes import SaveAccess, SaveDocument, SaveSettings
from shipby.domain.errors import AlreadyExistsError, NotFoundError, VersionConflictError
from shipby.domain.json_types import Json
from shipby.domain.postings.inbox import PushState
from tests.contract.store.paging_support import hours, walk
from tests.support import builders as a

TODAY = a.NOW.date()


def test_a_push_is_taken_once_per_window(store: Store, seller: str) -> None:
    push = a.push(seller=seller)
    assert store.put_push(push)
    assert not store.put_push(replace(push, received_at=a.NOW + timedelta(seconds=30)))
    assert store.put_push(replace(push, window=push.window + 1))
    assert store.put_push(replace(push, digest=push.digest[::-1]))
    assert store.put_push(replace(push, type="TYPE_CUTOFF_DATE_CHANGED"))
    assert len(store.pushes_on(seller, TODAY).items) == 4


def test_pushes_are_listed_by_day_in_pages(store: Store, seller: str) -> None:
    pushes = [a.push(seller=seller, digest=f"{n:064x}"[::-1], posting_number="") for n in range(7)]
    for push in pushes:
        store.put_push(push)
    store.put_push(a.push(seller=seller, received_at=hours(24)))

    def day(**page: Any) -> Page[Any]:
        return store.pushes_on(seller, TODAY, **page)

    found = walk(day, 3)
    assert sorted(found, key=lambda push: push.digest) == sorted(pushes, key=lambda push: push.digest)


def test_a_push_that_makes_no_sense_is_quarantined_with_the_reason(store: Store, seller: str) -> None:
    push = a.push(seller=seller)
    with pytest.raises(NotFoundError):
        store.quarantine_push(push, "no such posting")
    assert store.pushes_on(seller, TODAY).items == ()
    store.put_push(push)
    store.quarantine_push(push, "no such posting")
    expected = replace(push, state=PushState.QUARANTINED, problem="no such posting")
    assert store.pushes_on(seller, TODAY).items == (expected,)


def test_a_seller_with_settings_is_registered(store: Store, seller: str) -> None:
    assert seller not in store.sellers()
    for owner in (f"{seller}b", f"{seller}a"):
        store.commit([SaveSettings(a.settings(seller=owner))])
    store.commit([SaveSettings(a.settings(seller=f"{seller}a", version=2))])
    assert [owner for owner in store.sellers() if owner.startswith(seller)] == [f"{seller}a", f"{seller}b"]


def test_trying_to_write_writes_nothing(store: Store) -> None:
    store.try_write()
    assert store.api_key("health") is None


def test_push_tokens_and_api_keys_are_kept_by_hash_and_id(store: Store, seller: str) -> None:
    token = a.push_token(seller=seller, sha256=f"{seller}hash")
    key = a.api_key(seller=seller, id=f"{seller}key", expires_at=hours(9))
    store.save_push_token(token)
    store.commit([SaveAccess(key)])
    assert store.push_token(token.sha256) == token
    assert store.api_key(key.id) == key
    store.save_push_token(replace(token, revoked_at=hours(1)))
    store.commit([SaveAccess(replace(key, version=2, revoked_at=hours(1)))])
    assert store.push_token(token.sha256) == replace(token, revoked_at=hours(1))
    assert store.api_key(key.id) == replace(key, version=2, revoked_at=hours(1))
    assert store.push_token("other") is None
    assert store.api_key("other") is None


def test_another_sellers_key_or_token_is_never_overwritten(store: Store, seller: str) -> None:
    token, key = a.push_token(seller=seller, sha256=f"{seller}hash"), a.api_key(seller=seller, id=f"{seller}key")
    store.save_push_token(token)
    store.commit([SaveAccess(key)])
    with pytest.raises(AlreadyExistsError):
        store.save_push_token(replace(token, seller="thief"))
    with pytest.raises(VersionConflictError):
        store.commit([SaveAccess(replace(key, seller="thief"))])
    assert store.push_token(token.sha256) == token
    assert store.api_key(key.id) == key


def test_the_newest_report_of_a_day_is_kept(store: Store, seller: str) -> None:
    body: dict[str, Json] = {"ok": True, "missing": [], "postings": 12, "by_stage": {"received": 3}}
    store.save_report(seller, "proof", TODAY, {"ok": False})
    store.save_report(seller, "proof", TODAY, body)
    assert store.report(seller, "proof", TODAY) == body
    assert store.report(seller, "proof", TODAY - timedelta(days=1)) is None
    assert store.report(seller, "daily", TODAY) is None
    assert store.report(f"{seller}x", "proof", TODAY) is None


def test_documents_of_a_posting_are_listed_by_id(store: Store, seller: str) -> None:
    for identifier in ("b", "a"):
        store.commit([SaveDocument(a.document(seller=seller, id=identifier))])
    store.commit([SaveDocument(a.document(seller=seller, posting_number="other"))])
    assert [document.id for document in store.documents(seller, a.NUMBER)] == ["a", "b"]
