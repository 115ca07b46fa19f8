"""Reading for the loss audit: all pages, patiently, and by reads alone."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shipby.application.deadlines.audit_losses import ATTEMPTS, LossAudit, audit_losses
from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.pages import Page
from shipby.domain.errors import InvalidInputError, MarketplaceUnavailableError, RateLimitedError
from shipby.domain.postings.posting import MarketplacePosting
from shipby.domain.rating.standing import ErrorIndex, IndexedPosting, IndexErrorKind
from shipby.domain.sellers.settings import SellerSettings
from tests.support import builders as a
from tests.support.fake_marketplace import FakeMarketplace, Fault

DAY = timedelta(days=1)
SETTINGS = SellerSettings(seller=a.SELLER)
READS = {"posting", "postings", "error_index", "index_errors"}


class ReadOnly:
    """A marketplace that refuses every call but the audit's four reads, and remembers what was asked."""

    def __init__(self, market: Marketplace) -> None:
        self._market = market
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        assert name in READS, f"the audit asked for {name}"
        self.asked.append(name)
        return getattr(self._market, name)


def posting(number: str, **changes: Any) -> MarketplacePosting:
    base = a.detail(
        number=number,
        in_process_at=a.NOW - 9 * DAY,
        shipment_date=a.NOW - 5 * DAY,
        without_delay=a.NOW - 4 * DAY,
        delivering_date=a.NOW - 6 * DAY,
        tariff_steps=(),
        status="delivering",
    )
    return replace(base, **changes)


def delay(number: str, charge: str = "10.01", days_ago: int = 4, **changes: Any) -> IndexedPosting:
    base = IndexedPosting(
        number=number,
        kind=IndexErrorKind.SELLER_DELAY,
        at=a.NOW - days_ago * DAY,
        charge=a.rub(charge),
        charge_percent=Decimal(3),
        product_price=a.rub("100"),
        scheme="FBS",
        grace=False,
    )
    return replace(base, **changes)


@pytest.fixture
def market() -> FakeMarketplace:
    return FakeMarketplace(a.FixedClock())


def audit(market: FakeMarketplace, *, days: int = 30, waits: list[float] | None = None) -> LossAudit:
    waited = [] if waits is None else waits
    source = ReadOnly(market)
    found = audit_losses(source, SETTINGS, since=a.NOW - days * DAY, now=a.NOW, wait=waited.append)
    assert set(source.asked) <= READS
    return found


def has(market: FakeMarketplace, *rows: IndexedPosting, costs: str = "0") -> None:
    market.index_book += rows
    market.index = ErrorIndex(
        period_from=(a.NOW - 13 * DAY).date(), period_to=a.NOW.date(), index=Decimal(3), costs=a.rub(costs)
    )
    for number in {row.number for row in rows}:
        market.book[number] = posting(number, delivering_date=a.NOW - 3 * DAY)


def test_every_page_is_read_and_the_sum_is_exact(market: FakeMarketplace) -> None:
    has(market, *(delay(f"p{n}") for n in range(7)), costs="70.07")

    found = audit(market)

    assert len(found.charges) == 7
    assert (found.comparison.listed, found.comparison.equal) == (a.rub("70.07"), True)
    assert found.unexplained == []


def test_a_difference_is_shown_and_never_smoothed(market: FakeMarketplace) -> None:
    has(market, delay("p1"), costs="10.00")

    found = audit(market)

    assert (found.comparison.equal, found.comparison.difference) == (False, a.rub("-0.01"))


def test_a_short_audit_still_compares_the_whole_period_of_the_index(market: FakeMarketplace) -> None:
    has(market, delay("old", days_ago=10), delay("new", days_ago=2), costs="20.02")

    found = audit(market, days=5)

    assert [loss.number for loss in found.charges] == ["new"]
    assert found.comparison.equal


def test_a_posting_the_list_does_not_hold_is_read_alone_and_one_nobody_knows_is_unexplained(
    market: FakeMarketplace,
) -> None:
    has(market, delay("older"), delay("gone"), costs="20.02")
    market.book["older"] = posting("older", in_process_at=a.NOW - 99 * DAY, delivering_date=a.NOW - 3 * DAY)
    del market.book["gone"]

    found = audit(market)

    assert [one.number for one in found.unexplained] == ["gone"]
    assert {loss.number: bool(loss.unexplained) for loss in found.charges} == {"older": False, "gone": True}
    assert found.comparison.equal, "unexplained is not dropped"


def test_what_should_have_been_counted_is_named_and_forgiven_ones_stand_apart(market: FakeMarketplace) -> None:
    has(market, delay("forgiven", grace=True, charge="5"))
    market.book["uncounted"] = posting("uncounted", delivering_date=a.NOW - 3 * DAY)

    found = audit(market)

    assert [one.number for one in found.unexplained] == ["uncounted"]
    assert ([loss.number for loss in found.forgiven], found.charges) == (["forgiven"], [])


def test_a_busy_marketplace_is_waited_for_as_long_as_it_asks(market: FakeMarketplace) -> None:
    has(market, delay("p1"), costs="10.01")
    market.fail("index_errors", Fault.RATE_LIMIT, Fault.UNAVAILABLE)
    waits: list[float] = []

    found = audit(market, waits=waits)

    assert len(waits) == 2
    assert all(seconds > 0 for seconds in waits)
    assert found.comparison.equal


def test_a_marketplace_that_stays_away_ends_the_audit(market: FakeMarketplace) -> None:
    market.fail("error_index", *[Fault.UNAVAILABLE] * ATTEMPTS)
    waits: list[float] = []

    with pytest.raises(MarketplaceUnavailableError):
        audit(market, waits=waits)
    assert waits == [1, 2, 4, 8, 16]


class Endless(FakeMarketplace):
    """Gives the same page for ever."""

    def postings(
        self, *, since: datetime, to: datetime, changed_from: datetime | None = None, cursor: str = ""
    ) -> Page[MarketplacePosting]:
        return Page((posting("p1"),), "again")


def test_a_page_that_repeats_ends_the_audit_instead_of_reading_for_ever() -> None:
    with pytest.raises(MarketplaceUnavailableError, match="repeats a page"):
        audit(Endless(a.FixedClock()))


class Patient(FakeMarketplace):
    """Wants to be left alone for an hour."""

    def error_index(self) -> ErrorIndex:
        raise RateLimitedError("slow down", retry_after=3600)


def test_a_wait_of_an_hour_is_not_waited_for() -> None:
    with pytest.raises(RateLimitedError):
        audit(Patient(a.FixedClock()))


@pytest.mark.parametrize("days", [0, 365])
def test_more_than_the_marketplace_lists_is_refused(market: FakeMarketplace, days: int) -> None:
    with pytest.raises(InvalidInputError, match="364 days"):
        audit(market, days=days)


def test_the_view_is_json_and_holds_every_loss(market: FakeMarketplace) -> None:
    has(market, delay("p1"), costs="10.01")

    view: Any = audit(market).view()

    assert view["comparison"]["equal"] is True
    assert view["totals"]["charged"] == [{"amount": "10.01", "currency": "RUB"}]
    assert view["rungs"][0]["reminders"][0]["before"] == "PT4H"
    assert view["losses"][0]["policy_move"] == "prioritise"
