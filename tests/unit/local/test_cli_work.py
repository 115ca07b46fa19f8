"""What is due, and whether it will be met, as an operator sees it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveDetail, SaveOutcome, SavePosting, SaveSettings
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.deadlines.outcome import Outcome
from shipby.domain.events import posting_ref
from shipby.domain.postings.posting import RungKind, Stage
from shipby.domain.sellers.settings import SellerSettings
from shipby_local import cli
from shipby_local.commands import shared, work
from shipby_local.stack.errors import StackError
from tests.support import builders as a
from tests.support.memory_store import MemoryStore

HOUR = timedelta(hours=1)
ZONE = "Asia/Vladivostok"


@dataclass
class Shop:
    kept: MemoryStore
    now: datetime

    @property
    def clock(self) -> a.FixedClock:
        return a.FixedClock(self.now)

    def store(self) -> Store:
        return self.kept

    def has(self, number: str, *, due: timedelta, price: str = "50", **changes: Any) -> None:
        cut_off = self.now + due
        rung = a.rung(RungKind.SHIPMENT_DATE, cut_off, a.rub(price))
        posting = rewind(
            a.posting(number=number, received_at=self.now, shipment_date=cut_off, rungs=(rung,), **changes)
        )
        events = AppendEvents(a.SELLER, posting_ref(number), 1, (a.event(),))
        detail = SaveDetail(a.SELLER, a.detail(number=number, shipment_date=cut_off, tariff_steps=()))
        self.kept.commit([SavePosting(posting), events, detail])

    def packed(self, count: int) -> None:
        """So many postings in every hour of the last days."""
        for day in range(1, 6):
            for hour in range(24):
                for n in range(count):
                    at = self.now - timedelta(days=day) + timedelta(hours=hour - 12, minutes=n % 60)
                    number = f"done-{day}-{hour}-{n}"
                    outcome = Outcome(
                        seller=a.SELLER,
                        posting_number=number,
                        shipped_at=at,
                        packed_at=at,
                        warehouse_id="21321684811000",
                    )
                    self.kept.commit([SaveOutcome(outcome)])


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    # Noon in UTC: the days of the history are cut at another hour of the shop's day whenever the tests run.
    shop = Shop(MemoryStore(), datetime(2026, 11, 23, 12, 0, tzinfo=UTC))
    shop.kept.commit([SaveSettings(SellerSettings(seller=a.SELLER, version=1, time_zone=ZONE))])
    monkeypatch.setattr(work, "deployment_of", lambda *_: shop)
    monkeypatch.setattr(shared.out, "_width", 120)
    return shop


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, list(arguments))


def said(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def test_what_is_due_is_listed_by_money_per_minute_with_three_clocks(shop: Shop) -> None:
    shop.has("cheap", due=HOUR, price="10")
    shop.has("dear", due=2 * HOUR, price="500")
    shop.has("distant", due=30 * HOUR)

    shown = said("deadlines")

    assert "2 due within 4h" in shown
    assert shown.index("dear") < shown.index("cheap")
    assert "distant" not in shown
    assert "500.00 RUB" in shown
    assert "at risk: 510.00 RUB" in shown
    for clock in ("Vladivostok", "Moscow", "UTC"):
        assert clock in shown


def test_the_list_goes_over_several_pages_and_stops_at_the_limit(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(5):
        shop.has(f"posting-{n}", due=HOUR)
    monkeypatch.setattr(work, "_PAGE", 2)

    assert said("deadlines").count("posting-") == 5
    assert said("deadlines", "--limit", "3").count("posting-") == 3


def test_a_warehouse_without_a_history_shows_its_lamp_only(shop: Shop) -> None:
    shop.has("p1", due=HOUR)

    shown = said("risk")

    assert "no history yet" in shown
    assert "->" not in shown
    assert " %  " not in shown.replace("green from 95 %", "").replace("yellow from 70 %", "")


def test_more_packers_raise_the_chance_and_the_same_seed_says_the_same(shop: Shop) -> None:
    shop.packed(4)
    for n in range(12):
        shop.has(f"p{n}", due=3 * HOUR)

    plain, changed = said("risk"), said("what-if", "--packers", "+11", "--courier", "+20m", "--seed", "5")

    assert "red" in plain
    assert "packed in" in plain
    assert "-> green" in changed
    assert "seed 5" in changed
    assert (
        said("what-if", "--packers", "+11", "--courier", "+20m", "--seed", "5").splitlines()[1:]
        == (changed.splitlines()[1:])
    )


def test_nothing_ahead_is_said(shop: Shop) -> None:
    assert "0 due within 4h" in said("deadlines")
    assert "no open posting has a cut-off before" in said("risk")
    assert "no open posting has a cut-off before" in said("what-if", "--packers", "1")


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("command", [("deadlines",), ("risk",), ("what-if", "--packers", "+1", "--courier", "-10m")])
def test_no_line_is_wider_than_the_terminal_and_no_number_is_cut(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, width: int, command: tuple[str, ...]
) -> None:
    shop.packed(2)
    shop.has("24219509-0020-2", due=HOUR, stage=Stage.CONFIRMED)
    monkeypatch.setattr(shared.out, "_width", width)

    shown = said(*command)

    assert max(map(len, shown.splitlines())) <= width
    assert "…" not in shown
    assert ("24219509-0020-2" if command == ("deadlines",) else "21321684811000") in shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("deadlines", "--within", "soon"), "write it like 30m"),
        (("deadlines", "--within", "0m"), "more than nothing"),
        (("risk", "--within", "8d"), "at most 7 days"),
        (("what-if", "--courier", "late"), "--courier 'late'"),
        (("what-if", "--packers", "-2"), "takes away more packers than the 1"),
        (("risk", "--seller", "9"), "There is no seller 9"),
    ],
)
def test_a_wrong_option_is_answered_with_a_right_one(shop: Shop, arguments: tuple[str, ...], says: str) -> None:
    result = run(*arguments)

    assert isinstance(result.exception, StackError), result.output
    assert says in str(result.exception)
