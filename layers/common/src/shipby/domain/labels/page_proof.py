"""Which posting a label page belongs to, proven by what its picture says; where it lies in the file means nothing.

The marketplace documents neither the order of pages nor their number for several boxes. So each page is compared with
the codes that the marketplace itself names for a posting (`with.barcodes` and `scanit` of /v3/posting/fbs/get), and
with posting numbers printed on it. A page that contradicts itself, repeats another, or names somebody else is proven
wrong. A page that says nothing is no proof of anything, and neither is a code that several postings have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shipby.domain.labels.pages import PageVerdict

Names = Callable[[str], "str | None"]
"""A barcode or posting number -> the posting of ours that it names, SEVERAL, or None."""
SEVERAL = ""
"""The code is known to be on labels of several postings: it names none of them."""
_NUMBER = re.compile(r"\d{4,12}-\d{4}-\d{1,3}", re.ASCII)
_UPPER = re.compile(r"%\d{1,4}%\d{4,}.*", re.ASCII | re.DOTALL)
_DIGITS = re.compile(r"\d{14,16}", re.ASCII)
"""Codes of labels as the marketplace writes them: %101%10293145035 or 711008270053000 above, 201864523528000 or
20325804886000 below. Source: ozon Seller API, /v3/posting/fbs/get, /v2/posting/fbs/get-by-barcode."""
_SHORTEST = 8
"""A shorter code is no label's code only because it is built like one."""
_RUNS = re.compile(r"\d+|\D+")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSaid:
    """What was read off one page: barcodes of its picture, posting numbers in its text, and the hash of the page."""

    sha256: str
    barcodes: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    looks: str = ""
    """A hash of its picture; empty where it was not taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the marketplace says of a posting whose label was asked for."""

    barcodes: tuple[str, ...] = ()
    parent: str = ""
    relatives: tuple[str, ...] = ()
    """Numbers of its split: they may stand on its label beside its own."""
    references: tuple[str, ...] = ()
    """Other codes that its label may carry: the carrier's numbers."""
    boxes: int = 0
    """In how many boxes it is packed: its label has a page for each. 0 where nobody said it: any number will do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The verdict on one page. `names` holds every posting that it names."""

    verdict: PageVerdict
    names: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Verdicts in the file's order, and each posting's proven pages in print order (indexes from 0)."""

    findings: tuple[Finding, ...]
    pages: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def of(self, verdict: PageVerdict) -> tuple[int, ...]:
        """Indexes of the pages with this verdict."""
        return tuple(index for index, finding in enumerate(self.findings) if finding.verdict is verdict)


def is_posting_number(text: str) -> bool:
    """Whether a text is built like a posting number, such as 24219509-0020-2."""
    return _NUMBER.fullmatch(text) is not None


def is_own_code(code: str, number: str, barcodes: Collection[str]) -> bool:
    """Whether a code tells this posting from all others: its number, or one of the barcodes that the marketplace names
    for it, as it is or with a box's suffix. Anything else, such as a route, may stand on many labels; what looks like
    the number of another posting is that posting's."""
    if code == number:
        return True
    return not is_posting_number(code) and any(_is_code_of_box(code, barcode) for barcode in barcodes if barcode)


def _is_code_of_box(code: str, barcode: str) -> bool:
    """A longer code of letters or digits alone is another one: 230249 is no box of 23024."""
    return code.startswith(barcode) and not code[len(barcode) :][:1].isalnum()


def codes_of_boxes(codes: Collection[str], named: Collection[str], boxes: int) -> tuple[str, ...]:
    """Those of a label's codes of which each is on one box alone; empty where they do not tell its boxes apart.

    A box's code is one that the marketplace names for the posting, as it is or with the box's suffix.
    """
    for barcode in named:
        found = tuple(dict.fromkeys(code for code in codes if _is_code_of_box(code, barcode)))
        if len(found) == boxes:
            return found
    return ()


def boxes_amiss(pages: int, boxes: int) -> str:
    """What is wrong with so many pages for so many boxes; empty if nothing is, or the boxes are not known."""
    if boxes < 2 or pages == boxes:
        return ""
    return (
        f"{pages} of {boxes} pages, one for each box, are there"
        if pages < boxes
        else (f"it has {pages} pages for {boxes} boxes")
    )


