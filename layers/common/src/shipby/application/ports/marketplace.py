"""The marketplace as the use cases need it: one seller's account, its reads and its acting calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from shipby.application.ports.accruals import Accruals
    from shipby.application.ports.availability.market import Stocks
    from shipby.application.ports.cancellations import Cancellations
    from shipby.application.ports.carriages import Carriages
    from shipby.application.ports.chats import Chats
    from shipby.application.ports.exemplars import Exemplars
    from shipby.application.ports.pages import Page
    from shipby.domain.labels.own_labels import Party
    from shipby.domain.money import Money
    from shipby.domain.postings.delivery import DeliveryStage
    from shipby.domain.postings.posting import MarketplacePosting
    from shipby.domain.rating.standing import ErrorIndex, IndexedPosting, KeyInfo, RatingThresholds
    from shipby.domain.returns.return_case import MarketplaceReturn
    from shipby.domain.validation.limits import DropOffLimits

ITEMS_A_CALL = 20
"""How many postings go into one call that answers per item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelReason:
    """A reason that the marketplace offers for cancelling a posting; `id` goes into the cancel call."""

    id: int
    title: str
    by: str
    """seller or buyer"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTask:
    """A file of labels that the marketplace has begun to make."""

    id: str
    type: str
    """big_label or small_label"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTaskResult:
    """`state` is pending, in_progress, completed or error."""

    state: str
    file_url: str = ""
    unprinted: Mapping[str, str] = field(default_factory=dict)
    """Posting number -> why it was not printed."""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """The result of one item of a call that answers per item: 200 is not success."""

    posting_number: str
    ok: bool
    error: str = ""
    may_pass: bool = False
    """Whether a refusal may be over in a moment, as the code of its error says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushUrlHealth:
    """How the marketplace judges one of the seller's push addresses; `url` comes without its secret."""

    url: str
    state: str
    """GREEN, YELLOW, RED or DISABLED."""
    reason: str = ""


class Shapes(Protocol):
    """What is said of a posting's parcels before it is assembled. Errors as `Marketplace`."""

    def split(self, number: str, parcels: Sequence[Mapping[str, int]]) -> tuple[str, ...]:
        """Make a posting of each parcel (SKU -> quantity) without assembling any. Returns their numbers."""

    def ship_part(
        self, number: str, products: Mapping[str, int], exemplars: Mapping[str, Sequence[str]]
    ) -> tuple[str, ...]:
        """Assemble some goods as a posting of their own; the rest stays. Returns the numbers that came out.

        `exemplars`: SKU -> the marketplace's ids of those pieces, where it keeps data of single ones.
        """

    def set_boxes(self, number: str, count: int) -> None:
        """In how many boxes the goods of a posting are packed."""


