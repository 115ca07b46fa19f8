"""The way of a parcel as its carrier tells it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shipby.contracts.base import MoneyView, Request, Time, View
from shipby.domain.postings.posting import Stage
from shipby.domain.tracking.scans import ScanStatus
from shipby.domain.tracking.silence import Silence


class ScansImportBody(Request):
    """A carrier's table as CSV. A dry run judges every row and keeps nothing."""

    csv: Annotated[
        str,
        Field(
            min_length=1,
            max_length=400_000,
            description="With a heading line: tracking_number, time, status or words (the carrier's own), and if "
            "you like place and eta. Split at ',', ';' or a tab.",
        ),
    ]
    time_zone: Annotated[
        str, Field(max_length=60, description="Of times that name none.", examples=["Asia/Shanghai"])
    ] = ""
    dry_run: bool = False


class ImportedScanView(View):
    row: int
    tracking_number: str | None
    status: Annotated[ScanStatus | None, Field(description="What its words were taken for; null: refused.")]
    problem: str | None


class ScansImportView(View):
    dry_run: bool
    kept: int
    refused: int
    items: list[ImportedScanView]


class CarrierScanView(View):
    at: Time
    status: ScanStatus
    words: Annotated[str | None, Field(description="The carrier's own.")]
    place: str | None
    source: str


class JourneyView(View):
    """One way of a number; a number may be used again after its parcel has arrived."""

    journey: int
    status: ScanStatus
    progress: Annotated[int, Field(description="Percent of a good journey.")]
    accepted_at: Time | None
    last_scan_at: Time
    delivered_at: Time | None
    eta: Time | None
    scans: list[CarrierScanView]


class NumberWayView(View):
    tracking_number: str
    present: bool
    carrier: str | None
    tracking_page: str | None
    journeys: list[JourneyView]


class SilenceView(View):
    """What a parcel's silence says, and when that changes."""

    says: Silence
    phase: Annotated[str, Field(description="first_scan, moving, customs or waiting")]
    since: Time
    delayed_at: Time
    lost_at: Time
    limits_from: Annotated[str, Field(description="Where the limits come from.")]
    samples: Annotated[int, Field(description="Finished journeys they were learned from; 0: a dated default.")]


class MarketplaceStatusView(View):
    status: str
    substatus: str


class PostingWayView(View):
    posting_number: str
    stage: Stage
    marketplace: MarketplaceStatusView
    silence: Annotated[SilenceView | None, Field(description="null: not under way, or without a number.")]
    numbers: Annotated[list[NumberWayView], Field(description="The present one first; none has another one's scans.")]


class SilentParcelView(View):
    posting_number: str
    tracking_number: str
    silence: SilenceView
    worth: MoneyView | None
