"""The marketplace's vocabulary: states, cancel reasons, return actions, error texts. One place per fact.

Source unless noted otherwise: the official Seller API description. What nobody publishes (ids of buyer and marketplace
cancel reasons, ids and names of return actions besides -1, -10 and 1020, names of return states) is invented here and
marked so: a client must take such values from the answers, never from its own code.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

Json = dict[str, Any]

AWAITING_REGISTRATION: Final = "awaiting_registration"
AWAITING_PACKAGING: Final = "awaiting_packaging"
AWAITING_DELIVER: Final = "awaiting_deliver"
DELIVERING: Final = "delivering"
DELIVERED: Final = "delivered"
CANCELLED: Final = "cancelled"
NOT_ACCEPTED: Final = "not_accepted"
SPLIT: Final = "cancelled_from_split_pending"

TERMINAL: Final = frozenset({DELIVERED, CANCELLED, SPLIT})
UNFULFILLED: Final = frozenset(
    {"acceptance_in_progress", "awaiting_approve", AWAITING_PACKAGING, AWAITING_REGISTRATION}
)
UNFULFILLED_WITH_DELIVER: Final = UNFULFILLED | {AWAITING_DELIVER, "arbitration", NOT_ACCEPTED}

NON_INTEGRATED: Final = "non_integrated"
AGGREGATOR: Final = "aggregator"

CYRILLIC_CUSTOMER: Final = "\u0421ustomer"
"""Chat pushes spell the buyer's user type with a Cyrillic first letter; the official sample does so too."""

PUSH_TYPES: Final = (
    "TYPE_NEW_MESSAGE",
    "TYPE_UPDATE_MESSAGE",
    "TYPE_MESSAGE_READ",
    "TYPE_CHAT_CLOSED",
    "TYPE_NEW_POSTING",
    "TYPE_POSTING_CANCELLED",
    "TYPE_STATE_CHANGED",
    "TYPE_DELIVERY_DATE_CHANGED",
    "TYPE_CUTOFF_DATE_CHANGED",
    "TYPE_CREATE_ITEM",
    "TYPE_UPDATE_ITEM",
    "TYPE_CREATE_OR_UPDATE_ITEM",
    "TYPE_STOCKS_CHANGED",
    "TYPE_FBO_POSTING_NEW",
    "TYPE_FBO_POSTING_CANCELLED",
    "TYPE_FBO_POSTING_STATE_CHANGED",
    "TYPE_FBO_POSTING_DELIVERY_DATE_CHANGED",
    "TYPE_FBO_STOCKS_CHANGED",
    "TYPE_ORDER_NEW",
    "TYPE_ORDER_CANCELLED",
    "TYPE_ORDER_STATE_CHANGED",
)

PREVIOUS_SUBSTATUSES: Final = frozenset(
    {
        "posting_acceptance_in_progress",
        "posting_in_arbitration",
        "posting_created",
        "posting_in_carriage",
        "posting_not_in_carriage",
        "posting_registered",
        "posting_transferring_to_delivery",
        "posting_awaiting_passport_data",
        "posting_awaiting_registration",
        "posting_registration_error",
        "posting_split_pending",
        "posting_canceled",
        "posting_in_client_arbitration",
        "posting_delivered",
        "posting_received",
        "posting_conditionally_delivered",
        "posting_in_courier_service",
        "posting_in_pickup_point",
        "posting_on_way_to_city",
        "posting_on_way_to_pickup_point",
        "posting_returned_to_warehouse",
        "posting_transferred_to_courier_service",
        "posting_driver_pick_up",
        "posting_not_in_sort_center",
    }
)
"""What the description lists for `previous_substatus`: all substatuses but `ship_failed`."""

