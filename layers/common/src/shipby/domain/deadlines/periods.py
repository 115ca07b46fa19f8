"""Periods that the marketplace sets and its pages disagree on: dated, with their source, and how sure each is.

Nothing irreversible hangs on an uncertain period: it starts reminders and estimates. A seller's own setting, where one
exists (`auto_cancel_estimate`, `decide_return_within`), goes before this table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from shipby.domain.market import Market
from shipby.domain.postings.posting import Posting, Scheme, Stage
from shipby.domain.returns.return_case import ReturnSource
from shipby.domain.sellers.settings import SellerSettings

EVERY_MARKET = None


class PeriodKind(StrEnum):
    """What a period is for."""

    CANCEL_NOT_PACKED = "cancel_not_packed"
    """From the cut-off until the marketplace cancels what is not packed."""
    CANCEL_NOT_HANDED_OVER = "cancel_not_handed_over"
    """From the cut-off until the marketplace cancels what is packed and not handed over."""
    NOT_ACCEPTED = "not_accepted"
    """A partner's delivery that stays `not_accepted` so long is cancelled."""
    PASSPORT = "passport"
    """How long the buyer has to give passport data."""
    ANSWER_TRACKING_REQUEST = "answer_tracking_request"
    """How long the seller has to name another tracking number."""
    DECIDE_RETURN = "decide_return"
    """rFBS: from the buyer's request until the marketplace approves it by itself."""
    DECIDE_RETURN_IN_CABINET = "decide_return_in_cabinet"
    """The same for FBS, where no method decides."""
    OVERDUE_DELIVERY = "overdue_delivery"
    """After the delivery date: from then on the buyer may have the posting cancelled."""
    MAX_DELIVERY = "max_delivery"
    """The longest delivery time of rFBS."""
    PACKING_EVIDENCE = "packing_evidence"
    """How long the seller has to send the video of the packing."""
    START_CHAT = "start_chat"
    """After payment or delivery, as long as which the seller may open a chat with the buyer."""
    KEY_LIFETIME = "key_lifetime"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One period as one source tells it."""

    kind: PeriodKind
    market: Market | None
    """None: every market."""
    length: timedelta
    valid_from: date
    """The first day it holds. A page without a date: the day it was read, or 2000 where nothing else is known."""
    source: str
    certain: bool
    business_day: bool = False
    """It runs to the end of the last day, and that is a business day (Monday to Friday)."""
    note: str = ""

    def end(self, since: datetime, zone: str = "UTC") -> datetime:
        """When the period is over that began at `since`; `zone` decides where a business day ends."""
        if not self.business_day:
            return since + self.length
        day = since.astimezone(ZoneInfo(zone)).date() + self.length
        while day.isoweekday() > 5:
            day += timedelta(days=1)
        return datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(zone)).astimezone(UTC)


_ALWAYS = date(2000, 1, 1)
_READ = date(2026, 8, 14)
_RFBS_PAGES = "docs.ozon.ru/global/en/fulfillment/rfbs/"
_API = "Ozon Seller API, section "

PERIODS: tuple[Period, ...] = (
    Period(
        kind=PeriodKind.CANCEL_NOT_PACKED,
        market=Market.RU,
        length=timedelta(days=7),
        valid_from=_ALWAYS,
        source=_API + "Process",
        certain=False,
        note="The API names no automatic cancel at all; pages of the help centre said the 5th, 7th or 10th day.",
    ),
    Period(
        kind=PeriodKind.CANCEL_NOT_HANDED_OVER,
        market=Market.RU,
        length=timedelta(days=7),
        valid_from=_ALWAYS,
        source=_API + "Process",
        certain=False,
        note="As above: the API does not tell packed postings apart.",
    ),
    Period(
        kind=PeriodKind.CANCEL_NOT_PACKED,
        market=Market.GLOBAL,
        length=timedelta(days=1),
        valid_from=_ALWAYS,
        source=_RFBS_PAGES + "cancellations/cancel-by-ozon/",
        certain=True,
        business_day=True,
        note="Overdue packing is cancelled by the end of the next business day.",
    ),
    Period(
        kind=PeriodKind.CANCEL_NOT_HANDED_OVER,
        market=Market.GLOBAL,
        length=timedelta(days=10),
        valid_from=_ALWAYS,
        source=_RFBS_PAGES + "cancellations/cancel-by-ozon/",
        certain=True,
    ),
    Period(
        kind=PeriodKind.NOT_ACCEPTED,
        market=EVERY_MARKET,
        length=timedelta(days=14),
        valid_from=_ALWAYS,
        source=_RFBS_PAGES + "cancellations/cancel-by-ozon/",
        certain=True,
        note="Partner delivery of Ozon Global.",
    ),
    Period(
        kind=PeriodKind.PASSPORT,
        market=EVERY_MARKET,
        length=timedelta(hours=24),
        valid_from=_ALWAYS,
        source=_RFBS_PAGES + "cancellations/cancel-by-ozon/",
        certain=True,
    ),
    Period(
        kind=PeriodKind.ANSWER_TRACKING_REQUEST,
        market=EVERY_MARKET,
        length=timedelta(days=3),
        valid_from=_ALWAYS,
        source=_RFBS_PAGES + "cancellations/cancel-by-ozon/",
        certain=True,
        note="No event of the API tells of the request: it comes as a chat message and is entered by hand.",
    ),
    Period(
        kind=PeriodKind.DECIDE_RETURN,
        market=Market.RU,
        length=timedelta(hours=24),
        valid_from=_ALWAYS,
        source="dzen.ru/b/Y-NMj8VSShMSzqKY",
        certain=False,
        note="A repost of the marketplace's news, undated; then it approves by itself.",
    ),
    Period(
        kind=PeriodKind.DECIDE_RETURN,
        market=Market.GLOBAL,
        length=timedelta(days=3),
        valid_from=date(2021, 1, 1),
        source="global.ozon.ru/en/docs/fulfillment/rfbs/returns-3pl.html",
        certain=False,
        note="A page of 2021.",
    ),
    Period(
        kind=PeriodKind.DECIDE_RETURN_IN_CABINET,
        market=EVERY_MARKET,
        length=timedelta(hours=24),
        valid_from=_ALWAYS,
        source="dzen.ru/b/Y-NMj8VSShMSzqKY",
        certain=False,
        note="A repost of the marketplace's news, undated; then it approves by itself and the goods go to the seller.",
    ),
    Period(
        kind=PeriodKind.OVERDUE_DELIVERY,
        market=EVERY_MARKET,
        length=timedelta(days=24),
        valid_from=_ALWAYS,
        source=_RFBS_PAGES + "cancellations/",
        certain=False,
        note="The older page.",
    ),
    Period(
        kind=PeriodKind.OVERDUE_DELIVERY,
        market=EVERY_MARKET,
        length=timedelta(days=20),
        valid_from=_READ,
        source=_RFBS_PAGES + "cancellations/",
        certain=False,
        note="The newer page; since when is not said.",
    ),
    Period(
        kind=PeriodKind.MAX_DELIVERY,
        market=EVERY_MARKET,
        length=timedelta(days=30),
        valid_from=_ALWAYS,
        source=_API + "Process",
        certain=True,
        note="rFBS.",
    ),
    Period(
        kind=PeriodKind.PACKING_EVIDENCE,
        market=EVERY_MARKET,
        length=timedelta(days=2),
        valid_from=_ALWAYS,
        source=_RFBS_PAGES + "refunds/deviation/",
        certain=False,
        note="The request comes as a chat message; no event of the API tells of it.",
    ),
    Period(
        kind=PeriodKind.START_CHAT,
        market=EVERY_MARKET,
        length=timedelta(hours=72),
        valid_from=_ALWAYS,
        source=_API + "ChatAPI",
        certain=True,
    ),
    Period(
        kind=PeriodKind.KEY_LIFETIME,
        market=EVERY_MARKET,
        length=timedelta(days=181),
        valid_from=_ALWAYS,
        source=_API + "Auth (description of 14 August 2026)",
        certain=True,
        note="6 months, counted at their shortest; `expires_at` of /v1/roles is exact.",
    ),
    Period(
        kind=PeriodKind.KEY_LIFETIME,
        market=EVERY_MARKET,
        length=timedelta(days=89),
        valid_from=date(2026, 9, 1),
        source=_API + "Auth (description of 1 October 2026)",
        certain=True,
        note="3 months, counted at their shortest; `expires_at` of /v1/roles is exact.",
    ),
)


def period(kind: PeriodKind, market: Market, on: date, *, table: Sequence[Period] = PERIODS) -> Period:
    """The period of a market that holds on a day: its own before the one of every market, the newest one of these.

    Raises LookupError if the table has none.
    """
    held = [entry for entry in table if entry.kind is kind and entry.valid_from <= on]
    for wanted in (market, EVERY_MARKET):
        found = [entry for entry in held if entry.market is wanted]
        if found:
            return max(found, key=lambda entry: entry.valid_from)
    raise LookupError(f"no {kind} period is known for market {str(market)!r} on {on}")


def decide_return_by(since: datetime, settings: SellerSettings, source: ReturnSource = ReturnSource.RFBS) -> datetime:
    """Until when a return must be decided: the seller's own time, or the market's dated one."""
    own = settings.decide_return_within
    if own is not None:
        return since + own
    kind = PeriodKind.DECIDE_RETURN if source is ReturnSource.RFBS else PeriodKind.DECIDE_RETURN_IN_CABINET
    return period(kind, settings.market, since.date()).end(since, settings.time_zone)


def auto_cancel_estimate(cut_off: datetime, posting: Posting, settings: SellerSettings) -> datetime:
    """When the marketplace may cancel a posting by itself: an estimate, after which it is read anew.

    A seller's own setting goes first. Without one: sellers of Russia have only a guess; a cross-border rFBS posting
    that is not packed is cancelled at the end of the next business day in the seller's zone, a packed one later.
    """
    own = settings.auto_cancel_estimate
    if own is not None:
        return cut_off + own
    # The global pages speak of rFBS only; for everything else there is but the Russian pages' guess.
    market = settings.market if posting.scheme is Scheme.RFBS else Market.RU
    packed = posting.assembled_at is not None or posting.stage is Stage.PACKED
    kind = PeriodKind.CANCEL_NOT_HANDED_OVER if packed else PeriodKind.CANCEL_NOT_PACKED
    return period(kind, market, cut_off.date()).end(cut_off, settings.time_zone)


def not_accepted_by(since: datetime, settings: SellerSettings) -> datetime:
    """Until when the marketplace waits for a parcel that its sorting centre misses since `since`."""
    return period(PeriodKind.NOT_ACCEPTED, settings.market, since.date()).end(since, settings.time_zone)
