"""Lists and single postings: `/v4/posting/fbs/list`, `/v4/posting/fbs/unfulfilled/list`, `/v3/posting/fbs/get`."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from datetime import datetime, timedelta

from shipby_local.simulator import views, words
from shipby_local.simulator.api.call import Body, Call, Method
from shipby_local.simulator.errors import invalid, not_found
from shipby_local.simulator.labels.pages import scanit_of
from shipby_local.simulator.model import Posting
from shipby_local.simulator.words import Json

_YEAR = timedelta(days=366)


def get(call: Call) -> Json:
    posting = call.posting(call.body.text("posting_number"))
    wants = call.body.part("with").raw()
    return {"result": views.posting_v3(posting, wants, call.world.now(), call.world.settings)}


def list_all(call: Call) -> Json:
    if not call.body.has("filter"):
        raise invalid("Request validation error: invalid PostingFbsListRequest.Filter: value is required")
    filters = call.body.part("filter")
    since, to = filters.when("since"), filters.when("to")
    if since is None or to is None:
        raise invalid("Request validation error: invalid Filter: since and to are required")
    if to < since or to - since > _YEAR:
        raise invalid("PERIOD_IS_TOO_LONG" if to > since else "Request validation error: invalid Filter: to < since")
    orders, order_id = set(filters.texts("order_numbers")), filters.integer("order_id", 0)
    flows = set(filters.texts("integration_type_flow"))

    common = _common_filter(filters)

    def matches(posting: Posting) -> bool:
        return (
            since <= posting.in_process_at <= to
            and (not orders or posting.order_number in orders)
            and (not order_id or posting.order_id == order_id)
            and (not flows or posting.integration in flows)
            and common(posting)
        )

    return _page(call, matches, lambda posting: posting.in_process_at, with_count=False)


def list_unfulfilled(call: Call) -> Json:
    filters = call.body.part("filter")
    cutoff = (filters.when("cutoff_from"), filters.when("cutoff_to"))
    delivering = (filters.when("delivering_date_from"), filters.when("delivering_date_to"))
    if any(cutoff) and any(delivering):
        raise invalid("Request validation error: cutoff and delivering_date filters exclude each other")
    wanted = set(filters.texts("statuses")) or words.UNFULFILLED_WITH_DELIVER

    common = _common_filter(filters)

    def matches(posting: Posting) -> bool:
        open_or_moving = posting.status in words.UNFULFILLED_WITH_DELIVER | {words.DELIVERING}
        return (
            open_or_moving
            and posting.status in wanted
            and _within(posting.cutoff, *cutoff)
            and _within(posting.delivering_at, *delivering)
            and common(posting)
        )

    return _page(call, matches, lambda posting: posting.shipment_date, with_count=True)


def by_barcode(call: Call) -> Json:
    """A value of `barcodes` or of `scanit`; what several postings have is the newest one's (invented)."""
    wanted, style = call.body.text("barcode"), call.world.settings.label_style
    found = [
        posting
        for posting in call.own_postings()
        if wanted and wanted in (posting.upper_barcode, posting.lower_barcode, scanit_of(posting, style))
    ]
    if not found:
        raise not_found("POSTING_NOT_FOUND")
    return {"result": views.posting_v2(found[-1])}


def restrictions(call: Call) -> Json:
    """FBS only (official); the answer for another scheme is not published, and this one is invented."""
    posting = call.posting(call.body.text("posting_number"))
    if posting.is_rfbs:
        raise invalid("HAS_INCORRECT_TPL_INTEGRATION_TYPE")
    terms = call.world.settings.drop_off
    return {
        "result": {
            "posting_number": posting.number,
            "max_posting_weight": terms.most_grams,
            "min_posting_weight": terms.least_grams,
            "width": terms.side_cm,
            "height": terms.side_cm,
            "length": terms.side_cm,
            "max_posting_price": terms.most_roubles,
            "min_posting_price": terms.least_roubles,
        }
    }


def _common_filter(filters: Body) -> Callable[[Posting], bool]:
    statuses, warehouses = set(filters.texts("statuses")), set(filters.integers("warehouse_ids"))
    methods = set(filters.integers("delivery_method_ids"))
    changed = filters.part("last_changed_status_date")
    begin, end = changed.when("from"), changed.when("to")
    return lambda posting: (
        (not statuses or posting.status in statuses)
        and (not warehouses or posting.warehouse_id in warehouses)
        and (not methods or posting.warehouse_id in methods)
        and _within(posting.status_changed_at, begin, end)
    )


def _within(value: datetime | None, begin: datetime | None, end: datetime | None) -> bool:
    if begin is None and end is None:
        return True
    return value is not None and (begin is None or begin <= value) and (end is None or value <= end)


def _page(
    call: Call, matches: Callable[[Posting], bool], by: Callable[[Posting], datetime], *, with_count: bool
) -> Json:
    limit = call.body.limit(100, 100 if with_count else None)
    downwards = call.body.text("sort_dir", "ASC").upper() == "DESC"
    found = sorted(
        (posting for posting in call.own_postings() if matches(posting)),
        key=lambda posting: (by(posting), posting.number),
        reverse=downwards,
    )
    last = _decode(call.body.text("cursor", ""))
    rest = [
        posting
        for posting in found
        if last is None
        or ((words.stamp(by(posting)), posting.number) < last if downwards else _rank(by, posting) > last)
    ]
    page, more = rest[:limit], len(rest) > limit
    wants = call.body.part("with").raw()
    now, settings = call.world.now(), call.world.settings
    answer: Json = {
        "postings": [views.posting_v4(posting, wants, now, settings) for posting in page],
        "cursor": _encode(_rank(by, page[-1])) if more else "",
        "has_next": more,
    }
    if with_count:
        answer["count"] = len(found)
    return answer


def _rank(by: Callable[[Posting], datetime], posting: Posting) -> tuple[str, str]:
    return words.stamp(by(posting)), posting.number


def _encode(rank: tuple[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(rank).encode()).decode()


def _decode(cursor: str) -> tuple[str, str] | None:
    if not cursor:
        return None
    try:
        at, number = json.loads(base64.urlsafe_b64decode(cursor))
    except (ValueError, binascii.Error) as error:
        raise invalid("Request validation error: invalid Cursor") from error
    return str(at), str(number)


METHODS: dict[str, Method] = {
    "/v3/posting/fbs/get": get,
    "/v2/posting/fbs/get-by-barcode": by_barcode,
    "/v4/posting/fbs/list": list_all,
    "/v4/posting/fbs/unfulfilled/list": list_unfulfilled,
    "/v1/posting/fbs/restrictions": restrictions,
}
