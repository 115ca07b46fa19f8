"""Pushes: bodies as in the official samples, retries, health, seeded faults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from shipby_local.simulator import Plan, Simulator
from tests.simulator.sim_support import SHARED, Caller, Json, PushReceiver, eventually, quick

SAMPLES = SHARED / "samples" / "push"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason=f"NOT CHECKED: no official samples at {SAMPLES}")
SELLER = "7001"


@contextmanager
def marketplace(receiver: PushReceiver, **settings: float) -> Iterator[Simulator]:
    with Simulator(quick(**settings)) as simulator:
        simulator.add_seller(client_id=SELLER, push_url=receiver.url)
        yield simulator


def shape(value: object) -> object:
    """Keys and JSON types, all the way down."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return type(value).__name__


def sample(name: str) -> Json:
    loaded: Json = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


@needs_samples
@pytest.mark.parametrize(
    "kind",
    ["TYPE_NEW_POSTING", "TYPE_STATE_CHANGED", "TYPE_CUTOFF_DATE_CHANGED", "TYPE_PING", "TYPE_POSTING_CANCELLED"],
)
def test_a_push_has_the_fields_and_types_of_the_official_sample(receiver: PushReceiver, kind: str) -> None:
    with marketplace(receiver) as simulator:
        number = simulator.add_posting(SELLER, plan=Plan(buyer_cancels_in=0.2))
        simulator.control("POST", f"/_sim/postings/{number}", b'{"act": "move_cutoff", "by_seconds": 60}')
        simulator.control("POST", f"/_sim/postings/{number}", b'{"act": "move_delivery", "by_seconds": 60}')
        other = simulator.add_posting(SELLER)
        simulator.rooms.market.become(simulator.posting(other), "awaiting_deliver", "posting_in_carriage", "ozon")
        simulator.rooms.engine.run_due()
        eventually(lambda: bool(receiver.of(kind)))
    if kind == "TYPE_POSTING_CANCELLED":
        # The official example is that of FBO; its FBS table names the same fields without these.
        expected = sample("TYPE_FBO_POSTING_CANCELLED")
        expected["changed_state_date"] = expected.pop("cancel_date")
        for name in ("order_number", "uuid"):
            del expected[name]
    else:
        expected = sample(kind)
    assert shape(receiver.of(kind)[0]) == shape(expected)


@needs_samples
def test_a_chat_push_keeps_the_traps_of_the_official_sample(receiver: PushReceiver) -> None:
    with marketplace(receiver) as simulator:
        number = simulator.add_posting(SELLER)
        body = json.dumps({"posting_number": number, "text": "Когда?"}).encode()
        simulator.control("POST", "/_sim/chats", body)
        eventually(lambda: bool(receiver.of("TYPE_NEW_MESSAGE")))
    push, expected = receiver.of("TYPE_NEW_MESSAGE")[0], sample("TYPE_UPDATE_MESSAGE")
    del expected["updated_at"]
    assert shape(push) == shape(expected)
    assert push["user"]["type"] == expected["user"]["type"] != "Customer"
    assert push["seller_id"] == SELLER


def test_a_moved_delivery_date_is_pushed_with_old_and_new(receiver: PushReceiver) -> None:
    with marketplace(receiver) as simulator:
        number = simulator.add_posting(SELLER)
        simulator.control("POST", f"/_sim/postings/{number}", b'{"act": "move_delivery", "by_seconds": 60}')
        eventually(lambda: bool(receiver.of("TYPE_DELIVERY_DATE_CHANGED")))
    push = receiver.of("TYPE_DELIVERY_DATE_CHANGED")[0]
    assert set(push) == {
        "message_type",
        "posting_number",
        *(f"{age}_delivery_date_{end}" for age in ("new", "old") for end in ("begin", "end")),
        "warehouse_id",
        "seller_id",
    }
    assert push["new_delivery_date_begin"] > push["old_delivery_date_begin"]


