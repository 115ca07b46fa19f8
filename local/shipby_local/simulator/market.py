"""The marketplace's rules: the only code that changes postings, returns and money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from shipby_local.simulator import words
from shipby_local.simulator.desks.rating import RatingDesk
from shipby_local.simulator.desks.stocks import StockDesk
from shipby_local.simulator.desks.tariff import cost_at
from shipby_local.simulator.faults import FaultBook
from shipby_local.simulator.model import (
    AcceptedCall,
    Cancellation,
    CancellationRequest,
    GoodsReturn,
    Money,
    Posting,
    StatusChange,
)
from shipby_local.simulator.pushes.planning import Outbox
from shipby_local.simulator.world import World

_NEXT = timedelta(milliseconds=1)
"""The clock's smallest step: at the date itself a posting is still in time."""


class Market:
    """Transitions of postings and what follows from them: history, money, rating, pushes, scheduled work."""

    def __init__(self, world: World, outbox: Outbox, faults: FaultBook) -> None:
        self.world = world
        self.outbox = outbox
        self.faults = faults
        self.ratings = RatingDesk(world, self.pay)
        self.stocks = StockDesk(world, outbox)
        self.stock_calls: dict[str, list[datetime]] = {}
        """When a seller last set stocks; not kept over a restart."""

    def appear(self, posting: Posting) -> None:
        """A new posting becomes visible to its seller."""
        posting.history.append(StatusChange(self.world.now(), posting.status, posting.substatus, "ozon"))
        posting.status_changed_at = self.world.now()
        self.world.postings.put(posting)
        self._sold(posting)
        self._watch(posting)
        self.outbox.new_posting(posting)

    def _sold(self, posting: Posting) -> None:
        """What a posting names is an article of its seller's, and stock follows what becomes of it."""
        for line in posting.lines:
            if self.stocks.find(posting.client_id, line.offer_id, 0) is None:
                self.stocks.product(posting.client_id, line.offer_id, line.sku)
        self.stocks.follow(posting)

    def was_on_its_way(self, posting: Posting, since: datetime) -> None:
        """A posting that left before its seller came to us: it appears as it is by now."""
        posting.assembled_at = posting.handed_over_at = posting.delivering_at = since
        posting.label_printed = 1
        posting.status, posting.substatus = words.DELIVERING, "posting_on_way_to_city"
        self.appear(posting)

    def note(self, posting: Posting, method: str, **detail: Any) -> None:
        """Books an accepted call."""
        posting.calls.append(AcceptedCall(self.world.now(), method, detail))
        self.world.postings.put(posting)
        self.stocks.follow(posting)

    def become(self, posting: Posting, status: str, substatus: str, by: str, *, push: bool = True) -> None:
        """Changes the status, writes history and tells the seller."""
        now = self.world.now()
        posting.previous_substatus = posting.substatus
        posting.status, posting.substatus, posting.status_changed_at = status, substatus, now
        posting.history.append(StatusChange(now, status, substatus, by))
        self.world.postings.put(posting)
        self.stocks.follow(posting)
        if push:
            self.outbox.state_changed(posting, now)

    def accept_shipping(self, posting: Posting) -> None:
        """Takes an assembly call; the status follows after the ship delay."""
        posting.ship_accepted_at = self.world.now()
        posting.ship_in_process = True
        self.world.postings.put(posting)
        delay = self.world.settings.ship_delay
        if self.faults.fires("cancel_races_ship", posting=posting.number, client_id=posting.client_id):
            self.world.schedule(self.world.later(delay / 2), "buyer_cancel", posting.number)
        self.world.schedule(self.world.later(delay), "assembled", posting.number)

    def assemble(self, posting: Posting) -> None:
        """Ends an assembly: the posting can now be labelled and handed over, or has to be shipped again."""
        if not posting.ship_in_process or posting.status != words.AWAITING_PACKAGING:
            return
        posting.ship_in_process = False
        if self.faults.fires("ship_fails", posting=posting.number, client_id=posting.client_id):
            posting.ship_accepted_at = None
            self.become(posting, words.AWAITING_PACKAGING, "ship_failed", "ozon")
            return
        posting.assembled_at = self.world.now()
        posting.label_ready_at = self._accepted_at(posting) + timedelta(seconds=self.world.settings.label_delay)
        if posting.integration == words.AGGREGATOR:
            self.become(posting, words.AWAITING_REGISTRATION, "posting_awaiting_registration", "ozon")
            self.world.schedule(self.world.later(self.world.settings.registration_delay), "registered", posting.number)
            return
        self.become(posting, words.AWAITING_DELIVER, "posting_transferring_to_delivery", "ozon")

    def register(self, posting: Posting) -> None:
        """The aggregator's carrier gave a tracking number."""
        if posting.status == words.AWAITING_REGISTRATION:
            posting.tracking_number = f"AGG{posting.order_id}"
            self.become(posting, words.AWAITING_DELIVER, "posting_transferring_to_delivery", "ozon")

    def cancel(
        self, posting: Posting, *, by: str, reason: tuple[int, str], sellers_fault: bool = False, note: str = ""
    ) -> None:
        """Cancels: the marketplace gives the buyer the whole price back itself, whoever asked for it."""
        old_state = posting.substatus
        shipped = posting.assembled_at is not None
        posting.cancellation = Cancellation(reason[0], note or reason[1], by, shipped, sellers_fault)
        posting.ship_in_process = False
        self.become(posting, words.CANCELLED, "posting_canceled", by, push=False)
        self.pay(
            posting, kind=words.MARKETPLACE_REFUND, amount=posting.total, executed_by="marketplace", paid_to="buyer"
        )
        if sellers_fault:
            self.ratings.blame(posting, "SELLER_CANCELLATION", self.world.now())
        for request in self.world.cancellations.all():
            if request.posting_number == posting.number and request.state == "ON_APPROVAL":
                self.decide(request, "APPROVED", "")
        if posting.handed_over_at is not None:
            self.send_back(posting, "Cancellation", posting.cancellation.reason)
        self.outbox.cancelled(posting, old_state, self.world.now())

    def buyer_cancels(self, posting: Posting, message: str = "", *, as_request: bool = False) -> str:
        """The buyer wants out: cancelled at once before assembly, an rFBS request after it, refused when delivered."""
        if posting.status in words.TERMINAL:
            return "refused: terminal"
        asks = as_request or (posting.is_rfbs and posting.status in {words.AWAITING_DELIVER, words.DELIVERING})
        if asks:
            wait = self.world.settings.cancellation_auto_approve_seconds
            number = self.world.next_id("cancellation", 90_000_001)
            request = CancellationRequest(
                number, posting.client_id, posting.number, self.world.now(), self.world.later(wait), message
            )
            self.world.cancellations.put(request)
            self.world.schedule(request.auto_approve_at, "approve_cancellation", request.key)
            return f"requested: {number}"
        self.cancel(posting, by="client", reason=words.REASON_BUYER)
        return "cancelled"

    def buyer_withdraws(self, posting: Posting) -> bool:
        """The buyer wants it after all: what nobody answered yet is gone from the list."""
        waiting = [
            request
            for request in self.world.cancellations.all()
            if request.posting_number == posting.number and request.state == "ON_APPROVAL"
        ]
        for request in waiting:
            self.world.cancellations.remove(request.key)
        return bool(waiting)

    def decide(self, request: CancellationRequest, state: str, comment: str) -> None:
        """Ends a buyer's cancellation request; approving cancels the posting."""
        request.state, request.comment, request.decided_at = state, comment, self.world.now()
        self.world.cancellations.put(request)
        posting = self.world.postings.get(request.posting_number)
        if state == "APPROVED" and posting is not None and posting.status not in words.TERMINAL:
            # The reason is the one of the list: nothing says that the buyer's own words become part of the posting.
            self.cancel(posting, by="client", reason=words.REASON_BUYER)

    def marketplace_cancels(
        self, posting: Posting, *, force: bool = False, overdue: bool = False, by: str = "ozon"
    ) -> bool:
        """The marketplace gives up a posting that was not handed over; assembled ones only when forced.

        `overdue`: because the seller did not assemble it in time, so that it counts as the seller's fault.
        """
        waiting = posting.status == words.AWAITING_PACKAGING and not posting.ship_in_process
        if posting.status in words.TERMINAL or (not waiting and not force):
            return False
        reason = words.REASON_OVERDUE if overdue else words.REASON_MARKETPLACE
        self.cancel(posting, by=by, reason=reason, sellers_fault=overdue)
        return True

    def move_cutoff(self, posting: Posting, to: datetime, by: str) -> None:
        """Moves the shipping date, or sets it again; the date without delay moves by the same time."""
        old = posting.cutoff
        posting.shipment_date_without_delay += to - posting.shipment_date
        posting.shipment_date = to
        posting.cutoff_cleared = False
        self._tell_cutoff(posting, old, by)
        self._watch(posting)

    def clear_cutoff(self, posting: Posting, by: str) -> None:
        """Takes the shipping date back; the seller waits for another one."""
        old = posting.cutoff
        posting.cutoff_cleared = True
        self._tell_cutoff(posting, old, by)

    def _tell_cutoff(self, posting: Posting, old: datetime | None, by: str) -> None:
        posting.cutoff_changes += 1
        what = f"cutoff:{words.stamp_or_null(posting.cutoff) or ''}"
        posting.history.append(StatusChange(self.world.now(), posting.status, what, by))
        self.world.postings.put(posting)
        self.outbox.cutoff_changed(posting, old)

    def _watch(self, posting: Posting) -> None:
        """Comes back when the posting is overdue. A date that moves leaves its old watch behind, which then is idle."""
        late = posting.shipment_date_without_delay + _NEXT
        self.world.schedule(max(late, self.world.now()), "overdue", posting.number)
        unreported = self.world.settings.unreported_seconds
        if posting.integration == words.NON_INTEGRATED and unreported is not None:
            self.world.schedule(posting.shipment_date + timedelta(seconds=unreported), "unreported", posting.number)
        patience = self.world.settings.auto_cancel_seconds
        if patience is not None:
            given_up = posting.shipment_date + timedelta(seconds=patience)
            self.world.schedule(max(given_up, self.world.now()), "given_up", posting.number)

    def overdue(self, posting: Posting, at: datetime) -> None:
        """`shipment_date_without_delay` has passed: what is not handed over enters the error index."""
        limit = posting.without_delay
        if limit is not None and at > limit and posting.handed_over_at is None and posting.status not in words.TERMINAL:
            self.ratings.blame(posting, "SELLER_DELAY", at)

    def give_up(self, posting: Posting, at: datetime) -> None:
        """The marketplace's patience after the shipping date is over: what is not assembled is cancelled."""
        patience = self.world.settings.auto_cancel_seconds
        if patience is None or posting.cutoff is None or at < posting.cutoff + timedelta(seconds=patience):
            return
        self.marketplace_cancels(posting, overdue=True)

    def move_delivery(self, posting: Posting, by: timedelta) -> None:
        """Moves the promised delivery interval."""
        begin, end = posting.delivery_begin, posting.delivery_end
        posting.delivery_begin, posting.delivery_end = begin + by, end + by
        self.world.postings.put(posting)
        self.outbox.delivery_date_changed(posting, begin, end)

    def amend(self, posting: Posting, quantities: Mapping[int, int], address: str) -> None:
        """Changes what was ordered, or the buyer's address, before hand-over. Invented: which changes the marketplace
        makes to an order by itself is not published; no push tells of one, only a read shows it."""
        if posting.status not in words.UNFULFILLED | {words.AWAITING_DELIVER}:
            raise ValueError(f"posting {posting.number} is {posting.status}: it is not changed any more")
        known = {line.sku for line in posting.lines}
        if unknown := set(quantities) - known:
            raise ValueError(f"posting {posting.number} has no SKU {sorted(unknown)}; it has {sorted(known)}")
        if any(count < 0 for count in quantities.values()):
            raise ValueError("a quantity is 0 or more")
        if not any(quantities.get(line.sku, line.quantity) for line in posting.lines):
            raise ValueError("nothing would be left: cancel the posting instead")
        for line in posting.lines:
            line.quantity = quantities.get(line.sku, line.quantity)
        if address:
            posting.buyer.address = address
        self.world.postings.put(posting)

    def hand_over(self, posting: Posting) -> bool:
        """The courier or the sort centre scans the parcel; False unless it awaits delivery.

        What the seller's own carrier takes is scanned by nobody here: the marketplace knows what the seller reports.
        """
        if posting.status != words.AWAITING_DELIVER or posting.integration == words.NON_INTEGRATED:
            return False
        self.start_delivery(posting, "delivery")
        settings = self.world.settings
        self.world.schedule(self.world.later(settings.delivery_seconds / 2), "pickup_point", posting.number)
        self.world.schedule(self.world.later(settings.delivery_seconds), "delivered", posting.number)
        return True

    def accept_report(self, posting: Posting, action: str) -> None:
        """Takes the seller's word on their own carrier; the status follows after the report delay."""
        posting.report_in_process = action
        self.world.postings.put(posting)
        if not self.world.settings.report_delay:
            self.report(posting, action)
            return
        due = self.world.later(self.world.settings.report_delay)
        self.world.schedule(due, "reported", posting.number, action=action)

    def report(self, posting: Posting, action: str) -> None:
        """Shows what the seller reported, unless it was cancelled meanwhile."""
        if posting.report_in_process != action:
            return
        posting.report_in_process = ""
        self.world.postings.put(posting)
        if action == "non_int_delivering" and posting.status == words.AWAITING_DELIVER:
            self.start_delivery(posting, "seller")
        elif action == "non_int_last_mile" and posting.status == words.DELIVERING:
            self.become(posting, words.DELIVERING, "posting_in_courier_service", "seller")
        elif action == "non_int_delivered":
            self.deliver(posting, "seller")

    def give_up_unreported(self, posting: Posting, at: datetime) -> None:
        """Nobody reported what the seller's own carrier should have taken: cancelled, by the seller's fault."""
        patience = self.world.settings.unreported_seconds
        if patience is None or posting.cutoff is None or at < posting.cutoff + timedelta(seconds=patience):
            return
        if posting.status == words.AWAITING_DELIVER and posting.integration == words.NON_INTEGRATED:
            self.marketplace_cancels(posting, force=True, overdue=True)

    def start_delivery(self, posting: Posting, by: str) -> None:
        """Marks the posting as on its way; a late hand-over enters the error index."""
        now = self.world.now()
        posting.handed_over_at = posting.delivering_at = now
        if posting.without_delay is not None and now > posting.without_delay:
            self.ratings.blame(posting, "SELLER_DELAY", now)
        self._charge_tariff(posting)
        self.become(posting, words.DELIVERING, "posting_on_way_to_city", by)

    def deliver(self, posting: Posting, by: str) -> None:
        """The buyer has it, the sale is booked. Of what the seller's own carrier brings only the seller says so."""
        if posting.status != words.DELIVERING or (posting.integration == words.NON_INTEGRATED and by != "seller"):
            return
        posting.delivered_at = self.world.now()
        self.become(posting, words.DELIVERED, "posting_received", by)
        self.pay(posting, kind=words.SALE, amount=posting.total, executed_by="marketplace", paid_to="seller")

    def split(self, posting: Posting, packages: Sequence[dict[int, int]]) -> list[Posting]:
        """Splits a posting into one child per package; the parent ends as `cancelled_from_split_pending`."""
        children = [self.child(posting, package) for package in packages]
        for child in children:
            child.related = [other.number for other in children if other is not child]
        posting.related = [child.number for child in children]
        self.become(posting, words.SPLIT, "posting_split_pending", "seller")
        for child in children:
            self.appear(child)
        return children

    def split_off(self, posting: Posting, goods: dict[int, int]) -> Posting:
        """Makes a posting of some of the goods; the rest stays where it is."""
        part = self.child(posting, goods)
        part.related = [posting.number]
        posting.related.append(part.number)
        for line in posting.lines:
            line.quantity -= goods.get(line.sku, 0)
        posting.lines = [line for line in posting.lines if line.quantity]
        self.world.postings.put(posting)
        self.stocks.follow(posting)
        self.appear(part)
        return part

    def child(self, parent: Posting, package: dict[int, int]) -> Posting:
        """A new posting of the same order with some of the parent's goods; not yet visible."""
        lines = {line.sku: line for line in parent.lines}
        picked = [
            type(lines[sku])(
                sku, lines[sku].offer_id, lines[sku].name, quantity, lines[sku].price, lines[sku].weight_kg
            )
            for sku, quantity in package.items()
        ]
        suffix = self.world.next_id(f"part:{parent.order_number}", 2)
        number = f"{parent.order_number}-{suffix}"
        barcode = self.world.next_id("barcode", 806_044_518)
        return Posting(
            number=number,
            client_id=parent.client_id,
            order_id=parent.order_id,
            order_number=parent.order_number,
            scheme=parent.scheme,
            integration=parent.integration,
            currency=parent.currency,
            lines=picked,
            buyer=parent.buyer,
            created_at=parent.created_at,
            in_process_at=parent.in_process_at,
            shipment_date=parent.shipment_date,
            shipment_date_without_delay=parent.shipment_date_without_delay,
            delivery_begin=parent.delivery_begin,
            delivery_end=parent.delivery_end,
            warehouse_id=parent.warehouse_id,
            upper_barcode=f"%101%{barcode}",
            lower_barcode=str(23_024_930_000_000 + barcode),
            scanit=f"SCN{barcode:012d}",
            parent=parent.number,
            requirements=parent.requirements,
            is_express=parent.is_express,
            settled_in=parent.settled_in,
        )

    def pay(
        self,
        posting: Posting,
        *,
        kind: int,
        amount: Decimal,
        executed_by: str,
        paid_to: str,
        return_id: int | None = None,
    ) -> Money:
        """Books a movement of money."""
        return self.world.money.put(
            Money(
                self.world.next_id("money"),
                posting.client_id,
                posting.number,
                return_id,
                kind,
                words.cents(amount),
                posting.currency,
                executed_by,
                paid_to,
                self.world.now(),
            )
        )

    def send_back(self, posting: Posting, kind: str, reason: str) -> list[GoodsReturn]:
        """Goods travel back to the seller: one entry of `/v1/returns/list` per line."""
        return [
            self.world.goods_returns.put(
                GoodsReturn(
                    self.world.next_id("goods_return", 1_000_015_552),
                    posting.client_id,
                    posting.number,
                    kind,
                    "Rfbs" if posting.is_rfbs else "Fbs",
                    line,
                    posting.currency,
                    reason,
                    self.world.now(),
                )
            )
            for line in posting.lines
        ]

    def _charge_tariff(self, posting: Posting) -> None:
        """Books the tariff step in which the posting was handed over, by the dates it has then.

        The official text speaks of the shipping tariff ("тарификация отгрузки"), and of a discount for what is shipped
        before the recommended time and a surcharge after it (the marketplace's channel for sellers, November 2025).
        """
        cost = cost_at(posting, posting.handed_over_at or self.world.now(), self.world.settings.tariff)
        if cost > 0:
            self.pay(posting, kind=words.LATE_TARIFF, amount=cost, executed_by="marketplace", paid_to="marketplace")
        elif cost < 0:
            self.pay(posting, kind=words.EARLY_DISCOUNT, amount=-cost, executed_by="marketplace", paid_to="seller")

    def _accepted_at(self, posting: Posting) -> datetime:
        return posting.ship_accepted_at or self.world.now()
