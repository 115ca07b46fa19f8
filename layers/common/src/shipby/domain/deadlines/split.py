"""What a posting made by a split begins with: it is the same order, and what was done for its goods is done.

The marketplace makes a new posting with its own number; people confirmed, picked or blocked the goods under the old
one. Packing is of a parcel, so what was packed before is picked now.
"""

from __future__ import annotations

from dataclasses import replace

from shipby.domain.postings.posting import ONCE, Posting, RungKind, Stage

_OF_GOODS = {
    Stage.CONFIRMED: Stage.CONFIRMED,
    Stage.PICKED: Stage.PICKED,
    Stage.INSPECTED: Stage.INSPECTED,
    Stage.PACKED: Stage.PICKED,
}
"""Stage of the parent -> what of it stays true of its goods in another parcel."""
_TOLD_ONCE = frozenset({RungKind.CONFIRM_BY, RungKind.REMIND_AT})
"""Reminders of work: told of the parent by then, they are not told of each child."""


def begins_as(blank: Posting, parent: Posting, *, block: str) -> Posting:
    """A child that is not folded yet, with what it has of its parent: the day of receipt, stage, block, and what rang.

    `parent` is as it stands, or as it stood when the split ended it; `block` is why we stopped work on it. The child's
    dates, label, price of lateness and calls to the marketplace are its own.
    """
    work = _OF_GOODS.get(parent.split_stage or parent.blocked_from or parent.stage, Stage.RECEIVED)
    fired = {kind: due for kind, due in parent.fired.items() if kind in ONCE | _TOLD_ONCE | {RungKind.GOODS_BY}}
    if parent.split_stage is not None:
        # A posting that is over forgets the clock of its first step; by now it rang if it was due.
        fired.setdefault(RungKind.CONFIRM_BY, blank.received_at)
    return replace(
        blank,
        received_at=min(parent.received_at, blank.received_at),
        stage=Stage.BLOCKED if block else work,
        blocked_from=work if block else None,
        blocked_reason=block,
        override_reason=parent.override_reason,
        purchases=parent.purchases,
        goods_by=parent.goods_by,
        reinspect=parent.reinspect,
        fired=fired,
    )
