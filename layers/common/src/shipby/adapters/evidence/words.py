"""The words of an evidence pack's document, in Russian, Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shipby.application.ports import evidence as port
from shipby.domain.events import EventType
from shipby.domain.evidence.pieces import EvidenceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PackWords:
    """One language; what stands in braces is filled in."""

    title: str
    posting: str
    order: str
    status: str
    tracking: str
    purpose: str
    claim: str
    return_: str
    asked: str
    seller: str
    pack: str
    whole: str
    """With {count}."""
    broken: str
    """With {at}."""
    empty: str
    whole_note: str
    files_changed: str
    """With {numbers}."""
    head: str
    goods: str
    scanned: str
    """With {scanned} and {quantity}."""
    pieces: str
    piece: str
    """With {number} and {kind}."""
    file: str
    added: str
    """With {actor}."""
    papers: str
    papers_note: str
    moments: str
    moments_note: str
    check: str
    kinds: Mapping[EvidenceKind, str]
    what: Mapping[str, str]
    problems: Mapping[str, str]
    data: Mapping[str, str]
    about: Mapping[str, str]
    events: Mapping[EventType, str]


_RU = PackWords(
    title="Доказательства по отправлению",
    posting="Отправление",
    order="Заказ",
    status="Схема и статус",
    tracking="Трек-номер",
    purpose="Для чего",
    claim="Претензия",
    return_="Возврат",
    asked="Составлено",
    seller="Продавец (Client-Id)",
    pack="Пакет",
    whole="Цепочка цела: {count} зап.",
    broken="Цепочка нарушена на записи № {at}",
    empty="Записей в цепочке нет",
    whole_note="Хеш каждой записи включает хеш предыдущей; история отправления хранит их отдельно. Ничего не изменено, "
    "не убрано и не вставлено.",
    files_changed="Файлы не совпадают со своими хешами: № {numbers}",
    head="Хеш последней записи",
    goods="Товары в отправлении",
    scanned="отсканировано {scanned} из {quantity}",
    pieces="Записи цепочки",
    piece="№ {number} · {kind}",
    file="Файл в архиве",
    added="Добавлено: {actor}",
    papers="Что система знает сама",
    papers_note="Не входит в цепочку; состояние на момент составления.",
    moments="Ход отправления",
    moments_note="Главные события; вся история — в архиве.",
    check="Как проверить без нас: SHA-256 каждого файла архива записан в manifest.json; там же правило, по которому "
    "считается хеш записи.",
    kinds={
        EvidenceKind.PHOTO: "Фото",
        EvidenceKind.VIDEO: "Видео",
        EvidenceKind.SCAN: "Скан",
        EvidenceKind.WEIGHT: "Вес",
        EvidenceKind.LABEL: "Этикетка",
        EvidenceKind.ACT: "Акт",
        EvidenceKind.CHAT: "Переписка",
        EvidenceKind.NOTE: "Заметка",
    },
    what={
        port.LABEL: "Этикетка",
        port.ACT: "Акт приёма-передачи",
        port.BENCH: "Сканы при упаковке",
        port.HISTORY: "История событий, версии",
        port.TRACKING: "Трек-номера",
    },
    problems={
        port.GONE: "Файл больше не хранится; остаётся его хеш.",
        port.CHANGED: "ФАЙЛ ИЗМЕНЁН: его хеш не совпадает с записью.",
        port.TOO_LARGE: "Файл слишком велик для архива; он доступен отдельно.",
        port.NOT_SHOWN: "Смотрите файл в архиве.",
    },
    data={"code": "Код", "grams": "Вес, г", "about": "Что показано", "taken_at": "Снято", "width": "", "height": ""},
    about={
        "packing": "упаковка",
        "contents": "содержимое",
        "sealed": "закрытая посылка",
        "label": "этикетка",
        "weighing": "взвешивание",
        "hand_over": "передача",
        "return": "возврат",
        "damage": "повреждение",
        "other": "другое",
    },
    events={
        EventType.POSTING_RECEIVED: "Отправление получено",
        EventType.POSTING_CONFIRMED: "Принято в работу",
        EventType.POSTING_PICKED: "Товары подобраны",
        EventType.POSTING_INSPECTED: "Товары проверены",
        EventType.BENCH_SCANNED: "Скан при упаковке",
        EventType.BENCH_COMPLETED: "Отсканированы все товары",
        EventType.EXEMPLARS_ENTERED: "Внесены данные экземпляров",
        EventType.POSTING_PACKED: "Упаковано",
        EventType.POSTING_ASSEMBLED: "Собрано на площадке",
        EventType.LABEL_READY: "Этикетка получена",
        EventType.LABEL_PRINTED: "Этикетка напечатана",
        EventType.LABEL_VOIDED: "Прежние этикетки недействительны",
        EventType.POSTING_HANDED_OVER: "Передано перевозчику",
        EventType.POSTING_IN_TRANSIT: "В пути",
        EventType.POSTING_DELIVERED: "Доставлено",
        EventType.POSTING_CLOSED: "Закрыто",
        EventType.POSTING_CANCELLED: "Отменено",
        EventType.TRACKING_CHANGED: "Трек-номер изменён",
        EventType.EVIDENCE_ADDED: "Добавлено доказательство",
    },
)
_EN = PackWords(
    title="Evidence for posting",
    posting="Posting",
    order="Order",
    status="Scheme and status",
    tracking="Tracking number",
    purpose="Purpose",
    claim="Claim",
    return_="Return",
    asked="Made",
    seller="Seller (Client-Id)",
    pack="Pack",
    whole="The chain is whole: {count} item(s)",
    broken="The chain is broken at item {at}",
    empty="There are no items in the chain",
    whole_note="Each item's hash covers the hash before it; the posting's history keeps them apart. Nothing was "
    "changed, taken out or put in.",
    files_changed="Files that differ from their hashes: no. {numbers}",
    head="Hash of the last item",
    goods="Goods in the posting",
    scanned="{scanned} of {quantity} scanned",
    pieces="Items of the chain",
    piece="No. {number} · {kind}",
    file="File in the archive",
    added="Added by {actor}",
    papers="What the system knows by itself",
    papers_note="Not in the chain; as it was when this was made.",
    moments="Course of the posting",
    moments_note="The main events; the whole history is in the archive.",
    check="How to check without us: manifest.json has the SHA-256 of every file in the archive, and the rule by which "
    "an item's hash is worked out.",
    kinds={
        EvidenceKind.PHOTO: "Photo",
        EvidenceKind.VIDEO: "Video",
        EvidenceKind.SCAN: "Scan",
        EvidenceKind.WEIGHT: "Weight",
        EvidenceKind.LABEL: "Label",
        EvidenceKind.ACT: "Act",
        EvidenceKind.CHAT: "Chat",
        EvidenceKind.NOTE: "Note",
    },
    what={
        port.LABEL: "Label",
        port.ACT: "Carriage act",
        port.BENCH: "Scans at the bench",
        port.HISTORY: "History of events, versions",
        port.TRACKING: "Tracking numbers",
    },
    problems={
        port.GONE: "The file is no longer kept; its hash remains.",
        port.CHANGED: "THE FILE WAS CHANGED: its hash is not that of the item.",
        port.TOO_LARGE: "The file is too large for the archive; it can be had apart.",
        port.NOT_SHOWN: "See the file in the archive.",
    },
    data={"code": "Code", "grams": "Weight, g", "about": "Shows", "taken_at": "Taken", "width": "", "height": ""},
    about={
        "packing": "packing",
        "contents": "contents",
        "sealed": "the sealed parcel",
        "label": "label",
        "weighing": "weighing",
        "hand_over": "hand-over",
        "return": "return",
        "damage": "damage",
        "other": "other",
    },
    events={
        EventType.POSTING_RECEIVED: "Posting received",
        EventType.POSTING_CONFIRMED: "Taken on",
        EventType.POSTING_PICKED: "Goods picked",
        EventType.POSTING_INSPECTED: "Goods inspected",
        EventType.BENCH_SCANNED: "Scan at the bench",
        EventType.BENCH_COMPLETED: "All goods scanned",
        EventType.EXEMPLARS_ENTERED: "Data of the pieces entered",
        EventType.POSTING_PACKED: "Packed",
        EventType.POSTING_ASSEMBLED: "Assembled at the marketplace",
        EventType.LABEL_READY: "Label received",
        EventType.LABEL_PRINTED: "Label printed",
        EventType.LABEL_VOIDED: "Former labels void",
        EventType.POSTING_HANDED_OVER: "Handed over to the carrier",
        EventType.POSTING_IN_TRANSIT: "In transit",
        EventType.POSTING_DELIVERED: "Delivered",
        EventType.POSTING_CLOSED: "Closed",
        EventType.POSTING_CANCELLED: "Cancelled",
        EventType.TRACKING_CHANGED: "Tracking number changed",
        EventType.EVIDENCE_ADDED: "Evidence added",
    },
)
_ZH = PackWords(
    title="货件证据",
    posting="货件",
    order="订单",
    status="模式与状态",
    tracking="运单号",
    purpose="用途",
    claim="申诉",
    return_="退货",
    asked="制作时间",
    seller="卖家 (Client-Id)",
    pack="证据包",
    whole="证据链完整：{count} 条",
    broken="证据链在第 {at} 条处断裂",
    empty="证据链中没有记录",
    whole_note="每条记录的哈希都包含上一条的哈希；货件历史另行保存这些哈希。没有任何内容被修改、删除或插入。",
    files_changed="与哈希不符的文件：第 {numbers} 条",
    head="最后一条记录的哈希",
    goods="货件中的商品",
    scanned="已扫描 {scanned} / {quantity}",
    pieces="证据链记录",
    piece="第 {number} 条 · {kind}",
    file="压缩包中的文件",
    added="添加者：{actor}",
    papers="系统自有资料",
    papers_note="不在证据链中；为制作时的状态。",
    moments="货件经过",
    moments_note="主要事件；完整历史见压缩包。",
    check="如何自行核验：manifest.json 中有压缩包内每个文件的 SHA-256，以及计算每条记录哈希的规则。",
    kinds={
        EvidenceKind.PHOTO: "照片",
        EvidenceKind.VIDEO: "视频",
        EvidenceKind.SCAN: "扫描",
        EvidenceKind.WEIGHT: "重量",
        EvidenceKind.LABEL: "面单",
        EvidenceKind.ACT: "交接单",
        EvidenceKind.CHAT: "聊天记录",
        EvidenceKind.NOTE: "备注",
    },
    what={
        port.LABEL: "面单",
        port.ACT: "交接单",
        port.BENCH: "打包扫描",
        port.HISTORY: "事件历史，版本",
        port.TRACKING: "运单号",
    },
    problems={
        port.GONE: "文件已不再保存，仅保留其哈希。",
        port.CHANGED: "文件已被更改：哈希与记录不符。",
        port.TOO_LARGE: "文件过大，未放入压缩包，可另行获取。",
        port.NOT_SHOWN: "请查看压缩包中的文件。",
    },
    data={"code": "条码", "grams": "重量（克）", "about": "内容", "taken_at": "拍摄时间", "width": "", "height": ""},
    about={
        "packing": "打包",
        "contents": "包裹内物品",
        "sealed": "已封包裹",
        "label": "面单",
        "weighing": "称重",
        "hand_over": "交接",
        "return": "退货",
        "damage": "损坏",
        "other": "其他",
    },
    events={
        EventType.POSTING_RECEIVED: "收到货件",
        EventType.POSTING_CONFIRMED: "已接单",
        EventType.POSTING_PICKED: "已拣货",
        EventType.POSTING_INSPECTED: "已检查",
        EventType.BENCH_SCANNED: "打包扫描",
        EventType.BENCH_COMPLETED: "商品已全部扫描",
        EventType.EXEMPLARS_ENTERED: "已录入单件信息",
        EventType.POSTING_PACKED: "已打包",
        EventType.POSTING_ASSEMBLED: "平台已备货",
        EventType.LABEL_READY: "已取得面单",
        EventType.LABEL_PRINTED: "已打印面单",
        EventType.LABEL_VOIDED: "旧面单作废",
        EventType.POSTING_HANDED_OVER: "已交给承运商",
        EventType.POSTING_IN_TRANSIT: "运输中",
        EventType.POSTING_DELIVERED: "已送达",
        EventType.POSTING_CLOSED: "已关闭",
        EventType.POSTING_CANCELLED: "已取消",
        EventType.TRACKING_CHANGED: "运单号变更",
        EventType.EVIDENCE_ADDED: "添加证据",
    },
)
_WORDS: Final[Mapping[str, PackWords]] = {"ru": _RU, "en": _EN, "zh": _ZH}


def pack_words(language: str) -> PackWords:
    """The words of a language; Russian, which the marketplace's support reads, for any that we have none in."""
    return _WORDS.get(language, _RU)


def known_language(language: str) -> str:
    """The language that `pack_words` takes."""
    return language if language in _WORDS else "ru"
