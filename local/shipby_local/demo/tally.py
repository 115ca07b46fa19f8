"""What our history says happened, and what the marketplace's books say: the two columns of the day's report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from shipby.application.ports.store import Store
from shipby.application.shared.paging import every
from shipby.domain.deadlines.outcome import Outcome
from shipby.domain.events import EventType, StoredEvent, posting_ref, return_ref
from shipby.domain.money import Money
from shipby.domain.refunds.ledger import ExecutedBy
from shipby_local.demo.papers import Papers
from shipby_local.demo.plan import BEGINS, WRONG_PAGES, DayPlan, Fate, PlannedPosting


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report: ours, and what it is held against; None where only our own side can know."""

    name: str
    ours: str
    books: str | None = None

    @property
    def equal(self) -> bool:
        return self.books is None or self.ours == self.books


@dataclass(slots=True)
class Ours:
    """What our event rows and ledgers tell about a day."""

    received: set[str] = field(default_factory=set)
    by_type: dict[EventType, set[str]] = field(default_factory=dict)
    cancelled_by: Counter[str] = field(default_factory=Counter)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    refunds: dict[str, Money] = field(default_factory=dict)
    replaced: set[str] = field(default_factory=set)
    decided: Counter[str] = field(default_factory=Counter)
    counts: Counter[EventType] = field(default_factory=Counter)
    times: dict[tuple[str, EventType], list[datetime]] = field(default_factory=dict)
    """When this happened to a posting or a return."""

    def money(self, name: str) -> list[Money]:
        """What the postings that left `lost` or `saved`."""
        found = (getattr(outcome, name) for outcome in self.outcomes.values())
        return [money for money in found if money is not None]

    def late(self) -> set[str]:
        """Postings that left after their cut-off."""
        return {number for number, outcome in self.outcomes.items() if outcome.late}

    def ids(self, kind: EventType) -> set[str]:
        return self.by_type.get(kind, set())


def read_ours(store: Store, sellers: Iterable[str], days: Sequence[date]) -> Ours:
    """Go through every history of the day."""
    ours = Ours()
    for seller in sellers:
        for day in days:
            for number in every(lambda cursor, s=seller, d=day: store.received_on(s, d, cursor=cursor)):  # type: ignore[misc]  # bound per turn
                ours.received.add(number)
                for stored in store.events(seller, posting_ref(number)):
                    _count(ours, stored)
                ledger = store.money(seller, number)
                for entry in ledger.entries.values() if ledger else ():
                    if ledger and entry.executed_by is ExecutedBy.SELLER and entry.state == "refunded":
                        ours.refunds[number] = Money(entry.minor, ledger.currency)
            for outcome in every(lambda cursor, s=seller, d=day: store.outcomes_on(s, d, cursor=cursor)):  # type: ignore[misc]  # as above
                ours.outcomes[outcome.posting_number] = outcome
            for identifier in every(lambda cursor, s=seller, d=day: store.returns_opened_on(s, d, cursor=cursor)):  # type: ignore[misc]  # as above
                for stored in store.events(seller, return_ref(identifier)):
                    _count(ours, stored)
    return ours


def _count(ours: Ours, stored: StoredEvent) -> None:
    event, subject = stored.event, stored.ref.id
    ours.counts[event.type] += 1
    ours.times.setdefault((subject, event.type), []).append(event.at)
    ours.by_type.setdefault(event.type, set()).add(subject)
    if event.type in (EventType.POSTING_CANCELLED, EventType.POSTING_SPLIT):
        ours.cancelled_by[str(event.data.get("by", "split"))] += 1
    if event.type is EventType.RETURN_DECIDED and "amount" in event.data:
        ours.decided[subject] += 1
    if event.type is EventType.TRACKING_CHANGED and event.data.get("old"):
        ours.replaced.add(subject)


