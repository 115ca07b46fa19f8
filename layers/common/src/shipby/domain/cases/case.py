"""A matter for a person: what, whose, since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shipby.domain.cases.held import HeldDecision
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Alarm


class CaseKind(StrEnum):
    """Why a person has to look."""

    OPEN_ORDER = "open_order"
    """The daily audit found an open posting without a stage, an owner or a next time."""
    ALARM_SET_ASIDE = "alarm_set_aside"
    LABEL_PAGE = "label_page"
    """A page of a label file was refused, or a label could not be read back."""
    CARRIAGE = "carriage"
    """The day was closed with a difference: our scans, the act and the carrier's first scans do not agree."""
    MARKETPLACE_KEY = "marketplace_key"
    INTENT = "intent"
    """A call to the marketplace whose outcome no reading shows: a person looks and settles it."""
    MONEY = "money"
    """The ledger of a posting and the marketplace's accruals do not agree."""
    RETURN = "return"
    """A return that has to be decided in the cabinet, or whose posting is unknown."""
    CANCEL_REQUEST = "cancel_request"
    CLAIM = "claim"
    ODD_ENTRY = "odd_entry"
    """An entry of a list of the marketplace, or a part of it that somebody needs, could not be read."""
    HELD = "held"
    """An automatic decision that waits; it is closed once it is decided, or does not matter any more."""
    NOT_ACCEPTED = "not_accepted"
    """The marketplace did not find a posting among the parcels it got."""
    CANNOT_SHIP = "cannot_ship"
    """A check stops a posting before work on it begins; closed by itself once it is cured, allowed or over."""
    NO_NUMBER = "no_number"
    """The marketplace takes no tracking number for a posting, or none is to be had: a ticket, or a way out."""
    STOCK_UNTOLD = "stock_untold"
    """The marketplace refuses a number of what is for sale, or a warehouse of it."""
    STOCK_DRIFT = "stock_drift"
    """Our numbers of what is for sale and the marketplace's do not agree."""
    BIN_EMPTY = "bin_empty"
    """A picker found nothing where a product should lie."""
    SHORT = "short"
    """There are not enough units for a posting: part of it, a wait or a cancel has to be chosen."""
    STOCK_SHORT = "stock_short"
    """A posting wants pieces that no pool has: send a part, wait, or cancel."""
    BUYER_MESSAGE = "buyer_message"
    """A buyer wrote what no rule decides: an unclear answer, a complaint, a wish. The case holds no word of it."""
    WEBHOOK = "webhook"
    """An endpoint of an integrator took nothing for three days and is paused."""
    SILENT_PARCEL = "silent_parcel"
    """The seller's own carrier has said nothing of a parcel for too long, or that something is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A matter for a person: what it is about, who owns it, and until when."""

    seller: str
    id: str
    version: int
    kind: CaseKind
    subject: str
    """What it is about: a posting number, a watch id, an intent id, or the name of an item."""
    reason: str
    opened_at: datetime
    owner: str = ""
    """Name of a recipient of the seller's settings, or empty: everybody."""
    closed_at: datetime | None = None
    closed_by: str = ""
    resolution: str = ""
    next_alarm: Alarm | None = None
    held: HeldDecision | None = None
    """The automatic decision that waits; its alarm is when it is decided again."""
    data: Mapping[str, Json] = field(default_factory=dict)
    """What a person decided in it, where that is more than words."""

    @property
    def open(self) -> bool:
        return self.closed_at is None
