"""A seller of many postings: changes at every visit, the whole lists once an hour in parts, nothing begun twice."""

import logging
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from shipby.application.polling import list_parts
from shipby.application.polling.list_parts import REPORT, REPORT_DAY, SPEND, parts_of
from shipby.application.polling.rounds import RoundFailedError, Task, Tools, run_round
from tests.support import builders as a
from tests.support.fake_marketplace import FakeMarketplaces
from tests.support.fakes import RecordingQueue
from tests.unit.world_support import World

VISIT = timedelta(minutes=5)
NUMBERS = [f"n-{index:02d}" for index in range(12)]


class Shop:
    """Twelve postings of twelve days, each read; the poll's own visits."""

    def __init__(self) -> None:
        self.world = World()
        for index, number in enumerate(NUMBERS):
            self.world.arrives(number, in_process_at=a.NOW - timedelta(days=index, hours=1))
        self.world.market.status_changed.clear()  # none has changed since it began
        self.queue = RecordingQueue()
        self.asked: list[dict[str, Any]] = []
        self.unfulfilled = 0
        self.taking = timedelta()
        real, real_open = self.world.market.postings, self.world.market.unfulfilled

        def postings(**asked: Any) -> Any:
            self.asked.append(asked)
            self.world.clock.advance(self.taking)
            return real(**asked)

        def unfulfilled(**asked: Any) -> Any:
            self.unfulfilled += not asked.get("cursor")
            return real_open(**asked)

        self.world.market.postings = postings  # type: ignore[method-assign]  # a double of the test
        self.world.market.unfulfilled = unfulfilled  # type: ignore[method-assign]  # a double of the test
        markets = FakeMarketplaces({a.SELLER: self.world.market})
        self.tools = Tools(
            self.world.store, markets, self.queue, self.world.clock, timedelta(days=14), logging.getLogger("poll")
        )

    def visit(self) -> list[str]:
        """One visit five minutes later: what it asks for."""
        self.world.clock.advance(VISIT)
        self.queue.messages.clear()
        self.asked.clear()
        run_round(Task(paced=True), self.tools, lambda: False)
        return sorted(str(message.body["posting"]) for message in self.queue.messages)

    def parts(self) -> list[tuple[Any, Any]]:
        """Spans of time that the visit has listed whole."""
        spans = [(one["since"], one["to"]) for one in self.asked if "changed_from" not in one and not one.get("cursor")]
        return [span for span in spans if span[1] - span[0] == timedelta(days=1)]


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(list_parts, "MANY", 5)
    return Shop()


def test_everything_is_looked_at_first_then_what_changed_and_everything_once_an_hour(shop: Shop) -> None:
    shop.world.market.change("n-11", shipment_date=a.CUT_OFF + timedelta(hours=2))
    assert shop.visit() == ["n-11"]
    assert len(shop.parts()) == 14
    shop.world.read("n-11")

    shop.world.market.change("n-10", status="delivering", actions=())
    shop.world.market.put(a.detail(number="n-new", in_process_at=shop.world.clock.now()))
    shop.world.market.change("n-03", shipment_date=a.CUT_OFF + timedelta(hours=3))
    assert shop.visit() == ["n-10", "n-new"], "a date that moved without a status is not told by a change"
    assert shop.parts() == []
    for number in ("n-10", "n-new"):
        shop.world.read(number)
    visits = [shop.visit() for _ in range(11)]
    assert visits == [[]] * 10 + [["n-03"]]
    assert len(shop.parts()) == 14


def test_a_visit_begins_no_part_once_its_time_is_up_and_the_next_goes_on_behind_it(shop: Shop) -> None:
    shop.taking = SPEND / 3
    seen: list[tuple[Any, Any]] = []
    visits = 0
    while len(seen) < 14:
        shop.visit()
        assert 1 <= len(shop.parts()) <= 4
        seen += shop.parts()
        visits += 1
    assert visits > 3
    assert len(set(seen)) == len(seen) == 14, "none twice"
    assert shop.unfulfilled == 1
    row = shop.world.store.report(a.SELLER, REPORT, REPORT_DAY)
    assert row is not None
    assert (row["part"], row["listed"]) == (15, 24)


