"""Parcels that are late or lost: the card, the decision, what the carrier paid."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from shipby.contracts.base import ActorName, MoneyBody, MoneyView, Query, Reason, Request, Time, View
from shipby.domain.tracking.exceptions import Remedy
from shipby.domain.tracking.silence import Silence


class ExceptionQuery(Query):
    grams: Annotated[int | None, Field(ge=1, le=1_000_000, description="Of the parcel: prices a reship.")] = None
    language: Annotated[str, Field(pattern="^(ru|zh|en)?$", description="Of the letters.")] = ""


class ExceptionDecisionBody(Request):
    """One remedy or the other."""

    remedy: Remedy
    reason: Reason
    instead: Annotated[bool, Field(description="Takes the other remedy back, which was chosen before.")] = False


class ReceivedBody(Request):
    """What the carrier has paid on a claim."""

    received: MoneyBody


class LetterView(View):
    subject: str
    text: str


class ClaimDocumentView(View):
    document: str
    there: bool


class RemedyView(View):
    remedy: Remedy
    cost: Annotated[MoneyView | None, Field(description="null: not known.")]
    note: str


class RemedyChosenView(View):
    remedy: Remedy
    by: str
    by_name: ActorName = None
    at: str
    reason: str
    tracking_number: Annotated[str, Field(description="The parcel it was decided on; it may still arrive.")]


class ParcelExceptionView(View):
    """A parcel that is late or lost, with all that a person needs."""

    posting_number: str
    tracking_number: str
    says: Silence
    since: Time
    lost_at: Time
    carrier: str | None
    contacts: dict[str, str]
    to_carrier: LetterView
    to_buyer: str
    claim_by: Annotated[date | None, Field(description="null: your contract with the carrier says it.")]
    claim_by_source: str | None
    documents: list[ClaimDocumentView]
    expected: Annotated[MoneyView | None, Field(description="What the buyer paid for the goods.")]
    received: Annotated[MoneyView | None, Field(description="What the carrier has paid, as noted.")]
    remedies: list[RemedyView]
    decision: RemedyChosenView | None
    case: str | None
