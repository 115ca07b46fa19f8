"""The real Ozon simulator, in process and on virtual time, and what its books say."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random

from shipby_local.simulator import model, words
from shipby_local.simulator.generate import LineSpec, PostingSpec
from shipby_local.simulator.parts import Parts
from shipby_local.simulator.sellers import SellerSpec
from shipby_local.simulator.settings import SimulatorSettings
from tests.simulation.clocks import SkewedClock

CLIENT_ID = "700001"
SELLER = "seller-1"
RETURN_SECONDS = 3600.0
"""The longest that the marketplace waits before it approves by itself."""
_PAID_BY_SELLER = frozenset({words.RETURN_REFUND, words.RETURN_COMPENSATION})


def minor(amount: Decimal) -> int:
    """Kopecks."""
    return int(amount * 100)


class Market:
    """One seller's marketplace; what happens there by itself, and its books."""

    def __init__(self, seed: int, clock: SkewedClock, *, patience: float = RETURN_SECONDS) -> None:
        """`patience`: seconds until it approves by itself what the seller has not decided."""
        settings = SimulatorSettings(
            seed=seed,
            now=clock.now,
            rate_limit_per_second=1_000_000_000,
            return_auto_approve_seconds=patience,
            cancellation_auto_approve_seconds=patience,
            push_workers=1,
        )
        self.rooms = Parts(settings)
        self.world = self.rooms.world
        self.account = self.rooms.sellers.add(SellerSpec(client_id=CLIENT_ID))
        self._told: dict[str, int] = {}
        self.ordered: dict[str, dict[str, int]] = {}
        """Posting that was ordered -> SKU -> what the buyer paid."""
        self._roots: dict[str, str] = {}

    def close(self) -> None:
        self.rooms.stop()

    # What happens there

    def order(self, number: str, *, own_delivery: bool, lines: tuple[LineSpec, ...], ship_in: float) -> None:
        """A buyer orders; `own_delivery` makes it rFBS."""
        spec = PostingSpec(
            client_id=CLIENT_ID,
            scheme="rFBS" if own_delivery else "FBS",
            posting_number=number,
            lines=lines,
            ship_in=ship_in,
        )
        made = self.rooms.factory.make(spec)
        self.ordered[number] = {str(line.sku): minor(line.total) for line in made.lines}

    def send_off(self, number: str) -> None:
        """Assembled and handed over, by somebody else's hands."""
        posting = self.posting(number)
        with self.world.change():
            self.rooms.market.accept_shipping(posting)
            self.rooms.market.assemble(posting)
            self.rooms.market.start_delivery(posting, "delivery")

    def split(self, number: str, rng: Random) -> list[str]:
        """Somebody splits a posting by ship, ship/package or split; the new numbers, none where it cannot be."""
        posting = self.posting(number)
        pieces = [line.sku for line in posting.lines for _ in range(line.quantity)]
        if posting.status != words.AWAITING_PACKAGING or posting.ship_in_process or len(pieces) < 2:
            return []
        rng.shuffle(pieces)
        cut = rng.randrange(1, len(pieces))
        goods, rest = Counter(pieces[:cut]), Counter(pieces[cut:])
        how = rng.choice(("ship", "ship/package", "split"))
        with self.world.change():
            if how == "ship/package":
                parts = [self.rooms.market.split_off(posting, dict(goods))]
            else:
                parts = self.rooms.market.split(posting, [dict(goods), dict(rest)])
            for part in parts if how != "split" else ():
                self.rooms.market.accept_shipping(part)
        for part in parts:
            self._roots[part.number] = self.root(number)
        return [part.number for part in parts]

    def root(self, number: str) -> str:
        """The posting that was ordered."""
        return self._roots.get(number, number)

    def family(self, number: str) -> list[str]:
        """All postings of one order, those that a split ended too."""
        root = self.root(number)
        return [root, *(child for child, parent in self._roots.items() if parent == root)]

    def bring(self, number: str) -> None:
        """Whatever is left to do until the buyer has it, by somebody else's hands."""
        posting = self.posting(number)
        if posting.status == words.AWAITING_PACKAGING and not posting.ship_in_process:
            self.send_off(number)
        else:
            self.hand_over(number)
        self.deliver(number)

    def hand_over(self, number: str) -> None:
        """The courier takes it; of what the seller's own carrier takes, the seller's own people tell in the cabinet."""
        posting = self.posting(number)
        with self.world.change():
            if posting.integration != words.NON_INTEGRATED:
                self.rooms.market.hand_over(posting)
            elif posting.status == words.AWAITING_DELIVER:
                self.rooms.market.start_delivery(posting, "seller")

    def deliver(self, number: str) -> None:
        with self.world.change():
            posting = self.posting(number)
            self.rooms.market.deliver(posting, "seller" if posting.integration == words.NON_INTEGRATED else "delivery")

    def open_return(self, number: str, line: int, quantity: int) -> str:
        """The buyer asks to give pieces of a line back; "" if the marketplace takes no such request now."""
        posting = self.posting(number)
        if posting.status in {words.CANCELLED, words.SPLIT} or line >= len(posting.lines):
            return ""
        whole = posting.lines[line]
        with self.world.change():
            part = replace(whole, quantity=min(quantity, whole.quantity))
            return self.rooms.desk.open(posting, part).key

    def buyer_cancels(self, number: str) -> str:
        with self.world.change():
            return self.rooms.market.buyer_cancels(self.posting(number), "передумал")

    def marketplace_cancels(self, number: str) -> None:
        with self.world.change():
            self.rooms.market.marketplace_cancels(self.posting(number), force=True)

    def move_cut_off(self, number: str, by: timedelta) -> None:
        posting = self.posting(number)
        with self.world.change():
            if posting.handed_over_at is None and posting.status not in words.TERMINAL:
                self.rooms.market.move_cutoff(posting, posting.shipment_date + by, "ozon")

    def arm(self, kind: str, number: str) -> None:
        """One of the simulator's own faults for one posting, such as `ship_fails`."""
        with self.world.change():
            self.rooms.faults.arm(model.Fault(self.world.next_id("fault"), kind, posting_number=number))

    # The books

    def posting(self, number: str) -> model.Posting:
        found = self.world.postings.get(number)
        assert found is not None, number
        return found

    def return_of(self, return_id: str) -> model.RfbsReturn:
        found = self.world.returns.get(return_id)
        assert found is not None, return_id
        return found

    def paid_out(self, number: str) -> int:
        """What the seller's own calls gave back to the buyer of a posting, without postage."""
        return sum(
            minor(money.amount)
            for money in self.world.money.all()
            if money.posting_number == number and money.executed_by == "seller" and money.kind in _PAID_BY_SELLER
        )

    def postage_paid(self, number: str) -> int:
        """What the seller's own calls gave back for the buyer's postage."""
        return sum(
            minor(money.amount)
            for money in self.world.money.all()
            if money.posting_number == number and money.executed_by == "seller" and money.kind not in _PAID_BY_SELLER
        )

    def paid_by_marketplace(self, number: str) -> int:
        """What the marketplace itself gave back to the buyer of a posting."""
        return sum(
            minor(money.amount)
            for money in self.world.money.all()
            if money.posting_number == number and money.executed_by == "marketplace" and money.paid_to == "buyer"
        )

    def paid_per_line(self, number: str) -> dict[str, int]:
        """SKU -> what the seller's own calls gave back."""
        lines: dict[str, int] = {}
        for item in self.world.returns.all():
            if item.posting_number == number:
                sku = str(item.line.sku)
                lines[sku] = lines.get(sku, 0) + minor(item.refunded)
        return lines

    def double_attempts(self) -> int:
        return self.world.count(f"double_refund_attempts:{CLIENT_ID}")

    def internal_errors(self) -> int:
        return self.world.count("internal_errors")

    def changed(self) -> list[str]:
        """Postings that changed since the last look: the marketplace sends a push for each."""
        moved = []
        for posting in self.world.postings.all():
            if self._told.get(posting.number) != len(posting.history):
                self._told[posting.number] = len(posting.history)
                moved.append(posting.number)
        return moved

    def cancel_requests(self) -> list[str]:
        """Buyers' wishes to cancel, whatever became of them."""
        return [request.key for request in self.world.cancellations.all()]

    def next_due(self) -> float | None:
        """Seconds from the marketplace's present until it does something by itself."""
        due = [item.at for item in self.world.due.all() if item.kind not in {"push_night", "ping"}]
        return (min(due) - self.world.now()).total_seconds() if due else None
