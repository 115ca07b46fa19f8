"""The Ozon simulator: a marketplace on 127.0.0.1 that keeps honest books.

`model`, `world`, `storage`, `engine` hold its state and its time; `market`, `offers` and `desks/` are the marketplace's
rules, `labels/` its labels; `gateway` and `api/` answer the Seller API, `pushes/` sends notifications; `faults`,
`control`, `control_carriages` and `books` are ours, under `/_sim/`; `server` is the HTTP side, `simulator` all of it.
"""

from __future__ import annotations

from shipby_local.simulator.generate import LineSpec, Plan, PostingSpec
from shipby_local.simulator.model import Buyer, SellerAccount
from shipby_local.simulator.sellers import SellerSpec
from shipby_local.simulator.settings import IndexTerms, LabelStyle, SimulatorSettings
from shipby_local.simulator.simulator import Simulator, run

__all__ = [
    "Buyer",
    "IndexTerms",
    "LabelStyle",
    "LineSpec",
    "Plan",
    "PostingSpec",
    "SellerAccount",
    "SellerSpec",
    "Simulator",
    "SimulatorSettings",
    "run",
]
