"""The whole store, and the one way to change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from shipby.application.ports.alarms import Alarms
from shipby.application.ports.matters import CaseReads, ClaimReads, EvidenceReads, ShadowReads, WatchReads
from shipby.application.ports.papers import (
    BenchReads,
    CarriageReads,
    CarrierReads,
    LabelReads,
    NumberJobReads,
    PrintJobs,
    ScanReads,
)
from shipby.application.ports.postings import HistoryReads, PostingReads
from shipby.application.ports.returns import CancelRequestReads, IntentReads, ReturnReads
from shipby.application.ports.sellers import Answers, Digests, People, Pointers, Pushes, Reports, SellerReads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shipby.application.ports.writes import Write


class Commits(Protocol):
    """Every change of more than a mark is one transaction."""

    def commit(self, writes: Sequence[Write], *, token: str = "") -> None:
        """Apply all writes or none. `token` (<= 36 characters) makes a repeat within ten minutes a no-op.

        Raises VersionConflictError, AlreadyExistsError (its `what` names the row kind: EVENT, IDEM, FIND, TRACKING),
        CapReachedError, KillSwitchOnError, StoreUnavailableError.
        """

    def try_write(self) -> None:
        """Raise StoreUnavailableError unless the store takes writes at this moment; changes nothing."""


class Store(
    Commits,
    PostingReads,
    HistoryReads,
    IntentReads,
    ReturnReads,
    CancelRequestReads,
    LabelReads,
    PrintJobs,
    BenchReads,
    CarriageReads,
    CarrierReads,
    ScanReads,
    NumberJobReads,
    CaseReads,
    WatchReads,
    ClaimReads,
    EvidenceReads,
    ShadowReads,
    Alarms,
    SellerReads,
    People,
    Pointers,
    Answers,
    Reports,
    Pushes,
    Digests,
    Protocol,
):
    """Everything Shipby remembers. One contract suite runs against every implementation.

    Single-item reads are strongly consistent; listings over an index (`worklist`, `received_on`, `due_alarms`,
    `intents_in`, `returns_in`, `keys_of`) may lag behind. A use case that reads of one subject only names that
    subject's protocol.
    """
