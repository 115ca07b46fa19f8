"""The generated corpus: every label and sticker our press may be asked for, chosen pairwise or in full."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from allpairspy import AllPairs

from shipby.domain.labels.options import HandlingMark, LabelFormat, LabelSize, MatrixCode
from shipby.domain.labels.own_labels import LabelLine, LabelLook, OwnLabel, Party
from tests.labels.label_pictures import DOTS_PER_INCH
from tests.labels.label_texts import Length, Script, wording

PAIRWISE = 300
"""Cases in every test run: all pairs of values first, filled up at random with a fixed seed."""

ALL_MARKS = tuple(HandlingMark)


class Kind(StrEnum):
    """Which of the press's two drawings."""

    LABEL = "label"
    STICKER = "sticker"


class Who(StrEnum):
    """Who stands on the label."""

    NOBODY = "nobody"
    RECIPIENT = "recipient"
    BOTH = "both"


class Tracking(StrEnum):
    """What kind of tracking number: Code 128 packs digits twice as tight as letters."""

    NONE = "none"
    UPU = "upu"
    DIGITS = "digits"
    LETTERS = "letters"


_TRACKING = {
    Tracking.NONE: "",
    Tracking.UPU: "RR123456785RU",
    Tracking.DIGITS: "460690078912345600001234",
    Tracking.LETTERS: "SHIPBY-QWERTZ-ASDFGH-YXCVBN-1",
}

_TOO_LONG_FOR: dict[LabelSize, frozenset[str]] = {
    LabelSize.MM58X40: frozenset({"carrier", "cash_on_delivery"}),
    LabelSize.MM75X120: frozenset({"carrier", "recipient.name", "recipient.address", "note"}),
    LabelSize.MM100X150: frozenset(),
}
"""Fields whose extreme text a label need not hold. The largest holds every one."""


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """One label to draw and read back."""

    kind: Kind
    size: LabelSize
    format: LabelFormat
    dpi: int
    matrix: MatrixCode
    script: Script
    length: Length
    marks: int
    """How many of the handling marks."""
    box: int
    """0: the only parcel; else the box of 12."""
    tracking: Tracking
    who: Who
    items: int
    language: str
    code: bool

    @property
    def name(self) -> str:
        """Says all factors, for messages and for running one case again."""
        return "/".join(str(getattr(self, factor)) for factor in self.__slots__)

    @property
    def look(self) -> LabelLook:
        """What the press is asked for along with the label."""
        return LabelLook(size=self.size, dpi=self.dpi, matrix=self.matrix, language=self.language)

    @property
    def label(self) -> OwnLabel:
        """The label itself. Its numbers differ from case to case, so that no code can stand in for another's."""
        digest = random.Random(self.name)
        number = f"{digest.randrange(10**7, 10**8)}-{digest.randrange(10**4):04d}-{digest.randrange(1, 30)}"
        words = wording(self.script, self.length)
        party = Party(name=words.name, address=words.address, phone="+7 921 000-00-00" if words.name else "")
        sender = Party(
            name="ИП Ж. Омаров, 莆田 Store", address="г. Екатеринбург, ул. 8 Марта, 51", phone="+7 343 000-00-00"
        )
        return OwnLabel(
            posting_number=number,
            code=f"SB:{number}:L:{digest.randrange(1, 9)}:{digest.randrange(36**2):02X}" if self.code else "",
            tracking_number=_TRACKING[self.tracking],
            carrier=words.carrier if self.tracking is not Tracking.NONE else "",
            recipient=None if self.who is Who.NOBODY else party,
            sender=sender if self.who is Who.BOTH else None,
            lines=tuple(_line(words.goods, index) for index in range(self.items)),
            marks=ALL_MARKS[: self.marks],
            day=date(2026, 3, 9) if self.length is not Length.EMPTY else None,
            box=self.box or 1,
            boxes=12 if self.box else 1,
            note=words.note,
            cash_on_delivery="12 345 678,90 ₽" if self.length is Length.EXTREME else "",
        )

    @property
    def may_refuse(self) -> frozenset[str]:
        """Fields whose text may be refused: it is extremely long, has no glyph, or its bars are too many for the paper.
        Any other problem is a fault of the press."""
        fields: set[str] = set()
        if self.script is Script.NO_GLYPH and self.length is not Length.EMPTY:
            fields |= {f"lines[{index}].name" for index in range(self.items)} | self.must_refuse
        if self.kind is Kind.STICKER:
            return frozenset(fields)
        if self.length is Length.EXTREME:
            fields |= _TOO_LONG_FOR[self.size]
        if bars_of_letters(self.label.tracking_number) * 2 > label_dots(self.size, self.dpi):
            fields.add("tracking_number")
        return frozenset(fields)

    @property
    def must_refuse(self) -> frozenset[str]:
        """Fields that have no glyph and are always printed: the label must be refused because of each of these."""
        if self.script is not Script.NO_GLYPH or self.length is Length.EMPTY or self.kind is Kind.STICKER:
            return frozenset()
        fields = {"carrier"} if self.tracking is not Tracking.NONE else set()
        if self.size is not LabelSize.MM58X40:
            fields |= {"note"} | ({"recipient.name", "recipient.address"} if self.who is not Who.NOBODY else set())
        return frozenset(fields)

    @property
    def texts(self) -> tuple[str, ...]:
        """Texts that stand on it whole, whatever else does. Goods may be shortened, and the smallest size has room for
        no person by design."""
        label = self.label
        texts = [label.posting_number]
        if self.kind is Kind.LABEL:
            texts += [label.tracking_number, label.carrier, label.cash_on_delivery]
            if self.size is not LabelSize.MM58X40:
                people = [party for party in (label.recipient, label.sender) if party]
                texts += [text for party in people for text in (party.name, party.address, party.phone)]
                texts.append(label.note)
        return tuple(text for text in texts if text)

    @property
    def expected(self) -> tuple[tuple[str, str], ...]:
        """Every code that has to be on it, as (format, content), sorted."""
        label = self.label
        codes = [("Code128", label.posting_number)]
        if label.tracking_number and self.kind is Kind.LABEL:
            codes.append(("Code128", label.tracking_number))
        if label.code:
            codes.append(("QRCode" if self.matrix is MatrixCode.QR else "DataMatrix", label.code))
        return tuple(sorted(codes))


