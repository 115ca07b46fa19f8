"""What the adapter takes for granted about the marketplace: limits, texts and habits, each with its source.

"official" = the Seller API description; "example" = its examples only; "seen" = reported by other public clients;
"inferred" = our conclusion. A change of the marketplace is answered here first.
"""

from __future__ import annotations

from datetime import timedelta

REQUESTS_PER_SECOND = 50
"""Per Client-Id over all methods and all our processes. official, Limits."""

CONNECT_SECONDS = 1.0
READ_SECONDS = 10.0
"""Ours: the marketplace names no time. Its own gateway gives up with "Internal error". official, Errors."""

CALL_SECONDS = 15.0
"""Ours: one call from its first byte to its last, headers included. A gateway that let an answer drip held a worker for
a minute. seen"""

READ_ATTEMPTS = 3
READ_BUDGET_SECONDS = 15.0
"""Ours: no further attempt of a read starts later than this after the first."""
BACK_OFF_SECONDS = 0.2
"""Ours: doubled per attempt, then shortened by chance."""

DEFAULT_RETRY_AFTER = 1.0
"""Where a 429 comes without `Retry-After`: its limit is counted per second. official, Limits."""
LONGEST_RETRY_AFTER = 3600.0
"""Ours: a longer one is taken for a mistake."""
BREAKER_RETRY_AFTER = 120.0
""" "Circle is open" wants a wait of minutes. official, Errors."""

LARGEST_ANSWER = 20 * 1024 * 1024
LARGEST_FILE = 50 * 1024 * 1024
"""Ours: bytes. 100 postings are below 1 MB, 1,000 label pages below 50 MB. example."""
WHOLE_ANSWER_SECONDS = 30.0
"""Ours: an answer that drips in for longer counts as none."""

LIST_LIMIT = 100
"""v4 lists: 1..100. official."""
CHANGED_AHEAD = timedelta(days=1)
"""`last_changed_status_date` is a period; its end may lie ahead. official (a period, both ends optional) for the field,
inferred for an end to come. A new posting counts as changed when it began. inferred; whoever relies on the filter reads
what began lately as well, and all of it once a day."""
TRACKING_CHUNK = 20
"""/v2/fbs/posting/tracking-number/set. official."""
DELIVERY_CHUNK = 20
"""/v2/fbs/posting/delivering, last-mile, delivered: "value must contain between 1 and 20 items". seen. Their status
changes asynchronously (official), so that an answer without an error is read back."""
LABEL_CHUNK = 1000
"""/v3/posting/fbs/package-label/create. official."""
RETURNS_LIMIT = 500
"""/v2/returns/rfbs/list names no maximum; its example asks for 1,000. example."""
RETURNS_LOOK_BACK = timedelta(days=90)
"""Ours: rFBS delivers within 30 days (official, Process), disputes take up to 31 more (Ozon Global pages)."""
GOODS_RETURNS_LIMIT = 500
"""/v1/returns/list: at most 500. official."""
PUSH_URLS_LIMIT = 100
"""/v1/notification/list, its default. official."""
INDEX_POSTINGS_LIMIT = 1000
"""/v1/rating/index/fbs/posting/list: at most 1,000. official."""
CHAT_TEXT_LIMIT = 1000
"""/v1/chat/send/message: 1..1000 plain characters. official."""
CHAT_LIST_LIMIT = 100
"""/v3/chat/list: at most 100. official."""
CHAT_HISTORY_LIMIT = 100
"""/v3/chat/history takes 1,000; ours, a support chat has a few new messages at a time."""

FILE_HOST_SUFFIXES = ("ozon.ru", "ozone.ru")
"""Where label files live: `ir.ozone.ru`. example. Anything else must be the API's own host."""

FBS_INTEGRATION = "ozon"
"""`tpl_integration_type` of what the marketplace delivers; every other known value is rFBS. official."""

EMPTY_YEAR = 1
"""A date of year 0001 is an empty date (a zero time.Time). seen, example of the push."""
NO_BARCODE = "0"
"""`barcodes` of a posting that has none yet. example of v4 unfulfilled/list."""
NO_POSTING_AT_ALL = "not found"
"""A gRPC gateway's message for an unknown PATH (404, code 5); a missing posting is POSTING_NOT_FOUND. inferred."""

NO_RESTRICTION = 0
"""A limit of 0 in /v1/posting/fbs/restrictions says that there is none: its example has 0 for both minima, and a number
field cannot be empty there. inferred. Weight is in grams, sides in centimetres, the price in roubles (official)."""

