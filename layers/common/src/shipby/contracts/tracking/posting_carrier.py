"""The carrier of a posting's number."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shipby.contracts.base import Reason, Request, Time, View


class CarrierCorrectionBody(Request):
    """The carrier that really has the parcel."""

    carrier: Annotated[str, Field(min_length=1, max_length=100, description="Code, name or alias of the directory.")]
    reason: Reason
    evidence: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=300)]],
        Field(default_factory=list, max_length=10, description="Ids of the posting's evidence, or links."),
    ]


class PostingCarrierView(View):
    """Whose number a posting has, and how that carrier is reached."""

    posting_number: str
    version: int
    tracking_number: str | None
    carrier: Annotated[str | None, Field(description="Its code in the directory; null: nobody knows.")]
    named: Annotated[str | None, Field(description="As it was named.")]
    known_by: Annotated[
        str | None, Field(description="named: by a person; marketplace: by it; format: the number looks like its.")
    ]
    names: dict[str, str]
    contacts: dict[str, str]
    tracking_page: str | None
    problems: Annotated[list[str], Field(description="What speaks against it: another's format, a wrong check digit.")]
    others: Annotated[list[str], Field(description="Other carriers whose format the number fits.")]
    corrected_at: Time | None
