"""The people of the demo day: each posting is carried through the API to the end that its fate has in store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from dataclasses import dataclass, field
from typing import Any

from shipby_local.demo.api import ApiProblemError, SellerApi
from shipby_local.demo.desk import Desk
from shipby_local.demo.papers import Papers
from shipby_local.demo.plan import DayPlan, Fate, PlannedPosting
from shipby_local.simulator import Simulator
from shipby_local.stack.errors import StackError

HANDS = 4
"""People at the benches: as many calls at once as two cores take."""


@dataclass
class Warehouse:
    """Works a day plan off. `advance` is told after every finished posting."""

    simulator: Simulator
    apis: Mapping[str, SellerApi]
    plan: DayPlan
    advance: Callable[[PlannedPosting], None]
    papers: Papers
    desk: Desk
    problems: list[str] = field(default_factory=list)

    def work(self) -> None:
        """Carry every posting; a failure of one stops none of the others and is kept in `problems`."""
        slow = [posting for posting in self.plan.postings if posting.fate is not Fate.PLAIN]
        wave = self.plan.of(Fate.PLAIN)
        sellers = self.plan.sellers
        # Those that wait for their fate hold a thread, not a hand: they get threads of their own.
        with (
            ThreadPoolExecutor(len(slow) + 3 * len(sellers), "fate") as waiting,
            ThreadPoolExecutor(HANDS, "bench") as benches,
        ):
            futures: dict[Future[Any], PlannedPosting | str] = {
                waiting.submit(self._carry, posting): posting for posting in slow
            }
            # The wave is assembled first, so that its labels are there when people come to pick and pack it.
            confirmed = {posting: benches.submit(self._confirm, posting) for posting in wave}
            shipped = {seller: waiting.submit(self._ship_wave, seller, confirmed) for seller in sellers}
            packed = {posting: benches.submit(self._pack, shipped[posting.client_id], posting) for posting in wave}
            printed = {seller: waiting.submit(self._print_wave, seller, shipped[seller], packed) for seller in sellers}
            closed = {seller: waiting.submit(self._close_day, seller, packed, printed[seller]) for seller in sellers}
            futures |= {future: posting for posting, future in packed.items()}
            futures |= {future: f"the wave of {seller}" for seller, future in shipped.items()}
            futures |= {future: f"the labels of {seller}" for seller, future in printed.items()}
            futures |= {future: f"closing the day of {seller}" for seller, future in closed.items()}
            for future in as_completed(futures):
                work = futures[future]
                error = future.exception()
                if error is not None:
                    what = work if isinstance(work, str) else f"{work.number} ({work.fate})"
                    self.problems.append(f"{what}: {error}")
                if not isinstance(work, str):
                    self.advance(work)

    def _ship_wave(self, seller: str, confirmed: Mapping[PlannedPosting, Future[None]]) -> list[str]:
        """Ship a seller's wave in one call and wait for its labels; one that is stuck holds up none of the others."""
        own = [
            posting for posting, done in confirmed.items() if posting.client_id == seller and done.exception() is None
        ]
        numbers = [posting.number for posting in own]
        self.papers.load_cards(seller, numbers)
        self.papers.ship_wave(seller, numbers)
        for posting in own:
            self._label(posting)
        return numbers

    def _pack(self, shipped: Future[list[str]], posting: PlannedPosting) -> None:
        if posting.number not in shipped.result():
            raise StackError("it was not in the wave")
        self.papers.pack_by_scanning(posting.client_id, posting.number)

    def _print_wave(
        self, seller: str, shipped: Future[list[str]], packed: Mapping[PlannedPosting, Future[None]]
    ) -> None:
        """The first seller prints ahead; the second one's labels unlock only when the last piece was scanned."""
        numbers = shipped.result()
        if seller != self.plan.sellers[0]:
            wait([future for posting, future in packed.items() if posting.client_id == seller])
        self.papers.print_wave(seller, numbers)
        self.papers.reprint(seller, numbers[0])

    def _close_day(self, seller: str, packed: Mapping[PlannedPosting, Future[None]], printed: Future[None]) -> None:
        wait([printed, *(future for posting, future in packed.items() if posting.client_id == seller)])
        ready = [
            posting for posting, done in packed.items() if posting.client_id == seller and done.exception() is None
        ]
        fbs = [posting for posting in ready if not self.simulator.posting(posting.number).is_rfbs]
        self.papers.close_day(seller, [posting.number for posting in fbs])
        # What the seller's own carrier takes is in no carriage of the marketplace.
        for posting in ready:
            if posting not in fbs:
                self._hand_over(posting)

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
                self._after(posting, "posting.cut_off_moved")
            case Fate.MARKETPLACE_CANCELS | Fate.BUYER_CANCELS | Fate.GIVEN_UP:
                try:
                    self._confirm(posting)
                except ApiProblemError as problem:
                    # Its fate may be quicker than a slow machine's people.
                    if problem.status != 409:
                        raise
                self._wait(posting, {"cancelled"}, timeout=120)
            case Fate.NO_LABEL:
                self._assemble(posting)
                self._label(posting, "failed")
            case Fate.UNREAD:
                self._assemble(posting)
                self._label(posting, "unproven")
                self.papers.allow(posting.client_id, posting.number)
                self._bench_work(posting)
                self._hand_over(posting)
            case Fate.NEW_NUMBER:
                self._renumbered(posting)
            case _:
                self._comes_back(posting)

    def _comes_back(self, posting: PlannedPosting) -> None:
        """Fates that begin once the parcel has left."""
        self._assemble(posting)
        self._pack_and_hand_over(posting)
        if posting.fate is Fate.CLAIMED:
            self.desk.prove_packing(posting)
            return
        if posting.fate in (Fate.WISH_GRANTED, Fate.WISH_REFUSED):
            self._wished(posting)
            return
        self._deliver(posting)
        if posting.fate is Fate.PART_REFUND:
            self.desk.compensate(posting)
        elif posting.fate is Fate.GOODS_BACK:
            self.desk.take_back(posting)

    def _api(self, posting: PlannedPosting) -> SellerApi:
        return self.apis[posting.client_id]

    def _path(self, posting: PlannedPosting, rest: str = "") -> str:
        return f"/v1/postings/{posting.number}{rest}"

    def _confirm(self, posting: PlannedPosting) -> None:
        api = self._api(posting)
        api.wait_for(self._path(posting), lambda _: True, what=f"posting {posting.number} to arrive", timeout=90)
        api.post(self._path(posting, "/confirm"))

    def _ship(self, posting: PlannedPosting, packages: list[dict[str, int]] | None = None) -> None:
        body = {"packages": packages} if packages else {}
        self._api(posting).post(self._path(posting, "/ship"), body)

    def _label(self, posting: PlannedPosting, state: str = "ready") -> None:
        path = self._path(posting, "/labels")
        what = f"the label of {posting.number} to be {state}"
        self._api(posting).wait_for(
            path, lambda page: any(item["state"] == state for item in page["items"]), what=what, timeout=180
        )

    def _bench_work(self, posting: PlannedPosting) -> None:
        api = self._api(posting)
        api.post(self._path(posting, "/pick"))
        api.post(self._path(posting, "/pack"))

    def _hand_over(self, posting: PlannedPosting) -> None:
        self._api(posting).post(self._path(posting, "/hand-over"))
        scanned = self._control("POST", "/_sim/hand-over", posting_numbers=[posting.number])
        if posting.number not in scanned["scanned"]:
            raise StackError(f"the courier could not scan {posting.number}")

    def _assemble(self, posting: PlannedPosting) -> None:
        self._confirm(posting)
        self._ship(posting)

    def _pack_and_hand_over(self, posting: PlannedPosting) -> None:
        self._label(posting)
        self._bench_work(posting)
        self._hand_over(posting)

    def _split(self, posting: PlannedPosting) -> None:
        """Two packages: the marketplace closes the parent and opens one posting for each package."""
        self._confirm(posting)
        [line] = self._api(posting).get(self._path(posting))["products"]
        self._ship(posting, [{line["sku"]: 1}, {line["sku"]: 1}])
        self._wait(posting, {"cancelled"}, timeout=90)
        related = self.simulator.control("GET", f"/_sim/postings/{posting.number}")["related"]
        for number in related:
            child = PlannedPosting(posting.client_id, number, posting.fate)
            self._confirm(child)
            self._pack_and_hand_over(child)

    def _late(self, posting: PlannedPosting) -> None:
        self._assemble(posting)
        self._label(posting)
        api = self._api(posting)
        api.wait_for(self._path(posting), lambda view: view["late"], what=f"{posting.number} to be late", timeout=90)
        self._bench_work(posting)
        self._hand_over(posting)

    def _after(self, posting: PlannedPosting, happened: str) -> None:
        """Somebody takes it up only when this has happened to it."""
        self._confirm(posting)
        api = self._api(posting)
        api.wait_for(
            self._path(posting, "/events"),
            lambda page: any(event["type"] == happened for event in page["items"]),
            what=f"{happened} of {posting.number}",
            timeout=120,
        )
        self._ship(posting)
        self._pack_and_hand_over(posting)

    def _deliver(self, posting: PlannedPosting) -> None:
        self._control("POST", f"/_sim/postings/{posting.number}", act="deliver")
        self._wait(posting, {"delivered"}, timeout=90)

    def _wished(self, posting: PlannedPosting) -> None:
        """The buyer changes their mind while the parcel is on its way."""
        self._wait(posting, {"in_transit"}, timeout=60)
        granted = posting.fate is Fate.WISH_GRANTED
        self.desk.answer_wish(posting, approve=granted)
        if granted:
            self._wait(posting, {"cancelled"}, timeout=90)
        else:
            self._deliver(posting)

    def interrupted_refunds(self) -> None:
        """When all else is done: refunds whose worker is killed, with nothing else under way."""
        for posting in self.plan.of(Fate.FULL_REFUND):
            try:
                self.desk.refund_through_a_crash(posting)
            except StackError as error:
                self.problems.append(f"{posting.number} ({posting.fate}): {error}")

    def _renumbered(self, posting: PlannedPosting) -> None:
        self._assemble(posting)
        self._label(posting)
        self._bench_work(posting)
        self.papers.own_label(posting.client_id, posting.number)
        self._number(posting, f"RB{posting.number[:8]}CN", "first number of the carrier")
        self._hand_over(posting)
        self._wait(posting, {"in_transit"}, timeout=60)
        self._number(posting, f"RC{posting.number[:8]}CN", "the carrier re-labelled the parcel")

    def _number(self, posting: PlannedPosting, number: str, reason: str) -> None:
        body = {"tracking_number": number, "carrier": "China Post", "reason": reason}
        intent = self._api(posting).put(self._path(posting, "/tracking-number"), body)
        self.desk.settled(posting, intent["id"])

    def _wait(self, posting: PlannedPosting, stages: set[str], *, timeout: float) -> None:
        what = f"{posting.number} to be {' or '.join(sorted(stages))}"
        self._api(posting).wait_for(
            self._path(posting), lambda view: view["stage"] in stages, what=what, timeout=timeout
        )

    def _control(self, method: str, path: str, **body: Any) -> Any:
        return self.simulator.control(method, path, body)
