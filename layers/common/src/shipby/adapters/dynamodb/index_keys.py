"""Every key of the table's indexes is built and read here, and nowhere else.

index     partition                          sort
alarms    AK ALARM#<crc32(item) % shards>    AS <due>#<hash16(item)>
          AK ALARM#ASIDE                     AS as before
boards    WK SELLER#<s>#<stage>              WS <cut-off or 999…>#<posting>
          WK SELLER#<s>#INTENT#PENDING       WS <created>#<intent> of every open one
          WK SELLER#<s>#INTENT#<state>       WS <created>#<intent> of settled ones
          WK SELLER#<s>#RETURNS#open|closed  WS <decide by or 999…>#<return>
          WK SELLER#<s>#CASES#open|closed    WS <opened>#<case>
          WK SELLER#<s>#CARRIAGES#open|closed WS <asked>#<carriage>
          WK SELLER#<s>#CANCELREQS#open|closed WS <approved by itself or 999…>#<request>
          WK SELLER#<s>#CLAIMS#open|closed   WS <answer by>#<claim>
days      DK SELLER#<s>#<yyyymmdd>           DS <posting>
          DK SELLER#<s>#RETURNS#<yyyymmdd>   DS <return>
          DK SELLER#<s>#JOB|PACK|NUMBERJOB#<yyyymmdd> DS <job or evidence pack>
          DK SELLER#<s>#KEYS                 DS <made>#<API key>

"""

import hashlib
import zlib
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.keys import Key
from shipby.domain.alarm import AlarmRef
from shipby.domain.errors import InvalidInputError
from shipby.domain.events import AggregateKind, Ref
from shipby.domain.postings.posting import Alarm

BOARDS = "boards"
"""The index of all boards. Its columns are part of its name: DynamoDB changes neither in place, so other columns need
another index beside it, and this one taken away later (docs/deploy.md). Releases before had `worklist`, with more."""
_WITH_ALARM = frozenset(
    {
        keys.POSTING,
        keys.RETURN,
        keys.WATCH,
        keys.CASE,
        keys.JOB,
        keys.CARRIAGE,
        keys.CANCEL_REQUEST,
        keys.CLAIM,
        keys.PACK,
        keys.NUMBER_JOB,
    }
)


def alarm_partition(shard: int) -> str:
    return f"ALARM#{shard}"


def alarm_shard(key: Key, shards: int) -> int:
    """Which shard watches an item: a fixed property of the item, so that moving its alarm stays one index write."""
    return zlib.crc32(f"{key.pk}#{key.sk}".encode()) % shards


def alarm(key: Key, due: datetime, shards: int) -> dict[str, str]:
    """The item's hash behind the time mixes sellers: one's burst does not stand in front of another's three."""
    mixed = hashlib.sha256(f"{key.pk}#{key.sk}".encode()).hexdigest()[:16]
    return {"AK": alarm_partition(alarm_shard(key, shards)), "AS": f"{keys.sortable(due)}#{mixed}"}


def alarms_until(until: datetime) -> str:
    """Upper bound of AS for everything due at or before `until`."""
    return f"{keys.sortable(until)}#g"


def alarm_ref(row: Mapping[str, str]) -> AlarmRef:
    """Reads PK, SK and AS back. Raises InvalidInputError for a row that no alarm can belong to."""
    pk, sk = row["PK"].split("#"), row["SK"]
    if len(pk) != 4 or pk[2] not in set(AggregateKind) or not (sk in _WITH_ALARM or sk.startswith(keys.INTENT_PREFIX)):
        raise InvalidInputError(f"the item {row['PK']} / {sk} cannot have an alarm")
    return AlarmRef(
        seller=pk[1],
        ref=Ref(AggregateKind(pk[2]), pk[3]),
        intent_id=sk.removeprefix(keys.INTENT_PREFIX) if sk.startswith(keys.INTENT_PREFIX) else "",
        due=keys.moment(int(row["AS"].partition("#")[0])),
    )


def alarm_item(alarm: AlarmRef) -> Key:
    """The item an alarm belongs to."""
    pk = keys.aggregate_pk(alarm.seller, alarm.ref)
    if alarm.intent_id:
        return Key(pk, f"{keys.INTENT_PREFIX}{alarm.intent_id}")
    return Key(pk, str(alarm.ref.kind))


def worklist_partition(seller: str, stage: str) -> str:
    return f"{keys.seller_pk(seller)}#{stage}"


def worklist(seller: str, stage: str, cut_off: datetime | None, number: str) -> dict[str, str]:
    return {"WK": worklist_partition(seller, stage), "WS": f"{keys.sortable(cut_off)}#{number}"}


def due_before(when: datetime) -> str:
    """Upper bound (not included) of WS for cut-offs before a time."""
    return keys.sortable(when)


