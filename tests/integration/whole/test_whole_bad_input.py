"""Bad input over HTTP: what strangers, a confused marketplace and careless callers send."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shipby.adapters.aws.clock import SystemClock
from shipby.application.intake.receive_push import token_hash
from shipby.application.sellers.register import create_push_token
from tests.integration.whole.whole_support import Answer, Shop, Whole, call

pytestmark = pytest.mark.stack
PUSH = {"message_type": "TYPE_STATE_CHANGED", "posting_number": "1-1", "new_state": "posting_created"}
_LARGEST = 64 * 1024


def is_problem(answer: Answer, status: int) -> Mapping[str, Any]:
    """The problem+json of an answer with this status."""
    assert (answer.status, answer.content_type) == (status, "application/problem+json")
    assert answer.body["status"] == status
    assert answer.body["detail"]
    assert answer.body["what_to_do"]
    return dict(answer.body)


def test_a_wrong_a_revoked_and_a_malformed_push_token_get_the_same_404(
    whole: Whole, shop: Shop, quiet_shop: Shop
) -> None:
    seller, secret = shop.push_path.rpartition("/")[2].split(".")
    revoked = create_push_token(shop.client_id, store=whole.store, clock=SystemClock())
    kept = whole.store.push_token(token_hash(revoked.text.partition(".")[2]))
    assert kept is not None
    whole.store.save_push_token(replace(kept, revoked_at=datetime.now(UTC)))
    wrong = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    tokens = [
        f"{seller}.{wrong}",
        f"{quiet_shop.client_id}.{secret}",
        revoked.text,
        "no-token-at-all",
        "%D0%9F%D1%83%D1%88.%00",
        f"{seller}.{secret}.{secret}",
    ]
    answers = [call(f"{whole.stack.api_url}/ozon/push/{token}", "POST", body=PUSH) for token in tokens]
    assert answers == [answers[0]] * len(tokens)
    assert (answers[0].status, answers[0].body["error"]["code"]) == (404, "ERROR_UNKNOWN")
    # The right token goes through, so it is the token that the others were refused for.
    assert whole.push(shop, {"message_type": "TYPE_PING", "time": "2026-01-01T00:00:00Z"}).status == 200


def test_a_push_of_64_kilobytes_is_taken_and_one_byte_more_is_refused_with_413(whole: Whole, shop: Shop) -> None:
    frame = len(json.dumps({"message_type": "TYPE_UNHEARD_OF", "filler": ""}))
    fits = json.dumps({"message_type": "TYPE_UNHEARD_OF", "filler": "x" * (_LARGEST - frame)}).encode()
    assert len(fits) == _LARGEST
    taken = whole.push(shop, fits)
    assert (taken.status, taken.body) == (200, {"result": True})
    refused = whole.push(shop, fits + b" ")
    assert (refused.status, refused.body["error"]["code"]) == (413, "ERROR_UNKNOWN")


def test_what_makes_no_sense_but_has_a_valid_token_is_answered_200_and_quarantined_where_it_is_seen_and_counted(
    whole: Whole,
) -> None:
    shop = whole.open_shop()
    mine = int(shop.client_id)
    bodies: dict[str, bytes | dict[str, Any]] = {
        "not JSON": b"{broken",
        "JSON, but not an object": b"[1, 2]",
        "posting_number is missing": {"message_type": "TYPE_STATE_CHANGED", "seller_id": mine},
        "posting_number has characters no posting has": {**PUSH, "posting_number": "1/../2", "seller_id": mine},
        "unknown message_type": {"message_type": "TYPE_UNHEARD_OF", "seller_id": mine},
        "seller_id is not the seller of this push URL": {**PUSH, "seller_id": mine + 1},
        "the marketplace does not know this posting number": {**PUSH, "seller_id": mine, "changed_state_date": ""},
    }
    for problem, body in bodies.items():
        answer = whole.push(shop, body, Content_Type="text/plain")
        assert (answer.status, answer.body) == (200, {"result": True}), problem
    whole.drained()
    rows = whole.pushes(shop)
    assert {row.problem for row in rows if row.state == "quarantined"} == set(bodies)
    proof = whole.proof(shop)
    assert proof["counts"]["pushes_quarantined"] == len(bodies)
    assert proof["counts"]["pushes_received"] == len(rows)
    assert proof["green"], proof["findings"]


def test_odd_but_meaningful_pushes_are_hints_to_read_the_posting_again(whole: Whole, shop: Shop) -> None:
    number = whole.arrived(shop)
    odd: list[dict[str, Any]] = [
        {"seller_id": shop.client_id, "new_state": "", "changed_state_date": ""},
        {"seller_id": int(shop.client_id), "changed_state_date": "0001-01-01T00:00:00Z"},
        {"seller_id": int(shop.client_id), "changed_state_date": "9999-12-31T23:59:59Z"},
        {"seller_id": int(shop.client_id), "\u0421ustomer": {"name": "x"}},
    ]
    sent_at = datetime.now(UTC)
    for body in odd:
        answer = whole.push(shop, {**PUSH, "posting_number": number, **body})
        assert (answer.status, answer.body) == (200, {"result": True})
    again = whole.push(shop, {**PUSH, "posting_number": number, **odd[0]})
    assert (again.status, again.body) == (200, {"result": True})
    whole.drained()
    rows = [row for row in whole.pushes(shop) if row.posting_number == number and row.received_at >= sent_at]
    assert {row.state for row in rows} == {"received"}
    # A repeat is one hint inside ten seconds; across the border of two windows it may be a second row.
    assert len(rows) in (len(odd), len(odd) + 1)
    posting = whole.store.posting(shop.client_id, number)
    assert posting is not None
    assert posting.synced_at >= sent_at
    assert whole.has_whole_history(shop, number, posting.version)


def test_a_missing_and_an_unknown_api_key_are_refused_before_any_function_of_ours_runs(
    whole: Whole, shop: Shop
) -> None:
    url = f"{whole.stack.api_url}/v1/postings"
    identifier, _, secret = shop.key.partition(".")
    keys = [None, "", "Bearer", "Basic abc", f"Bearer {identifier}.{secret[::-1]}", "Bearer shp_nobody.nothing"]
    assert [call(url, Authorization=key).status for key in keys] == [401, 401, 403, 403, 403, 403]
    assert call(url, Authorization=f"Bearer {shop.key}").status == 200
    assert call(f"{whole.stack.api_url}/v1/health").body["status"] == "ok"


def test_another_sellers_posting_is_as_unknown_as_one_that_is_nowhere(
    whole: Whole, shop: Shop, quiet_shop: Shop
) -> None:
    number = whole.arrived(shop)
    foreign = is_problem(whole.api(quiet_shop, "GET", f"/v1/postings/{number}"), 404)
    unknown = is_problem(whole.api(quiet_shop, "GET", "/v1/postings/00000000-0000-1"), 404)
    assert foreign["detail"].replace(number, "00000000-0000-1") == unknown["detail"]
    is_problem(whole.api(quiet_shop, "POST", f"/v1/postings/{number}/confirm", {}), 404)
    listed = [item["posting_number"] for item in quiet_shop.api.get("/v1/postings")["items"]]
    assert number not in listed
    assert whole.api(shop, "GET", f"/v1/postings/{number}").status == 200


def test_a_stale_if_match_is_412_and_changes_nothing(whole: Whole, shop: Shop) -> None:
    number = whole.arrived(shop)
    whole.drained()
    path = f"/v1/postings/{number}"
    seen = shop.api.get(path)["version"]
    is_problem(whole.api(shop, "POST", f"{path}/confirm", {}, If_Match=f'"{seen + 1000}"'), 412)
    assert shop.api.get(path)["stage"] == "received"

    def with_its_version() -> bool:
        # A poll may fold something in between our look and our word: then we look again, as a caller would.
        now = shop.api.get(path)["version"]
        return whole.api(shop, "POST", f"{path}/confirm", {}, If_Match=f'"{now}"').status == 200

    assert any(with_its_version() for _ in range(5))


def test_a_used_idempotency_key_gives_the_same_answer_again_or_422_for_another_body(whole: Whole, shop: Shop) -> None:
    path = f"/v1/postings/{whole.arrived(shop)}/confirm"
    first = whole.api(shop, "POST", path, {"reason": "one"}, Idempotency_Key="used-twice")
    assert first.status == 200
    assert whole.api(shop, "POST", path, {"reason": "one"}, Idempotency_Key="used-twice") == first
    is_problem(whole.api(shop, "POST", path, {"reason": "two"}, Idempotency_Key="used-twice"), 422)


def test_every_other_refusal_says_what_happened_and_what_to_do(whole: Whole, shop: Shop) -> None:
    number = whole.arrived(shop)
    path = f"/v1/postings/{number}"
    for method, address, body, status in (
        ("GET", "/v1/postings?cursor=not-one-of-ours", None, 400),
        ("GET", "/v1/postings?limit=many", None, 400),
        ("POST", f"{path}/confirm", {"unheard": "of"}, 400),
        ("GET", "/v1/nowhere", None, 404),
        ("GET", f"{path}/confirm", None, 405),
        ("POST", f"{path}/hand-over", {}, 409),
        ("GET", "/v1/intents/not-an-id", None, 400),
    ):
        is_problem(whole.api(shop, method, address, body), status)
    tracking = {"tracking_number": "RB1CN", "reason": "the carrier gave it"}
    not_offered = is_problem(whole.api(shop, "PUT", f"{path}/tracking-number", tracking), 409)
    assert not_offered["type"] == "urn:shipby:problem:action_not_offered"
    assert set(not_offered["offered"]) == set(shop.api.get(path)["available_actions"])
    posted = call(f"{whole.stack.api_url}{path}/confirm", "POST", body=b"{broken", Authorization=f"Bearer {shop.key}")
    is_problem(posted, 400)
