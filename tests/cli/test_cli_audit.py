"""The loss audit against the simulator: its sums are the marketplace's, and it changes nothing there."""

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from shipby.adapters.ozon import OzonClient
from shipby_local import cli
from shipby_local.commands import shared
from shipby_local.simulator import SellerAccount, Simulator, SimulatorSettings
from shipby_local.simulator.generate import LineSpec
from shipby_local.stack.errors import StackError

DAY = 86_400.0
READS = {"/v1/rating/index/fbs/info", "/v1/rating/index/fbs/posting/list", "/v4/posting/fbs/list", "/v1/roles"}
LOST = 402
"""A reason that is the seller's own fault, and no lack of stock."""


@dataclass
class Market:
    """A marketplace whose clock begins a week ago and is moved on by the story below."""

    simulator: Simulator
    seller: SellerAccount

    def make(self, count: int, **spec: Any) -> list[str]:
        return [
            self.simulator.add_posting(
                self.seller.client_id, lines=(LineSpec(sku=100 + n, price=Decimal("1000.33") + n),), **spec
            )
            for n in range(count)
        ]

    def later(self, seconds: float) -> None:
        self.simulator.control("POST", "/_sim/clock", {"advance_seconds": seconds})

    def act(self, number: str, act: str, **more: Any) -> None:
        assert self.simulator.control("POST", f"/_sim/postings/{number}", {"act": act, **more})["done"]

    def send(self, numbers: list[str]) -> None:
        market = OzonClient(
            self.simulator.base_url, self.seller.client_id, self.seller.api_key, requests_per_second=1000
        )
        for number in numbers:
            market.ship(number, [{line.sku: line.quantity for line in market.posting(number).lines}])
        self.later(1)
        for number in numbers:
            self.act(number, "hand_over")

    def cancel(self, number: str, reason: int) -> None:
        market = OzonClient(self.simulator.base_url, self.seller.client_id, self.seller.api_key)
        market.cancel(number, reason, "lost in the warehouse")

    def calls(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = self.simulator.books()["sellers"][self.seller.client_id]["calls"]
        return found

    def charges(self) -> dict[str, Any]:
        found: dict[str, Any] = self.simulator.charges(self.seller.client_id)[self.seller.client_id]
        return found


@pytest.fixture
def market() -> Iterator[Market]:
    """In time, late, overdue, cancelled in both ways, cancelled as overdue, and forgiven."""
    settings = SimulatorSettings(
        now=lambda: datetime.now(UTC) - timedelta(days=6),
        ship_delay=0.0,
        delivery_seconds=30 * DAY,
        rate_limit_per_second=10_000,
        engine_interval=0.05,
    )
    with Simulator(settings) as simulator:
        market = Market(simulator, simulator.add_seller())
        in_time = market.make(10, ship_in=DAY, without_delay_in=3 * DAY)
        late = market.make(3, ship_in=DAY, without_delay_in=3 * DAY)
        cancelled = market.make(3, ship_in=DAY, without_delay_in=3 * DAY)
        overdue = market.make(4, ship_in=DAY, without_delay_in=2 * DAY)
        market.later(3600)
        market.send(in_time)
        market.cancel(cancelled[0], 352)
        market.later(DAY + 7200)
        market.send(late)
        market.cancel(cancelled[1], LOST)
        market.later(DAY)
        market.act(cancelled[2], "marketplace_cancel", overdue=True, force=True)
        market.act(overdue[3], "grace")
        market.send(overdue)
        yield market


@pytest.fixture
def run(market: Market, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the audit with the read-only key."""
    monkeypatch.setenv("OZON_CLIENT_ID", market.seller.client_id)
    monkeypatch.setenv("OZON_API_KEY", market.seller.read_only_key)

    def audit(*arguments: str) -> Result:
        return CliRunner().invoke(cli.app, ["audit", "--base-url", market.simulator.base_url, *arguments])

    return audit


def sums(view: Any, name: str) -> dict[str, str]:
    return {money["currency"]: money["amount"] for money in view["totals"][name]}


def test_its_sums_are_the_marketplaces_to_the_kopeck(market: Market, run: Any) -> None:
    result = run("--json")
    view = json.loads(result.stdout)
    books = market.charges()["totals"]["RUB"]

    assert result.exit_code == 0, result.output
    charged = Decimal(books["delay"]) + Decimal(books["cancellation"])
    assert charged > 0
    assert sums(view, "charged") == {"RUB": f"{charged:.2f}"}
    assert sums(view, "estimated") == {"RUB": f"{Decimal(books['tariff']):.2f}"}
    assert view["comparison"]["equal"] is True
    assert view["comparison"]["marketplace"] == {"amount": f"{charged:.2f}", "currency": "RUB"}
    rungs = {line["rung"]: line["postings"] for line in view["rungs"]}
    assert rungs == {
        "without_delay": 3,
        "cancelled_by_seller": 2,
        "cancelled_as_overdue": 1,
        "shipment_date": 3,
        "tariff_step_3": 4,
    }
    assert [loss["posting_number"] for loss in view["losses"] if loss["forgiven"]]
    assert view["unexplained"] == []


def test_it_reads_and_writes_nothing(market: Market, run: Any) -> None:
    before, books = market.calls(), market.simulator.books()

    assert run().exit_code == 0

    after = market.calls()
    asked = {path for path, answers in after.items() if answers != before.get(path)}
    assert asked == READS
    now = market.simulator.books()
    for part in ("postings", "money", "rating_errors", "returns", "cancellation_requests", "pushes"):
        assert now[part] == books[part]


def test_a_terminal_shows_rungs_reminders_policy_and_the_comparison(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for width in (80, 120):
        monkeypatch.setattr(shared.out, "_width", width)
        shown = run("--days", "30").stdout
        assert max(len(line) for line in shown.splitlines()) <= width
        for words in ("without_delay (charged)", "reminder 4 h before", "policy would prioritise", "(estimate)"):
            assert words in shown
        assert re.search(r"difference: equal +0\.00 RUB", shown)


def test_a_difference_is_shown_with_its_day_and_ends_with_2(
    run: Any, monkeypatch: pytest.MonkeyPatch, market: Market
) -> None:
    rows = market.simulator.rooms.world.rating_errors.all()
    charged = next(error for error in rows if error.charge > 1)
    real = OzonClient.index_errors

    def one_missing(self: OzonClient, **arguments: Any) -> Any:
        page = real(self, **arguments)
        return type(page)(tuple(row for row in page.items if row.number != charged.posting_number), page.cursor)

    monkeypatch.setattr(OzonClient, "index_errors", one_missing)
    result = run()

    assert result.exit_code == 2
    assert re.search(r"difference: DIFFERENT +\d", result.stdout)
    assert f"{charged.at:%d.%m.%Y}: sum" in result.stdout
    assert result.stderr.startswith("error: the marketplace's own sum is")


def test_the_file_holds_every_loss(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "losses.csv"
    view = json.loads(run("--csv", str(file), "--json").stdout)

    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened, delimiter=";"))

    assert [row["posting_number"] for row in rows] == [loss["posting_number"] for loss in view["losses"]]
    charged = sum(
        Decimal(row["cost"].replace(",", ".")) for row in rows if not row["estimated"] and not row["forgiven"]
    )
    assert f"{charged:.2f}" == sums(view, "charged")["RUB"]


def test_other_reminders_and_another_policy_may_be_tried(run: Any) -> None:
    view = json.loads(run("--json", "--remind-before", "30m", "--policy", "cross_border_rfbs").stdout)

    assert (view["policy"], view["remind_before"]) == ("cross_border_rfbs", ["PT30M"])
    assert {each["before"] for line in view["rungs"] for each in line["reminders"]} == {"PT30M"}


def test_a_key_that_may_act_is_named_and_works_all_the_same(
    market: Market, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "may also act" not in run().stderr
    monkeypatch.setenv("OZON_API_KEY", market.seller.api_key)

    result = run()

    assert (result.exit_code, "a read-only one is enough" in result.stderr) == (0, True)


def test_a_wrong_key_is_one_clear_error_without_the_key_in_it(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OZON_API_KEY", "not-the-key-at-all")

    result = run()

    assert isinstance(result.exception, StackError)
    assert "Check OZON_CLIENT_ID and OZON_API_KEY" in str(result.exception)
    assert "not-the-key-at-all" not in str(result.exception) + result.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--policy", "cheapest"], "policies are fbs_warehouse"),
        (["--remind-before", "soon"], "write it like 30m"),
        (["--remind-before", "0m"], "longer than nothing"),
        (["--base-url", "http://api-seller.example"], "unencrypted"),
        (["--base-url", "api-seller.ozon.ru"], "is no address"),
        (["--csv", "no/such/folder/x.csv"], "cannot be written"),
    ],
)
def test_a_wrong_option_is_answered_with_a_right_one(run: Any, arguments: list[str], says: str) -> None:
    result = run(*arguments)

    assert isinstance(result.exception, StackError), result.output
    assert says in str(result.exception)


def test_without_credentials_it_says_where_they_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OZON_CLIENT_ID", raising=False)
    monkeypatch.delenv("OZON_API_KEY", raising=False)

    result = CliRunner().invoke(cli.app, ["audit"])

    assert str(result.exception).startswith("OZON_CLIENT_ID and OZON_API_KEY is not set")