class Marketplace(Protocol):
    """The marketplace as one seller sees it.

    Reads raise MarketplaceUnavailableError, RateLimitedError, CredentialsRejectedError, NotFoundError, and
    MarketplaceRefusedError for an unexplained 400. Acting calls raise in addition ActionNotOfferedError,
    NotReadyYetError, and OutcomeUnknownError when the request may have been carried out although no answer came (a
    read timeout, a broken connection after sending, a 5xx).
    """

    @property
    def cancellations(self) -> Cancellations: ...
    @property
    def accruals(self) -> Accruals: ...
    @property
    def carriages(self) -> Carriages: ...
    @property
    def exemplars(self) -> Exemplars: ...
    @property
    def shapes(self) -> Shapes: ...
    @property
    def chats(self) -> Chats: ...
    @property
    def stocks(self) -> Stocks: ...
    def posting(self, number: str) -> MarketplacePosting: ...
    def recipient(self, number: str) -> Party | None:
        """Who gets the parcel, or None where the marketplace names nobody.

        Personal data: it is asked for at the moment of printing, and never logged, stored or put into a message.
        """

    def postings(
        self, *, since: datetime, to: datetime, changed_from: datetime | None = None, cursor: str = ""
    ) -> Page[MarketplacePosting]:
        """/v4/posting/fbs/list: postings that began processing in a period of at most a year.

        `changed_from`: only those whose status has last changed since then; what else changes is not told by it.
        """

    def unfulfilled(self, *, cutoff_from: datetime, cutoff_to: datetime, cursor: str = "") -> Page[MarketplacePosting]:
        """/v4/posting/fbs/unfulfilled/list: what still has to be assembled."""

    def restrictions(self, number: str) -> DropOffLimits:
        """/v1/posting/fbs/restrictions: what the drop-off of a posting takes. FBS only."""

    def ship(self, number: str, packages: Sequence[Mapping[str, int]]) -> tuple[str, ...]:
        """Assemble: each package is SKU -> quantity. Returns the posting numbers that came out (several = split)."""

    def cancel_reasons(self, number: str) -> tuple[CancelReason, ...]: ...
    def cancel(self, number: str, reason_id: int, message: str) -> None: ...
    def cancel_items(self, number: str, items: Mapping[str, int], reason_id: int, message: str) -> None:
        """Take SKU -> pieces out of a posting; the marketplace pays the buyer back for them. A message is needed."""

    def set_tracking_numbers(self, numbers: Mapping[str, str]) -> tuple[ItemResult, ...]:
        """Posting number -> tracking number, in chunks of 20; a result that makes no sense is missing."""

    def report_delivery(self, stage: DeliveryStage, numbers: Sequence[str]) -> tuple[ItemResult, ...]:
        """Tell of postings that the seller's own carrier brings, ITEMS_A_CALL at most in one call."""

    def set_cut_off(self, number: str, new_cut_off: datetime) -> None: ...
    def create_label_tasks(self, numbers: Sequence[str]) -> tuple[LabelTask, ...]: ...
    def label_task(self, task_id: str) -> LabelTaskResult: ...
    def download(self, url: str) -> bytes:
        """A prepared file.

        Raises NotReadyYetError if it is not a PDF (yet) or its link has expired: a new label task helps.
        """

    def returns(self, *, last_id: int = 0) -> Page[MarketplaceReturn]:
        """rFBS returns of the last 90 days, without their offered actions; the cursor is the next `last_id` as text."""

    def goods_returns(self, *, since: datetime, last_id: int = 0) -> Page[MarketplaceReturn]:
        """/v1/returns/list: FBS goods on their way back whose state changed since then.

        The cursor is the next `last_id` as text. Their ids begin with `fbs-`; they have no offered actions, and may
        have no posting number.
        """

    def return_details(self, return_id: str) -> MarketplaceReturn: ...
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
        """Decide a return. `action_id` is one of its offered actions; a compensation needs its amount.

        `back_way` is the buyer's return postage, paid on top.
        """

    def push_health(self) -> tuple[PushUrlHealth, ...]: ...
    def key_info(self) -> KeyInfo:
        """/v1/roles: when the seller's key ends and what it may call."""

    def error_index(self) -> ErrorIndex:
        """/v1/rating/index/fbs/info."""

    def index_errors(self, *, since: datetime, to: datetime, cursor: str = "") -> Page[IndexedPosting]:
        """/v1/rating/index/fbs/posting/list: postings that count in the error index, with their charges."""

    def rating_thresholds(self, rating: str, *, since: datetime, to: datetime) -> RatingThresholds | None:
        """/v1/rating/history; None where the marketplace has no such rating for the seller."""

    def start_chat(self, number: str) -> str:
        """Chat id. Raises ActionNotOfferedError when the account or the time does not allow a chat."""

    def send_chat_message(self, chat_id: str, text: str) -> None: ...


class Marketplaces(Protocol):
    """Gives each seller's marketplace; raises CredentialsRejectedError where the seller has no usable key."""

    def of(self, seller: str) -> Marketplace: ...
