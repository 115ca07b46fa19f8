"""What people read: one event as a message, many as one digest, and the two texts a buyer may get.

A title says what to do. Every time is shown in the seller's zone, in Moscow and in UTC. No personal data is in any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from shipby.domain.deadlines.policy import Move
from shipby.domain.events import AggregateKind, Event, EventType, StoredEvent
from shipby.domain.json_types import Json
from shipby.domain.money import Money
from shipby.domain.notices import words as say
from shipby.domain.notices.format import money_of, money_text, phrase, short_time, shortened, times
from shipby.domain.notices.recipients import deadline_of, moment_of
from shipby.domain.notices.words import Words
from shipby.domain.postings.posting import Stage
from shipby.domain.sellers.settings import SellerSettings

_CHANGES = 10
"""Changes of an order that one message names."""
_REASON = 300
"""Characters of a reason that are shown."""


class Rank(IntEnum):
    """Which part of a digest an event belongs to, the most pressing first."""

    LATE = 0
    DUE = 1
    OTHER = 2


_LATE = frozenset({EventType.POSTING_LATE, EventType.POSTING_OVERDUE})
_DUE = frozenset(
    {
        EventType.POSTING_REMINDED,
        EventType.POSTING_PRIORITISED,
        EventType.POSTING_CUT_OFF_MOVED,
        EventType.RETURN_REMINDED,
        EventType.CANCEL_REQUEST_REMINDED,
        EventType.CLAIM_REMINDED,
    }
)
_SILENT_REASON = frozenset(
    {
        EventType.POSTING_PRIORITISED,
        EventType.POSTING_AMENDED,
        EventType.AUTOMATION_SHADOWED,
        EventType.POSTING_GIVE_UP_SHADOWED,
        *_LATE,
    }
)
"""Their reasons are our own English words for what title and details say already."""


@dataclass(frozen=True, slots=True)
class Style:
    """For whom it is written: the language, the zone, and what counts as today."""

    language: str
    zone: str
    now: datetime

    def say(self, words: Words, when: datetime | None = None, **values: object) -> str:
        """A phrase with its moment in all three zones."""
        return phrase(words, self.language, when=self.times(when) if when else "", **values)

    def times(self, when: datetime) -> str:
        return times(when, self.now, self.zone, self.language)

    def money(self, money: Money) -> str:
        return money_text(money, self.language)


def style_of(settings: SellerSettings, now: datetime, language: str = "") -> Style:
    """The recipient's language, or the seller's where the recipient has none."""
    return Style(language or settings.language, settings.time_zone, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event in words, not yet laid out."""

    rank: Rank
    words: Words
    when: datetime | None
    """Until when it has to be done."""
    subject: str
    details: tuple[str, ...]
    money: Money | None
    """What is lost so far (LATE) or hangs on it (DUE)."""
    stored: StoredEvent


def put_into_words(stored: StoredEvent, style: Style) -> Told:
    """An event as a person reads it."""
    event = stored.event
    words = _words(event)
    rank = Rank.LATE if event.type in _LATE else Rank.DUE if event.type in _DUE else Rank.OTHER
    details = list(_DETAILS[event.type](event, style)) if event.type in _DETAILS else []
    if event.reason and event.type not in _SILENT_REASON:
        details.append(event.reason[:_REASON])
    return Told(
        rank=rank,
        words=words,
        when=_when(event),
        subject=_subject(stored, style),
        details=tuple(details),
        money=money_of(event.data.get("price")),
        stored=stored,
    )


def seller_text(stored: StoredEvent, style: Style) -> tuple[str, str]:
    """Title and text of a message about one event."""
    told = put_into_words(stored, style)
    lines = [told.subject]
    if told.when is not None:
        lines.append(style.times(told.when))
    if told.money is not None:
        amount = style.money(told.money)
        lines.append(style.say(say.LOST if told.rank is Rank.LATE else say.AT_RISK, money=amount))
    return f"{title_of(told, style)} · {told.subject}", shortened([*lines, *told.details], style.language)


def title_of(told: Told, style: Style) -> str:
    """What to do, with the time in the seller's own zone."""
    when = short_time(told.when, style.now, style.zone, style.language) if told.when else ""
    return phrase(told.words, style.language, when=when)


def _words(event: Event) -> Words:
    if event.type in (EventType.POSTING_REMINDED, EventType.RETURN_REMINDED):
        return say.RUNG_TITLES.get(str(event.data.get("rung")), say.TITLES[event.type])
    if event.type is EventType.POSTING_PRIORITISED and event.data.get("stage") == Stage.PACKED:
        return say.HAND_OVER
    if event.type is EventType.BUYER_ANSWERED and event.data.get("wanted") is False:
        return say.BUYER_REFUSES
    return say.TITLES.get(event.type) or Words(event.type, event.type, event.type)