def compare(ours: Ours, books: Mapping[str, Any]) -> list[Row]:
    """The report, line by line. Every number on the right comes from the marketplace's books."""
    postings: Mapping[str, Any] = books["postings"]
    today = {number: posting for number, posting in postings.items() if not _left_before(posting)}
    gone = {number: posting for number, posting in postings.items() if posting["status"].startswith("cancelled")}
    by = Counter(
        "split" if posting["status"] == "cancelled_from_split_pending" else posting["cancellation"]["type"]
        for posting in gone.values()
    )
    handed = {number for number, posting in today.items() if posting["handed_over_at"]}
    late = {number for number in handed if _late(postings[number])}
    printed = {number for number, posting in today.items() if posting["label_printed"]}
    refunds = [money for money in books["money"] if money["executed_by"] == "seller"]
    refunded_cancelled = [money for money in refunds if money["posting_number"] in gone]
    replaced = {number for number, posting in postings.items() if len(_tracking_numbers(posting)) > 1}
    cancelled = ours.ids(EventType.POSTING_CANCELLED)
    doubled = sum(seller["double_refund_attempts"] for seller in books["sellers"].values())
    rows = [
        Row("postings received", str(len(ours.received)), str(len(postings))),
        Row("assembled", _n(ours.ids(EventType.POSTING_ASSEMBLED)), _n(_with(postings, "assembled_at"))),
        Row("labels fetched", _n(ours.ids(EventType.LABEL_READY) | ours.ids(EventType.LABEL_UNPROVEN)), _n(printed)),
        Row("labels given up (never ready)", _n(ours.ids(EventType.LABEL_FAILED)), _unready(today, printed)),
        Row("labels printed", _n(ours.ids(EventType.LABEL_PRINTED))),
        Row("handed over", _n(ours.ids(EventType.POSTING_HANDED_OVER)), _n(handed)),
        Row("late, shipped with their price", _n(ours.late()), _n(late)),
        Row("lost to the tariff", _sum_ours(ours.money("lost")), _charged(books, "tariff")),
        Row("saved after a reminder", _sum_ours(ours.money("saved"))),
        Row("cut-offs moved", _n(ours.ids(EventType.POSTING_CUT_OFF_MOVED)), _n(_moved(postings))),
    ]
    for who in sorted(set(by) | set(ours.cancelled_by)):
        label = "split into packages" if who == "split" else f"cancelled by {who}"
        rows.append(Row(label, str(ours.cancelled_by[who]), str(by[who])))
    rows += [
        Row("returns opened", _n(ours.ids(EventType.RETURN_OPENED)), str(len(books["returns"]))),
        Row("refunds by our call", str(len(ours.refunds)), str(len(refunds))),
        Row("refunded", _sum_ours(ours.refunds.values()), _sum_books(refunds)),
        Row("refund calls for cancelled postings", _n(cancelled & set(ours.refunds)), str(len(refunded_cancelled))),
        Row("returns paid twice", str(ours.decided.total() - len(ours.decided)), str(doubled)),
        Row("tracking numbers replaced", _n(ours.replaced), _n(replaced)),
        Row("given up by policy (expired)", _n(ours.ids(EventType.POSTING_EXPIRED)), str(by["seller"])),
        Row("would have been given up (shadow mode)", _n(ours.ids(EventType.POSTING_GIVE_UP_SHADOWED))),
        Row("reminders", str(ours.counts[EventType.POSTING_REMINDED])),
        Row("buyers told in the chat", str(ours.counts[EventType.NOTICE_SENT]), str(_chat_messages(books))),
        Row("buyer notices without a lawful channel", str(ours.counts[EventType.NOTICE_UNDELIVERABLE])),
    ]
    return rows


def planned(plan: DayPlan, books: Mapping[str, Any]) -> list[Row]:
    """Whether the day really had what it was meant to have: every fate, every armed fault, doubled and lost pushes."""
    postings: Mapping[str, Any] = books["postings"]

    def happened(posting: PlannedPosting) -> bool:
        seen = postings[posting.number]
        match posting.fate:
            case Fate.PLAIN:
                return bool(seen["handed_over_at"])
            case Fate.SAVED:
                return bool(seen["handed_over_at"]) and not _late(seen)
            case Fate.MOVED:
                return seen["cutoff_changes"] > 0 and bool(seen["handed_over_at"]) and not _late(seen)
            case Fate.PART_RETURNED:
                return _one_part_came_back(seen, books)
            case Fate.LONG_WAY:
                return _left_before(seen) and bool(seen["status"] == "delivered")
            case Fate.TWO_PACKAGES:
                return len(seen["related"]) > 1
            case Fate.LATE | Fate.SHADOWED:
                return _late(seen)
            case Fate.MARKETPLACE_CANCELS | Fate.BUYER_CANCELS | Fate.GIVEN_UP:
                by = {Fate.MARKETPLACE_CANCELS: "ozon", Fate.BUYER_CANCELS: "client", Fate.GIVEN_UP: "seller"}
                return bool(seen["cancellation"]["type"] == by[posting.fate])
            case Fate.UNREAD | Fate.CLAIMED:
                return bool(seen["handed_over_at"])
            case Fate.NO_LABEL:
                return bool(seen["assembled_at"]) and not seen["label_printed"]
            case Fate.NEW_NUMBER:
                return len(_tracking_numbers(seen)) > 1
            case _:
                return _came_back(posting, books)

    rows = [Row(str(fate), str(len(plan.of(fate))), str(sum(happened(one) for one in plan.of(fate)))) for fate in Fate]
    faults = books["faults"]
    rows.append(Row("marketplace faults", str(len(faults)), str(sum(fault["fired"] > 0 for fault in faults))))
    for trouble in ("duplicated", "reordered", "lost"):
        count = sum(seller["pushes"][trouble] for seller in books["sellers"].values())
        rows.append(Row(f"pushes {trouble}", "some", "some" if count else "none"))
    return rows


def _left_before(posting: Mapping[str, Any]) -> bool:
    """Whether it was on its way before the day began."""
    return bool(posting["handed_over_at"]) and _at(posting["handed_over_at"]) < BEGINS


