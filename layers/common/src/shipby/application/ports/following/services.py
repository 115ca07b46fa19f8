"""Services that follow parcels for us, whatever their carrier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from shipby.domain.tracking.scans import Scan


class TrackingService(Protocol):
    """One seller's account at a service that follows parcels and pushes what it hears."""

    def register(self, numbers: Sequence[str]) -> Mapping[str, str]:
        """Have numbers followed from now on. Answers each with "" where it is followed (now, or since before), else
        with the service's words why not.

        Raises MarketplaceUnavailableError, RateLimitedError (nothing is known, safe to repeat),
        CredentialsRejectedError.
        """

    def read(self, numbers: Sequence[str]) -> Mapping[str, Sequence[Scan]]:
        """What is known of numbers now, for accounts that get no pushes; numbers that are not followed are missing.

        Raises as `register`.
        """


class TrackingServices(Protocol):
    """Accounts by seller."""

    def of(self, seller: str) -> TrackingService | None:
        """None: the seller has no account. Raises StoreUnavailableError, CredentialsRejectedError."""

    def pushes(self, seller: str) -> bool:
        """Whether the account pushes what it hears: then nothing is ever polled."""

    def signed(self, seller: str, raw: bytes, signature: str) -> bool:
        """Whether a push was signed with the seller's key; False without an account. Raises StoreUnavailableError."""