def _when(event: Event) -> datetime | None:
    if event.type is EventType.KEY_EXPIRES_SOON:
        return moment_of(event, "expires_at")
    if event.type is EventType.RETURN_OVERDUE:
        return moment_of(event, "decide_by")
    if event.type is EventType.CLAIM_EXPIRED:
        return moment_of(event, "answer_by")
    return deadline_of(event)


def _subject(stored: StoredEvent, style: Style) -> str:
    data = stored.event.data
    match stored.ref.kind:
        case AggregateKind.CASE:
            return str(data.get("item") or data.get("subject") or stored.ref.id)
        case AggregateKind.WATCH if stored.ref.id in say.WATCHES:
            return say.WATCHES[stored.ref.id][style.language]
        case AggregateKind.CLAIM if data.get("posting"):
            return style.say(say.POSTING_OF, number=data["posting"])
        case AggregateKind.RETURN | AggregateKind.CANCEL_REQUEST if data.get("posting"):
            return f"{stored.ref.id} ({style.say(say.POSTING_OF, number=data['posting'])})"
    return stored.ref.id


# Details ---------------------------------------------------------------------------------------------------------


def _reminder(event: Event, style: Style) -> list[str]:
    cut_off = moment_of(event, "cut_off")
    shown = cut_off is None or deadline_of(event) == cut_off
    lines = [] if shown or cut_off is None else [style.say(say.SHIP_BY, cut_off)]
    return [*lines, style.say(say.NO_LABEL)] if event.data.get("label") == "missing" else lines


def _late(event: Event, style: Style) -> list[str]:
    cut_off = moment_of(event, "cut_off")
    lines = [style.say(say.WAS_DUE, cut_off)] if cut_off else []
    return lines if event.data.get("price") else [*lines, style.say(say.NO_PRICE)]


def _moved(event: Event, style: Style) -> list[str]:
    old = moment_of(event, "old")
    return [style.say(say.WAS, old)] if old else []


def _cancelled(event: Event, style: Style) -> list[str]:
    by = str(event.data.get("by", ""))
    lines = []
    if by:
        who = say.ACTORS[by][style.language] if by in say.ACTORS else by
        lines.append(style.say(say.CANCELLED_BY, who=who))
    return [*lines, style.say(say.IN_RATING)] if event.data.get("affects_rating") is True else lines


def _choices(event: Event, style: Style) -> list[str]:
    found = event.data.get("choices")
    listed = found if isinstance(found, Sequence) and not isinstance(found, str) else ()
    return [_choice(choice, style) for choice in listed if isinstance(choice, Mapping)]


def _choice(choice: Mapping[str, Json], style: Style) -> str:
    move = str(choice.get("move", ""))
    name = say.MOVES[move][style.language] if move in say.MOVES else move
    if choice.get("offered") is not True:
        return f"— {name}: {style.say(say.NOT_OFFERED)}"
    costs = []
    price, following = money_of(choice.get("price")), choice.get("next")
    if price is not None:
        costs.append(style.say(say.FEE if move == Move.CANCEL else say.COSTS, money=style.money(price)))
    step = money_of(following)
    if step is not None and isinstance(following, Mapping):
        at = datetime.fromisoformat(str(following["at"]))
        costs.append(style.say(say.NEXT_STEP, at, money=style.money(step)))
    if choice.get("note"):
        costs.append(style.say(say.COUNTS))
    return f"• {name}" + (f": {'; '.join(costs)}" if costs else "")


def _would(event: Event, style: Style) -> list[str]:
    action = str(event.data.get("action", ""))
    if event.data.get("decision"):
        action = f"{action}.{event.data['decision']}"
    line = say.WOULD[action][style.language] if action in say.WOULD else action
    to = moment_of(event, "to")
    return [f"{line}: {style.times(to)}" if to else line]


def _held(event: Event, style: Style) -> list[str]:
    action = str(event.data.get("action", ""))
    words = say.MOVES.get(action) or say.ACTIONS.get(action)
    return [words[style.language]] if words else [action] if action else []


def _wants_to_cancel(event: Event, style: Style) -> list[str]:
    answer, why = str(event.data.get("suggestion", "")), str(event.data.get("basis", ""))
    line = style.say(say.ANSWER_YOURSELF)
    if answer in say.ANSWERS:
        line = style.say(say.SUGGESTS, answer=say.ANSWERS[answer][style.language])
    return [f"{line} ({say.CANCEL_REASONS[why][style.language]})" if why in say.CANCEL_REASONS else line]


