"""What lists of postings choose by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from shipby.domain.postings.goods import goods_of
from shipby.domain.postings.next_action import LabelState, NextAction, label_state, next_action
from shipby.domain.postings.posting import AWAITS_SHIPPING, OWN_CARRIER, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shipby.domain.money import Money


class Tag(StrEnum):
    """What is true of a posting beside its stage and place."""

    LATE = "late"
    OVERDUE = "overdue"
    AT_RISK = "at_risk"
    """Missing its next priced step costs money."""
    BLOCKED = "blocked"
    INTENT_OPEN = "intent_open"
    """A call that cannot be undone is under way."""
    SPLIT = "split"
    """A split made it."""
    OWN_CARRIER = "own_carrier"
    ENTRIES_WANTED = "entries_wanted"
    """The marketplace wants marks and the like of its pieces before it is assembled."""


class Group(StrEnum):
    """Stages that are looked at together."""

    HOUSE = "house"
    """All that still has to leave."""
    TO_PACK = "to_pack"
    PACKED = "packed"
    BLOCKED = "blocked"
    STUCK = "stuck"
    """Nothing goes on without a person."""
    ON_THE_WAY = "on_the_way"

    @property
    def stages(self) -> tuple[Stage, ...]:
        return _STAGES[self]


_TO_PACK = (Stage.RECEIVED, Stage.CONFIRMED, Stage.PICKED, Stage.INSPECTED)
_STAGES: Mapping[Group, tuple[Stage, ...]] = {
    Group.HOUSE: (*_TO_PACK, Stage.PACKED, Stage.BLOCKED),
    Group.TO_PACK: _TO_PACK,
    Group.PACKED: (Stage.PACKED,),
    Group.BLOCKED: (Stage.BLOCKED,),
    Group.STUCK: (Stage.BLOCKED, Stage.EXPIRED),
    Group.ON_THE_WAY: (Stage.HANDED_OVER, Stage.IN_TRANSIT),
}


class Fault(StrEnum):
    """Whose turn it is with a posting, which tells by whom it is late."""

    OURS = "ours"
    STOCK = "stock"
    """Work on it was stopped."""
    MARKETPLACE = "marketplace"
    """It owes a label, or an answer to a call."""
    CARRIER = "carrier"
    """All is packed and printed."""


class Row(Protocol):
    """A posting, or a list's row of one."""

    @property
    def stage(self) -> Stage: ...
    @property
    def assembled_at(self) -> datetime | None: ...
    @property
    def label_ready_at(self) -> datetime | None: ...
    @property
    def printed_at(self) -> datetime | None: ...
    @property
    def entries_wanted(self) -> bool: ...
    @property
    def status(self) -> str: ...
    @property
    def scheme(self) -> str: ...
    @property
    def warehouse_id(self) -> str: ...
    @property
    def delivery_method_id(self) -> str: ...
    @property
    def integration(self) -> str: ...
    @property
    def goods(self) -> str: ...
    @property
    def late(self) -> bool: ...
    @property
    def overdue(self) -> bool: ...
    @property
    def at_risk(self) -> Money | None: ...
    @property
    def blocked_reason(self) -> str: ...
    @property
    def open_intents(self) -> tuple[str, ...]: ...
    @property
    def parent_number(self) -> str: ...


def tags_of(row: Row) -> tuple[Tag, ...]:
    """What is true of it, in the order of `Tag`."""
    true = (
        (Tag.LATE, row.late),
        (Tag.OVERDUE, row.overdue),
        (Tag.AT_RISK, row.at_risk is not None),
        (Tag.BLOCKED, row.blocked_reason),
        (Tag.INTENT_OPEN, row.open_intents),
        (Tag.SPLIT, row.parent_number),
        (Tag.OWN_CARRIER, row.integration == OWN_CARRIER),
        (Tag.ENTRIES_WANTED, row.entries_wanted),
    )
    return tuple(tag for tag, holds in true if holds)


def label_of(row: Row) -> LabelState:
    return label_state(
        assembled=row.assembled_at is not None,
        ready=row.label_ready_at is not None,
        printed=row.printed_at is not None,
    )


def action_of(row: Row, label: LabelState | None = None) -> NextAction:
    """What is to be done next with it; `label` where `label_of` is at hand."""
    unreported = row.integration == OWN_CARRIER and row.stage is Stage.HANDED_OVER and row.status == AWAITS_SHIPPING
    return next_action(row.stage, label or label_of(row), waits_for_call=bool(row.open_intents), unreported=unreported)


def fault_of(row: Row) -> Fault:
    """By whom it would be late."""
    if row.stage in (Stage.BLOCKED, Stage.EXPIRED):
        return Fault.STOCK
    match action_of(row):
        case NextAction.WAIT:
            return Fault.MARKETPLACE
        case NextAction.HAND_OVER:
            return Fault.CARRIER
    return Fault.OURS


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which rows are wanted; what is empty or None chooses nothing."""

    warehouse: str = ""
    method: str = ""
    scheme: str = ""
    status: str = ""
    sku: str = ""
    late: bool | None = None
    tag: Tag | None = None
    group: Group | None = None
    fault: Fault | None = None
    next: NextAction | None = None

    def shows(self, row: Row) -> bool:
        return (
            self.warehouse in ("", row.warehouse_id)
            and self.method in ("", row.delivery_method_id)
            and self.scheme in ("", row.scheme)
            and self.status in ("", row.status)
            and (not self.sku or any(good.sku == self.sku for good in goods_of(row.goods)))
            and self.late in (None, row.late)
            and (self.tag is None or self.tag in tags_of(row))
            and (self.group is None or row.stage in self.group.stages)
            and (self.fault is None or self.fault is fault_of(row))
            and (self.next is None or self.next is action_of(row))
        )


ALL = Choice()
