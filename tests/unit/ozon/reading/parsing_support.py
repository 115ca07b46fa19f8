"""Parts of answers read as the client reads them."""

from __future__ import annotations

from datetime import UTC, datetime

from shipby.adapters.ozon.reading.answers import Node
from shipby.adapters.ozon.reading.postings import posting_of
from shipby.adapters.ozon.reading.returns import return_of
from shipby.domain.money import Money
from shipby.domain.postings.posting import MarketplacePosting
from shipby.domain.returns.return_case import MarketplaceReturn

READ_AT = datetime(2026, 10, 1, tzinfo=UTC)
FOREVER = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


def utc(month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=UTC)


def rub(amount: str) -> Money:
    return Money.parse(amount, "RUB")


def read_posting(fields: object) -> MarketplacePosting:
    return posting_of(Node.of(fields, "posting"), READ_AT)


def read_return(fields: object) -> MarketplaceReturn:
    return return_of("8000123456", Node.of(fields, "return"), READ_AT)