def prove_pages(pages: Sequence[PageSaid], asked_for: Mapping[str, Expected], names: Names) -> Proof:
    """Judge every page of a label file. The same pages in another order get the same verdicts.

    `names` is asked for what the postings asked for do not explain, and whether a code that proves is theirs alone.
    """
    owners = _owners(asked_for)
    findings = [_judge(page, asked_for, owners, names) for page in pages]
    bound: dict[str, list[int]] = {}
    for index, finding in enumerate(findings):
        if finding.verdict is PageVerdict.PROVEN:
            bound.setdefault(finding.names[0], []).append(index)
    kept: dict[str, tuple[int, ...]] = {}
    for number, indexes in bound.items():
        first, doubles = _without_doubles(pages, indexes)
        kept[number] = first
        for index in doubles:
            reason = f"the same page of {number} came before"
            findings[index] = replace(findings[index], verdict=PageVerdict.DOUBLE, reason=reason)
    return Proof(findings=tuple(findings), pages=kept)


def print_order(pages: Sequence[PageSaid], indexes: Collection[int]) -> list[int]:
    """Pages of one posting by their codes, then their texts: box 2 before box 10, whatever the file's order was.

    Pages that differ in neither stay as they follow each other.
    """
    return sorted(sorted(indexes), key=lambda index: _place(pages[index]))


def _owners(asked_for: Mapping[str, Expected]) -> dict[str, str]:
    """Code -> posting asked for; a code that the marketplace names for several of them tells nothing."""
    found: dict[str, set[str]] = {}
    for number, expected in asked_for.items():
        for code in (number, *expected.barcodes):
            if code == number or not is_posting_number(code):
                found.setdefault(code, set()).add(number)
    return {code: next(iter(numbers)) if len(numbers) == 1 else "" for code, numbers in found.items()}


def _judge(page: PageSaid, asked_for: Mapping[str, Expected], owners: Mapping[str, str], names: Names) -> Finding:
    by_code = {owner for code in page.barcodes if (owner := _owner(code, owners, names))}
    numbers = set(page.texts)
    if len(by_code) > 1:
        return _mismatch(by_code, by_code | (numbers & set(owners)), "its barcodes belong to different postings")
    if not by_code:
        return _judge_text(page, numbers, asked_for)
    (number,) = by_code
    others = numbers - {number}
    expected = asked_for.get(number, Expected())
    if number in numbers:
        # Its own number is there: one that is no posting of ours may be any other reference.
        others = {other for other in others if other in asked_for or names(other)} - {expected.parent}
        others -= set(expected.relatives)
    else:
        others -= {expected.parent}
    if others:
        return _mismatch(by_code | others, by_code | others, "its barcode and the number printed on it disagree")
    if number not in asked_for:
        return _foreign(number)
    own = [code for code in page.barcodes if _owner(code, owners, names) == number]
    if not any(code == number or names(code) in (None, number) for code in own):
        reason = f"its codes are {number}'s, but labels of other postings have them too"
        return Finding(verdict=PageVerdict.UNREADABLE, names=(number,), reason=reason)
    if strange := _strange(page, expected, owners, names):
        reason = (
            f"beside the code of {number} it has one that is built like a label's, and that nobody knows: {strange}"
        )
        return Finding(verdict=PageVerdict.UNREADABLE, names=(number,), reason=reason)
    return Finding(verdict=PageVerdict.PROVEN, names=(number,))


def _strange(page: PageSaid, expected: Expected, owners: Mapping[str, str], names: Names) -> str:
    """A code of a page that may be of the label of a posting that we do not know; empty if there is none."""
    for code in page.barcodes:
        known = code in owners or code in expected.references or names(code) is not None
        own = any(_is_code_of_box(code, barcode) for barcode in expected.barcodes)
        if not known and not own and is_built_like_a_label(code, expected.barcodes):
            return code
    return ""