def cut_offs(after: datetime | None, until: datetime | None) -> tuple[str, str]:
    """Bounds (both included) of WS for cut-offs after one time and until another, or for all on that side; without the
    second, those without a cut-off too."""
    first = keys.EPOCH if after is None else after + timedelta(microseconds=1)
    # No WS is as short as a time alone, and "$" follows "#".
    last = f"{keys.sortable(None)}$" if until is None else keys.sortable(until + timedelta(microseconds=1))
    return keys.sortable(first), last


OPEN_INTENTS = "PENDING"
"""The partition of all open intents: one that moves on stays where it is. Releases before put each under its own
state, and listed what they found there whatever its row said, so they find these too."""
OLDER_OPEN_INTENTS = ("PROPOSED", "SENT", "UNKNOWN")
"""Where those releases put the others."""


def intents_partition(seller: str, state: str) -> str:
    return f"{keys.seller_pk(seller)}#INTENT#{state}"


def intents(seller: str, state: str, created_at: datetime, identifier: str) -> dict[str, str]:
    return {"WK": intents_partition(seller, state), "WS": f"{keys.sortable(created_at)}#{identifier}"}


def returns_partition(seller: str, *, is_open: bool) -> str:
    return f"{keys.seller_pk(seller)}#RETURNS#{'open' if is_open else 'closed'}"


def returns(seller: str, decide_by: datetime | None, return_id: str, *, is_open: bool) -> dict[str, str]:
    return {"WK": returns_partition(seller, is_open=is_open), "WS": f"{keys.sortable(decide_by)}#{return_id}"}


def cases_partition(seller: str, *, is_open: bool) -> str:
    return f"{keys.seller_pk(seller)}#CASES#{'open' if is_open else 'closed'}"


def cases(seller: str, opened_at: datetime, identifier: str, *, is_open: bool) -> dict[str, str]:
    return {"WK": cases_partition(seller, is_open=is_open), "WS": f"{keys.sortable(opened_at)}#{identifier}"}


def carriages_partition(seller: str, *, is_open: bool) -> str:
    return f"{keys.seller_pk(seller)}#CARRIAGES#{'open' if is_open else 'closed'}"


def carriages(seller: str, asked_at: datetime, identifier: str, *, is_open: bool) -> dict[str, str]:
    return {"WK": carriages_partition(seller, is_open=is_open), "WS": f"{keys.sortable(asked_at)}#{identifier}"}


def cancel_requests_partition(seller: str, *, is_open: bool) -> str:
    return f"{keys.seller_pk(seller)}#CANCELREQS#{'open' if is_open else 'closed'}"


def cancel_requests(seller: str, auto_approve_at: datetime | None, identifier: str, *, is_open: bool) -> dict[str, str]:
    partition = cancel_requests_partition(seller, is_open=is_open)
    return {"WK": partition, "WS": f"{keys.sortable(auto_approve_at)}#{identifier}"}


def claims_partition(seller: str, *, is_open: bool) -> str:
    return f"{keys.seller_pk(seller)}#CLAIMS#{'open' if is_open else 'closed'}"


def claims(seller: str, answer_by: datetime, identifier: str, *, is_open: bool) -> dict[str, str]:
    return {"WK": claims_partition(seller, is_open=is_open), "WS": f"{keys.sortable(answer_by)}#{identifier}"}


def worklist_id(sort: str) -> str:
    """The id at the end of a WS."""
    return sort.partition("#")[2]


def received_partition(seller: str, day: date) -> str:
    return f"{keys.seller_pk(seller)}#{keys.day_text(day)}"


def received(seller: str, received_at: datetime, number: str) -> dict[str, str]:
    return {"DK": f"{keys.seller_pk(seller)}#{keys.utc_day(received_at)}", "DS": number}


def returns_opened_partition(seller: str, day: date) -> str:
    return f"{keys.seller_pk(seller)}#RETURNS#{keys.day_text(day)}"


def returns_opened(seller: str, opened_at: datetime, return_id: str) -> dict[str, str]:
    return {"DK": f"{keys.seller_pk(seller)}#RETURNS#{keys.utc_day(opened_at)}", "DS": return_id}


def asked_partition(seller: str, kind: AggregateKind, day: date) -> str:
    return f"{keys.seller_pk(seller)}#{kind}#{keys.day_text(day)}"


def asked(seller: str, kind: AggregateKind, asked_at: datetime, identifier: str) -> dict[str, str]:
    return {"DK": f"{keys.seller_pk(seller)}#{kind}#{keys.utc_day(asked_at)}", "DS": identifier}


def keys_partition(seller: str) -> str:
    return f"{keys.seller_pk(seller)}#KEYS"


def api_keys(seller: str, created_at: datetime, identifier: str) -> dict[str, str]:
    return {"DK": keys_partition(seller), "DS": f"{keys.sortable(created_at)}#{identifier}"}


def alarm_columns(key: Key, ahead: Alarm | None, shards: int) -> dict[str, str]:
    """The columns of an item's next alarm, if it has one."""
    return {} if ahead is None else alarm(key, ahead.due, shards)
