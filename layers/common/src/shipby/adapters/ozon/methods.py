"""Every method of the Seller API that the product calls, with its version: the only place where a path is written.

Source: the official Seller API description (docs.ozon.ru/api/seller) as of October 2026 and its changelog. The
marketplace announces a switch-off about a month ahead and moves the dates: see `switch_offs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method. `acts` = it changes something that cannot be taken back, so it is sent once and never repeated."""

    path: str
    acts: bool = False
    alive_since: date | None = None
    """Where the changelog says so."""


POSTING_LIST = Method(path="/v4/posting/fbs/list", alive_since=date(2026, 4, 30))
POSTING_UNFULFILLED = Method(path="/v4/posting/fbs/unfulfilled/list", alive_since=date(2026, 4, 30))
POSTING_GET = Method(path="/v3/posting/fbs/get")
RESTRICTIONS = Method(path="/v1/posting/fbs/restrictions")
POSTING_SHIP = Method(path="/v4/posting/fbs/ship", acts=True)
POSTING_SHIP_PART = Method(path="/v4/posting/fbs/ship/package", acts=True)
POSTING_SPLIT = Method(path="/v1/posting/fbs/split", acts=True)
BOXES_SET = Method(path="/v3/posting/multiboxqty/set", acts=True)
POSTING_CANCEL = Method(path="/v2/posting/fbs/cancel", acts=True)
POSTING_CANCEL_ITEMS = Method(path="/v2/posting/fbs/product/cancel", acts=True)
CANCEL_REASONS = Method(path="/v1/posting/fbs/cancel-reason")
TRACKING_SET = Method(path="/v2/fbs/posting/tracking-number/set", acts=True)
DELIVERING = Method(path="/v2/fbs/posting/delivering", acts=True)
LAST_MILE = Method(path="/v2/fbs/posting/last-mile", acts=True)
DELIVERED = Method(path="/v2/fbs/posting/delivered", acts=True)
CUT_OFF_SET = Method(path="/v1/posting/cutoff/set", acts=True)
EXEMPLARS_GET = Method(path="/v6/fbs/posting/product/exemplar/create-or-get")
"""Not `acts`: asking twice answers the same ids."""
EXEMPLARS_VALIDATE = Method(path="/v5/fbs/posting/product/exemplar/validate")
EXEMPLARS_SET = Method(path="/v6/fbs/posting/product/exemplar/set", acts=True)
EXEMPLARS_UPDATE = Method(path="/v1/fbs/posting/product/exemplar/update", acts=True)
EXEMPLARS_STATUS = Method(path="/v5/fbs/posting/product/exemplar/status")
LABEL_CREATE = Method(path="/v3/posting/fbs/package-label/create", alive_since=date(2026, 9, 22))
"""Not `acts`: a second task for the same postings prints the same labels."""
LABEL_GET = Method(path="/v2/posting/fbs/package-label/get", alive_since=date(2026, 9, 22))
RETURNS_LIST = Method(path="/v2/returns/rfbs/list")
RETURNS_GET = Method(path="/v2/returns/rfbs/get")
GOODS_RETURNS_LIST = Method(path="/v1/returns/list")
RETURNS_ACT = Method(path="/v1/returns/rfbs/action/set", acts=True)
PUSH_URLS = Method(path="/v1/notification/list", alive_since=date(2026, 4, 8))
ROLES = Method(path="/v1/roles")
INDEX_INFO = Method(path="/v1/rating/index/fbs/info")
INDEX_POSTINGS = Method(path="/v1/rating/index/fbs/posting/list")
RATING_HISTORY = Method(path="/v1/rating/history")
CHAT_START = Method(path="/v1/chat/start", acts=True)
CHAT_SEND = Method(path="/v1/chat/send/message", acts=True)
CHAT_LIST = Method(path="/v3/chat/list")
CHAT_HISTORY = Method(path="/v3/chat/history")
CANCEL_REQUEST_LIST = Method(path="/v2/conditional-cancellation/list")
CANCEL_REQUEST_APPROVE = Method(path="/v2/conditional-cancellation/approve", acts=True)
CANCEL_REQUEST_REJECT = Method(path="/v2/conditional-cancellation/reject", acts=True)
ACCRUALS = Method(path="/v1/finance/accrual/postings")
ACCRUAL_TYPES = Method(path="/v1/finance/accrual/types")
CARRIAGE_LIST = Method(path="/v2/carriage/delivery/list")
CARRIAGE_CREATE = Method(path="/v1/carriage/create", acts=True)
CARRIAGE_SET = Method(path="/v1/carriage/set-postings", acts=True)
CARRIAGE_APPROVE = Method(path="/v1/carriage/approve", acts=True)
CARRIAGE_CANCEL = Method(path="/v1/carriage/cancel", acts=True)
CARRIAGE_GET = Method(path="/v1/carriage/get")
CARRIAGE_DISCREPANCY = Method(path="/v1/carriage/act-discrepancy/pdf")
ACT_POSTINGS = Method(path="/v2/posting/fbs/act/get-postings")
ACT_STATUS = Method(path="/v2/posting/fbs/act/check-status")
ACT_PDF = Method(path="/v2/posting/fbs/act/get-pdf")
ACT_BARCODE = Method(path="/v2/posting/fbs/act/get-barcode")
ACT_BARCODE_TEXT = Method(path="/v2/posting/fbs/act/get-barcode/text")
ACT_CONTAINER_LABELS = Method(path="/v2/posting/fbs/act/get-container-labels")
CONTAINER_CREATE = Method(path="/v1/carriage/container/create", acts=True)
CONTAINER_FILL = Method(path="/v1/carriage/container/fill", acts=True)
CONTAINER_APPROVE = Method(path="/v1/carriage/container/approve", acts=True)
CONTAINER_LIST = Method(path="/v1/carriage/container/list")
CONTAINER_GET = Method(path="/v1/carriage/container/get")
CONTAINER_STATUS = Method(path="/v1/carriage/container/status/get")
CONTAINER_LABELS = Method(path="/v1/carriage/container/label/get")
CONTAINER_DOCUMENTS = Method(path="/v1/carriage/container/document/get")
CONTAINER_TASK = Method(path="/v1/carriage/container/task/info")
STOCKS_SET = Method(path="/v2/products/stocks", acts=True)
"""The same numbers may be sent again, but not by the transport: a pair takes one in 30 seconds."""
STOCKS_READ = Method(path="/v2/product/info/stocks-by-warehouse/fbs")
WAREHOUSES = Method(path="/v2/warehouse/list")

