"""Every duration, fraction and limit of the simulated marketplace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path


def wall_clock() -> datetime:
    """The machine's time, aware UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexTerms:
    """What errors cost. A band is (above this index in percent, charge in percent of the posting's price).

    The default is the table for Ozon Global rFBS (docs.ozon.com/global/en/commissions/ozon-fees/fines): up to 4 % free,
    then 3 %, 6 %, 9 %, at most 1,500 roubles an order, above 40 % the shop may be blocked. Today's Russian table is not
    published in the API description. `caps` is by currency; where none is given there is none. `period_seconds` are
    whole UTC days where it is a multiple of a day.
    """

    period_seconds: float = 1_209_600.0
    bands: tuple[tuple[Decimal, Decimal], ...] = (
        (Decimal(4), Decimal(3)),
        (Decimal(10), Decimal(6)),
        (Decimal(20), Decimal(9)),
    )
    caps: Mapping[str, Decimal] = field(default_factory=lambda: {"RUB": Decimal(1500)})
    block_above: Decimal = Decimal(40)


class LabelStyle(StrEnum):
    """Which codes labels carry. Since 5 October 2026 they are drawn anew, and what is left of the old codes on them is
    not published."""

    OLD = "old"
    """The upper and the lower barcode; the API's `scanit` is empty."""
    NEW = "new"
    """The ScanIt code alone."""
    BOTH = "both"
    """All three on one page."""
    MIXED = "mixed"
    """Each posting has one of the three above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffTerms:
    """How long a step of the shipping tariff lasts, and the discounts (percent) of the steps before the shipping date.

    Discounts stand in the order of time; the last one ends at the shipping date. None: shipping before it is free.
    """

    step_seconds: float
    discounts: tuple[Decimal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DropOffTerms:
    """What every drop-off takes: grams, centimetres, roubles. The defaults are those of the official example."""

    most_grams: int = 40_000
    least_grams: int = 0
    side_cm: int = 500
    most_roubles: int = 500_000
    least_roubles: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorSettings:
    """All durations are seconds. Defaults are the real marketplace's, where it states one.

    `port` 0 takes a free one; `data_path` None keeps everything in memory; `seed` decides names, prices, numbers and
    which pushes a fraction hits. `now` is the clock (the control API may add an offset to it).
    """

    port: int = 0
    data_path: Path | None = None
    seed: int = 1
    now: Callable[[], datetime] = wall_clock
    engine_interval: float = 0.2

    rate_limit_per_second: int = 50
    ship_delay: float = 1.0
    registration_delay: float = 2.0
    report_delay: float = 0.0
    """From a report of the seller's own carrier to the status it changes: asynchronous, and last mile may follow
    delivering at once (official). No time is named, and none is the default."""
    unreported_seconds: float | None = 864_000.0
    """What the seller's own carrier brings is cancelled when nobody has reported it this long after its shipping date:
    10 days, "not handed over" (Ozon Global pages, rFBS). None: never."""
    label_delay: float = 50.0
    exemplar_check_delay: float = 2.0
    """From `exemplar/set` until its check is over: ours, the marketplace does not say."""
    label_task_delay: float = 0.3
    label_style: LabelStyle = LabelStyle.MIXED
    label_file_lifetime: float = 3600.0
    carriage_document_delay: float = 5.0
    cargo_job_delay: float = 0.3
    delivery_seconds: float = 259_200.0
    tariff_step_seconds: float = 43_200.0
    tariff_discounts: tuple[Decimal, ...] = ()
    auto_cancel_seconds: float | None = None
    """The marketplace cancels what is not assembled this long after its shipping date; None: never."""
    index: IndexTerms = field(default_factory=IndexTerms)
    drop_off: DropOffTerms = field(default_factory=DropOffTerms)
    return_auto_approve_seconds: float = 86_400.0
    cancellation_auto_approve_seconds: float = 172_800.0
    chat_window_seconds: float = 259_200.0
    chat_reply_seconds: float = 172_800.0
    key_lifetime_seconds: float = 7_776_000.0

    push_duplicate_fraction: float = 0.0
    push_reorder_fraction: float = 0.0
    push_loss_fraction: float = 0.0
    push_extra_delay: float = 0.0
    push_reorder_delay: float = 1.0
    push_time_scale: float = 1.0
    push_ping_seconds: float = 3600.0
    push_timeout: float = 10.0
    push_slow_seconds: float = 5.0
    push_workers: int = 8
    push_health_period_seconds: float = 86_400.0

    @property
    def tariff(self) -> TariffTerms:
        """The shipping tariff's two settings as one."""
        return TariffTerms(step_seconds=self.tariff_step_seconds, discounts=self.tariff_discounts)
