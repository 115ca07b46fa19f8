"""The poll and the proof: what pushes lost is found, and one seller's trouble stops no other."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.marketplace_poll.handler import handler
from functions.posting_sync.handler import handler as sync
from functions.refunds.handler import handler as settle
from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.client import dynamodb_client
from shipby.application.intents.request_intent import Wish, request_intent
from shipby.application.polling.rounds import RoundFailedError, in_turn
from shipby.domain.errors import CancelGuardError, InvalidInputError
from shipby.domain.events import watch_ref
from shipby.domain.intents import IntentAction
from shipby_local.simulator import Simulator
from tests.functions.conftest import forget_processes
from tests.functions.shop_support import SELLER, LambdaContext, Shop, event
from tests.support.waiting import eventually

CONTEXT = LambdaContext()
POLL = {"task": "poll"}
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
    summary: Any = handler(POLL, CONTEXT)
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


def test_an_odd_entry_takes_nothing_with_it_and_is_a_case_until_it_can_be_read(shop: Shop, market: Simulator) -> None:
    bad, good = sorted(market.generate([SELLER], 2))
    market.control("POST", "/_sim/faults", {"kind": "odd_entry", "posting_number": bad, "times": -1})
    handler(POLL, CONTEXT)
    shop.deliver("sync", sync)
    assert shop.store.posting(SELLER, good) is not None
    assert shop.store.posting(SELLER, bad) is None
    summary: Any = handler(POLL, CONTEXT)
    assert summary["sellers"][SELLER]["odd_entries"] == 1
    proof: Any = handler(PROOF, CONTEXT)
    findings = {(found["check"], found["id"]) for found in proof["proofs"][SELLER]["findings"]}
    assert findings == {("odd_entry", f"posting {bad}"), ("posting_missing", bad)}
    [case] = shop.store.cases_in(SELLER).items
    market.control("POST", "/_sim/faults/clear", {})
    shop.deliver("sync", sync)
    handler(POLL, CONTEXT)
    closed = shop.store.case(SELLER, case)
    assert closed is not None
    assert (closed.kind, closed.subject, closed.open) == ("odd_entry", f"posting {bad}", False)
    green: Any = handler(PROOF, CONTEXT)
    assert green["proofs"][SELLER]["green"] is True


def test_a_row_deleted_by_hand_turns_the_proof_red(
    shop: Shop, market: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    number = caught_up(shop, market)[0]
    dynamodb_client().delete_item(TableName="shipby", Key=keys.posting(SELLER, number).wire)
    summary: Any = handler(PROOF, CONTEXT)
    assert summary["proofs"][SELLER]["green"] is False
    assert {finding["id"] for finding in summary["proofs"][SELLER]["findings"]} == {number}
    assert shop.logged()[-1]["level"] == "ERROR"
    assert '"proof_red":1' in capsys.readouterr().out


def test_the_poll_proves_when_the_last_proof_is_an_hour_old(shop: Shop, market: Simulator) -> None:
    first: Any = handler(POLL, CONTEXT)
    second: Any = handler(POLL, CONTEXT)
    assert list(first["proofs"]) == [SELLER]
    assert second["proofs"] == {}
    now = datetime.now(UTC)
    old = {**first["proofs"][SELLER], "at": (now - timedelta(minutes=61)).isoformat()}
    shop.store.save_report(SELLER, "proof", now.date(), old)
    third: Any = handler(POLL, CONTEXT)
    assert list(third["proofs"]) == [SELLER]


def test_a_proof_noted_ahead_stops_no_other(shop: Shop, market: Simulator) -> None:
    first: Any = handler(POLL, CONTEXT)
    now = datetime.now(UTC)
    ahead = {**first["proofs"][SELLER], "at": (now + timedelta(hours=20)).isoformat()}
    shop.store.save_report(SELLER, "proof", now.date(), ahead)
    second: Any = handler(POLL, CONTEXT)
    assert list(second["proofs"]) == [SELLER]


def last_round(shop: Shop, ago: timedelta, push: str) -> None:
    """The seller was visited so long ago, and its pushes were in this state."""
    at = datetime.now(UTC) - ago
    shop.store.save_report(SELLER, "poll", datetime.now(UTC).date(), {"at": at.isoformat(), "push": push})


@pytest.mark.parametrize(
    ("ago", "push", "visited"),
    [
        (timedelta(minutes=1), "GREEN", False),
        (timedelta(minutes=4), "GREEN", False),
        (timedelta(minutes=4, seconds=55), "GREEN", True),
        (timedelta(minutes=4), "NONE", False),
        (timedelta(minutes=4), "not permitted", False),
        (timedelta(seconds=30), "YELLOW", False),
        (timedelta(seconds=58), "YELLOW", True),
        (timedelta(minutes=1), "DISABLED", True),
        # Noted by a clock that stood ahead: within what clocks may differ, and beyond.
        (-timedelta(minutes=1), "GREEN", False),
        (-timedelta(minutes=3), "GREEN", True),
        (-timedelta(days=1), "GREEN", True),
    ],
)
def test_the_schedule_visits_every_five_minutes_and_every_minute_while_pushes_are_unhealthy(
    shop: Shop, market: Simulator, ago: timedelta, push: str, visited: bool
) -> None:
    last_round(shop, ago, push)
    summary: Any = handler(event("schedule"), CONTEXT)
    assert list(summary["sellers"]) == ([SELLER] if visited else [])
    by_hand: Any = handler(POLL, CONTEXT)
    assert list(by_hand["sellers"]) == [SELLER]


def test_an_unhealthy_address_makes_the_next_rounds_come_faster(shop: Shop, market: Simulator) -> None:
    market.set_push_url(SELLER, f"http://127.0.0.1:1/ozon/push/{SELLER}.a-secret-part-of-a-url")
    market.control("POST", "/_sim/push-health", {"client_id": SELLER, "availability_status": "YELLOW"})
    handler(event("schedule"), CONTEXT)
    row = shop.store.report(SELLER, "poll", datetime.now(UTC).date())
    assert row is not None
    assert row["push"] == "YELLOW"
    watch = shop.store.watch(SELLER, "push-health")
    assert watch is not None
    assert (watch.state, watch.next_alarm is not None) == ("YELLOW", True)


def test_a_round_reads_the_key_and_the_index(shop: Shop, market: Simulator) -> None:
    summary: Any = handler(POLL, CONTEXT)
    assert summary["sellers"][SELLER]["key"] in ("valid", "expires_soon")
    key, index = shop.store.watch(SELLER, "marketplace-key"), shop.store.watch(SELLER, "error-index")
    assert key is not None
    assert key.next_alarm is not None
    assert index is not None
    assert index.state == summary["sellers"][SELLER]["index"] == "unknown"


def test_the_audit_is_made_once_a_day_and_whenever_it_is_asked_for(shop: Shop, market: Simulator) -> None:
    first: Any = handler(POLL, CONTEXT)
    second: Any = handler(POLL, CONTEXT)
    by_hand: Any = handler({"task": "audit", "seller": SELLER}, CONTEXT)
    assert first["audits"][SELLER]["complete"] is True
    assert second["audits"] == {}
    assert (by_hand["sellers"], list(by_hand["audits"])) == ({}, [SELLER])


def test_a_rejected_key_is_told_once_opens_one_case_and_fails_no_round(
    shop: Shop, market: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.add_seller("700003", api_key="not-the-key-of-this-seller")
    shop.add_seller("700004")
    number = market.add_posting(SELLER)
    for _ in range(3):
        summary: Any = handler(POLL, CONTEXT)
    assert sorted(summary["rejected"]) == ["700003", "700004"]
    assert '"key_rejected":2' in capsys.readouterr().out
    assert {body["posting"] for body in shop.bodies("sync")} == {number}
    for seller in ("700003", "700004"):
        events = shop.store.events(seller, watch_ref("marketplace-key"))
        assert [stored.event.type for stored in events] == ["key.rejected"]
        [case] = shop.store.cases_in(seller).items
        found = shop.store.case(seller, case)
        assert found is not None
        assert (found.kind, found.subject) == ("marketplace_key", "marketplace-key")


def test_a_key_that_works_again_closes_its_case(shop: Shop, market: Simulator) -> None:
    shop.put_parameter(SELLER, "ozon", {"client_id": SELLER, "api_key": "an-older-key"})
    handler(POLL, CONTEXT)
    [case] = shop.store.cases_in(SELLER).items
    shop.put_parameter(SELLER, "ozon", {"client_id": SELLER, "api_key": "a-key-of-the-seller"})
    forget_processes()
    handler(POLL, CONTEXT)
    closed = shop.store.case(SELLER, case)
    assert closed is not None
    assert not closed.open
    types = [stored.event.type for stored in shop.store.events(SELLER, watch_ref("marketplace-key"))]
    assert types == ["key.rejected", "key.renewed"]


def test_one_sellers_failure_is_raised_at_the_end_and_stops_no_other(shop: Shop, market: Simulator) -> None:
    shop.add_seller("700000", api_key="a-key")
    shop.put_parameter("700000", "ozon", {"client_id": "700000", "api_key": "a-key"})
    dynamodb_client().put_item(
        TableName="shipby",
        Item={**keys.settings("700000").wire, "schema": {"N": "999"}},
    )
    number = market.add_posting(SELLER)
    with pytest.raises(RoundFailedError, match="700000") as caught:
        handler(POLL, CONTEXT)
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
    firsts = {in_turn(sellers, start + timedelta(minutes=n))[0] for n in range(3)}
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
    assert '"push_url_unhealthy":1' in capsys.readouterr().out
    assert "a-secret-part" not in shop.log.getvalue()


def test_the_guard_works_with_what_the_poll_read(shop: Shop, market: Simulator) -> None:
    late = market.add_posting(SELLER, ship_in=0.1, without_delay_in=0.2)
    market.control("POST", "/_sim/rating", {"client_id": SELLER, "handled_before": 70})
    numbers = [late, *(market.add_posting(SELLER) for _ in range(4))]
    eventually(lambda: market.control("GET", "/_sim/rating")["sellers"][SELLER]["errors"] == 1, "the delay to count")
    handler(POLL, CONTEXT)
    shop.deliver("sync", sync)
    watch = shop.store.watch(SELLER, "error-index")
    assert watch is not None
    assert (watch.state, watch.data["errors"], watch.data["shipments"], watch.data["room"]) == ("green", 1, 75, 1)
    clock = SystemClock()

    def cancel(number: str, *, accept_forecast: bool = False) -> None:
        wish = Wish(
            seller=SELLER,
            number=number,
            action=IntentAction.CANCEL,
            request={"reason_id": 352, "message": ""},
            actor="key:k1",
            accept_forecast=accept_forecast,
        )
        request_intent(wish, lambda _: [], store=shop.store, clock=clock)

    cancel(numbers[1])
    with pytest.raises(CancelGuardError, match="green -> "):
        cancel(numbers[2])
    cancel(numbers[2], accept_forecast=True)
    # The marketplace counts both itself, and the next reading no longer holds them as ahead of it.
    shop.pump()
    shop.deliver("intent", settle)
    handler(POLL, CONTEXT)
    read = shop.store.watch(SELLER, "error-index")
    assert read is not None
    assert (read.data["errors"], read.data["asked"], read.state) == (3, {}, "green")
    assert read.data["room"] == 0


def test_the_operator_hears_of_a_method_that_ends(
    shop: Shop, market: Simulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    handler(POLL, CONTEXT)
    assert "methods_ending" not in capsys.readouterr().out
    told = {"/v3/posting/fbs/get": "the marketplace's method /v3/posting/fbs/get is switched off on 2027-01-01"}
    monkeypatch.setattr("functions.marketplace_poll.handler.ending", lambda _: told)
    handler(POLL, CONTEXT)
    assert '"methods_ending":1' in capsys.readouterr().out
