"""Books how a posting left, in the transaction that makes it leave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shipby.application.ports.writes import SaveOutcome
from shipby.domain.deadlines.outcomes import outcome_of
from shipby.domain.postings.posting import Posting, TariffStep


def book_outcome(
    before: Posting,
    after: Posting,
    at: datetime,
    *,
    tariff: Sequence[TariffStep] = (),
    told: datetime | None = None,
) -> tuple[SaveOutcome, ...]:
    """The write that keeps the outcome, or none. It goes with the SavePosting of `after`, whose version claims it."""
    outcome = outcome_of(before, after, at, tariff=tariff, told=told)
    return (SaveOutcome(outcome),) if outcome is not None else ()
