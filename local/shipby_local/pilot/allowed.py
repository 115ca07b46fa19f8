"""The only calls that the pilot can make: all of them read, and none leaves anything behind.

Not on the list although they change nothing that a seller would miss: whatever makes the marketplace prepare a file or
a job (labels, acts, papers of cargo places).
"""

from __future__ import annotations

from typing import Final

from shipby.adapters.ozon import methods
from shipby.adapters.ozon.methods import Method

READING: Final[tuple[Method, ...]] = (
    methods.ROLES,
    methods.PUSH_URLS,
    methods.POSTING_UNFULFILLED,
    methods.POSTING_LIST,
    methods.POSTING_GET,
    methods.CANCEL_REASONS,
    methods.CANCEL_REQUEST_LIST,
    methods.RETURNS_LIST,
    methods.RETURNS_GET,
    methods.GOODS_RETURNS_LIST,
    methods.INDEX_INFO,
    methods.INDEX_POSTINGS,
    methods.RATING_HISTORY,
    methods.ACCRUAL_TYPES,
    methods.ACCRUALS,
    methods.CARRIAGE_LIST,
    methods.CARRIAGE_GET,
    methods.ACT_POSTINGS,
    methods.CONTAINER_LIST,
    methods.CHAT_LIST,
    methods.CHAT_HISTORY,
)
PATHS: Final = frozenset(method.path for method in READING)