def test_pushes_of_one_posting_arrive_in_order(receiver: PushReceiver) -> None:
    with marketplace(receiver) as simulator:
        number = simulator.add_posting(SELLER)
        for _ in range(10):
            simulator.control("POST", f"/_sim/postings/{number}", b'{"act": "move_cutoff", "by_seconds": 60}')
        eventually(lambda: len(receiver.of("TYPE_CUTOFF_DATE_CHANGED")) == 10)
    dates = [push["new_cutoff_date"] for push in receiver.of("TYPE_CUTOFF_DATE_CHANGED")]
    assert dates == sorted(dates)
    assert receiver.bodies.index(receiver.of("TYPE_NEW_POSTING")[0]) < receiver.bodies.index(
        receiver.of("TYPE_CUTOFF_DATE_CHANGED")[0]
    )


def test_the_seed_decides_which_pushes_are_doubled_lost_and_reordered() -> None:
    def fates(seed: int) -> list[tuple[str, str, bool, bool]]:
        faults = {"push_duplicate_fraction": 0.2, "push_loss_fraction": 0.2, "push_reorder_fraction": 0.2}
        simulator = Simulator(quick(seed=seed, **faults))
        simulator.add_seller(client_id=SELLER, push_url="http://127.0.0.1:9/nobody")
        simulator.generate([SELLER], 40)
        pushes = simulator.books()["pushes"]
        tallies = simulator.books()["sellers"][SELLER]["pushes"]
        simulator.rooms.stop()
        assert 0 < tallies["lost"] < 20
        assert tallies["duplicated"] == sum(push["copy"] for push in pushes)
        assert tallies["addressed"] == 40
        assert 40 + tallies["duplicated"] == len([push for push in pushes if push["type"] != "TYPE_PING"])
        return [(push["subject"], push["state"], push["copy"], push["reordered"]) for push in pushes]

    assert fates(5) == fates(5)
    assert fates(5) != fates(6)


def test_a_lost_push_never_comes_and_a_doubled_one_comes_twice(receiver: PushReceiver) -> None:
    with marketplace(receiver) as simulator:
        simulator.control("POST", "/_sim/faults", b'{"push": {"loss_fraction": 1}}')
        lost = simulator.add_posting(SELLER)
        simulator.control("POST", "/_sim/faults", b'{"push": {"loss_fraction": 0, "duplicate_fraction": 1}}')
        doubled = simulator.add_posting(SELLER)
        eventually(lambda: len(receiver.of("TYPE_NEW_POSTING")) == 2)
        assert simulator.wait_for_pushes()
        tallies = simulator.books()["sellers"][SELLER]["pushes"]
    assert {push["posting_number"] for push in receiver.of("TYPE_NEW_POSTING")} == {doubled} != {lost}
    assert (tallies["lost"], tallies["duplicated"], tallies["delivered"]) == (1, 1, 2)


def test_a_reordered_push_comes_after_later_ones(receiver: PushReceiver) -> None:
    with marketplace(receiver, push_reorder_delay=3600) as simulator:
        simulator.control("POST", "/_sim/faults", b'{"push": {"reorder_fraction": 1}}')
        number = simulator.add_posting(SELLER)
        simulator.control("POST", "/_sim/faults", b'{"push": {"reorder_fraction": 0}}')
        simulator.control("POST", f"/_sim/postings/{number}", b'{"act": "move_cutoff", "by_seconds": 60}')
        eventually(lambda: bool(receiver.of("TYPE_CUTOFF_DATE_CHANGED")))
        simulator.control("POST", "/_sim/clock", b'{"advance_seconds": 3600}')
        eventually(lambda: bool(receiver.of("TYPE_NEW_POSTING")))
    kinds = [push["message_type"] for push in receiver.bodies if push["message_type"] != "TYPE_PING"]
    assert kinds == ["TYPE_CUTOFF_DATE_CHANGED", "TYPE_NEW_POSTING"]


