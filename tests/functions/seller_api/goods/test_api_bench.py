"""Steps at the bench, If-Match and Idempotency-Key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shipby.application.ports.writes import AppendEvents, SavePosting
from shipby.domain.events import posting_ref
from shipby.domain.postings.posting import Stage
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

PATH = f"/v1/postings/{a.NUMBER}"


def test_a_posting_goes_along_the_bench_step_by_step(api: Caller) -> None:
    api.has_posting(a.posting(assembled_at=a.NOW))

    stages = [
        api.post(f"{PATH}/confirm"),
        api.post(f"{PATH}/pick", {}),
        api.post(f"{PATH}/inspect", {"passed": True}),
        api.post(f"{PATH}/pack", {"reason": "in a box"}),
        api.post(f"{PATH}/hand-over"),
    ]

    assert [reply.body["stage"] for reply in stages] == ["confirmed", "picked", "inspected", "packed", "handed_over"]
    assert [reply.headers["ETag"] for reply in stages] == ['"2"', '"3"', '"4"', '"5"', '"6"']


def test_a_failed_inspection_blocks_until_somebody_says_why_it_may_go_on(api: Caller) -> None:
    api.has_posting(a.posting(stage=Stage.PICKED))

    failed = api.post(f"{PATH}/inspect", {"passed": False, "reason": "scratched"})
    refused = api.post(f"{PATH}/pack", {"reason": "all is well"})
    unblocked = api.post(f"{PATH}/unblock", {"reason": "replaced the cup"})

    assert failed.body["blocked_reason"] == "inspection failed: scratched"
    assert (refused.status, refused.body["offered"]) == (409, ["unblock"])
    assert unblocked.body["stage"] == "picked"


def test_an_expired_posting_offers_an_override_and_nothing_else(api: Caller) -> None:
    expired = a.posting(stage=Stage.EXPIRED, blocked_from=Stage.CONFIRMED, expired_reason="given up")
    api.has_posting(expired)

    refused = api.post(f"{PATH}/pick")
    without_reason = api.post(f"{PATH}/override")
    overridden = api.post(f"{PATH}/override", {"reason": "the buyer still wants it"})

    assert (refused.status, refused.code, refused.body["offered"]) == (409, "action_not_offered", ["override"])
    assert "given up" in refused.body["detail"]
    assert (without_reason.status, without_reason.fields) == (400, ["reason"])
    assert overridden.body["stage"] == "confirmed"


def test_a_step_from_the_wrong_stage_says_where_the_posting_stands(api: Caller) -> None:
    api.has_posting()

    reply = api.post(f"{PATH}/pack")

    assert (reply.status, reply.code) == (409, "stage_mismatch")
    assert "is received" in reply.body["detail"]


def test_a_hand_over_before_assembly_is_refused_and_offers_to_ship(api: Caller) -> None:
    api.has_posting(a.posting(stage=Stage.PACKED))

    assert api.post(f"{PATH}/hand-over").body["offered"] == ["ship"]


def test_if_match_is_not_needed_and_honoured_when_sent(api: Caller) -> None:
    api.has_posting()

    assert api.post(f"{PATH}/confirm", if_match='"1"').status == 200
    stale = api.post(f"{PATH}/pick", if_match='"1"')

    assert (stale.status, stale.code) == (412, "precondition_failed")
    assert api.store.posting(a.SELLER, a.NUMBER).version == 2  # type: ignore[union-attr]  # it is there
    assert api.post(f"{PATH}/pick", if_match='W/"2"').status == 200


@pytest.mark.parametrize("text", ["*", "abc", '"1", "2"', "-1", '"99999999999"'])
def test_an_if_match_that_is_no_etag_of_ours_is_refused(api: Caller, text: str) -> None:
    api.has_posting()

    reply = api.post(f"{PATH}/confirm", if_match=text)

    assert (reply.status, reply.fields) == (400, ["If-Match"])


def test_a_background_sync_never_costs_a_packer_a_refusal(api: Caller) -> None:
    api.has_posting()
    store = api.store
    read = store.posting

    def and_meanwhile_a_sync(seller: str, number: str) -> object:
        found = read(seller, number)
        assert found is not None
        store.posting = read  # type: ignore[method-assign]  # only once
        synced = replace(found, version=found.version + 1, substatus="posting_in_carriage")
        store.commit([SavePosting(synced), AppendEvents(seller, posting_ref(number), synced.version, (a.event(),))])
        return found

    store.posting = and_meanwhile_a_sync  # type: ignore[method-assign, assignment]  # a sync between read and commit

    reply = api.post(f"{PATH}/confirm")

    assert (reply.status, reply.body["version"]) == (200, 3)


def test_the_same_key_and_request_again_do_the_work_once_and_get_the_same_answer(api: Caller) -> None:
    api.has_posting()

    first = api.post(f"{PATH}/confirm", {"reason": "checked"}, key="c-1")
    again = api.post(f"{PATH}/confirm", ' { "reason" : "checked" } ', key="c-1")

    assert again == first
    assert len(api.store.events(a.SELLER, posting_ref(a.NUMBER))) == 2


@pytest.mark.parametrize(("path", "body"), [(f"{PATH}/confirm", {"reason": "other"}), (f"{PATH}/pick", {})])
def test_a_used_key_is_refused_for_another_request(api: Caller, path: str, body: dict[str, str]) -> None:
    api.has_posting()
    api.post(f"{PATH}/confirm", key="c-1")

    reply = api.post(path, body, key="c-1")

    assert (reply.status, reply.code) == (422, "idempotency_mismatch")
    assert api.store.posting(a.SELLER, a.NUMBER).version == 2  # type: ignore[union-attr]  # it is there


def test_a_refused_call_does_not_use_its_key_up(api: Caller) -> None:
    api.has_posting()

    assert api.post(f"{PATH}/pick", key="c-1").status == 409
    api.post(f"{PATH}/confirm")
    assert api.post(f"{PATH}/pick", key="c-1").status == 200


@pytest.mark.parametrize("key", ["two words", "ключ", "x" * 129])
def test_a_malformed_key_is_refused(api: Caller, key: str) -> None:
    api.has_posting()

    reply = api.post(f"{PATH}/confirm", key=key)

    assert (reply.status, reply.code) == (400, "invalid_input")


def test_keys_of_two_sellers_have_nothing_to_do_with_each_other(api: Caller) -> None:
    api.has_posting()
    other = api.as_seller("seller-2")
    other.has_posting(a.posting(seller="seller-2"))

    mine, theirs = api.post(f"{PATH}/confirm", key="k"), other.post(f"{PATH}/confirm", key="k")

    assert (mine.status, theirs.status) == (200, 200)
    assert len(other.store.events("seller-2", posting_ref(a.NUMBER))) == 2
