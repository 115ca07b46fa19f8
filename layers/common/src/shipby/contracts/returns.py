"""Returns: what callers send and what the API answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from shipby.contracts.base import Links, MoneyBody, MoneyView, Number, Paged, Reason, Request, Text, Time, View
from shipby.domain.returns.options import Goods, Need, OptionKind
from shipby.domain.returns.return_case import COMPENSATE_ACTION, Condition, Disposition, ReturnSource, ReturnStage
from shipby.domain.sellers.settings import Automation

# What callers send ------------------------------------------------------------------------------------------------


_INT64 = 2**63 - 1
"""The marketplace's ids are 64 bits wide; the table holds 38 digits at most."""


class ReturnsQuery(Paged):
    open: Annotated[bool, Field(description="Open ones, or those decided and closed.")] = True
    posting: Annotated[Text, Field(description="Only those of this posting.")] = ""
    due_before: Annotated[Time | None, Field(description="Only those to be decided before this time.")] = None


class ReturnScanBody(Request):
    code: Annotated[
        str,
        Field(
            min_length=1,
            max_length=200,
            description="The return's barcode or number, its tracking number, or the number or label of the posting.",
            examples=["ii1000015552"],
        ),
    ]


class ReturnInspectBody(Request):
    old_words: ClassVar[Mapping[str, str]] = {"note": "comment"}

    condition: Annotated[Condition, Field(strict=False, description="What you found.")]
    comment: Annotated[Text, Field(description="In your own words; no buyer's name or phone.")] = ""
    evidence: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=100)], ...],
        Field(strict=False, max_length=50, description="Ids of photos that are among the posting's evidence."),
    ] = ()


class DispositionBody(Request):
    old_words: ClassVar[Mapping[str, str]] = {"note": "comment"}

    disposition: Annotated[Disposition, Field(strict=False, description="What becomes of the goods.")]
    supplier: Annotated[Text, Field(description="Who gets them back; without it the supplier of the product card.")] = (
        ""
    )
    marks: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=300)]],
        Field(
            default_factory=list,
            max_length=25,
            description="With restock: scans of the marks of what is for sale again; not needed where all pieces of "
            "the posting came back. They are free for another posting then.",
        ),
    ]
    comment: Text = ""


class ExchangeBody(Request):
    """The posting that goes to the buyer instead, or a note that one was promised."""

    old_words: ClassVar[Mapping[str, str]] = {"note": "comment"}

    posting_number: Annotated[Number | None, Field(description="It must be in the store.")] = None
    comment: Annotated[Reason | None, Field(description="Needed without a posting.")] = None


# What the API answers ---------------------------------------------------------------------------------------------


class OfferedActionView(View):
    id: int
    name: str


class RejectionReasonView(View):
    id: int
    name: str
    needs_comment: bool


class OptionCostView(View):
    """What an option costs the seller, as far as anybody knows."""

    to_buyer: Annotated[MoneyView | None, Field(description="What the buyer gets; null: nothing, or not known.")]
    known: Annotated[bool, Field(description="Whether to_buyer says it.")]
    goods: Goods
    goods_lost: Annotated[MoneyView | None, Field(description="Price of the goods that do not come back.")]
    postage: Annotated[MoneyView | None, Field(description="Always null: the marketplace publishes no figure.")]
    postage_unknown: Annotated[bool, Field(description="Whether a return postage may come on top.")]


class ReturnOptionView(View):
    option: OptionKind
    available: bool
    why_not: str | None
    action_id: Annotated[
        int | None, Field(description="For POST /v1/returns/{id}/decide; from the marketplace's own offer.")
    ]
    action_name: str | None
    cost: OptionCostView
    needs: Annotated[list[Need], Field(description="What has to be given, or done first.")]
    suggested_amount: MoneyView | None
    rejection_reasons: list[RejectionReasonView]


class ReturnPolicyView(View):
    """The seller's own rules for one kind of product; the marketplace's rules and the law come first."""

    product_type: Annotated[str, Field(description="As in the product cards; * is everything else.")]
    default: Annotated[bool, Field(description="True where the seller named no policy: the built-in one.")]
    window_days: int
    defect_window_days: int
    unopened_only: bool
    keep_goods_below: Annotated[int, Field(description="Minor units.")]
    compensate_percent: int
    inspect: bool
    exchange: bool
    conditions: str | None


class ReturnPoliciesView(View):
    version: Annotated[int, Field(description="Version of the settings: policy_version of what is decided by them.")]
    auto_return: Automation
    items: list[ReturnPolicyView]


