"""What waits for a digest."""

import functools

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.keys import Key
from shipby.adapters.dynamodb.rows.kind import Kind
from shipby.domain.notices.digest_entry import DigestEntry


@functools.cache
def digest_entries() -> Kind[DigestEntry]:
    return Kind("ENTRY", Record(DigestEntry))


def digest_key(entry: DigestEntry) -> Key:
    return keys.digest_entry(entry.seller, entry.recipient, entry.stored.event.at, entry.stored.id)
