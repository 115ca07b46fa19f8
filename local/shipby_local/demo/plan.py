"""What happens on the demo day: which postings, with which fate. Everything is drawn from the seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from shipby.domain.sellers.settings import Automation, OwnLabelPolicy, SellerSettings, UnlockAt
from shipby_local.pacing import BESIDE_A_STEPPED_CLOCK
from shipby_local.simulator import Simulator, SimulatorSettings
from shipby_local.simulator.generate import LineSpec, Plan


class Fate(StrEnum):
    """What the day has in store for a posting."""

    PLAIN = "plain"
    TWO_PACKAGES = "two packages"
    LATE = "late, but shipped"
    MARKETPLACE_CANCELS = "cancelled by the marketplace"
    BUYER_CANCELS = "cancelled by the buyer"
    GIVEN_UP = "given up by the seller's policy"
    SHADOWED = "would have been given up (shadow mode), shipped late"
    SAVED = "shipped in time after a reminder"
    MOVED = "its cut-off was moved"
    NO_LABEL = "its label is never ready"
    UNREAD = "its label cannot be read back, printed by a person's word"
    FULL_REFUND = "returned, refunded in full though the worker was killed"
    PART_REFUND = "returned, compensated in part, approved by a second person"
    PART_RETURNED = "split; one part returned, its money refunded"
    GOODS_BACK = "returned, taken back, inspected, put on the shelf, refunded"
    WISH_GRANTED = "the buyer asked to cancel on the way: agreed"
    WISH_REFUSED = "the buyer asked to cancel on the way: refused, delivered"
    CLAIMED = "packing evidence asked for, and sent"
    NEW_NUMBER = "tracking number replaced"
    LONG_WAY = "20 days on its way, delivered without a push"


LATER = frozenset(
    {
        Fate.GIVEN_UP,
        Fate.SHADOWED,
        Fate.FULL_REFUND,
        Fate.PART_REFUND,
        Fate.PART_RETURNED,
        Fate.GOODS_BACK,
        Fate.WISH_GRANTED,
        Fate.WISH_REFUSED,
        Fate.CLAIMED,
        Fate.NEW_NUMBER,
        Fate.LONG_WAY,
    }
)
"""Fates that need more than the first day."""


@dataclass(frozen=True, slots=True)
class PlannedPosting:
    client_id: str
    number: str
    fate: Fate


@dataclass(slots=True)
class DayPlan:
    """Sellers, policies and postings of the day."""

    sellers: Sequence[str]
    ends: datetime
    postings: list[PlannedPosting] = field(default_factory=list)

    def of(self, fate: Fate) -> list[PlannedPosting]:
        return [posting for posting in self.postings if posting.fate is fate]


BEGINS = datetime(2026, 11, 17, 5, 0, tzinfo=UTC)
"""Tuesday, 08:00 in Moscow: always the same day, so that no outcome hangs on the calendar."""
ENDS = BEGINS + timedelta(days=5, hours=6)
"""Sunday afternoon: what the carriers took has arrived, the last return is paid."""
MOSCOW = timezone(timedelta(hours=3), "MSK")


def at(hour: str, day: int = 1) -> datetime:
    """An hour of a day of the demo, in Moscow: `at("18:00")` is the courier's on the first day."""
    hours, minutes = hour.split(":")
    return BEGINS.astimezone(MOSCOW).replace(hour=int(hours), minute=int(minutes)) + timedelta(days=day - 1)


def after(hour: str, day: int = 1) -> float:
    """The same in seconds from the day's beginning, as the marketplace's plans count."""
    return (at(hour, day) - BEGINS).total_seconds()


def simulator_settings(seed: int, now: Callable[[], datetime], data_path: Path | None = None) -> SimulatorSettings:
    """The marketplace with its own durations: 10 % of the pushes doubled, 5 % reordered and some lost."""
    return SimulatorSettings(
        data_path=data_path,
        seed=seed,
        now=now,
        push_duplicate_fraction=0.10,
        push_reorder_fraction=0.05,
        push_loss_fraction=0.03,
        **BESIDE_A_STEPPED_CLOCK,
    )


