"""What the marketplace has switched off or announced to, with what stands in; and what of ours that concerns.

Source: the changelog of the official API description unless noted. Dates are announced about a month ahead and are
moved: an entry is changed here when a new one is published.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from shipby.adapters.ozon.methods import METHODS

WARN_BEFORE: Final = timedelta(days=45)
"""Ours: the marketplace announces about a month ahead, and a release takes its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchOff:
    """Until when a method answers, and what to call instead; `on` is None where no date is published or it is gone."""

    on: date | None
    instead: str = ""


_RETURNS = SwitchOff(on=date(2026, 8, 11), instead="/v1/returns/rfbs/action/set")
_LISTS = date(2026, 8, 31)
_LABELS = date(2026, 11, 2)
_LABEL_PAIR = "/v3/posting/fbs/package-label/create and /v2/posting/fbs/package-label/get"
_QUANTS = SwitchOff(on=date(2026, 9, 8))
_WAREHOUSES = date(2026, 4, 7)
_REVIEWS = SwitchOff(on=None, instead="/v2/review/*, /v1/review/comment/create and list")
_CANCELLATIONS = SwitchOff(on=None, instead="/v2/conditional-cancellation/*")
_ACT = date(2026, 3, 20)

SWITCHED_OFF: Final[Mapping[str, SwitchOff]] = {
    "/v3/posting/fbs/ship": SwitchOff(on=date(2024, 2, 9), instead="/v4/posting/fbs/ship"),
    "/v3/posting/fbs/ship/package": SwitchOff(on=date(2024, 2, 9), instead="/v4/posting/fbs/ship/package"),
    "/v3/posting/fbs/list": SwitchOff(on=_LISTS, instead="/v4/posting/fbs/list"),
    "/v3/posting/fbs/unfulfilled/list": SwitchOff(on=_LISTS, instead="/v4/posting/fbs/unfulfilled/list"),
    "/v2/posting/fbs/package-label": SwitchOff(on=_LABELS, instead=_LABEL_PAIR),
    "/v1/posting/fbs/package-label/create": SwitchOff(on=_LABELS, instead=_LABEL_PAIR),
    "/v2/posting/fbs/package-label/create": SwitchOff(on=_LABELS, instead=_LABEL_PAIR),
    "/v1/posting/fbs/package-label/get": SwitchOff(on=_LABELS, instead=_LABEL_PAIR),
    "/v2/returns/rfbs/verify": _RETURNS,
    "/v2/returns/rfbs/reject": _RETURNS,
    "/v2/returns/rfbs/compensate": _RETURNS,
    "/v2/returns/rfbs/receive-return": _RETURNS,
    "/v2/returns/rfbs/return-money": _RETURNS,
    "/v1/conditional-cancellation/list": _CANCELLATIONS,
    "/v1/conditional-cancellation/approve": _CANCELLATIONS,
    "/v1/conditional-cancellation/reject": _CANCELLATIONS,
    "/v2/chat/list": SwitchOff(on=date(2026, 6, 9), instead="/v3/chat/list"),
    "/v1/review/list": _REVIEWS,
    "/v1/review/info": _REVIEWS,
    "/v1/review/count": _REVIEWS,
    "/v1/review/change-status": _REVIEWS,
    "/v1/review/comment/delete": _REVIEWS,
    "/v1/warehouse/list": SwitchOff(on=_WAREHOUSES, instead="/v2/warehouse/list"),
    "/v1/delivery-method/list": SwitchOff(on=_WAREHOUSES, instead="/v2/delivery-method/list"),
    "/v1/product/info/stocks-by-warehouse/fbs": SwitchOff(
        on=_WAREHOUSES, instead="/v2/product/info/stocks-by-warehouse/fbs"
    ),
    "/v1/posting/carriage-available/list": SwitchOff(on=_ACT, instead="/v2/carriage/delivery/list"),
    # Quoted from the marketplace's notice by googlesheets-ru/OzonFromGAS, issue 4.
    "/v2/posting/fbs/digital/act/check-status": SwitchOff(on=_ACT, instead="/v2/posting/fbs/act/check-status"),
    "/v2/posting/fbs/digital/act/get-pdf": SwitchOff(on=_ACT, instead="/v2/posting/fbs/act/get-pdf"),
    "/v2/posting/fbs/act/create": SwitchOff(
        on=date(2026, 9, 7), instead="/v1/carriage/create and /v1/carriage/approve"
    ),
    "/v2/fbs/posting/sent-by-seller": SwitchOff(on=None),
    "/v3/finance/transaction/list": SwitchOff(
        on=date(2026, 9, 8), instead="/v1/finance/accrual/postings, by-day and types"
    ),
    "/v1/product/quant/list": _QUANTS,
    "/v1/product/quant/info": _QUANTS,
}
"""Methods that are gone or will be. What the product calls must not be here with a date that has come."""

_TOTALS = date(2026, 11, 23)
FIELDS_SWITCHED_OFF: Final[Mapping[tuple[str, str], SwitchOff]] = {
    ("/v3/product/list", "result.total"): SwitchOff(
        on=date(2026, 11, 23), instead="result.total_items, paged by cursor"
    ),
    ("/v4/product/info/stocks", "total"): SwitchOff(on=_TOTALS, instead="total_items, paged by cursor"),
    ("/v5/product/info/prices", "total"): SwitchOff(on=_TOTALS, instead="total_items, paged by cursor"),
    ("/v1/finance/accrual/by-day", "type_id"): SwitchOff(on=date(2026, 6, 9), instead="accruals.accrual_id"),
}
"""(method, field of its answer) -> as above. None of these methods is called yet."""

_OURS: Final = tuple(one.path for one in METHODS)


def ending(
    today: date,
    *,
    paths: Collection[str] = _OURS,
    table: Mapping[str, SwitchOff] = SWITCHED_OFF,
    before: timedelta = WARN_BEFORE,
) -> dict[str, str]:
    """Methods of ours that end within `before`, or have ended: path -> what to tell the operator."""
    return {
        path: _told(path, table[path], today)
        for path in paths
        if path in table and ((on := table[path].on) is None or on - today <= before)
    }


def _told(path: str, off: SwitchOff, today: date) -> str:
    when = "is announced to be switched off" if off.on is None else f"is switched off on {off.on.isoformat()}"
    if off.on is not None and off.on <= today:
        when = f"was switched off on {off.on.isoformat()}"
    return f"the marketplace's method {path} {when}" + (
        f"; {off.instead} stands in: update Shipby" if off.instead else ""
    )
