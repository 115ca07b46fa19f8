"""The error index with its charges, and the seller's ratings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from shipby_local.simulator import words
from shipby_local.simulator.api.call import Call, Method
from shipby_local.simulator.desks.rating import day_ends
from shipby_local.simulator.errors import invalid
from shipby_local.simulator.words import Json, stamp

_LONGEST: Final = timedelta(days=366)
_ON_TIME_PERIOD: Final = timedelta(days=30)
Value = Callable[[datetime], Decimal]
"""A rating as a function of time."""


def index_info(call: Call) -> Json:
    desk, client, now = call.market.ratings, call.seller.client_id, call.world.now()
    days = desk.days(client)
    return {
        "currency_code": call.seller.currency,
        "defects": [
            {
                "date": one.day.isoformat(),
                "index_by_date": float(one.index),
                "processing_costs_sum_by_date": float(one.costs),
            }
            for one in days
        ],
        "index": float(desk.index(client, now)),
        "period_from": desk.begin(now).date().isoformat(),
        "period_to": now.date().isoformat(),
        "processing_costs_sum": float(sum((one.costs for one in days), Decimal(0))),
    }


def index_postings(call: Call) -> Json:
    filters, limit = call.body.part("filter"), call.body.limit(1000)
    begin, end = _period(filters.when("date_from"), filters.when("date_to"))
    numbers = set(filters.texts("posting_numbers"))
    cursor = call.body.text("cursor", "") or "0"
    if not cursor.isdigit():
        raise invalid("Request validation error: invalid Cursor")
    found = [
        error
        for error in call.market.ratings.errors(call.seller.client_id)
        if begin <= error.at <= end and (not numbers or error.posting_number in numbers) and error.id > int(cursor)
    ]
    page = found[:limit]
    return {
        "cursor": str(page[-1].id) if len(found) > limit else "",
        "errors": [
            {
                "charge_percent": float(error.percent),
                "charge_price": float(error.charge),
                "charge_price_currency_code": error.currency,
                "delivery_schema": error.scheme,
                "error_at": stamp(error.at),
                "has_grace_status": error.grace,
                "index": float(error.index),
                "posting_error_type": error.type,
                "posting_number": error.posting_number,
                "product_price": float(words.cents(error.price)),
                "product_price_currency_code": error.currency,
            }
            for error in page
        ],
        "has_next": len(found) > limit,
    }


def history(call: Call) -> Json:
    """Ratings that are not counted here are left out, as those of a seller who has none yet."""
    wanted = call.body.texts("ratings")
    if not wanted or set(wanted) - words.RATINGS:
        raise invalid(f"Request validation error: invalid Ratings: {sorted(set(wanted) - words.RATINGS)}")
    begin, end = _period(call.body.when("date_from"), call.body.when("date_to"))
    terms, desk = call.world.settings.index, call.market.ratings
    found = []
    if words.INDEX_RATING in wanted:
        values = _daily(call, begin, end, desk.history(call.seller.client_id))
        found.append(_rating(words.INDEX_RATING, values, desk.first_band, terms.block_above))
    if words.ON_TIME_RATING in wanted:
        found.append(_rating(words.ON_TIME_RATING, _daily(call, begin, end, _on_time(call)), Decimal(0), Decimal(0)))
    return {"premium_scores": [], "ratings": found}


def summary(call: Call) -> Json:
    desk, now, terms = call.market.ratings, call.world.now(), call.world.settings.index
    index = desk.history(call.seller.client_id)
    current, past = index(now), index(now - timedelta(days=1))
    direction = "RISE" if current > past else "FALL" if current < past else "NONE"
    meaning = {"RISE": "BAD", "FALL": "GOOD", "NONE": "NONE"}[direction]
    status = "CRITICAL" if current > terms.block_above else "WARNING" if current > desk.first_band else "OK"
    return {
        "groups": [
            {
                "group_name": "FBS и rFBS",
                "items": [
                    {
                        "change": {"direction": f"DIRECTION_{direction}", "meaning": f"MEANING_{meaning}"},
                        "current_value": float(current),
                        "name": "Индекс ошибок FBS и rFBS",
                        "past_value": float(past),
                        "rating": words.INDEX_RATING,
                        "rating_direction": "LOWER_IS_BETTER",
                        "status": status,
                        "value_type": "PERCENT",
                    }
                ],
            }
        ],
        "localization_index": [],
        "penalty_score_exceeded": False,
        "premium": call.seller.chat_subscription,
        "premium_plus": call.seller.chat_subscription,
    }


def _period(begin: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    if begin is None or end is None:
        raise invalid("Request validation error: invalid Filter: date_from and date_to are required")
    if end < begin:
        raise invalid("Request validation error: invalid Filter: date_to < date_from")
    return begin, end


def _daily(call: Call, begin: datetime, end: datetime, value: Value) -> list[tuple[date, Decimal]]:
    now = call.world.now()
    first, last = max(begin, now - _LONGEST).date(), min(end, now).date()
    return [(day, value(min(now, at))) for day, at in day_ends(first, last)]


def _on_time(call: Call) -> Value:
    """The share of postings handed over in 30 days that were not delayed; 100 while there is none."""
    errors = call.market.ratings.errors(call.seller.client_id)
    late = {error.posting_number for error in errors if error.type == "SELLER_DELAY"}
    handed = [(posting.handed_over_at, posting.number in late) for posting in call.own_postings()]

    def value(at: datetime) -> Decimal:
        delayed = [bad for when, bad in handed if when is not None and at - _ON_TIME_PERIOD < when <= at]
        return Decimal(100) - Decimal(sum(delayed) * 100) / len(delayed) if delayed else Decimal(100)

    return value


def _rating(name: str, values: list[tuple[date, Decimal]], warning: Decimal, danger: Decimal) -> Json:
    """One rating of the history. A threshold of 0 is none; above another one a value is bad."""
    return {
        "danger_threshold": float(danger),
        "premium_threshold": 0,
        "rating": name,
        "values": [
            {
                "date_from": stamp(datetime.combine(day, time(), UTC)),
                "date_to": stamp(datetime.combine(day, time(23, 59, 59), UTC)),
                "status": {
                    "danger": 0 < danger < value,
                    "premium": False,
                    "warning": 0 < warning < value,
                },
                "value": float(value),
            }
            for day, value in values
        ],
        "warning_threshold": float(warning),
    }


METHODS: dict[str, Method] = {
    "/v1/rating/index/fbs/info": index_info,
    "/v1/rating/index/fbs/posting/list": index_postings,
    "/v1/rating/history": history,
    "/v1/rating/summary": summary,
}
