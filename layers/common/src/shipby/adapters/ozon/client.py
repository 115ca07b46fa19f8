"""The Seller API as the `Marketplace` port wants it. Paths, texts, parsing and transport have modules of their own."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import urllib3

from shipby.adapters.aws.clock import utc_now
from shipby.adapters.ozon import assumptions, methods
from shipby.adapters.ozon.cancellations import OzonCancellations
from shipby.adapters.ozon.carriages import OzonCarriages
from shipby.adapters.ozon.chats import OzonChats
from shipby.adapters.ozon.downloads import download
from shipby.adapters.ozon.health import push_urls_of
from shipby.adapters.ozon.reading.accruals import OzonAccruals
from shipby.adapters.ozon.reading.answers import following
from shipby.adapters.ozon.reading.containers import OzonContainers
from shipby.adapters.ozon.reading.entries import entries, last_id_of, or_noted
from shipby.adapters.ozon.reading.goods_returns import goods_returns
from shipby.adapters.ozon.reading.items import cancel_reasons_of, item_results_of, label_result_of, label_tasks_of
from shipby.adapters.ozon.reading.postings import posting_of
from shipby.adapters.ozon.reading.rating import error_index_of, indexed_posting_of, key_info_of, thresholds_of
from shipby.adapters.ozon.reading.recipients import recipient_of
from shipby.adapters.ozon.reading.returns import return_of
from shipby.adapters.ozon.refusals import ALREADY_CANCELLED, ALREADY_SHIPPED
from shipby.adapters.ozon.requests import (
    compensation_number,
    identifier,
    return_action_problems,
    rfc3339,
    ship_packages,
)
from shipby.adapters.ozon.transport import Transport, done, unknown
from shipby.application.cases.odd_entries import Listed
from shipby.application.ports.marketplace import CancelReason, ItemResult, LabelTask, LabelTaskResult, PushUrlHealth
from shipby.application.ports.pages import Page
from shipby.domain.errors import (
    ActionNotOfferedError,
    InvalidInputError,
    MarketplaceRefusedError,
    ShipbyError,
)
from shipby.domain.labels.own_labels import Party
from shipby.domain.money import Money
from shipby.domain.postings.delivery import DeliveryStage
from shipby.domain.postings.posting import MarketplacePosting
from shipby.domain.rating.standing import ErrorIndex, IndexedPosting, KeyInfo, RatingThresholds
from shipby.domain.returns.return_case import MarketplaceReturn

if TYPE_CHECKING:
    from shipby.application.ports.availability.market import Stocks
    from shipby.application.ports.exemplars import Exemplars
    from shipby.application.ports.marketplace import Shapes
    from shipby.domain.validation.limits import DropOffLimits


class OzonClient:
    """One seller's account at the marketplace; implements `shipby.application.ports.store.Marketplace`.

    `requests_per_second` is this process's static share of the account's 50, `read_within` the seconds that a read may
    take with its repeats, `call_within` those of one call. Safe to share between threads. The key is kept out of repr
    and of every message.
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        api_key: str,
        *,
        requests_per_second: float = 4.0,
        read_within: float = math.inf,
        call_within: float = assumptions.CALL_SECONDS,
        pool: urllib3.PoolManager | None = None,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._now = now
        self._api = Transport(
            base_url,
            client_id=client_id,
            api_key=api_key,
            requests_per_second=requests_per_second,
            read_within=read_within,
            call_within=call_within,
            pool=pool,
            monotonic=monotonic,
            sleep=sleep,
            chance=chance,
        )
        self.cancellations = OzonCancellations(self._api, now)
        self.accruals = OzonAccruals(self._api)
        self.carriages = OzonCarriages(self._api)
        self.containers = OzonContainers(self._api)
        self.chats = OzonChats(self._api)

    @cached_property
    def shapes(self) -> Shapes:
        """Splits and boxes: few postings need them."""
        from shipby.adapters.ozon.shapes import OzonShapes

        return OzonShapes(self._api)

    @cached_property
    def exemplars(self) -> Exemplars:
        """Data of single pieces: few postings need it, so it is loaded with the first."""
        from shipby.adapters.ozon.exemplars import OzonExemplars

        return OzonExemplars(self._api)

    @cached_property
    def stocks(self) -> Stocks:
        """Stock of the seller's own warehouses: loaded with the first that has any told."""
        from shipby.adapters.ozon.stocks import OzonStocks

        return OzonStocks(self._api)

    # -- postings

    def posting(self, number: str) -> MarketplacePosting:
        """/v3/posting/fbs/get. `read_at` is when the read began, pacing and retries included."""
        read_at = self._now()
        answer = self._api.read(methods.POSTING_GET, {"posting_number": number, "with": _WITH_ONE}, what=number)
        return posting_of(answer.node("result"), read_at)

    def recipient(self, number: str) -> Party | None:
        """/v3/posting/fbs/get again, for its personal fields alone; no `with` flag is needed for them."""
        answer = self._api.read(methods.POSTING_GET, {"posting_number": number, "with": _WITH_NOTHING}, what=number)
        return recipient_of(answer.node("result"))

    def postings(
        self, *, since: datetime, to: datetime, changed_from: datetime | None = None, cursor: str = ""
    ) -> Page[MarketplacePosting]:
        """/v4/posting/fbs/list, at most 100 a page; the period is at most one year."""
        period: dict[str, object] = {"since": rfc3339(since), "to": rfc3339(to)}
        if changed_from is not None:
            # Its end lies ahead of both clocks: a page that is asked for later in the walk has the same period.
            until = max(to, changed_from) + assumptions.CHANGED_AHEAD
            period["last_changed_status_date"] = {"from": rfc3339(changed_from), "to": rfc3339(until)}
        return self._listed(methods.POSTING_LIST, period, cursor)

    def unfulfilled(self, *, cutoff_from: datetime, cutoff_to: datetime, cursor: str = "") -> Page[MarketplacePosting]:
        """/v4/posting/fbs/unfulfilled/list, at most 100 a page."""
        return self._listed(
            methods.POSTING_UNFULFILLED,
            {"cutoff_from": rfc3339(cutoff_from), "cutoff_to": rfc3339(cutoff_to)},
            cursor,
        )

    def _listed(self, method: methods.Method, period: Mapping[str, object], cursor: str) -> Page[MarketplacePosting]:
        read_at = self._now()
        answer = self._api.read(
            method,
            {
                "filter": period,
                "limit": assumptions.LIST_LIMIT,
                "cursor": cursor,
                "sort_dir": "ASC",
                "with": _WITH_LISTED,
            },
        )
        items = entries(
            answer, "postings", Listed.POSTING, lambda node: posting_of(node, read_at), name="posting_number"
        )
        return Page(items, or_noted(Listed.POSTING, answer, lambda: following(answer, cursor), None))

    def restrictions(self, number: str) -> DropOffLimits:
        """/v1/posting/fbs/restrictions."""
        from shipby.adapters.ozon.reading.restrictions import limits_of  # once a day a drop-off: cold starts

        return limits_of(self._api.read(methods.RESTRICTIONS, {"posting_number": number}, what=number).node("result"))

    def ship(self, number: str, packages: Sequence[Mapping[str, int]]) -> tuple[str, ...]:
        """/v4/posting/fbs/ship. A posting that is already assembled counts as done."""
        payload = {"posting_number": number, "packages": ship_packages(packages)}
        try:
            answer = self._api.act(methods.POSTING_SHIP, payload, what=number)
        except MarketplaceRefusedError as error:
            if ALREADY_SHIPPED in error.text:
                return (number,)
            raise
        numbers = done(lambda: answer.texts("result"), answer, number)
        if not numbers or "" in numbers:
            raise unknown(f"{methods.POSTING_SHIP.path} {number}", "the answer names no posting")
        return numbers

    def cancel_reasons(self, number: str) -> tuple[CancelReason, ...]:
        """/v1/posting/fbs/cancel-reason: what may be given as the reason for this posting now."""
        answer = self._api.read(methods.CANCEL_REASONS, {"related_posting_numbers": [number]}, what=number)
        found = entries(
            answer,
            "result",
            Listed.CANCEL_REASON,
            lambda entry: cancel_reasons_of(entry, number),
            name="posting_number",
        )
        return tuple(reason for reasons in found for reason in reasons)

    def cancel(self, number: str, reason_id: int, message: str) -> None:
        """/v2/posting/fbs/cancel. A posting that is already cancelled counts as done."""
        payload = {"posting_number": number, "cancel_reason_id": reason_id, "cancel_reason_message": message}
        try:
            self._act_true(methods.POSTING_CANCEL, payload, number)
        except MarketplaceRefusedError as error:
            if ALREADY_CANCELLED not in error.text:
                raise

    def cancel_items(self, number: str, items: Mapping[str, int], reason_id: int, message: str) -> None:
        """/v2/posting/fbs/product/cancel. Its answer names the posting or nothing: only a read shows the effect."""
        wanted = [{"sku": identifier(sku, "sku"), "quantity": count} for sku, count in items.items()]
        if not wanted or min(items.values()) < 1 or not message.strip():
            raise InvalidInputError(
                "a cancel of items needs items, positive quantities and a message", errors=[("items", "is incomplete")]
            )
        payload = {
            "posting_number": number,
            "cancel_reason_id": reason_id,
            "cancel_reason_message": message,
            "items": wanted,
        }
        answer = self._api.act(methods.POSTING_CANCEL_ITEMS, payload, what=number)
        done(lambda: answer.text("result"), answer, number)

    def set_cut_off(self, number: str, new_cut_off: datetime) -> None:
        """/v1/posting/cutoff/set: only before `shipment_date`, and where `set_cutoff` is offered."""
        payload = {"posting_number": number, "new_cutoff_date": rfc3339(new_cut_off)}
        self._act_true(methods.CUT_OFF_SET, payload, number)

    def _act_true(self, method: methods.Method, payload: Mapping[str, object], number: str) -> None:
        answer = self._api.act(method, payload, what=number)
        if "result" not in answer:
            raise unknown(f"{method.path} {number}", "the answer does not say whether it was done")
        if not done(lambda: answer.flag("result"), answer, number):
            raise MarketplaceRefusedError(f"{method.path} {number}: the marketplace answered result = false")

    def set_tracking_numbers(self, numbers: Mapping[str, str]) -> tuple[ItemResult, ...]:
        """/v2/fbs/posting/tracking-number/set in chunks of 20.

        An error of the first chunk is raised as it is. Once a chunk went through, any later error is
        OutcomeUnknownError: some numbers are set, and only a read says which.
        """
        pairs = list(numbers.items())
        results: list[ItemResult] = []
        for start in range(0, len(pairs), assumptions.TRACKING_CHUNK):
            chunk = dict(pairs[start : start + assumptions.TRACKING_CHUNK])
            try:
                results += self._set_tracking_chunk(chunk)
            except ShipbyError as error:
                if not start:
                    raise
                name = methods.TRACKING_SET.path
                raise unknown(name, f"{start} of {len(pairs)} were answered, then: {error}") from error
        return tuple(results)

    def _set_tracking_chunk(self, chunk: Mapping[str, str]) -> list[ItemResult]:
        pairs = [{"posting_number": p, "tracking_number": t} for p, t in chunk.items()]
        return self._each(methods.TRACKING_SET, {"tracking_numbers": pairs}, list(chunk))

    def report_delivery(self, stage: DeliveryStage, numbers: Sequence[str]) -> tuple[ItemResult, ...]:
        """/v2/fbs/posting/delivering, /last-mile or /delivered; 1 to 20 postings, as a list even for one."""
        if not 1 <= len(numbers) <= assumptions.DELIVERY_CHUNK:
            raise InvalidInputError(
                f"{len(numbers)} postings in one report", errors=[("numbers", f"1 to {assumptions.DELIVERY_CHUNK}")]
            )
        return tuple(self._each(_REPORTS[stage], {"posting_number": list(numbers)}, numbers))

    def _each(self, method: methods.Method, payload: Mapping[str, object], numbers: Sequence[str]) -> list[ItemResult]:
        """The results of a call that answers per item; one that cannot be read is missing."""
        what = ", ".join(numbers)
        answer = self._api.act(method, payload, what=what)
        results = done(lambda: item_results_of(answer), answer, what)
        missing = [number for number in numbers if number not in results]
        found = [result for number in numbers if (result := results.get(number))]
        if missing or not found:
            raise unknown(method.path, f"no result for {', '.join(missing or numbers)}")
        return found

    # -- labels

    def create_label_tasks(self, numbers: Sequence[str]) -> tuple[LabelTask, ...]:
        """/v3/posting/fbs/package-label/create in chunks of 1,000. Raises NotReadyYetError too soon after ship."""
        if not numbers:
            raise InvalidInputError("name at least one posting for a label", errors=[("numbers", "is empty")])
        tasks: list[LabelTask] = []
        for start in range(0, len(numbers), assumptions.LABEL_CHUNK):
            chunk = list(numbers[start : start + assumptions.LABEL_CHUNK])
            what = chunk[0] if len(chunk) == 1 else f"{chunk[0]} and {len(chunk) - 1} more"
            answer = self._api.read(methods.LABEL_CREATE, {"posting_numbers": chunk}, what=what)
            tasks += label_tasks_of(answer)
        return tuple(tasks)

    def label_task(self, task_id: str) -> LabelTaskResult:
        """/v2/posting/fbs/package-label/get."""
        answer = self._api.read(methods.LABEL_GET, {"task_id": identifier(task_id, "task_id")}, what=task_id)
        return label_result_of(answer)

    def download(self, url: str) -> bytes:
        """A prepared label file; at most 50 MB, only from the marketplace's own hosts."""
        return download(self._api, url)

    # -- rFBS returns

    def returns(self, *, last_id: int = 0) -> Page[MarketplaceReturn]:
        """/v2/returns/rfbs/list: returns of the last 90 days, newest state, at most 500 a page.

        The list holds neither the offered actions nor the reasons to reject: `return_details` does.
        """
        now = self._now()
        period = {"from": rfc3339(now - assumptions.RETURNS_LOOK_BACK), "to": rfc3339(now + timedelta(days=1))}
        answer = self._api.read(
            methods.RETURNS_LIST,
            {"filter": {"created_at": period}, "last_id": last_id, "limit": assumptions.RETURNS_LIMIT},
        )
        items = entries(
            answer,
            "returns",
            Listed.RETURN,
            lambda entry: return_of(entry.int64("return_id"), entry, now),
            name="return_id",
        )
        # Only an empty page is surely the last: how many the marketplace really puts on one is not published.
        last = last_id_of(answer, "returns", "return_id")
        return Page(items, last if last not in ("", str(last_id)) else None)

    def goods_returns(self, *, since: datetime, last_id: int = 0) -> Page[MarketplaceReturn]:
        """/v1/returns/list: FBS goods whose state changed since then, at most 500 a page."""
        return goods_returns(self._api, self._now(), since, last_id)

    def return_details(self, return_id: str) -> MarketplaceReturn:
        """/v2/returns/rfbs/get."""
        read_at = self._now()
        payload = {"return_id": identifier(return_id, "return_id")}
        answer = self._api.read(methods.RETURNS_GET, payload, what=return_id)
        return return_of(return_id, answer.node("returns"), read_at)

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
        """/v1/returns/rfbs/action/set; 200 has no body. `action_id` must be one of the return's offered actions."""
        problems = return_action_problems(action_id, comment, compensation, rejection_reason_id)
        if problems:
            raise InvalidInputError(f"return {return_id}: action {action_id} needs more data", errors=problems)
        payload: dict[str, object] = {"return_id": identifier(return_id, "return_id"), "id": action_id}
        if comment:
            payload["comment"] = comment
        if rejection_reason_id is not None:
            payload["rejection_reason_id"] = rejection_reason_id
        if compensation is not None:
            payload["compensation_amount"] = compensation_number(compensation)
        if back_way is not None:
            payload["return_for_back_way"] = compensation_number(back_way)
        self._api.act(methods.RETURNS_ACT, payload, what=return_id, body_expected=False)

    # -- the seller's standing

    def key_info(self) -> KeyInfo:
        """/v1/roles: when the key ends and what it may call."""
        return key_info_of(self._api.read(methods.ROLES, {}))

    def error_index(self) -> ErrorIndex:
        """/v1/rating/index/fbs/info: the index now and on each day of its period."""
        return error_index_of(self._api.read(methods.INDEX_INFO, {}), self._now().date())

    def index_errors(self, *, since: datetime, to: datetime, cursor: str = "") -> Page[IndexedPosting]:
        """/v1/rating/index/fbs/posting/list, at most 1,000 a page."""
        answer = self._api.read(
            methods.INDEX_POSTINGS,
            {
                "filter": {"date_from": rfc3339(since), "date_to": rfc3339(to)},
                "limit": assumptions.INDEX_POSTINGS_LIMIT,
                "cursor": cursor,
            },
        )
        items = entries(answer, "errors", Listed.INDEX_ERROR, indexed_posting_of, name="posting_number")
        return Page(items, or_noted(Listed.INDEX_ERROR, answer, lambda: following(answer, cursor), None))

    def rating_thresholds(self, rating: str, *, since: datetime, to: datetime) -> RatingThresholds | None:
        """/v1/rating/history for one rating; a threshold that the marketplace does not name is None."""
        payload = {"ratings": [rating], "date_from": rfc3339(since), "date_to": rfc3339(to)}
        return thresholds_of(self._api.read(methods.RATING_HISTORY, payload, what=rating), rating)

    # -- push settings and chat

    def push_health(self) -> tuple[PushUrlHealth, ...]:
        """/v1/notification/list, all pages. The secret at the end of each URL is masked."""
        found: list[PushUrlHealth] = []
        while True:
            answer = self._api.read(
                methods.PUSH_URLS, {"limit": assumptions.PUSH_URLS_LIMIT, "offset": len(found), "sort_dir": "ASC"}
            )
            page, total = push_urls_of(answer)
            found += page
            if not page or len(found) >= total:
                return tuple(found)

    def start_chat(self, number: str) -> str:
        """/v1/chat/start: needs a Premium subscription, and the posting must be paid or delivered within 72 h."""
        try:
            answer = self._api.act(methods.CHAT_START, {"posting_number": number}, what=number)
        except MarketplaceRefusedError as error:
            raise ActionNotOfferedError(str(error)) from error
        return done(lambda: answer.node("result").required("chat_id"), answer, number)

    def send_chat_message(self, chat_id: str, text: str) -> None:
        """/v1/chat/send/message: 1 to 1,000 plain characters."""
        if not 1 <= len(text) <= assumptions.CHAT_TEXT_LIMIT:
            raise InvalidInputError("a chat message has 1 to 1000 characters", errors=[("text", "wrong length")])
        answer = self._api.act(methods.CHAT_SEND, {"chat_id": chat_id, "text": text}, what=chat_id)
        if "result" not in answer:
            raise unknown(f"{methods.CHAT_SEND.path} {chat_id}", "the answer does not say whether it was taken")
        if done(lambda: answer.text("result"), answer, chat_id) != "success":
            raise MarketplaceRefusedError(
                f"{methods.CHAT_SEND.path} {chat_id}: the marketplace did not take the message"
            )


_WITH_LISTED = {"analytics_data": True, "barcodes": True, "financial_data": False, "legal_info": False}
"""`analytics_data` is asked for its delivery date only; the parser never touches the rest."""
_REPORTS = {
    DeliveryStage.DELIVERING: methods.DELIVERING,
    DeliveryStage.LAST_MILE: methods.LAST_MILE,
    DeliveryStage.DELIVERED: methods.DELIVERED,
}
_WITH_NOTHING = {
    "analytics_data": False,
    "barcodes": False,
    "financial_data": False,
    "legal_info": False,
    "product_exemplars": False,
    "related_postings": False,
    "translit": False,
}
_WITH_ONE = _WITH_LISTED | {"product_exemplars": False, "related_postings": True, "translit": False}
