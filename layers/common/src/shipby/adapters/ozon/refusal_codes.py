"""The marketplace's published error codes and what to do about each; those of one group of methods stand together.

Source: official, Errors and Process. The codes of marks (`error_codes` of exemplars) are published nowhere: they are
shown as they come. Codes of methods that this version does not call yet are here too, as messages name each other's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_ANYWHERE: Final[Mapping[str, str]] = {
    "TRANSITION_IS_NOT_POSSIBLE": "read the posting again: its status does not allow this step",
    "HAS_INCORRECT_TPL_INTEGRATION_TYPE": "for this delivery type the carrier or the marketplace sets it",
    "HAS_INCORRECT_STATUS": "read the posting again: its status does not allow this",
    "HAS_INCORRECT_PRODUCT_QUANTITY": "the quantities differ from the posting's",
    "HAS_INCORRECT_CANCEL_REASON": "ask for the posting's own cancel reasons and choose one of them",
    "UNKNOW_PRODUCT": "name products by SKU, not by product id",
    "UNKNOWN_PRODUCT_DEFINED": "name products by SKU, not by product id",
    "SHIP_FBP_POSTINGS_IS_FORBIDDEN": "a partner's warehouse assembles this posting",
    "INCORRECT_OVH_FOR_POSTING": "the package is beyond the limits of the drop-off point",
    "NO_POSTINGS_FOR_BATCH_DOWNLOAD": "no posting of the request has a label now",
    "POSTING_NUMBERS_IS_INCORRECT_FOR_COMPANY": "a posting belongs to another account",
    "label not allowed for delivered postings": "the posting is delivered: it needs no label",
    "BLR_TRACEABLE_PICKUP_NOT_ALLOWED": "the drop-off point takes no goods that Belarus traces: choose another one",
    "INCORRECT_E_WAYBILL_STATUS": "the electronic waybill of goods that Belarus traces is not ready: finish it first",
    # Marks and documents of goods.
    "EXEMPLAR_INFO_NOT_FILLED_COMPLETELY": "fill in the marks, GTD or weight that the posting requires first",
    "EXEMPLAR_INFO_ALREADY_DEFINED": "the marks are there already: read the posting again",
    "MANDATORY_MARK_REDUNDANT": "these goods need no mark: leave it out",
    "Posting must have 'awaiting_packaging' status": "marks can be set before assembly only",
    "GTD_IS_REQUIRED_ONLY_FOR_LEGAL_CUSTOMER": "leave the customs number out: the buyer is a person",
    "GTD_MUST_BE_SPECIFIED_FOR_PRODUCT_COUNTRY": "give the customs number, or say that there is none (is_gtd_absent)",
    "WEIGHT_IS_REQUIRED": "weigh the goods and give the weight",
    "WEIGHT_IS_OUT_OF_RANGE": "the weight is outside what the posting allows: weigh again, or cancel the surplus",
}
_EXEMPLAR_OF_OTHERS: Final = re.compile(r"EXEMPLAR_ID does not belong|exemplar\S* \S* ?does not belong", re.IGNORECASE)
_HAND_OVER: Final[Mapping[str, str]] = {
    "POSTING_NOT_FOUND": "no new posting waits for a carriage: approve the carriage before, or add postings to it",
    "can't create carriage": "the marketplace makes no carriage now: look at the delivery method in the cabinet",
    "no_postings": "no posting waits for a carriage",
    "not_packaged": "postings are not assembled yet",
    "not_registered": "postings are not registered yet: try again in some minutes",
    "new_postings_are_possible": "postings may still come for this day: wait for the end of its intake",
    "package_time_not_passed": "the time to assemble is not over yet",
    "outdated": "the day of departure has passed: choose another one",
    "partial_carriage_formed": "a part of the postings is in another carriage already",
    "partial_carriage_in_proccess": "another carriage is being made of a part of the postings: wait",
    "will_be_partial_carriage": "the carriage would hold a part of the postings only",
    "there_are_incomplete_carriages": "an earlier carriage is not finished: approve or cancel it first",
    "not_accepted_on_sc": "an earlier carriage was not accepted at the sort centre yet",
    "has_postings_with_registration_error": "a posting could not be registered: look at it in the cabinet",
    "has_seller_returns_in_stock": "returns wait at the drop-off point: fetch them",
    "has_overflow": "the drop-off point is full: choose another one or another day",
    "has_surge": "handing over costs more there now",
    "first_mile_absent": "no way of handing over is set for the warehouse: set it in the cabinet",
    "first_mile_is_changing": "the way of handing over is being changed: wait",
    "non_carriageable": "postings of this method need no carriage",
    "DELIVERY_METHOD_NOT_FOUND": "the delivery method is not this seller's, or is switched off",
    "Company has no FBS-warehouses": "the account has no FBS warehouse",
    "Trying set ContainersCount to not HasEntrustedAcceptance company": "leave the number of containers out",
    "Incorrect_carriage_status": "its papers exist once it is formed or sent: approve it first",
}
_STOCKS: Final[Mapping[str, str]] = {
    "product_is_not_created": "wait until the product has the status price_sent",
    "offer_id_not_found": "no product has this article",
    "NOT_FOUND_ERROR": "no such product",
    "WAREHOUSE_NOT_FOUND": "the warehouse is not this seller's, or is not active",
    "STOCK_TOO_BIG": "a stock is below 1,000,000",
    "PRODUCT_IS_ARCHIVED": "the product is archived: bring it back first",
    "SOURCE_TYPE_NOT_FOUND": "the product has no SKU yet",
    "SIZE_REQUIRED_FOR_NOT_UNIQUE_OFFER_ID": "several products have this article: name the product id",
    "PRODUCT_HAS_NOT_BEEN_TAGGED_YET": "the marketplace has not sorted the product in yet: wait",
    "NON_KGT_ON_KGT_WAREHOUSE": "the warehouse takes bulky goods only",
    "OVER_MAX_OVH_NON_KGT": "the product is too large for this warehouse",
    "OVER_MAX_OVH_KGT": "the product is too large even for bulky goods",
    "MULTIBOX_NOT_ALLOWED_FOR_FBS": "goods in several boxes cannot be sold from this warehouse",
    "MP_DELIVERY_ONLY_3PL_ERROR": "the product may be delivered by external carriers only",
    "CB_DELIVERY_ONLY_FBP": "the product may be sold from a partner's warehouse only",
    "FLAMMABLE_ONLY_ON_SELF_OR_PROVIDER_DELIVERY": "flammable goods: the seller or their carrier has to deliver them",
}
_GROUPS: Final = (
    (re.compile(r"/carriage/|/fbs/act/"), _HAND_OVER),
    (re.compile(r"/products/stocks"), _STOCKS),
)
_OWN_MEANING: Final = re.compile(r"/v\d+/carriage/create")
_MAY_PASS: Final = ("HAS_INCORRECT_STATUS", "TRANSITION_IS_NOT_POSSIBLE")
"""Statuses change asynchronously after a call (official, Process): right after one, the next may be refused for the
status of before. Whoever asks again first reads that the action is offered."""
_TOO_SOON: Final[Mapping[str, float]] = {"TOO_MANY_REQUESTS": 30.0, "Stock is updated too frequently": 30.0}
"""Text -> seconds: the same product and warehouse once in 30 s. official, /v2/products/stocks."""


def advice_on(path: str, text: str) -> str:
    """What a refusal of a method means for the seller; empty if its code is unknown."""
    own = next((codes for methods, codes in _GROUPS if methods.search(path)), {})
    found = [hint for code, hint in {**_ANYWHERE, **own}.items() if has_code(text, code)]
    if not found and _EXEMPLAR_OF_OTHERS.search(text):
        return "the exemplar is of another product: ask for the posting's exemplars again"
    return found[-1] if found else ""


def own_meaning(path: str, text: str) -> str:
    """What a code means where a method says something else by it than all others; empty for every other one."""
    code = "POSTING_NOT_FOUND"
    return _HAND_OVER[code] if _OWN_MEANING.match(path) and has_code(text, code) else ""


def may_pass(text: str) -> bool:
    """Whether a refusal of one item may be over in a moment; `HAS_INCORRECT_STATUSES` is another code."""
    return any(has_code(text, code) for code in _MAY_PASS)


def wait_of(text: str) -> float:
    """Seconds to wait where a text says that something came too soon; 0 where it does not."""
    return next((seconds for words, seconds in _TOO_SOON.items() if has_code(text, words)), 0.0)


def has_code(text: str, code: str) -> bool:
    """Whether a text has a code as a whole word: `outdated` is not in `NOT_OUTDATED`."""
    return re.search(rf"(?<![A-Za-z_]){re.escape(code)}(?![A-Za-z_])", text) is not None
