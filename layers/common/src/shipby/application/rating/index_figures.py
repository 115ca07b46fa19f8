"""The figures of the error index as the watch `error-index` keeps them: plain JSON in, typed figures out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import cast

from shipby.application.shared.views import money_view
from shipby.domain.cases import watches
from shipby.domain.cases.watch import Watch
from shipby.domain.json_types import Json
from shipby.domain.money import Money
from shipby.domain.rating.error_index import RATING, Band, IndexState, IndexTable, band_at, bands_of, room, table_for
from shipby.domain.rating.standing import RatingThresholds
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.skew import age

WATCH = watches.ERROR_INDEX
NOT_PERMITTED = "not permitted"
"""State of a watch whose method the seller's key may not call."""
UNKNOWN = "unknown"
"""State where no number of shipments is known, so that one cancel may mean any index."""
STALE_AFTER = timedelta(hours=24)
"""The marketplace works the index out once a day: older figures miss a whole day."""


class Knowledge(StrEnum):
    """How well the error index is known."""

    KNOWN = "known"
    STALE = "stale"
    UNKNOWN = "unknown"
    NOT_PERMITTED = "not_permitted"
    """The seller's key may not read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the marketplace said of the error index, and the cancels asked for that it does not show yet."""

    read_at: datetime
    state: IndexState
    """Without the cancels in `asked`."""
    period_from: date
    period_to: date
    costs: Money
    leaves: Mapping[str, int] = field(default_factory=dict)
    """Day (ISO) -> how many errors no longer count from then on."""
    thresholds: RatingThresholds | None = None
    asked: Mapping[str, str] = field(default_factory=dict)
    """Posting number -> when its cancel was asked for (ISO)."""

    @property
    def expected(self) -> IndexState:
        """The state with every cancel asked for counted as a fault."""
        return replace(self.state, ahead=self.state.ahead + len(self.asked))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a seller stands: figures where there are any, and the bands that apply."""

    word: Knowledge
    table: IndexTable
    bands: tuple[Band, ...]
    figures: Figures | None = None

    @property
    def state(self) -> IndexState | None:
        return self.figures.expected if self.figures else None


def standing_of(watch: Watch | None, settings: SellerSettings, now: datetime) -> Standing:
    """What a watch says under the seller's policy at a moment."""
    table = table_for(settings.market, now.date(), name=settings.index_table)
    if watch is None or watch.state == NOT_PERMITTED or "index" not in watch.data:
        forbidden = watch is not None and watch.state == NOT_PERMITTED
        word = Knowledge.NOT_PERMITTED if forbidden else Knowledge.UNKNOWN
        return Standing(word=word, table=table, bands=bands_of(table))
    figures = figures_of(watch.data)
    fresh = Knowledge.STALE if age(figures.read_at, now) > STALE_AFTER else Knowledge.KNOWN
    word = fresh if figures.state.known else Knowledge.UNKNOWN
    return Standing(word=word, table=table, bands=bands_of(table, figures.thresholds), figures=figures)


def watch_data(figures: Figures, settings: SellerSettings) -> tuple[str, dict[str, Json]]:
    """The watch's state (the band that the marketplace's own figure is in) and its data."""
    state, expected = figures.state, figures.expected
    table = table_for(settings.market, figures.read_at.date(), name=settings.index_table)
    bands = bands_of(table, figures.thresholds)
    name = band_at(bands, state.index).name if state.known else UNKNOWN
    thresholds = figures.thresholds
    return name, {
        "read_at": figures.read_at.isoformat(),
        "index": str(state.index),
        "errors": state.errors,
        "shipments": state.shipments,
        "shipments_most": state.shipments_most,
        "basis": state.basis,
        "estimated": state.estimated,
        "ahead": state.ahead,
        "charge_percent": None if state.charge_percent is None else str(state.charge_percent),
        "period_from": figures.period_from.isoformat(),
        "period_to": figures.period_to.isoformat(),
        "costs": money_view(figures.costs),
        "leaves": dict(figures.leaves),
        "warning": _text(thresholds.warning if thresholds else None),
        "danger": _text(thresholds.danger if thresholds else None),
        "asked": dict(figures.asked),
        "table": table.name,
        "band": name,
        "expected_band": band_at(bands, expected.now).name if state.known else UNKNOWN,
        "room": room(expected, bands) if state.known else None,
    }


def figures_of(data: Mapping[str, Json]) -> Figures:
    """The figures of a watch's data."""
    costs = cast("Mapping[str, str]", data["costs"])
    warning, danger = _decimal(data["warning"]), _decimal(data["danger"])
    return Figures(
        read_at=datetime.fromisoformat(str(data["read_at"])),
        state=IndexState(
            index=Decimal(str(data["index"])),
            errors=cast("int", data["errors"]),
            shipments=cast("int", data["shipments"]),
            shipments_most=cast("int", data["shipments_most"]),
            basis=str(data["basis"]),
            ahead=cast("int", data["ahead"]),
            charge_percent=_decimal(data["charge_percent"]),
        ),
        period_from=date.fromisoformat(str(data["period_from"])),
        period_to=date.fromisoformat(str(data["period_to"])),
        costs=Money.parse(costs["amount"], costs["currency"]),
        leaves=cast("Mapping[str, int]", data["leaves"]),
        thresholds=RatingThresholds(rating=RATING, warning=warning, danger=danger) if warning or danger else None,
        asked=cast("Mapping[str, str]", data["asked"]),
    )


def asked_of(watch: Watch | None) -> Mapping[str, str]:
    """The cancels asked for that the watch knows: they stay while the index itself may not be read."""
    return cast("Mapping[str, str]", watch.data.get("asked", {})) if watch is not None else {}


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _decimal(value: Json) -> Decimal | None:
    return None if value is None else Decimal(str(value))
