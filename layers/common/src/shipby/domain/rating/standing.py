"""What the marketplace says of a seller's standing: the error index with its charges, and the life of the key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from shipby.domain.money import Money


class IndexErrorKind(StrEnum):
    """Why a posting counts in the error index. Source: /v1/rating/index/fbs/posting/list, `posting_error_type`."""

    SELLER_CANCELLATION = "SELLER_CANCELLATION"
    SELLER_DELAY = "SELLER_DELAY"
    OTHER = "OTHER"
    """A value the marketplace did not publish; `IndexedPosting.raw_kind` keeps its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexDay:
    """The error index as it stood on one day, and what the marketplace charged for its errors then."""

    day: date
    index: Decimal
    costs: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorIndex:
    """The FBS/rFBS error index over its period (14 days). `index` is percent: 4 means 4 %.

    Source: /v1/rating/index/fbs/info. That the number is a percentage is inferred from the published bands.
    """

    period_from: date
    period_to: date
    index: Decimal
    costs: Money
    days: tuple[IndexDay, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedPosting:
    """One posting that counts in the error index, and what it was charged.

    Source: /v1/rating/index/fbs/posting/list.
    """

    number: str
    kind: IndexErrorKind
    at: datetime
    charge: Money
    charge_percent: Decimal
    product_price: Money
    scheme: str
    """FBS, rFBS or erFBS."""
    grace: bool
    """`has_grace_status`: it is forgiven."""
    raw_kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingThresholds:
    """The limits that the marketplace names for a rating, where it names any. Source: /v1/rating/history."""

    rating: str
    warning: Decimal | None
    danger: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInfo:
    """How long the seller's key lives and what it may call. Source: /v1/roles."""

    expires_at: datetime | None
    methods: tuple[str, ...]
