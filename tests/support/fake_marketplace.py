"""A marketplace in memory with books: what it did by itself, what we made it do, and faults on demand."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from shipby.adapters.ozon.refusal_codes import may_pass
from shipby.application.ports.clock import Clock
from shipby.application.ports.marketplace import (
    CancelReason,
    ItemResult,
    Marketplace,
    PushUrlHealth,
)
from shipby.application.ports.pages import Page
from shipby.domain.errors import (
    ActionNotOfferedError,
    CredentialsRejectedError,
    MarketplaceRefusedError,
    NotFoundError,
)
from shipby.domain.labels.own_labels import Party
from shipby.domain.money import Money
from shipby.domain.postings.delivery import OFFERED, DeliveryStage
from shipby.domain.postings.posting import Cancellation, MarketplacePosting
from shipby.domain.rating.standing import ErrorIndex, IndexedPosting, KeyInfo, RatingThresholds
from shipby.domain.returns.return_case import COMPENSATE_ACTION, FBS_PREFIX, MarketplaceReturn, OfferedAction
from shipby.domain.validation.limits import DropOffLimits
from tests.support.fake_accruals import COMPENSATION, POSTAGE, REFUND, FakeAccruals
from tests.support.fake_books import Books
from tests.support.fake_cancellations import FakeCancellations
from tests.support.fake_carriages import FakeCarriages
from tests.support.fake_carriages import Fault as Fault  # noqa: PLC0414  # tests take it from here: mypy wants that said
from tests.support.fake_chats import FakeChats
from tests.support.fake_exemplars import FakeExemplars
from tests.support.fake_label_files import FakeLabelFiles
from tests.support.memory.fake_stocks import FakeStocks
from tests.support.shapes.fake_shapes import FakeShapes

REJECT, REJECT_AFTER_CHECK, FULL_REFUND, ASK_GOODS, GOODS_RECEIVED = -1, -10, 1000, 1030, 1040
_STATES = {-1: "REJECTED", -10: "REJECTED", FULL_REFUND: "REFUNDED", COMPENSATE_ACTION: "COMPENSATED"}
ON_APPROVAL = (REJECT, FULL_REFUND, COMPENSATE_ACTION, ASK_GOODS)
ON_CHECKOUT = (REJECT_AFTER_CHECK, FULL_REFUND, COMPENSATE_ACTION)
ASSEMBLED_ACTIONS = ("cancel", "label_download", "set_track_number")


def offer(*ids: int) -> tuple[OfferedAction, ...]:
    """Return actions with these ids."""
    return tuple(OfferedAction(id=identifier, name=f"action {identifier}") for identifier in ids)


class FakeMarketplace(FakeLabelFiles):
    """One seller's marketplace."""

    def __init__(self, clock: Clock, *, postings: Iterable[MarketplacePosting] = ()) -> None:
        super().__init__()
        self._clock = clock
        self.book = {facts.number: facts for facts in postings}
        self.status_changed: dict[str, datetime] = {}
        """Posting number -> when its status last changed, where a test has put or changed it."""
        self.return_book: dict[str, MarketplaceReturn] = {}
        self.goods_book: dict[str, MarketplaceReturn] = {}
        self.books = Books()
        self.reasons: tuple[CancelReason, ...] = (
            CancelReason(id=352, title="Товар закончился", by="seller"),
            CancelReason(id=402, title="Другое", by="seller"),
        )
        self.refused_tracking: dict[str, str] = {}
        self.recipients: dict[str, Party] = {}
        self.cancellations = FakeCancellations(self._begin, self._act, self.book, self.cancel_by, clock)
        self.accruals = FakeAccruals(self._begin)
        self.carriages = FakeCarriages(self._begin, self._act, self.book, clock)
        self.chats = FakeChats(self._begin, clock)
        self.exemplars = FakeExemplars(self._begin, self._act, self.book)
        self.stocks = FakeStocks(self._begin, self._act, clock)
        self.shapes = FakeShapes(self._act, self.book)
        self.health: tuple[PushUrlHealth, ...] = ()
        self.key = KeyInfo(expires_at=None, methods=())
        self.index: ErrorIndex | None = None
        """None: the marketplace has counted no error yet."""
        self.index_book: list[IndexedPosting] = []
        self.limits = DropOffLimits(most_grams=40_000, sides_cm=(50, 50, 50), most_roubles=500_000)
        self.thresholds: dict[str, RatingThresholds] = {}

    # For tests: what the marketplace and the buyer do by themselves

    def put(self, facts: MarketplacePosting) -> None:
        with self._lock:
            self.book[facts.number] = facts
            self.status_changed[facts.number] = self._clock.now()

    def change(self, number: str, **changes: object) -> None:
        with self._lock:
            if changes.get("status", self.book[number].status) != self.book[number].status:
                self.status_changed[number] = self._clock.now()
            self.book[number] = replace(self.book[number], **changes)  # type: ignore[arg-type]  # typed per field

    def restrictions(self, number: str) -> DropOffLimits:
        self._begin("restrictions")
        self._known(number)
        return self.limits

    def open_return(self, found: MarketplaceReturn) -> None:
        with self._lock:
            self.return_book[found.id] = found

    def change_return(self, return_id: str, **changes: object) -> None:
        with self._lock:
            self.return_book[return_id] = replace(self.return_book[return_id], **changes)  # type: ignore[arg-type]  # as above

    def put_goods(self, found: MarketplaceReturn) -> None:
        """Goods on their way back, as /v1/returns/list shows them."""
        with self._lock:
            self.goods_book[found.id] = found

    def cancel_by(self, number: str, by: str) -> None:
        """Somebody other than us cancels: client, ozon, system …"""
        gone = Cancellation(reason_id=1, reason=f"by {by}", type=by, after_ship=False, affects_rating=False)
        self.change(number, status="cancelled", substatus="posting_canceled", actions=(), cancellation=gone)

    def _known(self, number: str) -> MarketplacePosting:
        if number not in self.book:
            raise NotFoundError(f"POSTING_NOT_FOUND: {number}")
        return self.book[number]

    def _need(self, number: str, action: str) -> MarketplacePosting:
        facts = self._known(number)
        if action not in facts.actions:
            raise MarketplaceRefusedError(f"{action} of {number}: HAS_INCORRECT_STATUS", text="HAS_INCORRECT_STATUS")
        return facts

    # Marketplace: reads

    def posting(self, number: str) -> MarketplacePosting:
        began = self._clock.now()
        self._begin("posting")
        with self._lock:
            return replace(self._known(number), read_at=began)

    def recipient(self, number: str) -> Party | None:
        self._begin("recipient")
        with self._lock:
            self._known(number)
            return self.recipients.get(number)

    def _list(self, chosen: Callable[[MarketplacePosting], bool], cursor: str) -> Page[MarketplacePosting]:
        with self._lock:
            found = sorted((facts for facts in self.book.values() if chosen(facts)), key=lambda facts: facts.number)
        start = int(cursor or "0")
        more = str(start + 2) if len(found) > start + 2 else None
        return Page(tuple(replace(f, read_at=self._clock.now()) for f in found[start : start + 2]), more)

    def postings(
        self, *, since: datetime, to: datetime, changed_from: datetime | None = None, cursor: str = ""
    ) -> Page[MarketplacePosting]:
        self._begin("postings")

        def chosen(facts: MarketplacePosting) -> bool:
            began = facts.in_process_at
            changed = self.status_changed.get(facts.number, began)
            return (
                began is not None
                and since <= began <= to
                and (changed_from is None or (changed is not None and changed >= changed_from))
            )

        return self._list(chosen, cursor)

    def unfulfilled(self, *, cutoff_from: datetime, cutoff_to: datetime, cursor: str = "") -> Page[MarketplacePosting]:
        self._begin("unfulfilled")
        return self._list(
            lambda facts: (
                facts.status == "awaiting_packaging"
                and facts.shipment_date is not None
                and cutoff_from <= facts.shipment_date <= cutoff_to
            ),
            cursor,
        )

    def cancel_reasons(self, number: str) -> tuple[CancelReason, ...]:
        self._begin("cancel_reasons")
        return self.reasons

    def returns(self, *, last_id: int = 0) -> Page[MarketplaceReturn]:
        self._begin("returns")
        with self._lock:
            left = sorted(int(key) for key in self.return_book if int(key) > last_id)
            items = tuple(replace(self.return_book[str(key)], actions=()) for key in left[:2])
        return Page(items, str(left[1]) if len(left) > 2 else None)

    def goods_returns(self, *, since: datetime, last_id: int = 0) -> Page[MarketplaceReturn]:
        self._begin("goods_returns")
        now = self._clock.now()
        with self._lock:
            entries = {int(key.removeprefix(FBS_PREFIX)): found for key, found in self.goods_book.items()}
        left = sorted(key for key, found in entries.items() if key > last_id and since <= (found.changed_at or now))
        items = tuple(replace(entries[key], read_at=now) for key in left[:2])
        return Page(items, str(left[1]) if len(left) > 2 else None)

    def return_details(self, return_id: str) -> MarketplaceReturn:
        began = self._clock.now()
        self._begin("return_details")
        with self._lock:
            if return_id not in self.return_book:
                raise NotFoundError(f"return {return_id}")
            return replace(self.return_book[return_id], read_at=began)

    def push_health(self) -> tuple[PushUrlHealth, ...]:
        return self.health

    def key_info(self) -> KeyInfo:
        self._begin("key_info")
        return self.key

    def error_index(self) -> ErrorIndex:
        self._begin("error_index")
        today = self._clock.now().date()
        nothing = ErrorIndex(
            period_from=today - timedelta(days=13), period_to=today, index=Decimal(0), costs=Money.zero("RUB")
        )
        return self.index or nothing

    def index_errors(self, *, since: datetime, to: datetime, cursor: str = "") -> Page[IndexedPosting]:
        self._begin("index_errors")
        found = sorted((one for one in self.index_book if since <= one.at <= to), key=lambda one: (one.at, one.number))
        start = int(cursor or "0")
        return Page(tuple(found[start : start + 2]), str(start + 2) if len(found) > start + 2 else None)

    def rating_thresholds(self, rating: str, *, since: datetime, to: datetime) -> RatingThresholds | None:
        self._begin("rating_thresholds")
        return self.thresholds.get(rating)

    # Marketplace: acts

    def ship(self, number: str, packages: Sequence[Mapping[str, int]]) -> tuple[str, ...]:
        def effect() -> tuple[str, ...]:
            facts = self._need(number, "ship")
            self.books.shipped[number] += 1
            if len(packages) == 1:
                self.change(number, status="awaiting_deliver", substatus="posting_registered")
                self.change(number, actions=ASSEMBLED_ACTIONS)
                return (number,)
            parts = tuple(f"{number}-{index}" for index in range(1, len(packages) + 1))
            for part in parts:
                child = replace(facts, number=part, parent_number=number, status="awaiting_deliver")
                self.put(replace(child, actions=ASSEMBLED_ACTIONS))
            status, substatus = "cancelled_from_split_pending", "posting_split_pending"
            self.change(number, status=status, substatus=substatus, related_numbers=parts, actions=())
            return parts

        return self._act("ship", effect)

    def cancel(self, number: str, reason_id: int, message: str) -> None:
        def effect() -> None:
            self.books.reasons[number].append((reason_id, message))
            self._need(number, "cancel")
            self.books.cancelled[number] += 1
            self.cancel_by(number, "seller")

        self._act("cancel", effect)

    def cancel_items(self, number: str, items: Mapping[str, int], reason_id: int, message: str) -> None:
        def effect() -> None:
            facts = self._need(number, "product_cancel")
            have = {line.sku: line.quantity for line in facts.lines}
            if not message or any(not 0 < count <= have.get(sku, 0) for sku, count in items.items()):
                raise MarketplaceRefusedError(f"items of {number}", text="HAS_INCORRECT_PRODUCT_QUANTITY")
            self.books.items_cancelled[number].append(dict(items))
            if dict(items) == have:
                self.cancel_by(number, "seller")
                return
            left = (replace(line, quantity=line.quantity - items.get(line.sku, 0)) for line in facts.lines)
            self.change(number, lines=tuple(line for line in left if line.quantity))

        self._act("cancel_items", effect)

    def set_tracking_numbers(self, numbers: Mapping[str, str]) -> tuple[ItemResult, ...]:
        def effect() -> tuple[ItemResult, ...]:
            results = []
            for number, tracking in numbers.items():
                problem = self.refused_tracking.get(tracking, "")
                if not problem and "set_track_number" not in self._known(number).actions:
                    problem = "HAS_INCORRECT_STATUS"
                if not problem:
                    self.books.tracking[number].append(tracking)
                    self.change(number, tracking_number=tracking)
                passes = may_pass(problem)
                results.append(ItemResult(posting_number=number, ok=not problem, error=problem, may_pass=passes))
            return tuple(results)

        return self._act("set_tracking_numbers", effect)

    def report_delivery(self, stage: DeliveryStage, numbers: Sequence[str]) -> tuple[ItemResult, ...]:
        shown = {
            DeliveryStage.DELIVERING: ("delivering", "posting_on_way_to_city"),
            DeliveryStage.LAST_MILE: ("delivering", "posting_in_courier_service"),
            DeliveryStage.DELIVERED: ("delivered", "posting_received"),
        }
        offers: dict[DeliveryStage, tuple[str, ...]] = {
            DeliveryStage.DELIVERING: ("non_int_last_mile", "non_int_delivered", "set_track_number"),
            DeliveryStage.LAST_MILE: ("non_int_delivered", "set_track_number"),
            DeliveryStage.DELIVERED: (),
        }

        def effect() -> tuple[ItemResult, ...]:
            assert 1 <= len(numbers) <= 20
            results = []
            for number in numbers:
                problem = "" if OFFERED[stage] in self._known(number).actions else "TRANSITION_IS_NOT_POSSIBLE"
                if not problem:
                    self.books.reports[number].append(stage)
                    status, substatus = shown[stage]
                    self.change(number, status=status, substatus=substatus, actions=offers[stage])
                results.append(ItemResult(posting_number=number, ok=not problem, error=problem))
            return tuple(results)

        return self._act("report_delivery", effect)

    def set_cut_off(self, number: str, new_cut_off: datetime) -> None:
        def effect() -> None:
            self._need(number, "set_cutoff")
            self.change(number, shipment_date=new_cut_off)

        self._act("set_cut_off", effect)

    def act_on_return(
        self,
        return_id: str,
        action_id: int,
        *,
        comment: str = "",
        compensation: Money | None = None,
        rejection_reason_id: int | None = None,
        back_way: Money | None = None,
    ) -> None:
        def effect() -> None:
            found = self.return_book[return_id]
            if action_id not in {action.id for action in found.actions}:
                raise MarketplaceRefusedError(f"ACTION_IS_NOT_AVAILABLE {action_id}", text="ACTION_IS_NOT_AVAILABLE")
            self.books.decided[return_id].append(action_id)
            if action_id == FULL_REFUND and found.price is not None:
                self._pay(found, REFUND, found.price.minor * found.quantity)
            if action_id == COMPENSATE_ACTION and compensation is not None:
                self._pay(found, COMPENSATION, compensation.minor)
            if back_way is not None:
                self._pay(found, POSTAGE, back_way.minor)
            offered = {ASK_GOODS: (GOODS_RECEIVED,), GOODS_RECEIVED: ON_CHECKOUT}.get(action_id, ())
            self.change_return(return_id, state=_STATES.get(action_id, f"AFTER_{action_id}"), actions=offer(*offered))

        self._act("act_on_return", effect)

    def _pay(self, found: MarketplaceReturn, type_id: int, minor: int) -> None:
        book = self.books.postage if type_id == POSTAGE else self.books.paid_back
        book[found.id].append(minor)
        today = self._clock.now().date()
        sku, quantity = (found.sku, found.quantity) if type_id != POSTAGE else ("", 0)
        self.accruals.charge(found.posting_number, type_id, minor, on=today, sku=sku, quantity=quantity)

    # Chat

    def start_chat(self, number: str) -> str:
        self._begin("start_chat")
        if "no_chat" in self._known(number).actions:
            raise ActionNotOfferedError("not available with existing subscription")
        return f"chat-{number}"

    def send_chat_message(self, chat_id: str, text: str) -> None:
        self._act("send_chat_message", lambda: self.books.chats.append((chat_id, text)))


class FakeMarketplaces:
    """Each seller's marketplace."""

    def __init__(self, known: Mapping[str, Marketplace]) -> None:
        self._known = known

    def of(self, seller: str) -> Marketplace:
        if seller not in self._known:
            raise CredentialsRejectedError(f"seller {seller} has no usable key")
        return self._known[seller]