def _intent(event: Event, style: Style) -> list[str]:
    action = str(event.data.get("action", ""))
    return [say.ACTIONS[action][style.language] if action in say.ACTIONS else action]


def _tracking(event: Event, _style: Style) -> list[str]:
    return [f"{event.data.get('old') or '—'} → {event.data.get('new')}"]


def _band(event: Event, style: Style) -> list[str]:
    was, state = event.data.get("was") or "—", event.data.get("state") or "—"
    lines = [style.say(say.BAND, was=was, state=state)]
    return [*lines, style.say(say.INDEX, index=event.data["index"])] if event.data.get("index") else lines


def _key(event: Event, style: Style) -> list[str]:
    if event.data.get("expired") is True:
        return [style.say(say.KEY_ENDED)]
    return [style.say(say.DAYS_LEFT, days=event.data.get("days_left", "—"))]


def _decided(event: Event, style: Style) -> list[str]:
    amount = money_of(event.data.get("amount"))
    return [style.money(amount)] if amount else []


def _amended(event: Event, _style: Style) -> list[str]:
    changes = event.data.get("changes")
    found = changes if isinstance(changes, Sequence) and not isinstance(changes, str) else ()
    lines = []
    for each in found[:_CHANGES]:
        if isinstance(each, Mapping):
            of = f" {each['sku']}" if each.get("sku") else ""
            lines.append(f"• {each.get('what')}{of}: {each.get('old')} → {each.get('new')}")
    return lines


_DETAILS: Mapping[EventType, Callable[[Event, Style], list[str]]] = {
    EventType.POSTING_REMINDED: _reminder,
    EventType.POSTING_LATE: _late,
    EventType.POSTING_OVERDUE: _late,
    EventType.POSTING_CUT_OFF_MOVED: _moved,
    EventType.POSTING_AMENDED: _amended,
    EventType.POSTING_CANCELLED: _cancelled,
    EventType.POSTING_CHOICES: _choices,
    EventType.AUTOMATION_SHADOWED: _would,
    EventType.POSTING_GIVE_UP_SHADOWED: _would,
    EventType.AUTOMATION_HELD: _held,
    EventType.INTENT_PROPOSED: _decided,
    EventType.INTENT_REJECTED: _intent,
    EventType.INTENT_NEEDS_PERSON: _intent,
    EventType.TRACKING_CHANGED: _tracking,
    EventType.PUSH_UNHEALTHY: _band,
    EventType.PUSH_RECOVERED: _band,
    EventType.INDEX_BAND_CHANGED: _band,
    EventType.KEY_EXPIRES_SOON: _key,
    EventType.RETURN_DECIDED: _decided,
    EventType.CANCEL_REQUEST_OPENED: _wants_to_cancel,
    EventType.CANCEL_REQUEST_REMINDED: _wants_to_cancel,
}


# To the buyer ----------------------------------------------------------------------------------------------------


def buyer_tracking_text(old: str, new: str) -> str:
    """What the buyer is told when the number of a parcel under way is replaced: plain text, under 1000 characters."""
    return (
        f"Здравствуйте! Трек-номер вашего отправления изменился. Новый номер: {new} "
        f"(прежний {old} больше не действует). "
        "Статус доставки можно посмотреть на сайте перевозчика или в карточке заказа."
    )


def buyer_question(number: str) -> str:
    """What the buyer of a late posting is asked: plain text, under 1000 characters, and it promises nothing."""
    return (
        f"Здравствуйте! Отправление {number} задерживается, приносим извинения. Ждёте ли вы его? "
        "Напишите, пожалуйста, «да», и мы отправим его в первую очередь. "
        "Если заказ больше не нужен, его можно отменить в личном кабинете."
    )


_ASKED: Mapping[str, str] = {
    "address_missing": "в нём не указан адрес доставки",
    "odd_quantity": "в нём необычное количество товара",
}
"""What a buyer is asked about, by the code of what does not fit; anything else is only said to need a check."""


def buyer_check_question(number: str, codes: Sequence[str]) -> str:
    """What the buyer is asked of an order that cannot be sent as it is: plain text, under 1000 characters."""
    why = " и ".join(dict.fromkeys(_ASKED[code] for code in codes if code in _ASKED)) or "его данные требуют проверки"
    return (
        f"Здравствуйте! Мы готовим отправление {number}: {why}. Подтвердите, пожалуйста, здесь, всё ли верно, "
        "чтобы мы отправили его вовремя."
    )


def buyer_amended_text(number: str) -> str:
    """What the buyer is told when the marketplace changed an order that was being packed: plain text."""
    return (
        f"Здравствуйте! Состав отправления {number} изменился, и мы собираем его заново. "
        "Текущий состав виден в карточке заказа."
    )
