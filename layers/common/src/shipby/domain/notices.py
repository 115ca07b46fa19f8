"""The words of notices in the seller's language (ru, zh, en) and to the buyer (Russian). No personal data in any."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shipby.domain.events import EventType, StoredEvent
from shipby.domain.json_types import Json
from shipby.domain.records import SellerSettings

_TITLES: Mapping[EventType, Mapping[str, str]] = {
    EventType.POSTING_RECEIVED: {"ru": "Новое отправление", "zh": "新货件", "en": "New posting"},
    EventType.POSTING_CANCELLED: {"ru": "Отправление отменено", "zh": "货件已取消", "en": "Posting cancelled"},
    EventType.POSTING_BLOCKED: {"ru": "Отправление остановлено", "zh": "货件已暂停", "en": "Posting blocked"},
    EventType.POSTING_REMINDED: {"ru": "Скоро срок", "zh": "期限将至", "en": "A deadline is near"},
    EventType.POSTING_LATE: {"ru": "Срок прошёл: платная просрочка", "zh": "已逾期：产生费用", "en": "Late: it costs"},
    EventType.POSTING_EXPIRED: {"ru": "Отправление просрочено", "zh": "货件已失效", "en": "Posting expired"},
    EventType.POSTING_CUT_OFF_MOVED: {"ru": "Дата отгрузки изменена", "zh": "发货期限已更改", "en": "Cut-off moved"},
    EventType.POSTING_GIVE_UP_SHADOWED: {
        "ru": "Было бы отменено (теневой режим)",
        "zh": "本应取消（影子模式）",
        "en": "Would have been cancelled (shadow mode)",
    },
    EventType.LABEL_FAILED: {"ru": "Нет этикетки", "zh": "标签获取失败", "en": "No label"},
    EventType.TRACKING_CHANGED: {"ru": "Трек-номер изменён", "zh": "运单号已更改", "en": "Tracking number changed"},
    EventType.INTENT_REJECTED: {"ru": "Действие отклонено", "zh": "操作被拒绝", "en": "Action rejected"},
    EventType.INTENT_NEEDS_PERSON: {"ru": "Нужно решение человека", "zh": "需要人工处理", "en": "A person is needed"},
    EventType.AUTOMATION_HELD: {"ru": "Автоматика остановлена", "zh": "自动化已暂停", "en": "Automation held"},
    EventType.NOTICE_UNDELIVERABLE: {
        "ru": "Покупатель не извещён",
        "zh": "未能通知买家",
        "en": "The buyer was not told",
    },
    EventType.RETURN_OPENED: {"ru": "Новый возврат", "zh": "新退货", "en": "New return"},
    EventType.RETURN_REMINDED: {"ru": "Возврат ждёт решения", "zh": "退货待处理", "en": "Return awaits a decision"},
    EventType.RETURN_OVERDUE: {"ru": "Срок решения прошёл", "zh": "退货处理已逾期", "en": "Return decision overdue"},
    EventType.RETURN_DECIDED: {"ru": "Возврат решён", "zh": "退货已处理", "en": "Return decided"},
}


def local_time(text: str, zone: str) -> str:
    """17:40 22.11.2026 in the seller's zone and in UTC. An unknown zone falls back to UTC alone."""
    when = datetime.fromisoformat(text)
    utc = f"{when:%d.%m.%Y %H:%M} UTC"
    try:
        return f"{when.astimezone(ZoneInfo(zone)):%d.%m.%Y %H:%M} {zone} ({utc})"
    except (ZoneInfoNotFoundError, ValueError):
        return utc


def _money(value: Json) -> str:
    return f"{value['amount']} {value['currency']}" if isinstance(value, Mapping) else ""


def seller_text(stored: StoredEvent, settings: SellerSettings) -> tuple[str, str]:
    """Title and text of a notice to the seller about one event."""
    event, data = stored.event, stored.event.data
    titles = _TITLES.get(event.type, {})
    title = titles.get(settings.language) or titles.get("en") or str(event.type)
    lines = [stored.ref.id]
    # `new` is a time where the cut-off moved and a tracking number where that changed.
    names = ("cut_off", "due", "decide_by", "shipment_date")
    for name in (*names, "new") if event.type is EventType.POSTING_CUT_OFF_MOVED else names:
        value = data.get(name)
        if isinstance(value, str):
            lines.append(f"{name}: {local_time(value, settings.time_zone)}")
    if "price" in data:
        lines.append(_money(data["price"]))
    if event.type is EventType.TRACKING_CHANGED:
        lines.append(f"{data.get('old') or '—'} → {data.get('new')}")
    if event.reason:
        lines.append(event.reason)
    return f"{title}: {stored.ref.id}", "\n".join(lines)


def buyer_tracking_text(old: str, new: str) -> str:
    """What the buyer is told when the number of a parcel under way is replaced: plain text, under 1000 characters."""
    return (
        f"Здравствуйте! Трек-номер вашего отправления изменился. Новый номер: {new} "
        f"(прежний {old} больше не действует). "
        "Статус доставки можно посмотреть на сайте перевозчика или в карточке заказа."
    )
