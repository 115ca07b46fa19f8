"""What is remembered of what was asked for: intents, returns, wishes to cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from shipby.application.ports.pages import Page
    from shipby.domain.cancels.requests import CancelRequest
    from shipby.domain.events import Ref
    from shipby.domain.intents import Intent, IntentState
    from shipby.domain.returns.return_case import ReturnCase


class IntentReads(Protocol):
    """Intents."""

    def intent(self, seller: str, identifier: str) -> Intent | None: ...
    def intents(self, seller: str, ref: Ref) -> list[Intent]:
        """All intents kept with an aggregate, oldest first."""

    def intents_by_id(self, seller: str, identifiers: Sequence[str]) -> Mapping[str, Intent]:
        """Those of the ids that exist, in their order; strongly consistent. A hundred are one request."""

    def intents_in(
        self,
        seller: str,
        state: IntentState,
        *,
        since: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[str]:
        """Ids of settled intents in a state, oldest first; with `since` only those asked for from then on."""

    def open_intents(
        self, seller: str, *, since: datetime | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[str]:
        """Ids of all intents that are not settled, oldest first; the index lags, so a row may have moved on."""


class ReturnReads(Protocol):
    """Returns."""

    def return_case(self, seller: str, return_id: str) -> ReturnCase | None: ...
    def returns_in(
        self,
        seller: str,
        *,
        open_only: bool = True,
        since: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[str]:
        """Ids of returns, earliest decision date first (open), else those no longer open.

        With `since` only those that have to be decided from then on, and those without a date.
        """

    def returns_opened_on(
        self, seller: str, day: date, *, limit: int = 500, cursor: str | None = None
    ) -> Page[str]: ...


class CancelRequestReads(Protocol):
    """Wishes to cancel."""

    def cancel_request(self, seller: str, identifier: str) -> CancelRequest | None: ...
    def cancel_requests_in(
        self,
        seller: str,
        *,
        open_only: bool = True,
        since: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[str]:
        """Ids of buyers' wishes to cancel, earliest automatic approval first (open), else those decided.

        With `since` only those that approve themselves from then on, and those without a time.
        """
