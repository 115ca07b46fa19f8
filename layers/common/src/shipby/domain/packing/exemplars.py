"""What the marketplace wants to know of each piece before a posting ships, and what of it is still missing.

Nothing here knows which goods need what: groups are added all through the year, so only the posting's own
`requirements` count. Source: /v3/posting/fbs/get and /v6/fbs/posting/product/exemplar/create-or-get.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from shipby.domain.errors import DutyNeededError
from shipby.domain.json_types import Json
from shipby.domain.packing.cards import Exemplar, ExemplarSheet
from shipby.domain.postings.posting import MarketplacePosting

_PREFIX = "products_requiring_"
MOST_CODES = 80
"""Codes of one posting: giving them free is one transaction, and that holds 100 rows."""


class Duty(StrEnum):
    """What `requirements` of a posting name."""

    MARK = "mandatory_mark"
    GTD = "gtd"
    RNPT = "rnpt"
    UIN = "jw_uin"
    IMEI = "imei"
    WEIGHT = "weight"
    COUNTRY = "country"
    CHANGE_COUNTRY = "change_country"


NEEDED: Mapping[str, str] = {
    Duty.MARK: "mark_needed",
    Duty.GTD: "gtd_needed",
    Duty.RNPT: "rnpt_needed",
    Duty.UIN: "uin_needed",
    Duty.IMEI: "imei_needed",
    Duty.WEIGHT: "weight_needed",
    Duty.COUNTRY: "country_needed",
    Duty.CHANGE_COUNTRY: "country_needed",
}
"""Codes of the refusals; anything else that is wanted is `exemplars_needed`."""


@dataclass(frozen=True, slots=True)
class Missing:
    """One entry that the marketplace wants and nobody has made; `piece` counts from 1."""

    sku: str
    piece: int
    duty: str

    @property
    def code(self) -> str:
        return NEEDED.get(self.duty, DutyNeededError.code)


def duties_of(detail: MarketplacePosting) -> Mapping[str, tuple[str, ...]]:
    """SKU -> what the marketplace wants of each of its pieces."""
    found: dict[str, tuple[str, ...]] = {}
    for name, skus in detail.requirements.items():
        for sku in skus:
            found[sku] = (*found.get(sku, ()), name.removeprefix(_PREFIX))
    return found


def pieces_of(detail: MarketplacePosting) -> Mapping[str, int]:
    """SKU -> pieces of the posting."""
    counted: Counter[str] = Counter()
    for line in detail.lines:
        counted[line.sku] += line.quantity
    return counted


def missing(detail: MarketplacePosting, sheet: ExemplarSheet | None) -> tuple[Missing, ...]:
    """What is wanted of which piece and not entered, by product and piece."""
    return tuple(_missing(detail, sheet.pieces if sheet else {}))


def lacks_nothing_here(detail: MarketplacePosting, sheet: ExemplarSheet) -> bool:
    """Whether the entries are whole. A country of origin is set elsewhere: it holds back the shipping, not these."""
    return any(sheet.pieces.values()) and all(each.code == "country_needed" for each in missing(detail, sheet))


def _missing(detail: MarketplacePosting, entered: Mapping[str, tuple[Exemplar, ...]]) -> Iterator[Missing]:
    pieces = pieces_of(detail)
    for sku, duties in duties_of(detail).items():
        known = entered.get(sku, ())
        # What is wanted of a product whose pieces are not known is wanted of one at least.
        for piece in range(max(pieces.get(sku, 0), 1)):
            exemplar = known[piece] if piece < len(known) else Exemplar()
            for duty in duties:
                if not _is_met(exemplar, duty):
                    yield Missing(sku, piece + 1, duty)


def _is_met(exemplar: Exemplar, duty: str) -> bool:
    match duty:
        case Duty.MARK:
            return bool(exemplar.mark)
        case Duty.GTD:
            return bool(exemplar.gtd) or exemplar.gtd_absent
        case Duty.RNPT:
            return bool(exemplar.rnpt) or exemplar.rnpt_absent
        case Duty.UIN:
            return bool(exemplar.uin)
        case Duty.IMEI:
            return bool(exemplar.imei)
        case Duty.WEIGHT:
            return bool(exemplar.weight)
    # A country of origin belongs to the product and is set in the marketplace's cabinet; others are not known here.
    return False


def codes_of(pieces: Mapping[str, tuple[Exemplar, ...]]) -> tuple[str, ...]:
    """Codes of which each belongs to one piece in the world: marks by GTIN and serial, IMEI, UIN."""
    return tuple(code for exemplars in pieces.values() for exemplar in exemplars for code in exemplar_codes(exemplar))


def exemplar_codes(exemplar: Exemplar) -> tuple[str, ...]:
    """Those of one piece. A mark's proof is no part of its identity."""
    marks = (exemplar.mark.partition("\x1d")[0],) if exemplar.mark else ()
    uins = (f"uin:{exemplar.uin}",) if exemplar.uin else ()
    return (*marks, *(f"imei:{imei}" for imei in exemplar.imei), *uins)


