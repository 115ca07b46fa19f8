"""The guard as API clients see it: where the seller stands, and what cancelling one posting would do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import cast

from shipby.application.ports.store import Store
from shipby.application.postings.work_posting import load_posting
from shipby.application.rating.guard import NOT_SELLERS_FAULT, forecast_of, room_words, standing, words
from shipby.application.rating.index_figures import Knowledge, Standing
from shipby.application.shared.views import money_view, time_text
from shipby.domain.deadlines.policy import CANCEL_OFFER, Offers, choices
from shipby.domain.intents import IntentAction, open_of
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import FINAL, Posting
from shipby.domain.rating.error_index import Band, Forecast, shown
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.skew import ahead

FORESEEN = (1, 2, 3, 5, 10)
"""How many cancels the overview looks ahead."""


def get_guard(seller: str, *, store: Store, now: datetime) -> dict[str, Json]:
    """Where the seller stands: the index, its band, the room before a worse one, and what cancels would cost."""
    settings = store.settings(seller) or SellerSettings(seller=seller)
    where = standing(seller, store=store, now=now)
    told = {count: forecast_of(where, count=count) for count in FORESEEN}
    first = told[1]
    figures = where.figures
    wrong = figures is not None and ahead(figures.read_at, now)
    table, thresholds = where.table, figures.thresholds if figures else None
    return {
        "state": where.word,
        "guard_on": settings.cancel_guard,
        "in_words": room_words(first),
        **_now(where, first),
        "asked": len(figures.asked) if figures else 0,
        "automatic": _automatic(where, settings, first),
        "forecasts": [
            {
                "cancels": count,
                "index": _text(one.index),
                "band": one.band.name if one.band else None,
                "worse": one.worse,
                "fee_percent": _text(one.fee_percent),
                "in_words": words(one),
            }
            for count, one in told.items()
            if one is not None and one.known
        ],
        "table": {
            "name": table.name,
            "market": table.market,
            "schemes": list(table.schemes),
            "valid_from": table.valid_from.isoformat(),
            "source": table.source,
            "certain": table.certain,
            "note": table.note,
            "least_fee": money_view(table.least),
            "most_fee": money_view(table.most),
        },
        "bands": [_band_view(band) for band in where.bands],
        "warning": _text(thresholds.warning if thresholds else None),
        "danger": _text(thresholds.danger if thresholds else None),
        "costs": money_view(figures.costs) if figures else None,
        "period_from": figures.period_from.isoformat() if figures else None,
        "period_to": figures.period_to.isoformat() if figures else None,
        "leaving": [{"date": day, "errors": count} for day, count in figures.leaves.items()] if figures else [],
        "read_at": time_text(figures.read_at) if figures else None,
        "age_seconds": int((now - figures.read_at).total_seconds()) if figures and not wrong else None,
    }


def get_cancel_forecast(seller: str, number: str, *, store: Store, now: datetime) -> dict[str, Json]:
    """What cancelling this posting would do and cost, and what else can be done. Raises NotFoundError."""
    posting = load_posting(store, seller, number)
    detail = store.detail(seller, number)
    settings = store.settings(seller) or SellerSettings(seller=seller)
    where = standing(seller, store=store, now=now)
    asked = bool(where.figures and number in where.figures.asked)
    told = forecast_of(where, count=0 if asked else 1, price=detail.paid if detail else None)
    offers = Offers(
        actions=detail.actions if detail else (),
        cancel_fee=told.fee if told else None,
        cancel_note=words(told) if told else "",
    )
    counts, why = _counts(posting, where)
    return {
        "posting_number": number,
        "stage": posting.stage,
        "cancel_offered": CANCEL_OFFER in offers.actions and posting.stage not in FINAL,
        "being_cancelled": bool(open_of(posting, IntentAction.CANCEL)),
        "counts": counts,
        "why": why,
        "state": where.word,
        "in_words": words(told) if told else "the error index was never read: what it would do is not known",
        **_now(where, told),
        "index_after": _text(told.index if told else None),
        "band_after": told.band.name if told and told.band else None,
        "worse": told.worse if told else None,
        "needs_acceptance": bool(told and told.worse and settings.cancel_guard),
        "automatic": _automatic(where, settings, told),
        "fee": money_view(told.fee if told else None),
        "fee_percent": _text(told.fee_percent if told else None),
        "fee_capped": told.capped if told else False,
        "order_value": money_view(detail.paid if detail else None),
        "lost": money_view(posting.late_price),
        "at_risk": money_view(posting.at_risk),
        "choices": [_choice_view(one) for one in choices(posting, offers, settings, at=now)],
    }


def _now(where: Standing, told: Forecast | None) -> dict[str, Json]:
    state = where.state
    return {
        "index": _text(shown(state.index) if state else None),
        "expected_index": _text(shown(state.now) if state and state.known else None),
        "band": told.band_now.name if told and told.band_now else None,
        "next_band": told.next_band.name if told and told.next_band else None,
        "room": told.room if told else None,
        "errors": state.errors if state else None,
        "shipments": state.shipments if state and state.known else None,
        "estimated": told.estimated if told else True,
        "basis": state.basis if state else "none",
    }


def _automatic(where: Standing, settings: SellerSettings, told: Forecast | None) -> str:
    """Whether the next automatic cancel would be sent: as the guard decides it, before caps and the kill switch."""
    if told is not None and told.worse:
        return "held"
    return "held" if where.word is not Knowledge.KNOWN and settings.cancel_guard else "allowed"


def _counts(posting: Posting, where: Standing) -> tuple[str, str]:
    if posting.stage in FINAL:
        return "no", f"the posting is {posting.stage}: nothing can be cancelled any more"
    buyers = ", ".join(str(reason) for reason in sorted(NOT_SELLERS_FAULT))
    also = f"a cancel by the buyer or the marketplace does not, nor one with reason {buyers}"
    if posting.scheme in where.table.schemes:
        return "yes", f"a cancel by the seller counts; {also}"
    return "uncertain", f"the published bands are not for {posting.scheme}; taken as counted; {also}"


def _choice_view(choice: Json) -> dict[str, Json]:
    one = cast("Mapping[str, Json]", choice)
    following = cast("Mapping[str, Json] | None", one.get("next"))
    return {
        "move": str(one["move"]),
        "offered": bool(one["offered"]),
        "why": one.get("why"),
        "costs": one.get("price"),
        "next_step": {"amount": following["amount"], "currency": following["currency"]} if following else None,
        "next_step_at": time_text(datetime.fromisoformat(str(following["at"]))) if following else None,
        "note": one.get("note"),
    }


def _band_view(band: Band) -> Json:
    return {
        "name": band.name,
        "up_to": _text(band.up_to),
        "fee_percent": _text(band.fee_percent),
        "blocks": band.blocks,
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
