"""Everything the store lists: parts of one aggregate (strongly consistent) and pages of an index (may lag)."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from shipby.adapters.dynamodb import changes, index_keys, keys, rows
from shipby.adapters.dynamodb.boards import Boards, warehouse_of
from shipby.adapters.dynamodb.codec import money
from shipby.adapters.dynamodb.paging import Listing, check_limit, page, query
from shipby.adapters.dynamodb.values import Item, from_wire
from shipby.application.ports.pages import Page
from shipby.application.ports.postings import PostingStory
from shipby.domain.errors import InvalidInputError
from shipby.domain.events import Ref, StoredEvent, number_job_ref, posting_ref

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from shipby.adapters.dynamodb.rows.kind import Kind
    from shipby.domain.carriers.carrier import Carrier
    from shipby.domain.deadlines.outcome import Outcome
    from shipby.domain.events import AggregateKind
    from shipby.domain.intents import Intent, IntentState
    from shipby.domain.labels.documents import Document
    from shipby.domain.labels.pages import RefusedPage
    from shipby.domain.money import Money
    from shipby.domain.notices.digest_entry import DigestEntry
    from shipby.domain.packing.cards import ProductCard
    from shipby.domain.postings.inbox import PushRow
    from shipby.domain.postings.tracking import TrackingChange
    from shipby.domain.postings.words import Word
    from shipby.domain.proof.replay import ItemChange
    from shipby.domain.tracking.number_job import NumberRows
    from shipby.domain.tracking.purchases import Purchase
    from shipby.domain.tracking.scans import Scan


T = TypeVar("T")
_QUARTER = 15 * 60 * 1_000_000
"""Microseconds; the clocks of all time zones differ by whole quarters of an hour."""


class Listings(Boards):
    """The listing half of the store; the other half gives it its client and table."""

    # Parts of one aggregate --------------------------------------------------------------------------------------

    def events(self, seller: str, ref: Ref, *, after_version: int = 0) -> list[StoredEvent]:
        """The history in order; versions <= `after_version` are left out."""
        return [
            event for item in self._event_rows(seller, ref, after_version) for event in rows.events.read_events(item)
        ]

    def item_changes(self, seller: str, ref: Ref) -> list[ItemChange]:
        """What each version changed in its item, oldest first; versions of older releases are missing."""
        versions: dict[int, list[Item]] = {}
        for row in self._event_rows(seller, ref, 0):
            versions.setdefault(int(row["version"]["N"]), []).append(row)
        found = (changes.read(rows_of, version) for version, rows_of in versions.items())
        return [change for change in found if change is not None]

    def _event_rows(self, seller: str, ref: Ref, after_version: int) -> list[Item]:
        first, last = keys.events_after(after_version)
        listing = Listing(
            name="events",
            partition=("PK", keys.aggregate_pk(seller, ref)),
            sort="SK",
            condition="#sort BETWEEN :first AND :last",
            values={":first": first, ":last": last},
        )
        return list(query(self._client, self._table, listing))

    def tracking_history(self, seller: str, number: str) -> list[TrackingChange]:
        """Changes of the tracking number, oldest first."""
        found = self._begin_with(seller, posting_ref(number), keys.TRACKING_PREFIX)
        return [rows.postings.tracking_changes().read(item) for item in found]

    def documents(self, seller: str, number: str) -> list[Document]:
        """Papers of a posting, by id."""
        found = self._begin_with(seller, posting_ref(number), keys.LABEL_PREFIX)
        return [rows.labels.documents().read(item) for item in found]

    def intents(self, seller: str, ref: Ref) -> list[Intent]:
        """All intents kept with an aggregate, oldest first."""
        found = [rows.intents.intents().read(item) for item in self._begin_with(seller, ref, keys.INTENT_PREFIX)]
        return sorted(found, key=lambda intent: (intent.created_at, intent.id))

    def posting_story(self, seller: str, number: str) -> PostingStory:
        """Posting, facts, ledger, history and intents: one query."""
        listing = Listing(name="story", partition=("PK", keys.posting_pk(seller, number)), sort="SK")
        found: dict[str, list[Item]] = {}
        for item in query(self._client, self._table, listing):
            found.setdefault(item["SK"]["S"].partition("#")[0], []).append(item)

        def single(kind: Kind[Any], name: str) -> Any:
            return kind.read(found[name][0]) if name in found else None

        intents = [rows.intents.intents().read(item) for item in found.get(keys.INTENT_PREFIX.rstrip("#"), ())]
        posting, detail = single(rows.postings.postings(), keys.POSTING), single(rows.postings.details(), keys.DETAIL)
        return PostingStory(
            posting=posting,
            detail=detail and rows.postings.with_newest(detail, posting),
            money=single(rows.refunds.ledgers(), keys.MONEY),
            events=[
                event
                for item in found.get(keys.EVENT_PREFIX.rstrip("#"), ())
                for event in rows.events.read_events(item)
            ],
            intents=sorted(intents, key=lambda intent: (intent.created_at, intent.id)),
        )

    def number_rows(self, seller: str, job: str) -> list[NumberRows]:
        """All rows of a job of tracking numbers, in order."""
        items = self._begin_with(seller, number_job_ref(job), keys.ROWS_PREFIX)
        return [rows.tracking.number_rows().read(item) for item in items]

    def sellers(self) -> list[str]:
        """Every seller that has settings."""
        listing = Listing(name="sellers", partition=("PK", keys.SELLERS), sort="SK")
        return [item["SK"]["S"] for item in query(self._client, self._table, listing)]

    def _begin_with(self, seller: str, ref: Ref, prefix: str) -> list[Item]:
        listing = Listing(
            name=prefix,
            partition=("PK", keys.aggregate_pk(seller, ref)),
            sort="SK",
            condition="begins_with(#sort, :prefix)",
            values={":prefix": prefix},
        )
        return list(query(self._client, self._table, listing))

    def words_from(self, seller: str, begin: str, *, most: int, whole: bool = False) -> tuple[list[Word], bool]:
        """Words that begin (or, `whole`, are) so, in order; at most so many, and whether there are more."""
        from shipby.domain.postings.words import Word, WordKind  # only a search needs it: cold starts

        listing = Listing(
            name="words",
            partition=("PK", keys.words_pk(seller)),
            sort="SK",
            condition="begins_with(#sort, :begin)",
            values={":begin": f"{begin}#" if whole else begin},
            lagging=True,
        )
        found = list(islice(query(self._client, self._table, listing, limit=most + 1), most + 1))
        parts = (item["SK"]["S"].split("#", 2) for item in found[:most])
        return [Word(text, WordKind(kind), number) for text, kind, number in parts], len(found) > most

    # Pages of an index -------------------------------------------------------------------------------------------

    def received_on(self, seller: str, day: date, *, limit: int = 500, cursor: str | None = None) -> Page[str]:
        """Numbers of the postings first seen on a UTC day, by number."""
        return self._days(seller, f"received/{day}", index_keys.received_partition(seller, day), limit, cursor)

    def returns_opened_on(self, seller: str, day: date, *, limit: int = 500, cursor: str | None = None) -> Page[str]:
        """Ids of the returns opened on a UTC day, by id."""
        return self._days(seller, f"returns/{day}", index_keys.returns_opened_partition(seller, day), limit, cursor)

    def asked_on(
        self, seller: str, kind: AggregateKind, day: date, *, limit: int = 500, cursor: str | None = None
    ) -> Page[str]:
        """Ids of the jobs or evidence packs asked for on a UTC day, by id."""
        return self._days(seller, f"{kind}/{day}", index_keys.asked_partition(seller, kind, day), limit, cursor)

    def _days(self, seller: str, name: str, partition: str, limit: int, cursor: str | None) -> Page[str]:
        listing = Listing(
            name=f"{name}/{seller}",
            index="days",
            partition=("DK", partition),
            sort="DS",
            owner=keys.seller_prefix(seller),
        )
        items, following = page(self._client, self._table, listing, limit=limit, cursor=cursor)
        return Page(tuple(item["DS"]["S"] for item in items), following)

    def intents_in(
        self,
        seller: str,
        state: IntentState,
        *,
        since: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[str]:
        """Ids of settled intents in a state, oldest first; with `since` only those asked for from then on."""
        return self._intents(seller, state, limit, cursor, since)

    def _intents(self, seller: str, part: str, limit: int, cursor: str | None, since: datetime | None) -> Page[str]:
        partition = index_keys.intents_partition(seller, part)
        return self._ids(seller, f"intents/{part}", partition, limit, cursor, since=since)

    def open_intents(
        self, seller: str, *, since: datetime | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[str]:
        """Ids of all intents that are not settled, oldest first; those that an older release wrote last come behind."""
        parts = (index_keys.OPEN_INTENTS, *index_keys.OLDER_OPEN_INTENTS)
        check_limit(limit)
        part, dot, inner = cursor.partition(".") if cursor is not None else ("0", ".", "")
        if not dot or part not in map(str, range(len(parts))):
            raise InvalidInputError("the cursor does not belong to this listing", errors=[("cursor", "broken")])
        found: list[str] = []
        for at in range(int(part), len(parts)):
            left = limit - len(found)
            page = self._intents(seller, parts[at], left or 1, inner or None, since)
            if not left:
                if page.items:
                    return Page(tuple(found), f"{at}.")
                continue
            found += page.items
            if page.cursor is not None:
                return Page(tuple(found), f"{at}.{page.cursor}")
            inner = ""
        return Page(tuple(found))

    def returns_in(
        self,
        seller: str,
        *,
        open_only: bool = True,
        since: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[str]:
        """Ids of open returns, earliest decision date first; with `open_only` False those no longer open."""
        partition = index_keys.returns_partition(seller, is_open=open_only)
        return self._ids(seller, f"returns/{'open' if open_only else 'closed'}", partition, limit, cursor, since=since)

    def _ids(
        self,
        seller: str,
        name: str,
        partition: str,
        limit: int,
        cursor: str | None,
        *,
        since: datetime | None = None,
    ) -> Page[str]:
        listing = Listing(
            name=f"{name}/{seller}",
            index=index_keys.BOARDS,
            partition=("WK", partition),
            sort="WS",
            condition="#sort >= :since" if since else "",
            values={":since": keys.sortable(since)} if since else None,
            owner=keys.seller_prefix(seller),
        )
        items, following = page(self._client, self._table, listing, limit=limit, cursor=cursor)
        return Page(tuple(index_keys.worklist_id(item["WS"]["S"]) for item in items), following)

    def cases_in(
        self,
        seller: str,
        *,
        open_only: bool = True,
        since: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[str]:
        """Ids of open (or closed) cases, oldest first."""
        partition = index_keys.cases_partition(seller, is_open=open_only)
        return self._ids(seller, f"cases/{open_only}", partition, limit, cursor, since=since)

    def carriages_in(
        self,
        seller: str,
        *,
        open_only: bool = True,
        since: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[str]:
        """Ids of carriages that still have to be looked at (or of the others), oldest first."""
        partition = index_keys.carriages_partition(seller, is_open=open_only)
        return self._ids(seller, f"carriages/{open_only}", partition, limit, cursor, since=since)

    def product_cards(self, seller: str, *, limit: int = 50, cursor: str | None = None) -> Page[ProductCard]:
        """All product cards, by SKU."""
        items, following = self._rows_of(seller, "products", keys.products_pk(seller), limit, cursor)
        return Page(tuple(rows.packing.product_cards().read(item) for item in items), following)

    def carriers(self, seller: str, *, limit: int = 50, cursor: str | None = None) -> Page[Carrier]:
        """A seller's own carriers, by code."""
        items, following = self._rows_of(seller, "carriers", keys.carriers_pk(seller), limit, cursor)
        return Page(tuple(rows.carriers.carriers().read(item) for item in items), following)

    def purchases(self, seller: str, *, limit: int = 50, cursor: str | None = None) -> Page[Purchase]:
        """A seller's purchases, by id."""
        items, following = self._rows_of(seller, "purchases", keys.purchases_pk(seller), limit, cursor)
        return Page(tuple(rows.tracking.purchases().read(item) for item in items), following)

    def scans(self, seller: str, number: str, *, limit: int = 100, cursor: str | None = None) -> Page[Scan]:
        """What carriers said of a tracking number, in order of their time."""
        items, following = self._rows_of(seller, f"scans/{number}", keys.scans_pk(seller, number), limit, cursor)
        return Page(tuple(rows.tracking.scans().read(item) for item in items), following)

    def refused_pages_on(
        self, seller: str, day: date, *, limit: int = 50, cursor: str | None = None
    ) -> Page[RefusedPage]:
        """Label pages set aside on a UTC day, by id; kept for 30 days."""
        items, following = self._rows_of(seller, f"pages/{day}", keys.pages_pk(seller, day), limit, cursor)
        return Page(tuple(rows.labels.refused_pages().read(item) for item in items), following)

    def _rows_of(
        self, seller: str, name: str, partition: str, limit: int, cursor: str | None
    ) -> tuple[list[Item], str | None]:
        """A page of a partition of its own, strongly consistent."""
        listing = Listing(
            name=f"{name}/{seller}", partition=("PK", partition), sort="SK", owner=keys.seller_prefix(seller)
        )
        return page(self._client, self._table, listing, limit=limit, cursor=cursor)

    def outcomes_on(self, seller: str, day: date, *, limit: int = 500, cursor: str | None = None) -> Page[Outcome]:
        """How the postings that left on a UTC day left, by number."""
        items, following = self._rows_of(seller, f"outcomes/{day}", keys.outcomes_pk(seller, day), limit, cursor)
        return Page(tuple(rows.deadlines.outcomes().read(item) for item in items), following)

    def packed_on(self, seller: str, day: date, *, most: int) -> Mapping[tuple[str, datetime], int] | None:
        """How many of those that left on a UTC day were packed, by warehouse and quarter of an hour."""
        listing = Listing(
            name="packed",
            partition=("PK", keys.outcomes_pk(seller, day)),
            sort="SK",
            columns=("warehouse_id", "packed_at", "shipped_at"),
            lagging=True,
        )
        found = query(self._client, self._table, listing)
        counted = Counter(
            (warehouse_of(row), from_wire(row["packed_at"] if "packed_at" in row else row["shipped_at"]) // _QUARTER)
            for row in islice(found, most)
        )
        if next(found, None) is not None:
            return None
        return {(house, keys.moment(quarter * _QUARTER)): times for (house, quarter), times in counted.items()}

    def losses_on(self, seller: str, day: date, *, most: int, warehouse: str = "") -> tuple[list[Money], bool]:
        """What postings that left on a UTC day lost to lateness."""
        listing = Listing(
            name="losses",
            partition=("PK", keys.outcomes_pk(seller, day)),
            sort="SK",
            columns=("lost",),
            lagging=True,
            only="attribute_exists(lost)" + (" AND warehouse_id = :warehouse" if warehouse else ""),
            only_values={":warehouse": {"S": warehouse}} if warehouse else None,
        )
        found = query(self._client, self._table, listing)
        return [money(row["lost"]["S"]) for row in islice(found, most)], next(found, None) is not None

    def digest_entries(self, seller: str, recipient: str) -> list[DigestEntry]:
        """What waits to be told to a recipient, oldest first."""
        listing = Listing(name="digest", partition=("PK", keys.digest_pk(seller, recipient)), sort="SK")
        return [rows.notices.digest_entries().read(item) for item in query(self._client, self._table, listing)]

    def pushes_on(self, seller: str, day: date, *, limit: int = 500, cursor: str | None = None) -> Page[PushRow]:
        """Pushes received on a UTC day, by type and body; kept for 30 days."""
        items, following = self._rows_of(seller, f"pushes/{day}", keys.inbox_pk(seller, day), limit, cursor)
        return Page(tuple(rows.inbox.read_push(item) for item in items), following)
