"""What each record looks like as an item: its codec, its key and its columns in the indexes; a module a subject.

`rows.<subject>` loads that subject's module on first use: a function has the types of what it reads and writes alone.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shipby.adapters.dynamodb.rows import (
        api_keys,
        availability,
        cancels,
        carriages,
        carriers,
        cases,
        deadlines,
        events,
        evidence,
        inbox,
        intents,
        kind,
        labels,
        notices,
        packing,
        postings,
        refunds,
        returns,
        sellers,
        shadow,
        stock,
        tracking,
    )

__all__ = [
    "api_keys",
    "availability",
    "cancels",
    "carriages",
    "carriers",
    "cases",
    "deadlines",
    "events",
    "evidence",
    "inbox",
    "intents",
    "kind",
    "labels",
    "notices",
    "packing",
    "postings",
    "refunds",
    "returns",
    "sellers",
    "shadow",
    "stock",
    "tracking",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