def bars_of_letters(content: str) -> int:
    """Modules of a Code 128 symbol with its quiet zones, if every character takes one of its own: start, check and
    stop are 35, a character is 11 (ISO/IEC 15417)."""
    return 35 + 11 * len(content) + 20


def label_dots(size: LabelSize, dpi: int) -> int:
    """Whole dots across the paper."""
    return int(size.millimetres[0] * DOTS_PER_INCH[dpi] / 25.4 + 1e-9)


def _line(goods: str, index: int) -> LabelLine:
    return LabelLine(
        offer_id=f"ART-{index:03d}", name=goods, quantity=index + 1, sku=str(148_000_000 + index), bin=f"A-{index:02d}"
    )


FACTORS: dict[str, tuple[object, ...]] = {
    "kind": tuple(Kind),
    "size": tuple(LabelSize),
    "format": tuple(LabelFormat),
    "dpi": (203, 300),
    "matrix": tuple(MatrixCode),
    "script": tuple(Script),
    "length": tuple(Length),
    "marks": (0, 1, len(ALL_MARKS)),
    "box": (0, 1, 12),
    "tracking": tuple(Tracking),
    "who": tuple(Who),
    "items": (0, 1, 40),
    "language": ("ru", "zh", "en", "kk"),
    "code": (True, False),
}


def pairwise(count: int = PAIRWISE) -> tuple[Case, ...]:
    """Cases in which any two values of any two factors meet, and seeded random ones up to `count`; sorted."""
    names = list(FACTORS)
    chosen = {_case(dict(zip(names, values, strict=True))) for values in AllPairs(list(FACTORS.values()))}
    for case in sampled(seed=count):
        if len(chosen) >= count:
            break
        chosen.add(case)
    return tuple(sorted(chosen))


def sampled(seed: int) -> Iterator[Case]:
    """Cases drawn from the full product, endlessly; the same seed gives the same ones."""
    dice = random.Random(seed)
    while True:
        yield _case({name: dice.choice(values) for name, values in FACTORS.items()})


def full() -> Iterator[Case]:
    """The full product of all factors."""
    for values in itertools.product(*FACTORS.values()):
        yield _case(dict(zip(FACTORS, values, strict=True)))


def named(name: str) -> Case:
    """The case with this name. Raises KeyError or ValueError for a name of none."""
    texts = name.split("/")
    values = {
        factor: {str(value): value for value in values}[text]
        for (factor, values), text in zip(FACTORS.items(), texts, strict=True)
    }
    return _case(values)


def _case(values: dict[str, object]) -> Case:
    return Case(**values)  # type: ignore[arg-type]  # FACTORS holds for each field values of its type