def test_a_refused_push_is_tried_again_until_it_is_accepted(receiver: PushReceiver) -> None:
    receiver.status = 500
    with marketplace(receiver, push_time_scale=0.005) as simulator:
        simulator.add_posting(SELLER)
        eventually(lambda: len(receiver.of("TYPE_NEW_POSTING")) >= 2)
        receiver.status = 200
        eventually(lambda: simulator.books()["sellers"][SELLER]["pushes"]["delivered"] == 1)
        push = next(push for push in simulator.books()["pushes"] if push["type"] == "TYPE_NEW_POSTING")
    assert [attempt["error"] for attempt in push["deliveries"]][:2] == ["SERVER_FAULT", "SERVER_FAULT"]
    assert push["deliveries"][-1]["status"] == 200


def test_a_push_is_dropped_after_the_last_retry(receiver: PushReceiver) -> None:
    receiver.status = 400
    with marketplace(receiver, push_time_scale=0.00001) as simulator:
        simulator.add_posting(SELLER)
        eventually(lambda: simulator.books()["sellers"][SELLER]["pushes"]["waiting"] == 0)
        push = next(push for push in simulator.books()["pushes"] if push["type"] == "TYPE_NEW_POSTING")
    assert push["state"] == "dropped"
    assert len(push["deliveries"]) == 12


def test_slow_answers_pause_sending(receiver: PushReceiver) -> None:
    with marketplace(receiver, push_slow_seconds=0.05, push_time_scale=0.0005) as simulator:
        assert simulator.wait_for_pushes()
        receiver.delay = 0.1
        simulator.add_posting(SELLER)
        eventually(lambda: simulator.books()["sellers"][SELLER]["pushes"]["pauses"] >= 1)
        receiver.delay = 0.0
        later = simulator.add_posting(SELLER)
        eventually(lambda: later in {push["posting_number"] for push in receiver.of("TYPE_NEW_POSTING")})


def test_three_red_nights_switch_the_address_off_and_the_seller_may_switch_it_on(
    simulator: Simulator, call: Caller, receiver: PushReceiver
) -> None:
    simulator.set_push_url(SELLER, receiver.url)
    for _ in range(3):
        call.control("push-health", {"client_id": SELLER, "availability_status": "RED"})
    address = call("/v1/notification/list", {"availability_statuses": ["RED"]})["urls"][0]
    assert (address["enable"], address["disable_reason"]) == (False, "AVAILABILITY")
    simulator.add_posting(SELLER)
    assert simulator.books()["sellers"][SELLER]["pushes"]["not_sent_address_disabled"] == 1

    call("/v1/notification/enable", {"id": address["id"], "enabled": True})
    simulator.add_posting(SELLER)
    eventually(lambda: len(receiver.of("TYPE_NEW_POSTING")) == 1)


def test_health_is_judged_from_real_deliveries(simulator: Simulator, call: Caller) -> None:
    simulator.set_push_url(SELLER, "http://127.0.0.1:9/nobody")
    simulator.add_posting(SELLER)
    eventually(lambda: simulator.books()["sellers"][SELLER]["pushes"]["attempts"] > 0)
    call.control("push-health", {})
    address = call("/v1/notification/list")["urls"][0]
    assert address["availability_status"] == "RED"
    assert address["problematic_type"] in {"TYPE_NEW_POSTING", "TYPE_PING"}


def test_the_check_of_an_address_names_what_is_wrong(call: Caller, receiver: PushReceiver) -> None:
    assert call("/v1/notification/check", {"url": receiver.url}) == {"errors": [], "is_active": True}
    receiver.status = 503
    answer = call("/v1/notification/check", {"url": receiver.url})
    assert [error["type"] for error in answer["errors"]] == ["SERVER_FAULT"]
    assert not answer["is_active"]
