"""What people read: boards, single items and histories, as the API shows them. Nothing here changes anything."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from shipby.application.ports.pages import Page
from shipby.application.ports.postings import PostingReads, WorkItem
from shipby.application.ports.store import Store
from shipby.application.postings.family import family_view, history_before
from shipby.application.postings.label_codes import posting_of_code
from shipby.application.postings.views import event_view, posting_view
from shipby.application.postings.work_posting import load_posting
from shipby.application.shared.views import link
from shipby.domain import pointers
from shipby.domain.errors import InvalidInputError
from shipby.domain.events import posting_ref
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import FINAL, MarketplacePosting, Posting, Stage

if TYPE_CHECKING:
    from shipby.domain.postings.choice import Choice

View = dict[str, Json]
T = TypeVar("T")

OPEN_STAGES: tuple[Stage, ...] = tuple(stage for stage in Stage if stage not in FINAL)
_ROUNDS = 10
"""How many index pages one call reads at most to fill a filtered page; the cursor then goes on from there."""

Listing = Callable[[int, "str | None"], Page[T]]
"""One partition of a listing: (limit, cursor) -> page."""


def _foreign_cursor() -> InvalidInputError:
    return InvalidInputError(
        "the cursor does not belong to this listing",
        errors=[("cursor", "take next_cursor of the same listing, or leave it out to begin anew")],
    )


def _encode(part: str, inner: str | None) -> str:
    return base64.urlsafe_b64encode(json.dumps([part, inner]).encode()).decode().rstrip("=")


def _decode(cursor: str, parts: Iterable[str]) -> tuple[str, str | None]:
    try:
        found = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _foreign_cursor() from error
    if not (isinstance(found, list) and len(found) == 2 and found[0] in list(parts)):
        raise _foreign_cursor()
    if not (found[1] is None or isinstance(found[1], str)):
        raise _foreign_cursor()
    return found[0], found[1]


def _chain(
    listings: Sequence[tuple[str, Listing[T]]], *, limit: int, cursor: str | None, keep: Callable[[T], bool]
) -> Page[T]:
    """Several listings one after the other as one, with one cursor; what `keep` refuses is left out.

    A page may be shorter than `limit` although more follows: then it has a cursor all the same.
    """
    names = [name for name, _ in listings]
    part, inner = _decode(cursor, names) if cursor is not None else (names[0], None)
    found: list[T] = []
    position = names.index(part)
    for _ in range(_ROUNDS + len(listings)):
        page = listings[position][1](limit - len(found), inner)
        found += [item for item in page.items if keep(item)]
        inner = page.cursor
        if inner is None:
            position += 1
            if position == len(listings):
                return Page(tuple(found))
        if len(found) == limit:
            break
    while inner is None and not listings[position][1](1, None).items:
        # No cursor that leads to nothing.
        position += 1
        if position == len(listings):
            return Page(tuple(found))
    return Page(tuple(found), _encode(names[position], inner))


def _listing(items: Iterable[View], cursor: str | None = None) -> View:
    return {"items": list(items), "next_cursor": cursor}


# Postings --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingFilter:
    """Which postings a list shows; `q` is a posting number, a tracking number or the barcode of a label, whole."""

    stage: Stage | None = None
    due_before: datetime | None = None
    q: str = ""
    only: Choice | None = None

    def shows(self, item: WorkItem) -> bool:
        if self.due_before is not None and (item.cut_off is None or item.cut_off >= self.due_before):
            return False
        return (self.stage is None or item.stage is self.stage) and (self.only is None or self.only.shows(item))


def list_postings(seller: str, wanted: PostingFilter, *, limit: int, cursor: str | None, store: Store) -> View:
    """A stage's worklist, or all open stages one after the other; earliest cut-off first within a stage.

    Raises InvalidInputError for a cursor of another listing.
    """
    from shipby.application.postings.rows import posting_row, with_goods  # lists for people only: cold starts

    if wanted.q:
        if cursor is not None:
            raise InvalidInputError("a search has one page", errors=[("cursor", "leave it out together with q")])
        found = with_goods(seller, _search(seller, wanted.q, store), store)
        return _listing(map(posting_row, filter(wanted.shows, found)))
    group = wanted.only.group if wanted.only else None
    stages = (wanted.stage,) if wanted.stage else group.stages if group else OPEN_STAGES
    listings = [(str(stage), partial(_worklist, store, seller, stage, wanted)) for stage in stages]
    page = _chain(listings, limit=limit, cursor=cursor, keep=wanted.shows)
    return _listing(map(posting_row, with_goods(seller, page.items, store)), page.cursor)


def _worklist(
    store: PostingReads, seller: str, stage: Stage, wanted: PostingFilter, limit: int, cursor: str | None
) -> Page[WorkItem]:
    return store.worklist(seller, stage, due_before=wanted.due_before, limit=limit, cursor=cursor, only=wanted.only)


def _search(seller: str, text: str, store: Store) -> list[WorkItem]:
    from shipby.application.postings.rows import work_item  # as above

    # People type tracking numbers with spaces and small letters; a scanner gives a barcode as it is.
    typed = "".join(text.split()).upper()
    numbers = (store.find(seller, kind, typed) for kind in (pointers.TRACKING, pointers.FORMER_TRACKING))
    number = posting_of_code(seller, text, store=store) or next((found for found in numbers if found), text)
    posting = store.posting(seller, number)
    return [] if posting is None else [work_item(posting)]


def get_posting(seller: str, number: str, *, store: Store) -> View:
    """A posting with its marketplace facts, and with what a split made of its order. Raises NotFoundError."""
    posting = load_posting(store, seller, number)
    detail = store.detail(seller, number, of=posting)
    view = posting_view(posting, detail)
    if detail is not None:
        from shipby.application.postings.exemplars import (  # one posting's view alone: cold starts
            missing_view,
            sheet_of,
        )

        # What the marketplace has assembled wants nothing more.
        wants = posting.assembled_at is None
        sheet = sheet_of(detail, seller, store=store) if wants else None
        view |= {"missing_entries": missing_view(detail, sheet) if wants else []}
    family = family_view(posting, detail, store=store)
    return view | {"parent": posting.parent_number or None, "family": family, "links": _links(posting, detail)}


def _links(posting: Posting, detail: MarketplacePosting | None) -> View:
    """What belongs to a posting, each where it is listed."""
    number = posting.number
    return {
        "self": link("postings", number),
        "parent": link("postings", posting.parent_number),
        "order": link("search", q=detail.order_number) if detail else None,
        "events": link("postings", number, "events"),
        "intents": link("intents", posting=number),
        "prints": link("postings", number, "prints"),
        "money": link("refunds", number),
        "returns": link("returns", posting=number),
        "cancel_requests": link("cancel-requests", posting=number),
        "claims": link("claims", posting=number),
        "cases": link("cases", subject=number),
    }


def posting_events(
    seller: str, number: str, *, after_version: int, store: Store, limit: int | None = None, cursor: str | None = None
) -> View:
    """The history of a posting after a version, in order; about so many. Raises NotFoundError.

    That of a part of a split begins with its parent's, until the split: only where the whole history is asked for,
    since versions count per posting.
    """
    posting = load_posting(store, seller, number)
    after = int(cursor) if cursor else after_version
    own = store.events(seller, posting_ref(number), after_version=after)
    before = history_before(posting, own, store) if posting.parent_number and after == 0 else []
    following = None
    if limit is not None and limit < len(own):
        last = own[limit - 1].version
        shown = [stored for stored in own if stored.version <= last]
        own, following = shown, str(last) if len(shown) < len(own) else None
    views = (event_view(stored) | {"posting_number": of} for of, stored in (*before, *((number, one) for one in own)))
    return _listing(views, following)


# Intents and money --------------------------------------------------------------------------------------


# Proof -----------------------------------------------------------------------------------------------------------