METHODS: tuple[Method, ...] = (
    POSTING_LIST,
    POSTING_UNFULFILLED,
    POSTING_GET,
    RESTRICTIONS,
    POSTING_SHIP,
    POSTING_SHIP_PART,
    POSTING_SPLIT,
    BOXES_SET,
    POSTING_CANCEL,
    POSTING_CANCEL_ITEMS,
    CANCEL_REASONS,
    TRACKING_SET,
    DELIVERING,
    LAST_MILE,
    DELIVERED,
    CUT_OFF_SET,
    EXEMPLARS_GET,
    EXEMPLARS_VALIDATE,
    EXEMPLARS_SET,
    EXEMPLARS_UPDATE,
    EXEMPLARS_STATUS,
    LABEL_CREATE,
    LABEL_GET,
    RETURNS_LIST,
    RETURNS_GET,
    GOODS_RETURNS_LIST,
    RETURNS_ACT,
    PUSH_URLS,
    ROLES,
    INDEX_INFO,
    INDEX_POSTINGS,
    RATING_HISTORY,
    CHAT_START,
    CHAT_SEND,
    CHAT_LIST,
    CHAT_HISTORY,
    CANCEL_REQUEST_LIST,
    CANCEL_REQUEST_APPROVE,
    CANCEL_REQUEST_REJECT,
    ACCRUALS,
    ACCRUAL_TYPES,
    CARRIAGE_LIST,
    CARRIAGE_CREATE,
    CARRIAGE_SET,
    CARRIAGE_APPROVE,
    CARRIAGE_CANCEL,
    CARRIAGE_GET,
    CARRIAGE_DISCREPANCY,
    ACT_POSTINGS,
    ACT_STATUS,
    ACT_PDF,
    ACT_BARCODE,
    ACT_BARCODE_TEXT,
    ACT_CONTAINER_LABELS,
    CONTAINER_CREATE,
    CONTAINER_FILL,
    CONTAINER_APPROVE,
    CONTAINER_LIST,
    CONTAINER_GET,
    CONTAINER_STATUS,
    CONTAINER_LABELS,
    CONTAINER_DOCUMENTS,
    CONTAINER_TASK,
    STOCKS_SET,
    STOCKS_READ,
    WAREHOUSES,
)
