"""The words of a ticket to the marketplace's support: change a number that our call cannot change.

No personal data is in it: the posting's number is all that support needs to find the order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shipby.domain.postings.tracking import ChangeReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What support is asked for, and what it is told of it."""

    posting_number: str
    present: str
    wanted: str
    carrier: str
    kind: ChangeReason
    reason: str
    answer: str
    """What the marketplace said to our call; empty where it does not offer it."""
    former: Sequence[str] = ()
    evidence: Sequence[str] = ()


_KINDS: Mapping[str, Mapping[ChangeReason, str]] = {
    "ru": {
        ChangeReason.FIRST_NUMBER: "первый трек-номер",
        ChangeReason.RELABELLED: "перевозчик переклеил этикетку",
        ChangeReason.TYPING_ERROR: "ошибка при вводе",
        ChangeReason.OTHER_CARRIER: "отправлено другим перевозчиком",
        ChangeReason.UNTRACEABLE: "номер не отслеживается",
        ChangeReason.LOST_AND_SENT_AGAIN: "посылка утеряна и отправлена повторно",
        ChangeReason.OTHER: "другое",
    },
    "zh": {
        ChangeReason.FIRST_NUMBER: "首次填写运单号",
        ChangeReason.RELABELLED: "承运商更换了面单",
        ChangeReason.TYPING_ERROR: "录入错误",
        ChangeReason.OTHER_CARRIER: "改由其他承运商配送",
        ChangeReason.UNTRACEABLE: "运单号无法查询",
        ChangeReason.LOST_AND_SENT_AGAIN: "包裹丢失并重新发货",
        ChangeReason.OTHER: "其他",
    },
    "en": {kind: kind.replace("_", " ") for kind in ChangeReason},
}
_LINES: Mapping[str, tuple[str, ...]] = {
    "ru": (
        "Замена трек-номера отправления {posting}",
        "Прошу заменить трек-номер отправления {posting}: {present} → {wanted} ({carrier}).",
        "Причина: {kind}. {reason}",
        "Метод /v2/fbs/posting/tracking-number/set ответил: {answer}",
        "Метод /v2/fbs/posting/tracking-number/set для этого отправления не предлагается.",
        "Прежние номера: {former}.",
        "Подтверждение: {evidence}.",
        "нет",
    ),
    "zh": (
        "更换货件 {posting} 的运单号",
        "请将货件 {posting} 的运单号由 {present} 更换为 {wanted}（{carrier}）。",
        "原因：{kind}。{reason}",
        "接口 /v2/fbs/posting/tracking-number/set 的回复：{answer}",
        "该货件当前不支持接口 /v2/fbs/posting/tracking-number/set。",
        "历史运单号：{former}。",
        "凭证：{evidence}。",
        "无",
    ),
    "en": (
        "Change the tracking number of posting {posting}",
        "Please change the tracking number of posting {posting}: {present} → {wanted} ({carrier}).",
        "Reason: {kind}. {reason}",
        "The method /v2/fbs/posting/tracking-number/set answered: {answer}",
        "The method /v2/fbs/posting/tracking-number/set is not offered for this posting.",
        "Former numbers: {former}.",
        "Evidence: {evidence}.",
        "none",
    ),
}


def ticket_text(ticket: Ticket, language: str) -> tuple[str, str]:
    """Subject and text; English where the language has no words here."""
    told = language if language in _LINES else "en"
    subject, ask, why, answered, not_offered, former, evidence, none = _LINES[told]
    lines = [
        ask.format(
            posting=ticket.posting_number,
            present=ticket.present or none,
            wanted=ticket.wanted,
            carrier=ticket.carrier or none,
        ),
        why.format(kind=_KINDS[told][ticket.kind], reason=ticket.reason).rstrip(),
        answered.format(answer=ticket.answer) if ticket.answer else not_offered,
    ]
    if ticket.former:
        lines.append(former.format(former=", ".join(ticket.former)))
    if ticket.evidence:
        lines.append(evidence.format(evidence=", ".join(ticket.evidence)))
    return subject.format(posting=ticket.posting_number), "\n".join(lines)
