"""The warehouse of the demo: each posting is carried through the API to the end that its fate has in store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from shipby.domain.carriers.s10 import s10
from shipby_local.demo.api import SellerApi
from shipby_local.demo.desk import Desk
from shipby_local.demo.papers import Papers
from shipby_local.demo.people import People
from shipby_local.demo.plan import ARRIVALS, DayPlan, Fate, PlannedPosting, at
from shipby_local.simulator import Simulator
from shipby_local.simulator.words import NON_INTEGRATED
from shipby_local.stack.errors import StackError

CONFIRMED_AT = "10:15"
WAVE_AT = "10:30"
COURIER_AT = "17:45"
"""Fifteen minutes before the cut-off of most postings."""


@dataclass
class Warehouse:
    """Works a day plan off. `advance` is told after every finished posting."""

    simulator: Simulator
    apis: Mapping[str, SellerApi]
    plan: DayPlan
    advance: Callable[[PlannedPosting], None]
    papers: Papers
    desk: Desk
    people: People

    def work(self) -> None:
        """From the first order to the last return; who gets stuck is named in `people.problems`."""
        for posting in self.plan.postings:
            if posting.fate is not Fate.PLAIN:
                self.people.join(f"{posting.number} ({posting.fate})", partial(self._carry_to_the_end, posting))
        for seller in self.plan.sellers:
            self.people.join(f"the wave of {seller}", partial(self._wave, seller))
        # What the carriers took goes on by itself.
        self.people.join("the last day", lambda: self.people.until(self.plan.ends))
        self.people.run()

    def _wave(self, seller: str) -> None:
        """Assembled first, so that its labels are there when people come to pick and pack it."""
        wave = [posting for posting in self.plan.of(Fate.PLAIN) if posting.client_id == seller]
        for hour in ARRIVALS[1:]:
            self.people.until(at(hour))
        self.people.until(at(CONFIRMED_AT))
        for posting in wave:
            self._arrived(posting)
        self.people.share(self._confirm, wave)
        self.people.until(at(WAVE_AT))
        numbers = [posting.number for posting in wave]
        self.papers.load_cards(seller, numbers)
        self.papers.ship_wave(seller, numbers)
        for posting in wave:
            self._label(posting)
        # The first seller prints ahead; the second one's labels unlock only when the last piece was scanned.
        ahead = seller == self.plan.sellers[0]
        if ahead:
            self._print(seller, numbers)
        self.people.share(lambda posting: self.papers.pack_by_scanning(seller, posting.number), wave)
        if not ahead:
            self._print(seller, numbers)
        self._close_day(seller, wave)

    def _print(self, seller: str, numbers: Sequence[str]) -> None:
        self.papers.print_wave(seller, numbers)
        self.papers.reprint(seller, numbers[0])

    def _close_day(self, seller: str, wave: Sequence[PlannedPosting]) -> None:
        fbs = [posting for posting in wave if not self.simulator.posting(posting.number).is_rfbs]
        self.people.until(at("16:30"))
        carriages = self.papers.close_day(seller, [posting.number for posting in fbs])
        self.people.until(at("16:40"))
        self.papers.courier_comes(carriages)
        self.people.until(at(COURIER_AT))
        # What the seller's own carrier takes is in no carriage of the marketplace.
        own = [posting for posting in wave if posting not in fbs]
        self.people.share(self._hand_over, own)
        # More than an hour later: had the push of a scan been lost, the poll has told of it meanwhile.
        self.people.until(at("17:50"))
        self.papers.courier_comes_again(carriages)
        for posting in wave:
            self.advance(posting)
        self._report_arrivals(seller, [posting for posting in own if self._own_carrier(posting)])

    def _report_arrivals(self, seller: str, own: Sequence[PlannedPosting]) -> None:
        """The seller's own carrier sends its list: what it brought is reported in one call."""
        arrived = at("12:00", day=4)
        if not own or arrived > self.plan.ends:
            return
        self.people.until(arrived)
        body = {"stage": "delivered", "posting_numbers": [posting.number for posting in own]}
        told = self.apis[seller].post("/v1/delivery-reports", body)
        if told["left_out"]:
            raise StackError(f"not reported as delivered: {told['items']}")

    def _carry_to_the_end(self, posting: PlannedPosting) -> None:
        self._arrived(posting)
        self._carry(posting)
        self.advance(posting)

    def _arrived(self, posting: PlannedPosting) -> None:
        self._see(posting, lambda _: True, "to arrive")

    def _carry(self, posting: PlannedPosting) -> None:
        match posting.fate:
            case Fate.TWO_PACKAGES:
                self._split(posting)
            case Fate.LATE:
                self._late(posting)
            case Fate.SHADOWED:
                self._after(posting, "posting.give_up_shadowed")
            case Fate.SAVED:
                self._after(posting, "posting.reminded")
            case Fate.MOVED:
                self._after(posting, "posting.cut_off_moved", by_courier=True)
            case Fate.MARKETPLACE_CANCELS | Fate.BUYER_CANCELS | Fate.GIVEN_UP:
                self._confirm(posting)
                self._stage(posting, "cancelled")
            case Fate.NO_LABEL:
                self._assemble(posting)
                self._label(posting, "failed")
            case Fate.UNREAD:
                self._assemble(posting)
                self._label(posting, "unproven")
                self.papers.allow(posting.client_id, posting.number)
                self._pack(posting)
                self._courier(posting)
            case Fate.NEW_NUMBER:
                self._renumbered(posting)
            case Fate.PART_RETURNED:
                first, *_ = self._split(posting)
                self.people.until(at("14:00", day=2))
                self._deliver(first)
                self.desk.refund(first)
            case Fate.LONG_WAY:
                self.people.until(at("12:00", day=4))
                self._control("POST", f"/_sim/postings/{posting.number}", act="deliver")
                self._stage(posting, "delivered")
            case _:
                self._comes_back(posting)

    def _comes_back(self, posting: PlannedPosting) -> None:
        """Fates that begin once the parcel has left."""
        self._assemble(posting)
        self._label(posting)
        self._pack(posting)
        self._courier(posting)
        if posting.fate is Fate.CLAIMED:
            self.people.until(at("10:00", day=2))
            self.desk.prove_packing(posting)
            return
        if posting.fate in (Fate.WISH_GRANTED, Fate.WISH_REFUSED):
            self._wished(posting)
            return
        self.people.until(at("14:00", day=2))
        self._deliver(posting)
        if posting.fate is Fate.FULL_REFUND:
            # Alone at its hour: whoever kills a worker must not hit somebody else's refund.
            self.people.until(at("10:00", day=3))
            self.desk.refund_through_a_crash(posting)
        elif posting.fate is Fate.PART_REFUND:
            self.desk.compensate(posting)
        else:
            # The goods travel for three days.
            self.desk.take_back(posting, shipped_back=at("10:00", day=6))

    def _api(self, posting: PlannedPosting) -> SellerApi:
        return self.apis[posting.client_id]

    def _path(self, posting: PlannedPosting, rest: str = "") -> str:
        return f"/v1/postings/{posting.number}{rest}"

    def _see(self, posting: PlannedPosting, ready: Callable[[Any], bool], what: str, *, path: str = "") -> Any:
        """Wait until something is to be seen at the posting, or below it."""
        return self._api(posting).wait_for(
            self._path(posting, path), ready, what=f"{posting.number} {what}", about=posting.number
        )

    def _stage(self, posting: PlannedPosting, stage: str) -> None:
        self._see(posting, lambda view: view["stage"] == stage, f"to be {stage}")

    def _confirm(self, posting: PlannedPosting) -> None:
        self._api(posting).post(self._path(posting, "/confirm"))

    def _ship(self, posting: PlannedPosting, packages: list[dict[str, int]] | None = None) -> None:
        body = {"packages": packages} if packages else {}
        self._api(posting).post(self._path(posting, "/ship"), body)

    def _label(self, posting: PlannedPosting, state: str = "ready") -> None:
        def of_state(page: Any) -> bool:
            return any(item["state"] == state for item in page["items"])

        self._see(posting, of_state, f"to have a label that is {state}", path="/labels")

    def _pack(self, posting: PlannedPosting) -> None:
        api = self._api(posting)
        api.post(self._path(posting, "/pick"))
        api.post(self._path(posting, "/pack"), {"reason": "nobody scans in the demo"})

    def _hand_over(self, posting: PlannedPosting) -> None:
        if self._own_carrier(posting):
            # Its courier is ours: the marketplace knows of it what the hand-over and our reports say.
            if not self._api(posting).get(self._path(posting))["tracking_number"]:
                self._put_number(posting, "RA", "first number of the carrier")
            self._api(posting).post(self._path(posting, "/hand-over"))
            return
        self._api(posting).post(self._path(posting, "/hand-over"))
        scanned = self._control("POST", "/_sim/hand-over", posting_numbers=[posting.number])
        if posting.number not in scanned["scanned"]:
            raise StackError(f"the courier could not scan {posting.number}")

    def _courier(self, posting: PlannedPosting) -> None:
        self.people.until(at(COURIER_AT))
        self._hand_over(posting)

    def _assemble(self, posting: PlannedPosting) -> None:
        self.people.until(at(CONFIRMED_AT))
        self._confirm(posting)
        self.people.until(at(WAVE_AT))
        self._ship(posting)

    def _split(self, posting: PlannedPosting) -> list[PlannedPosting]:
        """Two packages: the marketplace closes the parent and opens one posting for each package."""
        self.people.until(at(CONFIRMED_AT))
        self._confirm(posting)
        [line] = self._api(posting).get(self._path(posting))["products"]
        self._ship(posting, [{line["sku"]: 1}, {line["sku"]: 1}])
        self._stage(posting, "cancelled")
        related = self.simulator.control("GET", f"/_sim/postings/{posting.number}")["related"]
        children = [PlannedPosting(posting.client_id, number, posting.fate) for number in related]
        for child in children:
            # Confirmed with its parent: the parts of an order go on where it stood.
            self._arrived(child)
            self._label(child)
            self._pack(child)
        for child in children:
            self._courier(child)
        return children

    def _late(self, posting: PlannedPosting) -> None:
        self._assemble(posting)
        self._label(posting)
        self._see(posting, lambda view: view["late"], "to be late")
        self._pack(posting)
        self._courier(posting)

    def _after(self, posting: PlannedPosting, happened: str, *, by_courier: bool = False) -> None:
        """Somebody takes it up only when this has happened to it; it leaves when it is packed, or with the courier."""
        self._confirm(posting)
        self._see(
            posting,
            lambda page: any(event["type"] == happened for event in page["items"]),
            f"to have a {happened}",
            path="/events",
        )
        self._ship(posting)
        self._label(posting)
        self._pack(posting)
        if by_courier:
            self.people.until(at(COURIER_AT))
        self._hand_over(posting)

    def _own_carrier(self, posting: PlannedPosting) -> bool:
        return self.simulator.posting(posting.number).integration == NON_INTEGRATED

    def _deliver(self, posting: PlannedPosting) -> None:
        if self._own_carrier(posting):
            self._stage(posting, "in_transit")
            self._api(posting).post(self._path(posting, "/delivery-report"), {"stage": "delivered"})
        else:
            self._control("POST", f"/_sim/postings/{posting.number}", act="deliver")
        self._stage(posting, "delivered")

    def _wished(self, posting: PlannedPosting) -> None:
        """The buyer changes their mind while the parcel is on its way."""
        self.people.until(at("10:00", day=2))
        self._stage(posting, "in_transit")
        granted = posting.fate is Fate.WISH_GRANTED
        self.desk.answer_wish(posting, approve=granted)
        if granted:
            self._stage(posting, "cancelled")
        else:
            self.people.until(at("14:00", day=2))
            self._deliver(posting)

    def _renumbered(self, posting: PlannedPosting) -> None:
        self._assemble(posting)
        self._label(posting)
        self._pack(posting)
        self.papers.own_label(posting.client_id, posting.number)
        self._number(posting, "RB", "first number of the carrier")
        self._courier(posting)
        self.people.until(at("10:00", day=2))
        self._stage(posting, "in_transit")
        self._number(posting, "RC", "the carrier re-labelled the parcel")

    def _number(self, posting: PlannedPosting, service: str, reason: str) -> None:
        self.desk.settled(posting, self._put_number(posting, service, reason))

    def _put_number(self, posting: PlannedPosting, service: str, reason: str) -> str:
        order, _, part = posting.number.rpartition("-")
        serial = int(order.replace("-", "")[-6:] + part.zfill(2)[-2:])
        body = {"tracking_number": s10(service, serial, "CN"), "carrier": "China Post", "reason": reason}
        return str(self._api(posting).put(self._path(posting, "/tracking-number"), body)["id"])

    def _control(self, method: str, path: str, **body: Any) -> Any:
        return self.simulator.control(method, path, body)
