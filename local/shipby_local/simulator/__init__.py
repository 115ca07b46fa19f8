"""The Ozon simulator: a marketplace on 127.0.0.1 that keeps honest books.

Rooms: `model`, `push_model`, `carriage_model`, `world`, `storage` (state and its file); `market`, `rating_desk`,
`return_desk`, `chat_desk`, `labels`, `label_pages`, `carriage_desk`, `carriage_papers`, `tariff`, `offers` (the
marketplace's rules); `engine` (time); `api/` and `gateway` (the Seller API); `pushes`, `push_sender`, `push_client`,
`push_health` (notifications); `faults`, `control`, `control_carriages`, `books`, `charges` (ours, under `/_sim/`);
`server` (HTTP); `simulator` (all of it as one object).
"""

from __future__ import annotations

from shipby_local.simulator.generate import LineSpec, Plan, PostingSpec
from shipby_local.simulator.model import Buyer, SellerAccount
from shipby_local.simulator.sellers import SellerSpec
from shipby_local.simulator.settings import IndexTerms, SimulatorSettings
from shipby_local.simulator.simulator import Simulator, run

__all__ = [
    "Buyer",
    "IndexTerms",
    "LineSpec",
    "Plan",
    "PostingSpec",
    "SellerAccount",
    "SellerSpec",
    "Simulator",
    "SimulatorSettings",
    "run",
]