def is_built_like_a_label(code: str, barcodes: Collection[str]) -> bool:
    """Whether a code may be one that the marketplace prints on a label: as its examples are built, or as `barcodes`.

    Codes of goods are not: an article's number of 14 digits has a check digit, and the examples of labels' codes end in
    zeros. Neither are addresses, routes, or codes of other lengths.
    """
    if _UPPER.fullmatch(code):
        return True
    if _DIGITS.fullmatch(code):
        return not (len(code) == 14 and _is_article(code) and not code.endswith("000"))
    if code.isascii() and code.isdigit():
        return False
    return len(code) >= _SHORTEST and _shape(code) in {_shape(barcode) for barcode in barcodes}


def _is_article(digits: str) -> bool:
    """Whether the last digit is the check digit of a GTIN. Source: GS1 General Specifications 7.9."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits[:-1]), start=1))
    return (10 - total % 10) % 10 == int(digits[-1])


def _shape(code: str) -> str:
    """A code with each digit and letter replaced by one of its kind: RB123456785CN is AA000000000AA."""
    kinds = ((str.isdigit, "0"), (str.isupper, "A"), (str.islower, "a"))
    return "".join(next((sign for is_kind, sign in kinds if is_kind(each)), each) for each in code)


def _judge_text(page: PageSaid, numbers: set[str], asked_for: Mapping[str, Expected]) -> Finding:
    """A page whose barcodes name nobody: a number in its text alone proves little."""
    kin = {
        other
        for number in numbers & set(asked_for)
        for other in (asked_for[number].parent, *asked_for[number].relatives)
        if other not in asked_for
    }
    numbers = numbers - kin
    if len(numbers) > 1:
        return _mismatch(numbers, numbers, "several posting numbers are printed on it")
    if not numbers:
        said = "its barcodes name no posting" if page.barcodes else "no barcode could be read on it"
        return Finding(verdict=PageVerdict.UNREADABLE, reason=f"{said}, and no posting number is printed on it")
    (number,) = numbers
    if number not in asked_for:
        return _foreign(number)
    if asked_for[number].barcodes:
        said = "none of its barcodes is that posting's" if page.barcodes else "no barcode could be read on it"
        return Finding(verdict=PageVerdict.UNREADABLE, names=(number,), reason=f"{number} is printed on it, but {said}")
    return Finding(verdict=PageVerdict.PROVEN, names=(number,))


def _owner(code: str, owners: Mapping[str, str], names: Names) -> str:
    if code in owners:
        return owners[code]
    return names(code) or (code if is_posting_number(code) else "")


def _mismatch(shown: Collection[str], named: Collection[str], reason: str) -> Finding:
    several = ", ".join(sorted(shown))
    return Finding(verdict=PageVerdict.MISMATCH, names=tuple(sorted(named)), reason=f"{reason}: {several}")


def _foreign(number: str) -> Finding:
    reason = f"it is the label of {number}, which was not asked for"
    return Finding(verdict=PageVerdict.FOREIGN, names=(number,), reason=reason)


def _without_doubles(pages: Sequence[PageSaid], indexes: Collection[int]) -> tuple[tuple[int, ...], list[int]]:
    """The pages to keep in print order, and those that repeat one of them: the same page, or the same codes on a page
    that looks the same. Boxes of one posting may carry the same codes and differ by `1 of 2` only."""
    seen: set[object] = set()
    kept: list[int] = []
    doubles: list[int] = []
    for index in print_order(pages, indexes):
        page = pages[index]
        marks: set[object] = {page.sha256}
        if page.barcodes and page.looks:
            marks.add((frozenset(page.barcodes), page.looks))
        if marks & seen:
            doubles.append(index)
        else:
            kept.append(index)
        seen |= marks
    return tuple(kept), doubles


def _place(page: PageSaid) -> tuple[object, ...]:
    return _natural(page.barcodes), _natural(page.texts)


def _natural(texts: Sequence[str]) -> tuple[tuple[tuple[int, int, str], ...], ...]:
    """Texts in their natural order, with numbers in them compared as numbers."""
    return tuple(sorted(tuple(_run(run) for run in _RUNS.findall(text)) for text in texts))


def _run(run: str) -> tuple[int, int, str]:
    # Barcodes are ASCII; \d of the pattern and int() agree on every decimal digit besides.
    return (0, int(run), run) if run.isdecimal() else (1, 0, run)
