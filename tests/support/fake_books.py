"""What really happened at the fake marketplace."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field


@dataclass(slots=True)
class Books:
    """What really happened at the marketplace: the truth that a test holds our records against."""

    shipped: Counter[str] = field(default_factory=Counter)
    cancelled: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    """Posting number -> reason and message of each cancel of a posting that arrived, accepted or not."""
    reports: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """What the marketplace was told of the seller's own carrier, by posting."""
    tracking: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    paid_back: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Return id -> minor units of each refund that a call of ours made."""
    decided: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Return id -> accepted action ids."""
    postage: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Return id -> minor units of return postage."""
    items_cancelled: dict[str, list[dict[str, int]]] = field(default_factory=lambda: defaultdict(list))
    """Posting number -> SKU -> pieces, of each accepted cancel of items."""
    chats: list[tuple[str, str]] = field(default_factory=list)
