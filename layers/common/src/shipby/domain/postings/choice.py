"""What lists of postings choose by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from shipby.domain.postings.goods import goods_of
from shipby.domain.postings.posting import OWN_CARRIER

if TYPE_CHECKING:
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


class Row(Protocol):
    """A posting, or a list's row of one."""

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
    true = {
        Tag.LATE: row.late,
        Tag.OVERDUE: row.overdue,
        Tag.AT_RISK: row.at_risk is not None,
        Tag.BLOCKED: bool(row.blocked_reason),
        Tag.INTENT_OPEN: bool(row.open_intents),
        Tag.SPLIT: bool(row.parent_number),
        Tag.OWN_CARRIER: row.integration == OWN_CARRIER,
    }
    return tuple(tag for tag, holds in true.items() if holds)


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

    def shows(self, row: Row) -> bool:
        return (
            self.warehouse in ("", row.warehouse_id)
            and self.method in ("", row.delivery_method_id)
            and self.scheme in ("", row.scheme)
            and self.status in ("", row.status)
            and (not self.sku or any(good.sku == self.sku for good in goods_of(row.goods)))
            and self.late in (None, row.late)
            and (self.tag is None or self.tag in tags_of(row))
        )


ALL = Choice()
