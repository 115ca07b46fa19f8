"""A posting as one row of a list: all that tells what to do next, from the index alone."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

from shipby.application.ports.postings import WorkItem
from shipby.application.shared.views import money_view, time_text
from shipby.domain.json_types import Json
from shipby.domain.postings.choice import action_of, label_of, tags_of
from shipby.domain.postings.goods import goods_of, goods_text
from shipby.domain.postings.posting import MarketplacePosting, Posting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shipby.application.ports.postings import PostingReads

_SAME = tuple(field.name for field in fields(WorkItem) if field.name in Posting.__dataclass_fields__)


def work_item(posting: Posting) -> WorkItem:
    """The row that stands for a posting."""
    ahead = posting.next_alarm
    return WorkItem(
        cut_off=posting.cut_off,
        next_due=ahead.due if ahead else None,
        next_kind=ahead.kind if ahead else None,
        **{name: getattr(posting, name) for name in _SAME},
    )


def with_goods(seller: str, items: Iterable[WorkItem], store: PostingReads) -> list[WorkItem]:
    """The rows; those that an older release wrote get their goods from the postings' facts, in one read of them all."""
    shown = list(items)
    older = [item.number for item in shown if not item.goods or not item.version]
    known: dict[str, tuple[Posting, MarketplacePosting | None]] = {}
    for start in range(0, len(older), 50):
        known.update(store.postings_with_details(seller, older[start : start + 50]))
    return [whole_row(*known[item.number]) if item.number in known else item for item in shown]


def whole_row(posting: Posting, detail: MarketplacePosting | None) -> WorkItem:
    """The row of a posting, with what only its facts tell where an older release wrote it."""
    item = work_item(posting)
    if detail is None:
        return item
    method = item.delivery_method_id or detail.delivery_method_id
    return replace(item, goods=item.goods or goods_text(detail.lines), delivery_method_id=method)


def posting_row(found: WorkItem | Posting) -> dict[str, Json]:
    """How a list shows a posting."""
    item = work_item(found) if isinstance(found, Posting) else found
    goods, label = goods_of(item.goods), label_of(item)
    return {
        "posting_number": item.number,
        "stage": item.stage,
        "status": item.status,
        "substatus": item.substatus,
        "scheme": item.scheme,
        "version": item.version,
        "cut_off": time_text(item.cut_off),
        "late": item.late,
        "warehouse_id": item.warehouse_id,
        "delivery_method_id": item.delivery_method_id or None,
        "pieces": sum(good.quantity for good in goods),
        "goods": [
            {
                "sku": good.sku,
                "offer_id": good.offer_id or None,
                "name": good.name or None,
                "quantity": good.quantity,
            }
            for good in goods
        ],
        "next": {
            "action": action_of(item, label),
            "clock": {"due": time_text(item.next_due), "kind": item.next_kind}
            if item.next_due and item.next_kind
            else None,
        },
        "at_risk": money_view(item.at_risk),
        "label": label,
        "tags": list(tags_of(item)),
        "blocked_reason": item.blocked_reason or None,
        "open_intents": list(item.open_intents),
        "href": f"/v1/postings/{item.number}",
    }