def policy(client_id: str, *, chat: bool, language: str) -> SellerSettings:
    """The sellers' policy. The first lets it cancel what it gives up; the second only has itself told what would have
    been done, prints only what is packed, and has a second person approve large refunds.
    """
    return SellerSettings(
        seller=client_id,
        version=1,
        language=language,
        time_zone="Asia/Shanghai" if language == "zh" else "Europe/Moscow",
        remind_before=(timedelta(hours=2),),
        give_up_after=timedelta(days=2),
        auto_cancel=Automation.ON if chat else Automation.SHADOW,
        own_label=OwnLabelPolicy(sender_name="Shop", sender_address="Склад 1 / 一号仓库"),
        unlock_at=UnlockAt.ASSEMBLED if chat else UnlockAt.PACKED,
        approve_above={} if chat else {"RUB": 10_000, "CNY": 1_000},
        buyer_chat=chat,
    )


WRONG_PAGES = ("label_foreign_page", "label_double_page")
"""A page that is none of the posting's, and one that comes twice: one of each in the day, to be set aside."""
STRANGE_FILES = ("label_swapped_pages", "label_scripted_pdf", "label_not_a_pdf")
"""Files that are not as they should be, and whose labels come all the same: one of each in the day."""
LISTED = "/v4/posting/fbs/unfulfilled/list"
"""One entry of this list cannot be read for once: it is set aside, with a case, and takes nothing with it."""
HANDLED_BEFORE = 400
"""Orders the sellers are said to have had in the last two weeks: what the error index divides by."""
ARRIVALS = ("08:00", "09:00", "10:00")
"""When plain orders come in."""
DAY = timedelta(days=1).total_seconds()
_TWO_DAYS = after("18:00", day=3)


