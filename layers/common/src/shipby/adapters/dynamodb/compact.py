"""How the parts are written that an item has many of: its clocks, the steps of its tariff, its lines."""

from collections.abc import Mapping

from shipby.domain.postings.posting import Alarm, Line, Rung, RungKind, TariffStep

__all__ = ["POSITIONAL", "Alarm", "RungKind", "rung_code", "rung_kind"]

POSITIONAL: frozenset[type] = frozenset({Rung, TariffStep, Line})
"""Written as lists without names; new fields may only be added at their end."""

RUNG_CODES: Mapping[RungKind, str] = {
    RungKind.CONFIRM_BY: "cb",
    RungKind.ESCALATE_AT: "es",
    RungKind.REMIND_AT: "rm",
    RungKind.LABEL_BY: "lb",
    RungKind.SHIPMENT_DATE: "sd",
    RungKind.TARIFF_STEP: "ts",
    RungKind.WITHOUT_DELAY: "wd",
    RungKind.AUTO_CANCEL_ESTIMATE: "ac",
    RungKind.GIVE_UP_AT: "gu",
    RungKind.DELIVERY_BY: "db",
    RungKind.CLOSE_AT: "cl",
    RungKind.MOVE_DATE_AT: "md",
    RungKind.HAND_OVER_BY: "ho",
    RungKind.ASK_BUYER_AT: "ab",
    RungKind.PASSPORT_BY: "pp",
    RungKind.ANSWER_TRACKING_BY: "at",
    RungKind.NOT_ACCEPTED_BY: "na",
    RungKind.REPORT_BY: "rb",
    RungKind.LOOK_AGAIN: "la",
    RungKind.GOODS_BY: "gb",
}
"""Clocks of a posting in two letters: it has up to a dozen of them, and its item must stay within one write unit."""
_RUNGS_BY_CODE: Mapping[str, RungKind] = {code: kind for kind, code in RUNG_CODES.items()}


def rung_kind(text: str) -> RungKind:
    """The clock of a code, or of its whole name, which older items have."""
    return _RUNGS_BY_CODE.get(text) or RungKind(text)


def rung_code(kind: RungKind) -> str:
    """Two letters, or its name where it has none."""
    return RUNG_CODES.get(kind, str(kind))