def check_duties(
    number: str, detail: MarketplacePosting, sheet: ExemplarSheet | None, *, entered: bool = False
) -> None:
    """Raises DutyNeededError, with the code of the first duty, while something is missing.

    `entered`: it is enough that everything is entered; otherwise the marketplace must have accepted it.
    """
    left = missing(detail, sheet)
    if not left:
        if entered or not detail.requirements or (sheet and sheet.accepted):
            return
        why = sheet.problem if sheet and sheet.problem else "it has not checked them yet"
        why = f"it refused them: {why}" if sheet and sheet.problem and sheet.intent else why
        told = f"posting {number} cannot be shipped yet: the marketplace has to accept what was entered; {why}"
        raise DutyNeededError(told, offered=[_path(number)])
    wanted = "; ".join(f"{name} for SKU {', '.join(skus)}" for name, skus in detail.requirements.items())
    first = left[0]
    told = (
        f"posting {number} cannot be shipped yet, the marketplace wants: {wanted}; {len(left)} entries are missing, "
        f"first {first.duty} of piece {first.piece} of SKU {first.sku}: {_how(number, first.duty)}"
    )
    raise DutyNeededError(told, code=first.code, offered=[_path(number)])


def _path(number: str) -> str:
    return f"/v1/postings/{number}/exemplars"


def _how(number: str, duty: str) -> str:
    if duty in set(Duty) - {Duty.COUNTRY, Duty.CHANGE_COUNTRY}:
        return f"enter it with PUT {_path(number)}"
    return "set it in the marketplace's cabinet"


def to_json(pieces: Mapping[str, tuple[Exemplar, ...]]) -> dict[str, Json]:
    """Pieces as the request of an intent keeps them."""
    return {sku: [_as_json(exemplar) for exemplar in exemplars] for sku, exemplars in pieces.items()}


def _as_json(exemplar: Exemplar) -> dict[str, Json]:
    kept: dict[str, Json] = {name: getattr(exemplar, name) for name in Exemplar.__slots__ if getattr(exemplar, name)}
    return kept | ({"imei": list(exemplar.imei)} if exemplar.imei else {})


def from_json(kept: Json) -> dict[str, tuple[Exemplar, ...]]:
    """The same, read back."""
    found = cast("Mapping[str, list[dict[str, Any]]]", kept)
    return {
        sku: tuple(Exemplar(**{**one, "imei": tuple(one.get("imei", ()))}) for one in exemplars)
        for sku, exemplars in found.items()
    }


def shows_all(asked: Mapping[str, tuple[Exemplar, ...]], shown: Mapping[str, tuple[Exemplar, ...]]) -> bool:
    """Whether the marketplace has exactly what was entered, in whatever order. A mark counts by GTIN and serial: in
    which form it shows the rest is not published."""
    return all(
        Counter(_compared(one, ()) for one in asked.get(sku, ()) if _holds_anything(one))
        == Counter(_compared(one, asked.get(sku, ())) for one in shown.get(sku, ()) if _holds_anything(one))
        for sku in asked.keys() | shown.keys()
    )


def _holds_anything(exemplar: Exemplar) -> bool:
    return _compared(exemplar, ()) != _compared(Exemplar(), ())


def _compared(exemplar: Exemplar, asked: tuple[Exemplar, ...]) -> tuple[object, ...]:
    known = (one.mark.partition("\x1d")[0] for one in asked if one.mark)
    mark = next((each for each in known if exemplar.mark.startswith(each)), exemplar.mark.partition("\x1d")[0])
    flags = (exemplar.gtd_absent, exemplar.rnpt_absent)
    return (mark, tuple(sorted(exemplar.imei)), exemplar.uin, exemplar.gtd, exemplar.rnpt, *flags)
