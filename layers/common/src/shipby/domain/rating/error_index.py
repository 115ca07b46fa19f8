"""The error index: how it is counted, what its bands cost, and what one more cancel would do to it.

The index is the share of the seller's faults (cancels, delays) in all shipments of 14 days, in percent. The marketplace
works it out once a day and leaves the current day out. Sources: ozon Seller API, /v1/rating/index/fbs/info and
/v1/rating/index/fbs/posting/list; the public pages named with each table of bands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from shipby.domain.errors import InvalidInputError
from shipby.domain.market import Market
from shipby.domain.money import Money
from shipby.domain.rating.standing import RatingThresholds

RATING = "rating_general_indicator_fbs_rfbs"
"""What /v1/rating/history calls the error index."""
PERIOD = timedelta(days=14)
_HUNDRED = Decimal(100)
_FINEST = Decimal("1e-9")
"""The index comes as a JSON double: digits beyond these are noise of its making."""
_SHOWN = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A stretch of the index, best first. `up_to` is inclusive; None has no end."""

    name: str
    up_to: Decimal | None
    fee_percent: Decimal | None = None
    """Of the product price, for each cancel; None where no fee is published."""
    blocks: bool = False
    """In it the marketplace may block the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexTable:
    """The bands of a market from a day on. `certain` is False where the pages disagree or only third parties tell."""

    name: str
    market: Market
    schemes: tuple[str, ...]
    valid_from: date
    source: str
    certain: bool
    bands: tuple[Band, ...]
    least: Money | None = None
    most: Money | None = None
    """Least and most of one fee."""
    note: str = ""


def _bands(*stretches: tuple[str, str | None, str | None], blocking: str) -> tuple[Band, ...]:
    return tuple(
        Band(
            name=name,
            up_to=Decimal(up_to) if up_to else None,
            fee_percent=Decimal(fee) if fee else None,
            blocks=name == blocking,
        )
        for name, up_to, fee in stretches
    )


TABLES: tuple[IndexTable, ...] = (
    IndexTable(
        name="global-three-zones",
        market=Market.GLOBAL,
        schemes=("rFBS",),
        valid_from=date(2023, 1, 1),
        source="docs.ozon.ru/global/en/ratings/cancellation-percentage",
        certain=False,
        bands=_bands(("green", "4", None), ("yellow", "50", None), ("red", None, None), blocking="red"),
        note="the older copy of the page, without fees; it names no date, so its day is an assumption",
    ),
    IndexTable(
        name="global-five-zones",
        market=Market.GLOBAL,
        schemes=("rFBS",),
        valid_from=date(2026, 1, 1),
        source="docs.ozon.com/global/en/commissions/ozon-fees/fines, docs.ozon.com/global/en/ratings/quality-metrics",
        certain=True,
        bands=_bands(
            ("green", "4", "0"),
            ("blue", "10", "3"),
            ("yellow", "20", "6"),
            ("orange", "40", "9"),
            ("red", None, "9"),
            blocking="red",
        ),
        most=Money(150_000, "RUB"),
        note="above 40 % the account may be blocked for 3 days; the page names no date, so its day is an assumption",
    ),
    IndexTable(
        name="ru-error-index",
        market=Market.RU,
        schemes=("FBS", "rFBS", "erFBS"),
        valid_from=date(2023, 6, 13),
        source="dzen.ru/a/ZHi_TgSg0XGqckN_ (third party); zones from docs.ozon.ru/global/en/ratings",
        certain=False,
        bands=_bands(("green", "4", "1.5"), ("yellow", "50", "1.5"), ("red", None, "1.5"), blocking="red"),
        least=Money(2_000, "RUB"),
        most=Money(70_000, "RUB"),
        note="today's Russian tariff is not published in the API description: charge_percent of the newest charge that "
        "the marketplace shows is used where there is one",
    ),
)
"""A correction of a published table is a new entry with a later day, never a change of an old one."""


def table_for(market: Market, on: date, *, name: str = "") -> IndexTable:
    """The named table, or the newest one of the market on a day. Raises InvalidInputError for an unknown name."""
    if name:
        found = next((table for table in TABLES if table.name == name), None)
        if found is None:
            known = ", ".join(table.name for table in TABLES)
            raise InvalidInputError(f"there is no table of error-index bands called {name!r}; there are {known}")
        return found
    ours = [table for table in TABLES if table.market is market] or list(TABLES)
    valid = [table for table in ours if table.valid_from <= on]
    return max(valid, key=lambda table: table.valid_from) if valid else min(ours, key=lambda table: table.valid_from)


def bands_of(table: IndexTable, thresholds: RatingThresholds | None = None) -> tuple[Band, ...]:
    """The table's bands with the limits that the marketplace names for this seller in place of the dated ones.

    `danger` is where blocking begins. `warning` ends the first band, but only of an uncertain table: in a certain one
    that limit is the one from which fees are charged, which a warning does not move.
    """
    bands = table.bands
    danger = thresholds.danger if thresholds else None
    if danger is not None and danger > 0:
        below = [band for band in bands[:-1] if band.up_to is not None and band.up_to < danger]
        if len(below) == len(bands) - 1:
            below[-1] = replace(below[-1], up_to=danger)
        else:
            below.append(replace(bands[len(below)], up_to=danger))
        bands = (*below, bands[-1])
    warning = thresholds.warning if thresholds else None
    if warning is not None and warning > 0 and not table.certain and len(bands) > 2:
        second = bands[1].up_to
        if second is not None and warning < second:
            bands = (replace(bands[0], up_to=warning), *bands[1:])
    return bands


def _rank(bands: Sequence[Band], index: Decimal) -> int:
    return next(at for at, band in enumerate(bands) if band.up_to is None or index <= band.up_to)


def band_at(bands: Sequence[Band], index: Decimal) -> Band:
    """The band that an index lies in."""
    return bands[_rank(bands, index)]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexState:
    """What is known of the index. `shipments` is the least and `shipments_most` the most that it can stand for."""

    index: Decimal
    """Percent, as the marketplace told it."""
    errors: int
    """Postings that count in it."""
    shipments: int
    shipments_most: int
    basis: str
    """Where the number of shipments comes from: `index` (errors divided by it), `own_count`, or `none`."""
    ahead: int = 0
    """Faults that this index does not show yet: of today, and cancels asked for but not yet in the list."""
    charge_percent: Decimal | None = None
    """What the newest charge that the marketplace shows was, of the product price."""

    @property
    def known(self) -> bool:
        """Whether anything can be worked out: without a number of shipments one cancel may mean any index."""
        return self.shipments > 0

    @property
    def estimated(self) -> bool:
        return self.basis != "index" or self.shipments != self.shipments_most

    @property
    def now(self) -> Decimal:
        """The index with what is ahead of it, not worse than it really is."""
        if not self.ahead or not self.known:
            return self.index
        return max(self.index, (self.errors + self.ahead) * _HUNDRED / self.shipments_most)

    def after(self, cancels: int) -> Decimal:
        """The index after more cancels, not better than it will really be.

        Whether a cancelled posting stays among the shipments is not said clearly, so it is taken away from them.
        """
        faults = self.errors + self.ahead + cancels
        left = self.shipments - self.ahead - cancels
        return max(self.now, _HUNDRED if left <= faults else faults * _HUNDRED / left)


def shipments_of(index: Decimal, errors: int) -> tuple[int, int]:
    """The least and the most shipments that `errors` of them give this index; (0, 0) if it tells nothing.

    The index is written with so many digits and no more: every whole number that fits them is possible. Where none
    fits, the errors listed are not quite those counted, and the quotient rounded down stands for both.
    """
    if index <= 0 or errors <= 0:
        return 0, 0
    exponent = index.as_tuple().exponent
    step = max(Decimal(1).scaleb(exponent) if isinstance(exponent, int) else _FINEST, _FINEST)
    scaled = errors * _HUNDRED
    least = int((scaled / (index + step)).to_integral_value(ROUND_FLOOR)) + 1
    quotient = int((scaled / index).to_integral_value(ROUND_FLOOR))
    if index <= step:
        return max(min(least, quotient), errors), max(quotient, errors)
    most = int((scaled / (index - step)).to_integral_value(ROUND_CEILING)) - 1
    if least > most:
        least = most = quotient
    return max(least, errors), max(most, errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The index after some more cancels that are the seller's fault. None where it cannot be worked out."""

    cancels: int
    index: Decimal | None
    band: Band | None
    band_now: Band | None
    worse: bool
    """Whether they bring the index into a worse band."""
    room: int | None
    """How many more cancels there are before a worse band; None: there is no worse band, or nothing is known."""
    next_band: Band | None
    fee: Money | None
    """Of the last of them, at most; None without a price or a published fee."""
    fee_percent: Decimal | None
    capped: bool
    """Whether least and most of a fee were applied; they are published in one currency only."""
    estimated: bool

    @property
    def known(self) -> bool:
        return self.band is not None


