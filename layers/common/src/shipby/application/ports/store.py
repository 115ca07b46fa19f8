"""The whole store."""

from __future__ import annotations

from typing import Protocol

from shipby.application.ports.alarms import Alarms
from shipby.application.ports.matters import Cases, ClaimReads, EvidenceReads, ShadowReads, Watches
from shipby.application.ports.papers import (
    BenchReads,
    CarriageReads,
    CarrierReads,
    LabelReads,
    NumberJobReads,
    OfferReads,
    PrintJobs,
    PurchaseReads,
    ScanReads,
    StockReads,
)
from shipby.application.ports.postings import HistoryReads, PostingReads
from shipby.application.ports.returns import CancelRequestReads, IntentReads, ReturnReads
from shipby.application.ports.sellers import Answers, Digests, People, Pushes, Reports, SellerReads


class Store(
    Cases,
    Watches,
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
    PurchaseReads,
    ScanReads,
    NumberJobReads,
    ClaimReads,
    EvidenceReads,
    ShadowReads,
    OfferReads,
    StockReads,
    Alarms,
    SellerReads,
    People,
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