class ReturnWindowView(View):
    days: int
    delivered_at: Time | None
    ends_at: Time | None
    over: Annotated[bool | None, Field(description="Null: when it was delivered is not known.")]


class ReturnOptionsView(View):
    """The ways out of a return, side by side."""

    return_id: str
    options: list[ReturnOptionView]
    suggestion: OptionKind | None
    suggestion_reason: str
    policy: ReturnPolicyView
    policy_version: int
    window: ReturnWindowView


class ReturnView(View):
    id: Annotated[str, Field(description="Those of FBS goods begin with fbs-.")]
    number: str
    source: ReturnSource
    kind: Annotated[str | None, Field(description="FBS: Cancellation, FullReturn, PartialReturn, ClientReturn …")]
    posting_number: str | None
    linked: Annotated[bool, Field(description="Whether its posting is in the store.")]
    links: Annotated[Links, Field(description="self, posting, case, claims.")]
    stage: ReturnStage
    state: Annotated[str, Field(description="The marketplace's own word.")]
    state_name: str
    opened_at: Time
    decide_by: Time | None
    decide_at: Annotated[str | None, Field(description="The seller's cabinet, where only it can decide.")]
    sku: str
    offer_id: str | None
    quantity: int
    price: MoneyView | None
    reason: str
    is_defect: bool
    place: Annotated[str | None, Field(description="Warehouse where the goods are.")]
    target_place: Annotated[str | None, Field(description="Warehouse where the goods go.")]
    storage: Annotated[MoneyView | None, Field(description="What storing them has cost so far.")]
    arrived_at: Annotated[Time | None, Field(description="When they were ready to be fetched.")]
    storage_since: Annotated[Time | None, Field(description="When their storage began to count.")]
    storage_charged_since: Annotated[Time | None, Field(description="The first day of storage that is charged.")]
    compensation_status: Annotated[
        str | None,
        Field(
            description="The marketplace's own compensation for goods that do not come back: Sent, Received, Canceled, "
            "DecompensationSent.",
            examples=["Received"],
        ),
    ]
    compensation_changed_at: Time | None
    scrapped_at: Annotated[Time | None, Field(description="When the marketplace means to scrap them.")]
    received_at: Time | None
    inspected_at: Time | None
    condition: str | None
    note: str | None
    evidence: list[str]
    disposition: Disposition | None
    exchange: Annotated[str | None, Field(description="The posting that goes to the buyer instead.")]
    suggestion: OptionKind | None
    suggestion_reason: str | None
    policy_version: int
    decision: str | None
    available_actions: list[OfferedActionView]
    rejection_reasons: list[RejectionReasonView]
    open_intent: str | None
    version: int
    options: Annotated[ReturnOptionsView | None, Field(description="Where one return is read.")] = None


class ReturnScanView(View):
    result: Annotated[
        Literal["received", "already_received", "choose"],
        Field(description="choose: several fit and none was touched; receive one by its id."),
    ]
    found: Annotated[ReturnView | None, Field(alias="return")]
    candidates: list[ReturnView]


class DecideBody(Request):
    """One of the return's available_actions."""

    action_id: Annotated[int, Field(ge=-_INT64, le=_INT64, examples=[1020])]
    refund: Annotated[
        bool, Field(description="Whether this action gives the buyer money: true reserves it in the posting's ledger.")
    ]
    amount: Annotated[
        MoneyBody | None,
        Field(description="What the buyer gets; needed for action 1020, otherwise the price of the goods."),
    ] = None
    pieces: Annotated[
        dict[str, Annotated[int, Field(ge=1, le=10_000)]],
        Field(
            default_factory=dict,
            max_length=200,
            description="SKU -> pieces that are given back: they price a compensation without an amount, and it is "
            "booked on them.",
        ),
    ]
    postage: Annotated[
        MoneyBody | None,
        Field(description="The buyer's return postage, on top; only with a refund and within your limit."),
    ] = None
    rejection_reason_id: Annotated[
        int | None, Field(ge=0, le=_INT64, description="Needed for a rejection (-1, -10).")
    ] = None
    comment: Annotated[Text, Field(description="Told to the marketplace; needed for a rejection.")] = ""
    reason: Annotated[Text, Field(description="For your own history.")] = ""

    @model_validator(mode="after")
    def _money_only_with_a_refund(self) -> Self:
        money = self.amount is not None or self.postage is not None or self.pieces
        if not self.refund and (money or self.action_id == COMPENSATE_ACTION):
            raise ValueError("an amount, postage, pieces or action 1020 give the buyer money: refund must be true")
        return self