def lay_out(simulator: Simulator, sellers: Sequence[str], count: int, *, first_day_only: bool = False) -> DayPlan:
    """Make the day's postings at the marketplace: `count` plain ones and one or two of every other fate (of those that
    the first day brings to their end)."""
    first, second = sellers
    plan = DayPlan(sellers, at("20:00") if first_day_only else ENDS)
    for client_id in sellers:
        simulator.control("POST", "/_sim/rating", {"client_id": client_id, "handled_before": HANDLED_BEFORE})

    def add(client_id: str, fate: Fate, **spec: object) -> None:
        if first_day_only and fate in LATER:
            return
        common = {"ship_in": after("18:00"), "without_delay_in": after("18:00", day=2), "delivery_in": _TWO_DAYS}
        number = simulator.add_posting(client_id, **{**common, **spec})
        plan.postings.append(PlannedPosting(client_id, number, fate))

    pair = (LineSpec(sku=910_000_001, offer_id="SET-2", name="Набор кружек 马克杯", quantity=2, price=Decimal(1450)),)
    add(first, Fate.TWO_PACKAGES, lines=pair)
    add(second, Fate.TWO_PACKAGES, lines=pair)
    add(first, Fate.LATE, ship_in=after("12:00"))
    add(second, Fate.LATE, ship_in=after("13:00"))
    # The seller's fault: the one error of the index, which tells how many orders it divides by.
    late_cancel = Plan(marketplace_cancels_in=after("11:00"), marketplace_cancels_overdue=True)
    add(first, Fate.MARKETPLACE_CANCELS, plan=late_cancel)
    add(second, Fate.BUYER_CANCELS, plan=Plan(buyer_cancels_in=after("11:30")))
    add(first, Fate.GIVEN_UP, ship_in=after("11:00"), without_delay_in=after("12:00"))
    add(second, Fate.SHADOWED, ship_in=after("11:00"), without_delay_in=after("12:00"))
    add(first, Fate.SAVED, ship_in=after("15:00"))
    add(second, Fate.SAVED, ship_in=after("15:00"))
    add(first, Fate.MOVED, ship_in=after("14:00"), plan=Plan(cutoff_moves_in=after("11:00"), cutoff_moves_by=86_400.0))
    add(second, Fate.NO_LABEL)
    add(first, Fate.UNREAD)
    add(first, Fate.FULL_REFUND, scheme="rFBS", integration="non_integrated")
    add(second, Fate.PART_REFUND, scheme="rFBS", integration="non_integrated")
    # Priced in yuan, charged in roubles.
    yuan = (LineSpec(sku=910_000_002, offer_id="SET-3", name="Набор чашек 茶杯", quantity=2, price=Decimal(89)),)
    priced = {"currency": "CNY", "settled_in": "RUB"}
    add(second, Fate.PART_RETURNED, lines=yuan, scheme="rFBS", integration="non_integrated", **priced)
    add(first, Fate.GOODS_BACK, scheme="rFBS", integration="non_integrated")
    add(first, Fate.WISH_GRANTED, scheme="rFBS", integration="non_integrated")
    add(second, Fate.WISH_REFUSED, scheme="rFBS", integration="non_integrated")
    add(second, Fate.CLAIMED)
    add(first, Fate.NEW_NUMBER, scheme="rFBS", integration="non_integrated")
    add(second, Fate.NEW_NUMBER, scheme="rFBS", integration="non_integrated")
    add(first, Fate.LONG_WAY, ship_in=DAY, without_delay_in=DAY, delivery_in=5 * DAY, left_ago=20 * DAY)
    for turn in range(count):
        comes = after(ARRIVALS[turn % len(ARRIVALS)])
        [number] = simulator.generate(
            list(sellers),
            1,
            appears_in=comes,
            ship_in=after("18:00") - comes,
            without_delay_in=after("18:00", day=2) - comes,
            delivery_in=_TWO_DAYS,
        )
        plan.postings.append(PlannedPosting(simulator.posting(number).client_id, number, Fate.PLAIN))
    return plan


def arm_faults(simulator: Simulator, plan: DayPlan) -> None:
    """Errors of the marketplace, wrong pages in its label files, a label that never comes and one that nobody can read,
    and a refund whose answer is lost after success."""

    def arm(**fault: object) -> None:
        simulator.control("POST", "/_sim/faults", dict(fault))

    arm(kind="http_error", method="/v3/posting/fbs/get", status=500, times=1)
    arm(kind="http_error", method="/v4/posting/fbs/ship", status=429, times=1)
    for posting in plan.of(Fate.NO_LABEL):
        arm(kind="label_never_ready", posting_number=posting.number, times=-1)
    for posting in plan.of(Fate.UNREAD):
        arm(kind="label_unreadable_page", posting_number=posting.number, times=-1)
    for kind, posting in zip(WRONG_PAGES, plan.of(Fate.PLAIN), strict=False):
        arm(kind=kind, posting_number=posting.number, times=1)
    for posting in plan.of(Fate.PLAIN)[:1]:
        arm(kind="odd_entry", method=LISTED, posting_number=posting.number, times=1)
    # One file has one fault at most: these postings are never in one file.
    plain = [next((one for one in plan.of(Fate.PLAIN) if one.client_id == seller), None) for seller in plan.sellers]
    for kind, strange in zip(STRANGE_FILES, (*plain, plan.of(Fate.SAVED)[0]), strict=True):
        if strange is not None:
            arm(kind=kind, posting_number=strange.number, times=1)
    # The first seller's money calls have a worse fault of their own: see `Desk.refund_through_a_crash`.
    if plan.of(Fate.PART_REFUND):
        lost = {"method": "/v1/returns/rfbs/action/set", "client_id": plan.sellers[1]}
        arm(kind="timeout_after_success", times=1, seconds=0.2, **lost)