def _one_part_came_back(parent: Mapping[str, Any], books: Mapping[str, Any]) -> bool:
    """Whether of a split order one part was returned and paid back, and nothing else of it."""
    parts = set(parent["related"])
    back = [item for item in books["returns"].values() if item["posting_number"] in parts]
    paid = [one for one in books["money"] if one["posting_number"] in parts and one["paid_to"] == "buyer"]
    whole = [Decimal(item["price"]) for item in back] == [abs(Decimal(one["amount"])) for one in paid]
    return len(parts) > len(back) == 1 and whole and all(one["accrued_in"] != one["currency"] for one in paid)


def _came_back(posting: PlannedPosting, books: Mapping[str, Any]) -> bool:
    """Whether a fate that begins once the parcel has left was fulfilled."""
    seen = books["postings"][posting.number]
    wishes = {item["posting_number"]: item["state"] for item in books["cancellation_requests"].values()}
    if posting.fate is Fate.WISH_GRANTED:
        return bool(seen["cancellation"]["type"] == "client") and wishes[posting.number] == "APPROVED"
    if posting.fate is Fate.WISH_REFUSED:
        return bool(seen["status"] == "delivered") and wishes[posting.number] == "REJECTED"
    returns = {item["posting_number"]: item for item in books["returns"].values()}
    case = returns.get(posting.number, {"refunded": "0", "price": "0", "actions": []})
    refunded, price, actions = Decimal(case["refunded"]), Decimal(case["price"]), len(case["actions"])
    if posting.fate is Fate.PART_REFUND:
        return 0 < refunded < price and actions == 1
    return 0 < refunded == price and actions == (3 if posting.fate is Fate.GOODS_BACK else 1)


def paper_rows(papers: Papers, plan: DayPlan, books: Mapping[str, Any]) -> list[Row]:
    """What was printed, read back and scanned, beside what the plan and the marketplace's books say it has to be."""
    wave = {posting.number for posting in plan.of(Fate.PLAIN)}
    wrong = [fault for fault in books["faults"] if fault["kind"] in WRONG_PAGES]
    carriages = {str(key): carriage for key, carriage in books["carriages"].items()}
    carried = sum(len(carriage["postings"]) for carriage in carriages.values())
    return [
        Row("labels read back in pick order", _n(papers.in_order), _n(wave)),
        Row("pages proven wrong, set aside", str(papers.refused_pages()), str(sum(one["fired"] for one in wrong))),
        Row("labels printed again, with a reason", _n(papers.reprinted), str(len(plan.sellers))),
        Row("own labels whose copies a scan tells apart", _n(papers.told_apart), str(len(plan.of(Fate.NEW_NUMBER)))),
        Row("files that show a person, deleted", str(papers.deleted()), str(len(papers.personal))),
        Row("carriages closed", str(len(papers.acts)), str(len(carriages))),
        Row("parcels scanned out, and in the acts", str(sum(papers.acts.values())), str(carried)),
        Row("parcels left at the ramp, and named", _n(papers.missed), str(len(carriages))),
    ]


def _late(posting: Mapping[str, Any]) -> bool:
    handed = posting["handed_over_at"]
    return bool(handed) and _at(handed) > _at(posting["shipment_date"])


def _chat_messages(books: Mapping[str, Any]) -> int:
    return sum(seller["calls"].get("/v1/chat/send/message", {}).get("200", 0) for seller in books["sellers"].values())


def _moved(postings: Mapping[str, Any]) -> set[str]:
    return {number for number, posting in postings.items() if posting["cutoff_changes"]}


def _charged(books: Mapping[str, Any], name: str) -> str:
    totals = [
        (currency, Decimal(sums[name]))
        for seller in books["charges"].values()
        for currency, sums in seller["totals"].items()
        if Decimal(sums[name])
    ]
    return _sums(totals)


def _with(postings: Mapping[str, Any], name: str) -> set[str]:
    return {number for number, posting in postings.items() if posting[name]}


def _unready(postings: Mapping[str, Any], printed: set[str]) -> str:
    waiting = {number for number in _with(postings, "assembled_at") if number not in printed}
    return _n({number for number in waiting if not postings[number]["status"].startswith("cancelled")})


def _tracking_numbers(posting: Mapping[str, Any]) -> set[str]:
    return {
        str(call["detail"].get("tracking_number")) for call in posting["calls"] if "tracking-number" in call["method"]
    }


def _n(ids: set[str]) -> str:
    return str(len(ids))


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _sum_ours(amounts: Iterable[Money]) -> str:
    return _sums((money.currency, Decimal(money.amount)) for money in amounts)


def _sum_books(movements: Iterable[Mapping[str, Any]]) -> str:
    return _sums((str(money["currency"]), abs(Decimal(money["amount"]))) for money in movements)


def _sums(amounts: Iterable[tuple[str, Decimal]]) -> str:
    totals: dict[str, Decimal] = {}
    for currency, amount in amounts:
        totals[currency] = totals.get(currency, Decimal(0)) + amount
    return ", ".join(f"{amount:.2f} {currency}" for currency, amount in sorted(totals.items())) or "0"