MISSING_CURRENCY = "RUB"
"""The currency of an amount of the error index or of an accrual that comes without one: the first of the values that
the schema of /v1/rating/index/fbs/posting/list names, and the marketplace's own. inferred."""
INDEX_PERIOD = timedelta(days=14)
"""The period of the error index where /v1/rating/index/fbs/info names none, as before a seller's first posting. Ozon
Global pages."""
NO_THRESHOLD = 0
"""A threshold of 0 in /v1/rating/history says that there is none: a number field cannot be empty there. inferred."""
DISCOUNT = "discount"
"""`tariff_type` of a step that gives money back. Its rate and charge come as positive numbers (example of v4
unfulfilled/list), so the adapter turns their sign: a charge below zero is a discount."""

FREE_TARIFF = "no_discount"
"""`current_tariff_type` where neither more nor less is charged, whatever the rate beside it says. example of v3/get."""
NEXT_TARIFF_LATER = timedelta(seconds=1)
"""`next_tariff_starts_at` is the second after the end of the step before, `shipment_date`. example of v3/get."""

CANCEL_REQUEST_LIMIT = 500
"""/v2/conditional-cancellation/list: at most 500. official."""
CANCEL_REQUEST_CHUNK = 50
"""Posting numbers in a filter of /v2/conditional-cancellation/list, which names no maximum. Ours."""

ACCRUALS_CHUNK = 200
"""/v1/finance/accrual/postings: 1..200 posting numbers. official."""
ACCRUAL_WORDS: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = (
    ("postage", (("postage",), ("обратн", "покупател"), ("пересыл", "покупател"))),
    ("compensation", (("compensation",), ("компенсац", "покупател"))),
    ("refund", (("refund",), ("возврат", "покупател"))),
)
"""Kind of our ledger's entries -> words that its types of accrual have in their name or description, each alternative
with all of its words; the first kind that fits. Neither ids nor names of the types are published, only the method that
lists them (/v1/finance/accrual/types). inferred. Where no name fits, an accrual counts if it names the goods, pieces
and day of a refund with its amount (application/refunds/identity.py)."""

CARRIAGE_LIST_LIMIT = 100
"""/v2/carriage/delivery/list names no maximum for `limit`. Ours; asked for one delivery method it holds one entry."""
CONTAINER_LIST_LIMIT = 100
"""/v1/carriage/container/list, its default. official."""

STOCKS_LIMIT = 1000
"""/v2/product/info/stocks-by-warehouse/fbs: at most 1,000 values a page of at most 1,000 articles. official. Its text
calls `product_id` an article, and no example of it exists: pairs are read by `offer_id` and `warehouse_id`. A list of
`total_items` is not in its schema; `has_next` and `cursor` are.

/v2/products/stocks: `stock` is what is on hand without what is reserved, 100 pairs a call, 80 calls a minute of an
account, one number in 30 seconds for a pair (`TOO_MANY_REQUESTS` in that pair's errors). official. Its schema requires
`product_id`; its text wants one of `product_id` and `offer_id`: the article is sent alone. Some clients name
`quant_size` too, which is gone with the tariff it was for. A number below what is reserved and free: the marketplace
writes the old rest off and counts anew. official, Process."""
WAREHOUSES_LIMIT = 200
"""/v2/warehouse/list: at most 200. official."""

DEPARTURE_TIME = "T00:00:00Z"
"""/v1/carriage/create wants `departure_date` as a date-time and names no hour: midnight UTC is the same calendar day in
every zone where sellers are. inferred."""
RECIPIENT_EXTENSION = "доб."
"""`addressee.pin` is the extension of a substitute phone number (official, v3/get); written as Russian phones are."""

CARRIAGE_NEW = "new"
"""The only status in which a carriage may be changed (official, set-postings). `cancelled` and `error` are over, every
other one counts as approved: /v1/carriage/get names received, closed, sended and cancelled only, the filter of
/v2/posting/fbs/act/list has more. inferred. What the product does with them stands in
application/carriages/work.py.

Nothing says which field is the carrier's first scan: a posting's status behind awaiting_deliver counts as one, and the
`status` of act/get-postings is taken for the same values as in v3/get. inferred.

Sellers outside Russia without "recommended time" are sent to /v2/posting/fbs/act/create by official text; it is no
longer published and was announced off for 7 September 2026, so it is not called: creating is refused, and a person is
told."""

BOXES_WITHOUT_WORD = 1
"""`multi_box_qty` of a posting whose boxes nobody counted. example of v3/get and the v4 lists. So 1 tells nothing, and
a posting counts as told of one box by our own call.

`available_actions` names no action for /v1/posting/fbs/split, /v4/posting/fbs/ship/package and
/v3/posting/multiboxqty/set: they are taken to be possible where `ship` is offered. inferred (the description: before
assembly). Whether the parent of a split ends (`cancelled_from_split_pending`, as after ship) or stays with one of the
parcels is not said: both settle. The answer of ship/package is one text (official); several numbers in it are taken to
stand apart by commas. inferred. A label has a page for each box: only that one box has one page is published. inferred.
"""
