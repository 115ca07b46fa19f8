"""Alarms that could not be fired after several tries: taken out of the due ones, kept in sight, and brought back."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shipby.adapters.dynamodb import index_keys, keys
from shipby.adapters.dynamodb.paging import Listing, page
from shipby.adapters.dynamodb.values import Item, to_wire
from shipby.application.ports.pages import Page
from shipby.domain.alarm import AlarmRef, AsideAlarm

NOTES = ("aside_reason", "aside_at")
"""What is written beside an alarm that is set aside; an update that brings the alarm back removes them."""

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class AsideAlarms:
    """The part of the store that sets alarms aside. It touches index keys only, so it works on items of a newer schema.

    The version of the item stays: its next change writes the whole item anew, and with it the alarm it then has.
    """

    if TYPE_CHECKING:
        _table: str

        @property
        def alarm_shards(self) -> int: ...

        @property
        def _client(self) -> DynamoDBClient: ...
        def _get(self, key: keys.Key) -> Item | None: ...
        def _conditional(self, operation: Callable[..., Any], **arguments: Any) -> bool: ...

    def set_alarm_aside(self, alarm: AlarmRef, reason: str, at: datetime) -> bool:
        """Take an alarm that cannot be fired out of `due_alarms`; False if its item has moved on meanwhile."""
        notes = {":reason": to_wire(reason), ":at": to_wire(keys.micros(at))}
        update = "SET AK = :aside, aside_reason = :reason, aside_at = :at"
        return self._move(alarm, update, condition="AK = :due", notes=notes)

    def bring_alarm_back(self, alarm: AlarmRef) -> bool:
        """Put an alarm that was set aside among the due ones again; False if it is not aside."""
        return self._move(alarm, "SET AK = :due REMOVE aside_reason, aside_at", condition="AK = :aside", notes={})

    def _move(self, alarm: AlarmRef, update: str, *, condition: str, notes: Item) -> bool:
        """Between the due ones and those aside, if the item still has this alarm and stands on the other side."""
        key = index_keys.alarm_item(alarm)
        columns = index_keys.alarm(key, alarm.due, self.alarm_shards)
        places = {":aside": keys.ASIDE, ":due": columns["AK"], ":sort": columns["AS"]}
        return self._conditional(
            self._client.update_item,
            Key=key.wire,
            UpdateExpression=update,
            ConditionExpression=f"{condition} AND #sort = :sort",
            ExpressionAttributeNames={"#sort": "AS"},
            ExpressionAttributeValues={name: to_wire(value) for name, value in places.items()} | notes,
        )

    def alarms_aside(self, *, limit: int = 200, cursor: str | None = None) -> Page[AsideAlarm]:
        """Alarms of all sellers that were set aside, earliest due first; few, so each item is read for its reason."""
        listing = Listing(name="aside", index="alarms", partition=("AK", keys.ASIDE), sort="AS", owner="SELLER#")
        items, following = page(self._client, self._table, listing, limit=limit, cursor=cursor)
        found = []
        for item in items:
            alarm = index_keys.alarm_ref({name: item[name]["S"] for name in ("PK", "SK", "AS")})
            stands = self._get(index_keys.alarm_item(alarm))
            if stands is not None and "aside_reason" in stands:
                at = keys.moment(int(stands["aside_at"]["N"]))
                found.append(AsideAlarm(alarm=alarm, reason=stands["aside_reason"]["S"], at=at))
        return Page(tuple(found), following)
