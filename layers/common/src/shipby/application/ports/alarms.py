"""Which alarms stand where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from shipby.application.ports.pages import Page
    from shipby.domain.alarm import AlarmRef, AsideAlarm


class DueAlarms(Protocol):
    """The alarms of all sellers, in shards: all that a sweep needs."""

    def due_alarms(self, shard: int, *, until: datetime, limit: int = 200, cursor: str | None = None) -> Page[AlarmRef]:
        """Alarms of one shard due at or before `until`, of all sellers, earliest minute first."""

    @property
    def alarm_shards(self) -> int:
        """How many shards `due_alarms` knows: 0 .. alarm_shards - 1."""


class Alarms(DueAlarms, Protocol):
    """Due alarms, and those that were set aside."""

    def set_alarm_aside(self, alarm: AlarmRef, reason: str, at: datetime) -> bool:
        """Take an alarm that cannot be fired out of `due_alarms`; False if its item has moved on meanwhile.

        Works on items that this release cannot read. The next change of the item brings its alarm back.
        """

    def alarms_aside(self, *, limit: int = 200, cursor: str | None = None) -> Page[AsideAlarm]:
        """Alarms of all sellers that were set aside, earliest due first."""

    def bring_alarm_back(self, alarm: AlarmRef) -> bool:
        """Put an alarm that was set aside among the due ones again; False if it is not aside."""
