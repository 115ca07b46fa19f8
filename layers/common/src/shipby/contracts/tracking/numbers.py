"""Tracking numbers: set, replaced, agreed to, many at once."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shipby.contracts.base import Query, Reason, Request, Text, Time, View
from shipby.domain.postings.tracking import ChangeReason


class TrackingBody(Request):
    """A new number; the same request sets the first one and replaces another."""

    tracking_number: Annotated[str, Field(min_length=1, max_length=60, examples=["RB123456785CN"])]
    carrier: Annotated[
        str, Field(max_length=100, description="Code, name or alias in the directory of carriers, or your own name.")
    ] = ""
    kind: Annotated[ChangeReason, Field(description="Why, of a closed list.")] = ChangeReason.OTHER
    reason: Reason
    evidence: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=300)]],
        Field(default_factory=list, max_length=10, description="Ids of the posting's evidence, or links."),
    ]
    seen_again: Annotated[bool, Field(description="Items and address were looked at again.")] = False
    replaces: Annotated[
        str | None,
        Field(max_length=60, description="The number you have seen (empty: none). Another one there: 412."),
    ] = None


class AgreeBody(Request):
    reason: Annotated[Text, Field(description="A remark for the history.")] = ""


class ToldView(View):
    outcome: Annotated[str, Field(description="told or not_told")]
    at: Time
    reason: str | None


class TrackingChangeView(View):
    """One change of a posting's tracking number."""

    sequence: int
    old: str | None
    new: str
    carrier: str | None
    kind: ChangeReason
    reason: str
    evidence: list[str]
    doubts: Annotated[list[str], Field(description="What spoke against it when it was asked for.")]
    seen_again: bool
    asked_by: str
    asked_by_name: Annotated[str | None, Field(description="The name the key was made for.")]
    asked_at: Time | None
    approved_by: str | None
    approved_by_name: str | None
    at: Time
    intent: str | None
    buyer: Annotated[ToldView | None, Field(description="null: nobody had to tell the buyer, or not yet.")]


class TicketQuery(Query):
    tracking_number: Annotated[
        str, Field(max_length=60, description="The number that is wanted; empty: the one that was refused last.")
    ] = ""
    reason: Annotated[Text, Field(description="Empty: as it was said when the number was asked for.")] = ""
    language: Annotated[str, Field(pattern="^(ru|zh|en)?$", description="Empty: that of your notices.")] = ""


class TicketBody(Request):
    """The ticket whose evidence is wanted as files; what is left out is as for reading it."""

    tracking_number: Annotated[str, Field(max_length=60)] = ""
    reason: Text = ""
    language: Annotated[str, Field(pattern="^(ru|zh|en)?$")] = ""


class TicketView(View):
    """A ticket to the marketplace's support; copy it into the cabinet."""

    posting_number: str
    language: str
    subject: str
    text: str
    intent: Annotated[str | None, Field(description="The call that the marketplace refused; null: it offers none.")]
    evidence_pack: Annotated[
        str | None,
        Field(description="Where PDF and ZIP with the ticket, the number's history and all evidence are; null: POST."),
    ]


class NumbersImportBody(Request):
    """A table of numbers as CSV. A dry run judges every row and changes nothing."""

    csv: Annotated[
        str,
        Field(
            min_length=1,
            max_length=4_500_000,
            description="With a heading line: posting_number (or old_number), tracking_number, reason, and if you like "
            "carrier and kind. Split at ',', ';' or a tab.",
        ),
    ]
    dry_run: bool = True


class ImportedNumberView(View):
    row: Annotated[int, Field(description="Line of the file; the heading is 1.")]
    posting_number: str | None
    tracking_number: str | None
    verdict: Annotated[
        str, Field(description="good, doubtful (a second person has to agree), refused, unchanged or under_way")
    ]
    problem: str | None
    intent: Annotated[str | None, Field(description="null in a dry run, and where it was refused or unchanged.")]


class NumbersImportView(View):
    dry_run: bool
    good: int
    doubtful: int
    refused: int
    unchanged: int
    items: list[ImportedNumberView]
