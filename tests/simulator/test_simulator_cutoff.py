"""Cut-offs that move: by the seller, by the marketplace, both directions, twice, into the past, away and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shipby_local.simulator import Plan
from tests.simulator.sim_support import Json
from tests.simulator.timed_support import SELLER, Shop, opened

OWN = {"scheme": "rFBS", "integration": "non_integrated"}


@pytest.fixture
def shop() -> Iterator[Shop]:
    with opened(tariff_step_seconds=600.0) as made:
        made.simulator.set_push_url(SELLER, "http://127.0.0.1:9/nobody")
        yield made


def clock(text: str | None) -> str:
    """Minutes and seconds of a time of the day of the tests."""
    return "" if text is None else text.removeprefix("2026-11-02T08:").removesuffix(".000Z")


def dates(posting: Json) -> tuple[str, str, list[str]]:
    steps = [clock(step["tariff_deadline_at"]) for step in posting["tariffication_steps"]]
    return clock(posting["shipment_date"]), clock(posting["shipment_date_without_delay"]), steps[:2]


def moved(shop: Shop, number: str) -> list[tuple[str, str]]:
    """(old, new) of each cut-off push, oldest first."""
    pushes = [push["body"] for push in shop.simulator.books()["pushes"]]
    return [
        (clock(push["old_cutoff_date"]), clock(push["new_cutoff_date"]))
        for push in pushes
        if push["message_type"] == "TYPE_CUTOFF_DATE_CHANGED" and push["posting_number"] == number
    ]


def set_cutoff(shop: Shop, number: str, minute: int, *, expect: int = 200) -> Any:
    body = {"posting_number": number, "new_cutoff_date": f"2026-11-02T08:{minute:02d}:00Z"}
    return shop.call("/v1/posting/cutoff/set", body, expect=expect)


def test_the_seller_moves_its_cutoff_both_ways_and_everything_moves_along(shop: Shop) -> None:
    number = shop.make(**OWN, ship_in=600, without_delay_in=900)
    assert dates(shop.call.posting(number)) == ("10:00", "15:00", ["10:00", "20:00"])
    assert set_cutoff(shop, number, 30) == {"result": True}
    assert dates(shop.call.posting(number)) == ("30:00", "35:00", ["30:00", "40:00"])
    assert set_cutoff(shop, number, 5) == {"result": True}
    assert dates(shop.call.posting(number)) == ("05:00", "10:00", ["05:00", "15:00"])
    assert moved(shop, number) == [("10:00", "30:00"), ("30:00", "05:00")]


def test_the_seller_moves_it_only_where_and_while_it_is_offered(shop: Shop) -> None:
    fbs, own, packed = shop.make(ship_in=600), shop.make(**OWN, ship_in=600), shop.make(**OWN, ship_in=600)
    assert set_cutoff(shop, fbs, 30, expect=400)["message"] == "HAS_INCORRECT_TPL_INTEGRATION_TYPE"
    shop.call.ship(packed)
    shop.wait(seconds=5)
    assert set_cutoff(shop, packed, 30, expect=400)["message"] == "TRANSITION_IS_NOT_POSSIBLE"
    shop.wait(seconds=596)
    assert set_cutoff(shop, own, 30, expect=400)["message"] == "TRANSITION_IS_NOT_POSSIBLE"
    assert [moved(shop, number) for number in (fbs, own, packed)] == [[], [], []]


@pytest.mark.parametrize("packed", [False, True], ids=["before packing", "after packing"])
def test_the_marketplace_moves_it_twice_away_and_back(shop: Shop, packed: bool) -> None:
    number = shop.make(ship_in=600, without_delay_in=900)
    if packed:
        shop.call.ship(number)
        shop.wait(seconds=5)
    assert shop.act(number, "move_cutoff", by_seconds=300)["shipment_date_without_delay"] == "2026-11-02T08:20:00.000Z"
    shop.act(number, "move_cutoff", to="2026-11-02T08:12:00Z")
    assert dates(shop.call.posting(number)) == ("12:00", "17:00", ["12:00", "22:00"])
    assert shop.act(number, "clear_cutoff")["shipment_date"] is None
    cleared = shop.call.posting(number)
    assert dates(cleared) == ("", "", [])
    assert (cleared["shipment_date"], cleared["tariffication"]["next_tariff_starts_at"]) == (None, None)
    shop.act(number, "move_cutoff", to="2026-11-02T08:40:00Z")
    assert dates(shop.call.posting(number)) == ("40:00", "45:00", ["40:00", "50:00"])
    assert moved(shop, number) == [("10:00", "15:00"), ("15:00", "12:00"), ("12:00", ""), ("", "40:00")]


def test_without_a_date_nothing_is_late_and_it_is_in_no_cutoff_filter(shop: Shop) -> None:
    number = shop.make(ship_in=60, without_delay_in=120)
    shop.act(number, "clear_cutoff")
    shop.wait(hours=5)
    assert shop.errors() == []
    around = {"cutoff_from": "2026-11-01T00:00:00Z", "cutoff_to": "2026-12-01T00:00:00Z"}
    listed = shop.call("/v4/posting/fbs/unfulfilled/list", {"limit": 10, "filter": around})["postings"]
    assert listed == []
    (found,) = shop.call("/v4/posting/fbs/unfulfilled/list", {"limit": 10})["postings"]
    assert (found["shipment_date"], found["tariffication_steps"]) == (None, [])
    shop.call.ship(number)
    shop.wait(seconds=5)
    assert shop.simulator.charges(SELLER)[SELLER]["postings"] == {}


def test_a_cutoff_moved_into_the_past_is_late_at_once(shop: Shop) -> None:
    number = shop.make(ship_in=3600, without_delay_in=3700)
    shop.wait(seconds=300)
    shop.act(number, "move_cutoff", to="2026-11-02T08:01:00Z")
    (error,) = shop.errors()
    assert (error["posting_error_type"], error["error_at"]) == ("SELLER_DELAY", "2026-11-02T08:05:00.000Z")
    assert shop.call.posting(number)["tariffication"]["current_tariff_type"] == "commission"
    assert "ship" in shop.call.posting(number)["available_actions"]


def test_a_cutoff_moved_later_saves_the_posting_and_an_error_stays_an_error(shop: Shop) -> None:
    saved, lost = (shop.make(ship_in=60, without_delay_in=120) for _ in range(2))
    shop.act(saved, "move_cutoff", by_seconds=3600)
    shop.wait(seconds=130)
    shop.act(lost, "move_cutoff", by_seconds=3600)
    assert [error["posting_number"] for error in shop.errors()] == [lost]
    shop.wait(seconds=3600)
    assert {error["posting_number"] for error in shop.errors()} == {lost, saved}


def test_the_step_at_the_hand_over_is_charged_by_the_date_it_has_then(shop: Shop) -> None:
    late, saved = (shop.make(ship_in=60, without_delay_in=3600) for _ in range(2))
    for number in (late, saved):
        shop.call.ship(number)
    shop.wait(seconds=61)
    shop.act(saved, "move_cutoff", by_seconds=7200)
    assert shop.simulator.charges(SELLER)[SELLER]["postings"] == {}
    scanned = shop.call.control("hand-over", {"posting_numbers": [late, saved]})["scanned"]
    charged = shop.simulator.charges(SELLER)[SELLER]["postings"]
    assert (set(scanned), set(charged)) == ({late, saved}, {late})
    assert charged[late]["tariff"] != "0"


def test_a_plan_clears_a_cutoff_and_names_another_one(shop: Shop) -> None:
    plan = Plan(
        cutoff_moves_in=10,
        cutoff_moves_by=60,
        cutoff_clears_in=20,
        cutoff_moves_again_in=30,
        cutoff_moves_again_by=-120,
    )
    number = shop.make(ship_in=600, plan=plan)
    seen = []
    for seconds in (5, 10, 10, 10):
        shop.wait(seconds=seconds)
        seen.append(clock(shop.call.posting(number)["shipment_date"]))
    assert seen == ["10:00", "11:00", "", "09:00"]


def test_push_addresses_take_any_state_and_the_seller_switches_them_on_again(shop: Shop) -> None:
    def address() -> tuple[str, bool, str, str]:
        (found,) = shop.call("/v1/notification/list", {})["urls"]
        return found["availability_status"], found["enable"], found["disable_reason"], found["problematic_type"]

    def health(**body: Any) -> Json:
        answer: Json = shop.call.control("push-health", {"client_id": SELLER, **body})
        return answer

    health(availability_status="YELLOW", problematic_type="TYPE_NEW_POSTING")
    assert address() == ("YELLOW", True, "", "TYPE_NEW_POSTING")
    for _ in range(3):
        health(availability_status="RED", problematic_type="TYPE_NEW_POSTING")
    assert address() == ("RED", False, "AVAILABILITY", "TYPE_NEW_POSTING")
    (found,) = shop.call("/v1/notification/list", {"availability_statuses": ["RED"]})["urls"]
    shop.call("/v1/notification/enable", {"id": found["id"], "enabled": True})
    assert address()[1:3] == (True, "")
    assert health(enabled=False, disable_reason="ADMIN", reason_details="abuse")["addresses"][0]["on"] is False
    assert address()[1:3] == (False, "ADMIN")
    assert health(enabled=True, availability_status="GREEN", id=found["id"])["addresses"][0]["on"] is True
    assert address() == ("GREEN", True, "", "")
    for wrong in ({"availability_status": "BLUE"}, {"enabled": False, "disable_reason": "MOON"}):
        shop.call.control("push-health", {"client_id": SELLER, **wrong}, expect=400)