def test_a_part_that_fails_is_tried_again_and_a_failing_change_list_keeps_no_part_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.world.market.change("n-00", shipment_date=a.CUT_OFF + timedelta(hours=2))
    real = shop.world.market.postings
    broken = {"changed": True, "day": 5}

    def postings(**asked: Any) -> Any:
        if "changed_from" in asked and broken["changed"]:
            raise RuntimeError("no such filter")
        if "changed_from" not in asked and asked["to"] <= a.NOW - timedelta(days=int(broken["day"])):
            raise RuntimeError("away")
        return real(**asked)

    monkeypatch.setattr(shop.world.market, "postings", postings)
    with pytest.raises(RoundFailedError, match=r"postings that changed.*postings"):
        shop.visit()
    assert [message.body["posting"] for message in shop.queue.messages] == ["n-00"]
    assert 4 <= len(shop.parts()) <= 6
    done = shop.parts()
    broken |= {"changed": False, "day": 99}
    shop.visit()
    assert len(shop.parts()) == 14 - len(done)
    assert not set(shop.parts()) & set(done)


def test_a_seller_of_few_has_all_lists_read_at_every_visit(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop()
    shop.visit()
    for number in ("n-03", "n-11"):
        shop.world.market.change(number, shipment_date=a.CUT_OFF + timedelta(hours=3))
    assert shop.visit() == ["n-03", "n-11"]
    assert shop.parts() == []
    assert shop.unfulfilled == 2
    monkeypatch.setattr(list_parts, "MANY", 5)
    shop.visit()
    shop.visit()
    assert shop.parts() == [], "it has become one of many: the next look at everything is in an hour"


def test_what_is_in_no_list_any_more_is_asked_for_in_parts_too(shop: Shop) -> None:
    shop.world.clock.advance(timedelta(days=20))
    assert shop.visit() == NUMBERS
    for number in NUMBERS:
        shop.world.read(number)
    assert shop.visit() == []


def test_a_part_that_takes_longer_than_a_visit_has_is_cut_until_it_fits_and_none_is_left_out(shop: Shop) -> None:
    for index in range(40):
        began = a.NOW - timedelta(days=3) - timedelta(minutes=20 * index)
        shop.world.arrives(f"m-{index:02d}", in_process_at=began)
    shop.world.market.status_changed.clear()
    shop.taking = timedelta(seconds=10)
    visits = 0
    asked: list[str] = []
    row: dict[str, Any] = {}
    while row.get("part", -1) != row.get("of", 0):
        shop.world.market.change("m-39", shipment_date=a.CUT_OFF + timedelta(hours=visits + 1))
        asked += shop.visit()
        row = dict(shop.world.store.report(a.SELLER, REPORT, REPORT_DAY) or {})
        row["of"] = len(parts_of(timedelta(days=14), shop.world.clock.now(), int(str(row.get("a_day", 1)))))
        visits += 1
        assert visits < 60
    assert int(str(row["a_day"])) > 1
    assert "m-39" in asked, "the last page of a busy day"


def test_the_parts_of_a_day_touch_each_other_and_leave_no_time_out() -> None:
    for a_day in (1, 6, 36):
        parts = parts_of(timedelta(days=14), a.NOW, a_day)
        sent = [part for part in parts if part.to_send]
        began = [part for part in parts if not part.to_send]
        assert (sent[0].since, sent[-1].to) == (a.NOW - timedelta(days=14), a.NOW + timedelta(days=30))
        assert (began[-1].since, began[0].to) == (a.NOW - timedelta(days=14), a.NOW)
        assert all(one.to == other.since for one, other in pairwise(sent))
        assert all(one.since == other.to for one, other in pairwise(began))