SELLER_REASONS: Final[Mapping[int, str]] = {
    352: "Товар закончился на складе продавца",
    400: "Остался только бракованный товар",
    402: "Другое (вина продавца)",
}
REASON_NOT_COLLECTED: Final = 665
LATE_REASONS: Final[Mapping[int, str]] = {
    REASON_NOT_COLLECTED: "Покупатель не забрал заказ",
    666: "Возврат из службы доставки: нет доставки в указанный регион",
    667: "Заказ утерян службой доставки",
}
"""Offered for rFBS postings on their way only."""
REASON_REFUSED_ARBITRATION: Final = (401, "Продавец отклонил арбитраж")
REASON_OTHER: Final = 402
"""Wants `cancel_reason_message`."""
REASON_BUYER: Final = (504, "Покупатель отменил заказ")  # invented id: no list of buyer reasons is published
REASON_OVERDUE: Final = (684, "Продавец не передал заказ вовремя")  # invented id, as above
REASON_MARKETPLACE: Final = (685, "Заказ отменён маркетплейсом")  # invented id and text, as above

INITIATORS: Final[Mapping[str, str]] = {
    "seller": "Продавец",
    "client": "Покупатель",
    "customer": "Покупатель",
    "ozon": "Ozon",
    "system": "Система",
    "delivery": "Доставка",
}

REJECT: Final = -1
REJECT_AFTER_CHECK: Final = -10
COMPENSATE: Final = 1020
FULL_REFUND: Final = 1000  # invented id
ASK_GOODS: Final = 1030  # invented id
GOODS_RECEIVED: Final = 1040  # invented id
RETURN_ACTIONS: Final[Mapping[int, str]] = {
    REJECT: "Отклонить",
    REJECT_AFTER_CHECK: "Отклонить после проверки",
    FULL_REFUND: "Вернуть деньги",
    COMPENSATE: "Предложить компенсацию",
    ASK_GOODS: "Запросить товар на проверку",
    GOODS_RECEIVED: "Товар получен",
}
REFUND_ACTIONS: Final = frozenset({FULL_REFUND, COMPENSATE})
RETURN_STATES: Final[Mapping[str, tuple[str, str]]] = {
    # state -> (group of the list filter, name); only ON_APPROVAL is official, the others are invented
    "ON_APPROVAL": ("New", "На проверке"),
    "AWAITING_GOODS": ("Delivering", "Товар едет к продавцу"),
    "ON_CHECKOUT": ("Checkout", "Товар на проверке у продавца"),
    "REFUNDED": ("Approved", "Деньги возвращены"),
    "COMPENSATED": ("Approved", "Выплачена компенсация"),
    "REJECTED": ("Rejected", "Отклонён"),
}
OFFERED_IN_STATE: Final[Mapping[str, tuple[int, ...]]] = {
    "ON_APPROVAL": (REJECT, FULL_REFUND, COMPENSATE, ASK_GOODS),
    "AWAITING_GOODS": (GOODS_RECEIVED,),
    "ON_CHECKOUT": (REJECT_AFTER_CHECK, FULL_REFUND, COMPENSATE),
    "REFUNDED": (),
    "COMPENSATED": (),
    "REJECTED": (),
}
REJECTION_REASONS: Final[tuple[Json, ...]] = (
    {"id": 1, "name": "Товар использовали", "hint": "", "is_comment_required": True},
    {"id": 2, "name": "Прислали другой товар", "hint": "", "is_comment_required": True},
)

NOT_READY: Final = "The next postings aren't ready"
RATE_LIMIT_TEXT: Final = "You have reached request rate limit per second"
NO_SUBSCRIPTION: Final = "not available with existing subscription"
BAD_KEY: Final = "Invalid Api-Key, please check the key and try again"
MISSING_ROLE: Final = "Api-Key is missing a required role for a method"
DEACTIVATED_KEY: Final = "Api-key is deactivated, use another one or generate a new one"