def forecast(
    state: IndexState, bands: Sequence[Band], cancels: int = 1, *, table: IndexTable, price: Money | None = None
) -> Forecast:
    """What `cancels` more would do; `price` is the product price of the posting of the last one.

    The pages do not say whether the index before or after a cancel decides its fee: the one after, the dearer, is told.
    """
    if not state.known:
        return Forecast(
            cancels=cancels,
            index=None,
            band=None,
            band_now=None,
            worse=False,
            room=None,
            next_band=None,
            fee=None,
            fee_percent=None,
            capped=False,
            estimated=True,
        )
    now, after = _rank(bands, state.now), _rank(bands, state.after(cancels))
    percent = bands[after].fee_percent
    if not table.certain and state.charge_percent is not None:
        percent = state.charge_percent
    fee, capped = _fee(price, percent, table)
    return Forecast(
        cancels=cancels,
        index=shown(state.after(cancels)),
        band=bands[after],
        band_now=bands[now],
        worse=after > now,
        room=room(state, bands),
        next_band=bands[now + 1] if now + 1 < len(bands) else None,
        fee=fee,
        fee_percent=percent,
        capped=capped,
        estimated=state.estimated or not table.certain,
    )


def room(state: IndexState, bands: Sequence[Band]) -> int | None:
    """How many more cancels stay within the band of now, rounded down; None without a worse band."""
    limit = bands[_rank(bands, state.now)].up_to
    if limit is None:
        return None
    # (faults + n) * 100 <= limit * (left - n)
    faults, left = state.errors + state.ahead, state.shipments - state.ahead
    most = int(((limit * left - faults * _HUNDRED) / (limit + _HUNDRED)).to_integral_value(ROUND_FLOOR))
    return max(0, most)


def shown(index: Decimal) -> Decimal:
    """An index as people read it: two digits, rounded up, so that no limit looks kept that is not."""
    return index.quantize(_SHOWN, ROUND_CEILING)


def _fee(price: Money | None, percent: Decimal | None, table: IndexTable) -> tuple[Money | None, bool]:
    if percent is None or price is None:
        return None, False
    fee = price.percent(percent)
    bounds = [bound for bound in (table.least, table.most) if bound is not None]
    if fee.minor == 0 or not bounds or any(bound.currency != price.currency for bound in bounds):
        return fee, False
    if table.least is not None and fee.minor < table.least.minor:
        return table.least, True
    if table.most is not None and fee.minor > table.most.minor:
        return table.most, True
    return fee, True


def leaves_on(error_day: date, period_from: date, period_to: date) -> date:
    """The day whose index no longer counts an error: the period moves on by one day each day."""
    return error_day + (period_to - period_from) + timedelta(days=1)
