"""The poll and the proof: what pushes lost is found, and one seller's trouble stops no other."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.marketplace_poll.handler import handler
from functions.marketplace_poll.rounds import RoundFailedError, in_turn
from functions.posting_sync.handler import handler as sync
from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.client import dynamodb_client
from shipby.domain.errors import InvalidInputError
from shipby_local.simulator import Simulator
from tests.functions.shop_support import SELLER, LambdaContext, Shop, event

CONTEXT = LambdaContext()
PROOF = {"task": "proof", "grace_seconds": 0, "window_hours": 24}


def caught_up(shop: Shop, market: Simulator, count: int = 3) -> list[str]:
    """Postings that never had a push, found by one poll and read."""
    numbers = market.generate([SELLER], count)
    handler(event("schedule"), CONTEXT)
    shop.deliver("sync", sync)
    return numbers


def test_the_schedule_finds_what_no_push_told(shop: Shop, market: Simulator) -> None:
    numbers = caught_up(shop, market)
    assert all(shop.store.posting(SELLER, number) for number in numbers)
    summary: Any = handler(event("schedule"), CONTEXT)
    assert summary["task"] == "poll"
    assert summary["sellers"][SELLER]["listed"] == 3
    assert shop.bodies("sync") == []


def test_a_proof_of_what_is_complete_is_green_and_kept(shop: Shop, market: Simulator) -> None:
    caught_up(shop, market)
    summary: Any = handler(PROOF, CONTEXT)
    assert summary["sellers"] == {}
    assert summary["proofs"][SELLER]["green"] is True
    assert summary["proofs"][SELLER]["counts"]["our_postings"] == 3
    kept = shop.store.report(SELLER, "proof", datetime.now(UTC).date())
    assert kept == summary["proofs"][SELLER]
    assert json.loads(json.dumps(summary)) == summary


def test_a_row_deleted_by_hand_turns_the_proof_red(
    shop: Shop, market: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    number = caught_up(shop, market)[0]
    dynamodb_client().delete_item(TableName="shipby", Key=keys.posting(SELLER, number).wire)
    summary: Any = handler(PROOF, CONTEXT)
    assert summary["proofs"][SELLER]["green"] is False
    assert {finding["id"] for finding in summary["proofs"][SELLER]["findings"]} == {number}
    assert shop.logged()[-1]["level"] == "ERROR"
    assert '"proof_red":[1.0]' in capsys.readouterr().out


def test_the_poll_proves_when_the_last_proof_is_an_hour_old(shop: Shop, market: Simulator) -> None:
    first: Any = handler(event("schedule"), CONTEXT)
    second: Any = handler(event("schedule"), CONTEXT)
    assert list(first["proofs"]) == [SELLER]
    assert second["proofs"] == {}
    now = datetime.now(UTC)
    old = {**first["proofs"][SELLER], "at": (now - timedelta(minutes=61)).isoformat()}
    shop.store.save_report(SELLER, "proof", now.date(), old)
    third: Any = handler(event("schedule"), CONTEXT)
    assert list(third["proofs"]) == [SELLER]


def test_one_sellers_failure_is_raised_at_the_end_and_stops_no_other(shop: Shop, market: Simulator) -> None:
    shop.add_seller("700002")
    shop.add_seller("700003", api_key="not-the-key-of-this-seller")
    number = market.add_posting(SELLER)
    with pytest.raises(RoundFailedError, match="700002") as caught:
        handler(event("schedule"), CONTEXT)
    assert "700003 (credentials_rejected)" in str(caught.value)
    assert SELLER not in str(caught.value)
    assert [body["posting"] for body in shop.bodies("sync")] == [number]


def test_a_task_may_name_one_seller(shop: Shop, market: Simulator) -> None:
    shop.add_seller("700002")
    summary: Any = handler({"task": "poll", "seller": SELLER}, CONTEXT)
    assert list(summary["sellers"]) == [SELLER]


@pytest.mark.parametrize("task", [{"task": "dance"}, {"task": "proof", "window_hours": "long"}])
def test_a_task_that_makes_no_sense_is_refused(shop: Shop, task: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        handler(task, CONTEXT)


def test_a_seller_that_is_not_reached_in_time_is_named(shop: Shop, market: Simulator) -> None:
    with pytest.raises(RoundFailedError, match=f"{SELLER} .not reached in time"):
        handler(event("schedule"), LambdaContext(millis=1000))


def test_every_round_begins_with_another_seller() -> None:
    sellers = ["a", "b", "c"]
    start = datetime(2026, 1, 1, tzinfo=UTC)
    firsts = {in_turn(sellers, start + timedelta(minutes=5 * n))[0] for n in range(3)}
    assert firsts == set(sellers)
    assert sorted(in_turn(sellers, start)) == sellers
    assert in_turn([], start) == []


def test_an_unhealthy_push_address_is_a_warning(
    shop: Shop, market: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    market.set_push_url(SELLER, "http://127.0.0.1:1/ozon/push/700001.a-secret-part-of-a-url")
    market.control("POST", "/_sim/push-health", {"client_id": SELLER, "availability_status": "RED"})
    summary: Any = handler(event("schedule"), CONTEXT)
    assert summary["sellers"][SELLER]["push"] == ["RED"]
    assert [line["level"] for line in shop.logged() if line["message"] == "seller polled"] == ["WARNING"]
    assert '"push_url_unhealthy":[1.0]' in capsys.readouterr().out
    assert "a-secret-part" not in shop.log.getvalue()
