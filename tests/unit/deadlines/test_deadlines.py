"""What is due, in the order of work, with the seller's totals; and how much is read for it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shipby.application.deadlines import due_soon as room
from shipby.application.deadlines.due_soon import Wanted, deadlines, when_view
from shipby.application.ports.writes import AppendEvents, SaveDetail, SaveOutcome, SavePosting, SaveWatch
from shipby.application.rating.index_figures import WATCH, Figures, watch_data
from shipby.domain.cases.watch import Watch
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.deadlines.outcome import Outcome
from shipby.domain.errors import InvalidInputError
from shipby.domain.events import posting_ref
from shipby.domain.market import Market
from shipby.domain.money import Money
from shipby.domain.postings.posting import MarketplacePosting, Posting, Rung, RungKind, Stage, TariffStep
from shipby.domain.rating.error_index import IndexState
from tests.support import builders as a
from tests.unit.world_support import World

HOUR = timedelta(hours=1)
NEVER = datetime(9999, 12, 31, tzinfo=a.NOW.tzinfo)


@pytest.fixture
def world() -> World:
    world = World()
    world.policy(time_zone="Asia/Vladivostok")
    return world


def has(world: World, posting: Posting, detail: MarketplacePosting | None = None) -> None:
    posting = rewind(posting)
    world.write(SavePosting(posting), AppendEvents(a.SELLER, posting_ref(posting.number), 1, (a.event(),)))
    if detail is not None:
        world.write(SaveDetail(a.SELLER, replace(detail, number=posting.number)))


def open_(
    world: World, number: str, *, hours: float = 2, price: Money | None = None, detail: bool = False, **changes: Any
) -> None:
    """A posting whose cut-off is so many hours ahead."""
    cut_off = a.NOW + timedelta(hours=hours)
    rungs = changes.pop("rungs", (Rung(kind=RungKind.SHIPMENT_DATE, due=cut_off, price=price),))
    posting = a.posting(number=number, shipment_date=cut_off, rungs=rungs, **changes)
    has(world, posting, a.detail(shipment_date=cut_off) if detail else None)


def ask(world: World, hours: float = 4, **more: Any) -> Any:
    """The answer as a client reads it."""
    wanted = Wanted(within=timedelta(hours=hours), **more)
    return json.loads(json.dumps(deadlines(a.SELLER, wanted, store=world.store, clock=world.clock)))


def numbers(answer: Any) -> list[str]:
    return [item["posting_number"] for item in answer["items"]]


def test_most_money_per_minute_comes_first(world: World) -> None:
    open_(world, "slow", price=a.rub("80"))  # 8 minutes: 10 a minute
    open_(world, "quick", price=a.rub("50"), stage=Stage.PACKED)  # 1 minute: 50 a minute
    open_(world, "later", price=a.rub("90"), stage=Stage.PACKED, hours=5)

    answer = ask(world)

    assert numbers(answer) == ["quick", "slow"]
    assert answer["items"][1]["saved_per_minute"] == {"amount": "10.00", "currency": "RUB"}
    assert answer["due"] == 2
    assert answer["truncated"] is False


def test_times_are_told_in_the_sellers_zone_in_moscow_and_in_utc(world: World) -> None:
    open_(world, "n")

    assert ask(world)["items"][0]["due"] == {
        "utc": "2026-03-02T11:00:00Z",
        "moscow": "2026-03-02T14:00:00+03:00",
        "local": "2026-03-02T21:00:00+10:00",
        "zone": "Asia/Vladivostok",
    }


def test_zones_keep_their_summer_time() -> None:
    winter = when_view(datetime(2026, 3, 28, 22, 0, tzinfo=a.NOW.tzinfo), "Europe/Berlin")
    summer = when_view(datetime(2026, 3, 29, 22, 0, tzinfo=a.NOW.tzinfo), "Europe/Berlin")

    assert winter["local"] == "2026-03-28T23:00:00+01:00"
    assert summer["local"] == "2026-03-30T00:00:00+02:00"


def test_a_late_one_is_due_when_its_next_step_comes(world: World) -> None:
    step = Rung(kind=RungKind.TARIFF_STEP, due=a.NOW + HOUR, price=a.rub("50"))
    far = Rung(kind=RungKind.TARIFF_STEP, due=a.NOW + 9 * HOUR, price=a.rub("50"))
    late: dict[str, Any] = {"hours": -23, "late": True, "late_price": a.rub("30")}
    open_(world, "late", rungs=(step,), **late)
    open_(world, "late-far", rungs=(far,), **late)

    answer = ask(world)

    assert numbers(answer) == ["late"]
    item = answer["items"][0]
    assert (item["rung"], item["late"], item["late_price"]["amount"]) == ("tariff_step", True, "30.00")
    assert answer["totals"] == [
        {
            "currency": "RUB",
            "at_risk": {"amount": "50.00", "currency": "RUB"},
            "lost_today": {"amount": "0.00", "currency": "RUB"},
            "late_so_far": {"amount": "30.00", "currency": "RUB"},
        }
    ]


def test_a_discount_that_ends_before_the_cut_off_is_due_too(world: World) -> None:
    early = Rung(kind=RungKind.TARIFF_STEP, due=a.NOW + HOUR, price=a.rub("3"))
    has(
        world,
        a.posting(number="n", rungs=(early, a.rung(price=a.rub("56")))),
        a.detail(
            tariff_steps=(
                TariffStep(until=early.due, rate=Decimal(-3), minimum=a.rub("0"), charge=a.rub("-9")),
                TariffStep(until=a.CUT_OFF, rate=Decimal(-2), minimum=a.rub("0"), charge=a.rub("-6")),
                TariffStep(until=NEVER, rate=Decimal(1), minimum=a.rub("50"), charge=a.rub("50")),
            )
        ),
    )

    [item] = ask(world)["items"]

    assert item["due"]["utc"] == "2026-03-02T10:00:00Z"
    assert item["costs"] == [{"kind": "discount_lost", "amount": {"amount": "3.00", "currency": "RUB"}, "stated": True}]


def test_what_has_left_what_is_expired_and_what_has_no_date_is_not_due(world: World) -> None:
    open_(world, "gone", stage=Stage.HANDED_OVER)
    open_(world, "expired", stage=Stage.EXPIRED, blocked_from=Stage.PACKED)
    has(world, a.posting(number="dateless", shipment_date=None, rungs=()))
    open_(world, "blocked", stage=Stage.BLOCKED, blocked_from=Stage.PACKED, blocked_reason="no barcode")

    answer = ask(world)

    assert numbers(answer) == ["blocked"]
    assert (answer["items"][0]["blocked_reason"], answer["items"][0]["minutes"]) == ("no barcode", 1)


def overdue_next(world: World) -> Any:
    """A late posting of 250 RUB whose next date is the line of the error index."""
    line = a.NOW + HOUR
    late = a.posting(
        shipment_date=a.NOW - HOUR,
        without_delay=line,
        late=True,
        fired={RungKind.SHIPMENT_DATE: a.NOW - HOUR},
        rungs=(a.rung(RungKind.WITHOUT_DELAY, line),),
    )
    has(world, late, a.detail(tariff_steps=()))
    [item] = ask(world)["items"]
    return item


def test_the_charge_for_a_delay_is_estimated_from_the_error_index_where_it_was_read(world: World) -> None:
    figures = Figures(
        read_at=a.NOW,
        state=IndexState(
            index=Decimal(2), errors=2, shipments=100, shipments_most=100, basis="index", charge_percent=Decimal(10)
        ),
        period_from=a.NOW.date() - timedelta(days=14),
        period_to=a.NOW.date(),
        costs=a.rub("0"),
    )
    state, data = watch_data(figures, a.settings())
    watch = Watch(seller=a.SELLER, id=WATCH, version=1, checked_at=a.NOW, state=state, data=data)
    world.write(SaveWatch(watch))

    item = overdue_next(world)

    assert item["rung"] == "without_delay"
    assert item["costs"] == [
        {"kind": "late_shipment_charge", "amount": {"amount": "25.00", "currency": "RUB"}, "stated": False},
        {"kind": "error_index", "amount": None, "stated": True},
    ]
    assert (item["at_risk"]["amount"], item["stated"]) == ("25.00", False)


def test_without_the_error_index_a_delay_has_no_price_but_is_told(world: World) -> None:
    item = overdue_next(world)

    assert item["costs"] == [{"kind": "error_index", "amount": None, "stated": True}]
    assert (item["at_risk"], item["saved_per_minute"]) == (None, None)


def test_cross_border_sellers_are_told_no_charge_that_is_published_for_cancels_only(world: World) -> None:
    world.policy(market=Market.GLOBAL)

    assert overdue_next(world)["at_risk"] is None


def test_a_warehouse_is_asked_for_by_its_id(world: World) -> None:
    open_(world, "here", warehouse_id="1")
    open_(world, "there", warehouse_id="2")

    assert numbers(ask(world, warehouse="2")) == ["there"]


def test_currencies_are_listed_one_after_the_other_and_totalled_apart(world: World) -> None:
    open_(world, "yuan", price=Money(99_900, "CNY"))
    open_(world, "none")
    open_(world, "rouble-1", price=a.rub("10"))
    open_(world, "rouble-2", price=a.rub("20"))

    answer = ask(world)

    assert numbers(answer) == ["rouble-2", "rouble-1", "yuan", "none"]
    assert [(total["currency"], total["at_risk"]["amount"]) for total in answer["totals"]] == [
        ("RUB", "30.00"),
        ("CNY", "999.00"),
    ]


def test_what_left_today_with_a_loss_is_totalled(world: World) -> None:
    def left(number: str, at: datetime, warehouse: str) -> SaveOutcome:
        base = Outcome(seller=a.SELLER, posting_number=number, shipped_at=at, warehouse_id=warehouse, lost=a.rub("50"))
        return SaveOutcome(base)

    world.write(left("a", a.NOW, "1"), left("b", a.NOW, "2"), left("c", a.NOW - 24 * HOUR, "1"))

    assert ask(world)["totals"][0]["lost_today"]["amount"] == "100.00"
    assert ask(world, warehouse="1")["totals"][0]["lost_today"]["amount"] == "50.00"


def test_pages_follow_each_other_without_gap_or_repeat(world: World) -> None:
    for number in range(7):
        open_(world, f"n{number}", price=Money(100 * (number % 3), "RUB"), hours=1 + number / 10)
    whole = numbers(ask(world))

    pages, cursor = [], None
    while True:
        answer = ask(world, limit=3, cursor=cursor)
        pages.append(numbers(answer))
        cursor = answer["next_cursor"]
        if cursor is None:
            break

    assert [len(page) for page in pages] == [3, 3, 1]
    assert [number for page in pages for number in page] == whole


def test_a_page_goes_on_although_its_last_posting_has_left_meanwhile(world: World) -> None:
    for number in range(4):
        open_(world, f"n{number}", hours=1 + number / 10)
    cursor = ask(world, limit=2)["next_cursor"]
    gone = world.posting("n1")
    world.write(
        SavePosting(replace(gone, version=2, stage=Stage.CANCELLED)),
        AppendEvents(a.SELLER, posting_ref("n1"), 2, (a.event(),)),
    )

    assert numbers(ask(world, limit=2, cursor=cursor)) == ["n2", "n3"]


@pytest.mark.parametrize("cursor", ["", "x", "WzFd", "bnVsbA", "WyJkZWFkbGluZXMiLDAsIiIsMSwwLCIyMDI2IiwibiJd", "😀"])
def test_a_foreign_cursor_is_refused(world: World, cursor: str) -> None:
    with pytest.raises(InvalidInputError, match="does not belong"):
        ask(world, cursor=cursor)


def test_no_more_than_the_bound_is_read_whole_and_the_rest_is_said_and_totalled(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "POSTINGS_READ", 3)
    for number in range(5):
        open_(world, f"n{number}", price=Money(100 * (number + 1), "RUB"))
    read: list[str] = []
    original = world.store.posting

    def counted(seller: str, number: str) -> Posting | None:
        read.append(number)
        return original(seller, number)

    monkeypatch.setattr(world.store, "posting", counted)

    answer = ask(world)

    assert read == ["n4", "n3", "n2"]
    assert numbers(answer) == ["n4", "n3", "n2"]
    assert (answer["truncated"], answer["due"]) == (True, 5)
    assert answer["totals"][0]["at_risk"]["amount"] == "15.00"


def test_no_more_rows_of_the_worklist_are_looked_at_than_the_bound(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "ROWS_READ", 2)
    for number in range(4):
        open_(world, f"n{number}", hours=1 + number / 10, stage=Stage.PACKED if number % 2 else Stage.RECEIVED)

    answer = ask(world)

    assert numbers(answer) == ["n0", "n1"]
    assert answer["truncated"] is True


def test_nothing_due_is_an_empty_answer(world: World) -> None:
    assert ask(world) == {
        "items": [],
        "next_cursor": None,
        "until": "2026-03-02T13:00:00Z",
        "due": 0,
        "truncated": False,
        "totals": [],
    }