MARKETPLACE_REFUND: Final = 1
RETURN_REFUND: Final = 2
RETURN_COMPENSATION: Final = 3
LATE_TARIFF: Final = 4
RETURN_POSTAGE: Final = 5
SALE: Final = 6
CANCELLATION_CHARGE: Final = 7
DELAY_CHARGE: Final = 8
EARLY_DISCOUNT: Final = 9
ACCRUAL_TYPES: Final[Mapping[int, tuple[str, str]]] = {
    # invented ids and names; the method that lists them is the contract
    MARKETPLACE_REFUND: ("MarketplaceRefund", "Возврат денег покупателю за отменённое отправление"),
    RETURN_REFUND: ("ReturnRefund", "Возврат денег покупателю по заявке на возврат"),
    RETURN_COMPENSATION: ("ReturnCompensation", "Частичная компенсация покупателю по заявке на возврат"),
    LATE_TARIFF: ("LateTariff", "Тариф за отгрузку после рекомендованного времени"),
    RETURN_POSTAGE: ("ReturnPostage", "Возмещение обратной доставки покупателю"),
    SALE: ("Sale", "Выручка за доставленное отправление"),
    CANCELLATION_CHARGE: ("SellerCancellationCharge", "Обработка отмены по вине продавца"),
    DELAY_CHARGE: ("SellerDelayCharge", "Обработка просроченного отправления"),
    EARLY_DISCOUNT: ("EarlyDiscount", "Скидка за отгрузку до рекомендованного времени"),
}
INDEX_CHARGES: Final[Mapping[str, int]] = {
    # `posting_error_type` -> id of its accrual
    "SELLER_CANCELLATION": CANCELLATION_CHARGE,
    "SELLER_DELAY": DELAY_CHARGE,
}
INDEX_RATING: Final = "rating_general_indicator_fbs_rfbs"
ON_TIME_RATING: Final = "rating_on_time"
RATINGS: Final = frozenset(
    {
        ON_TIME_RATING,
        INDEX_RATING,
        "rating_review_avg_score_total",
        "rating_ssl",
        "rating_on_time_supply_delivery",
        "rating_order_accuracy",
        "rating_on_time_supply_cancellation",
        "rating_reaction_time",
        "rating_average_response_time",
        "rating_replied_dialogs_ratio",
        "rating_price_green",
        "rating_price_yellow",
        "rating_price_red",
        "rating_price_super",
    }
)


def blame_of(cancel_reason_id: int) -> str:
    """Whose fault a cancel reason of the seller's list is (its `type_id`): buyer or seller."""
    return "buyer" if cancel_reason_id == REASON_NOT_COLLECTED else "seller"


def previous_substatus(substatus: str) -> str:
    """What is told of the substatus before: nothing where the description lists no such value."""
    return substatus if substatus in PREVIOUS_SUBSTATUSES else ""


def instant(text: str) -> datetime:
    """Reads an RFC 3339 time (any offset, up to nanoseconds) as aware UTC. Raises ValueError."""
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError(f"no time zone in {text!r}")
    return value.astimezone(UTC)


def stamp(when: datetime) -> str:
    """Writes a time as the marketplace does: UTC, milliseconds, `Z`."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stamp_or_null(when: datetime | None) -> str | None:
    """As `stamp`; nothing stays null."""
    return None if when is None else stamp(when)


RATE = Decimal("11.5")
"""Invented, none is published: how much of the currency of the accruals one of the price's currency is."""


def accrued(amount: Decimal, currency: str, settled_in: str) -> tuple[Decimal, str]:
    """An amount and its currency as the accruals tell it."""
    return (amount, currency) if settled_in in ("", currency) else (cents(amount * RATE), settled_in)


def cents(amount: Decimal) -> Decimal:
    """Rounds money to two places."""
    return amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def plain(amount: Decimal) -> str:
    """Writes money without needless zeros, as v4 answers do ("300", "49.5")."""
    text = format(cents(amount), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


_LETTERS: Final = {
    **dict(zip("абвгдезийклмнопрстуфхцыэ", "abvgdezijklmnoprstufhcye", strict=True)),
    **dict(zip("әғқңөұүһі", "agqnouuhi", strict=True)),
    "ё": "yo",
    "ж": "zh",
    "ч": "ch",
    "ш": "sh",
    "щ": "shch",
    "ъ": "",
    "ь": "",
    "ю": "yu",
    "я": "ya",
}


def transliterated(text: str) -> str:
    """Russian and Kazakh letters in Latin ones; which table the marketplace uses is not published."""
    return "".join(
        letter if lower not in _LETTERS else _LETTERS[lower] if letter == lower else _LETTERS[lower].capitalize()
        for letter in text
        for lower in (letter.lower(),)
    )
