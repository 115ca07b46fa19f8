"""One file out of many papers: the marketplace's labels, our own ones and slips, each in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from shipby.application.ports.press import Drawn, LabelPapers, LabelPress, PagePick
from shipby.domain.errors import InvalidInputError
from shipby.domain.labels.copies import copy_code
from shipby.domain.labels.documents import Document, DocumentKind
from shipby.domain.labels.options import LabelFormat, Sheet
from shipby.domain.labels.own_labels import LabelLook, OwnLabel, PackingSlip
from shipby.domain.labels.prints import PrintContent, PrintStyle
from shipby.domain.postings.posting import Posting

_ZPL_END = b"^XZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one posting adds to a batch: the file of the marketplace's label, or our own label; and its slip."""

    number: str
    posting: Posting
    identifier: str = ""
    """Of the document whose copies are counted; empty for what is no label."""
    document: Document | None = None
    file: bytes = b""
    label: OwnLabel | None = None
    slip: PackingSlip | None = None
    goods: str = ""
    """Offer ids and pieces, for the caption on a sheet."""

    @property
    def personal(self) -> bool:
        """Whether it shows a person's name or address."""
        shown = self.label is not None and self.label.recipient is not None
        return shown or (self.document is not None and self.document.personal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A file, and what could not be put into it."""

    content: bytes = b""
    """Empty if nothing could be made."""
    pages: int = 0
    printed: tuple[str, ...] = ()
    personal: bool = False
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """How the parts of one job are put together. The same parts and copies give the same bytes."""

    papers: LabelPapers
    press: LabelPress
    style: PrintStyle
    printed_at: datetime
    """Local time, for captions."""

    def make(self, parts: Sequence[Part], copies: Mapping[str, int]) -> Made:
        """One file with all parts in order. A part that cannot be drawn or read is named and left out whole."""
        problems: dict[str, str] = {}
        left = list(parts)
        while left:
            run = _Run(self, left, copies)
            found = run.problems or run.unusable()
            if not found:
                content, pages = run.finish()
                return Made(
                    content=content,
                    pages=pages,
                    printed=tuple(part.number for part in left),
                    personal=any(part.personal for part in left),
                    problems=problems,
                )
            problems |= found
            left = [part for part in left if part.number not in problems]
        return Made(problems=problems)


class _Run:
    """One attempt with these parts: everything is drawn, then laid in order."""

    def __init__(self, batch: Batch, parts: Sequence[Part], copies: Mapping[str, int]) -> None:
        self._batch, self._parts, self._copies = batch, parts, copies
        style = batch.style
        self._look = LabelLook(size=style.size, dpi=style.dpi, matrix=style.matrix, language=style.language)
        self._zpl = style.format is LabelFormat.ZPL
        self._laid = (b"", 0)
        self.problems: dict[str, str] = {}
        self._own = self._draw_own()
        self._slips = self._draw_slips()

    def _draw_own(self) -> tuple[Drawn | None, dict[str, int]]:
        stickers = self._batch.style.content is PrintContent.STICKERS
        kind = DocumentKind.STICKER if stickers else DocumentKind.OWN_LABEL
        labels: list[OwnLabel] = []
        places: dict[str, int] = {}
        for part in self._parts:
            if part.label is None:
                continue
            try:
                code = copy_code(part.number, kind, self._copies.get(part.number, 1))
            except InvalidInputError as error:
                self.problems[part.number] = str(error)
                continue
            places[part.number] = len(labels)
            labels.append(replace(part.label, code=code))
        if not labels:
            return None, places
        press = self._batch.press
        if self._zpl:
            drawn = press.zpl(labels, self._look, stickers=stickers)
        else:
            drawn = (press.stickers if stickers else press.labels)(labels, self._look)
        self._note(drawn, places, labels)
        return drawn, places

    def _draw_slips(self) -> tuple[Drawn | None, dict[str, int]]:
        style = self._batch.style
        slips = [part.slip for part in self._parts if part.slip is not None]
        places = {slip.posting_number: index for index, slip in enumerate(slips)}
        if not slips:
            return None, places
        on_paper = style.content is PrintContent.PACKING_SLIPS and style.sheet is not Sheet.NONE
        drawn = self._batch.press.slips(slips, self._look, size=None if on_paper else style.size)
        self._note(drawn, places, ())
        return drawn, places

    def _note(self, drawn: Drawn, places: Mapping[str, int], labels: Sequence[OwnLabel]) -> None:
        for number, index in places.items():
            found = drawn.problems.get(index, ())
            if found:
                told = [_told(name, text, labels[index] if labels else None) for name, text in found]
                self.problems[number] = "; ".join(told)[:300]
            elif not drawn.pages[index]:
                self.problems[number] = "it could not be drawn"

    def unusable(self) -> dict[str, str]:
        """Label files that no page can be taken from; looked for only where laying them out fails."""
        try:
            self._laid = self._lay()
        except InvalidInputError as failed:
            papers = self._batch.papers
            bad: dict[str, str] = {}
            for part in self._parts:
                if part.file:
                    try:
                        papers.compose([part.file], _picks(part, 0, ""))
                    except InvalidInputError as error:
                        bad[part.number] = f"its label file cannot be used: {error}"
            if not bad:
                raise failed
            return bad
        return {}

    def finish(self) -> tuple[bytes, int]:
        """The file and its number of pages."""
        return self._laid

    def _lay(self) -> tuple[bytes, int]:
        return self._lay_zpl() if self._zpl else self._lay_pdf()

    def _lay_pdf(self) -> tuple[bytes, int]:
        files: list[bytes] = []
        own, own_places = self._own
        slips, slip_places = self._slips
        own_file = _add(files, own)
        slip_file = _add(files, slips)
        order: list[PagePick] = []
        for part in self._parts:
            caption = self._caption(part)
            if part.file:
                files.append(part.file)
                order += _picks(part, len(files) - 1, caption)
            elif own is not None and part.number in own_places:
                order += [PagePick(own_file, page, caption) for page in own.pages[own_places[part.number]]]
            if slips is not None and part.number in slip_places:
                order += [PagePick(slip_file, page, part.number) for page in slips.pages[slip_places[part.number]]]
        style = self._batch.style
        sheet = Sheet.NONE if style.content is PrintContent.PACKING_SLIPS else style.sheet
        if style.format is LabelFormat.PNG:
            first = self._batch.papers.compose(files, order if sheet is not Sheet.NONE else order[:1], sheet=sheet)
            return self._batch.papers.picture(first, dpi=style.dpi), 1
        return self._batch.papers.compose(files, order, sheet=sheet), _sheets(len(order), sheet)

    def _lay_zpl(self) -> tuple[bytes, int]:
        papers, dpi = self._batch.papers, self._batch.style.dpi
        own, own_places = self._own
        slips, slip_places = self._slips
        own_pages = _zpl_pages(own.pdf, own) if own else []
        slip_pages = _zpl_pages(papers.as_zpl(slips.pdf, dpi=dpi), slips) if slips else []
        laid: list[bytes] = []
        for part in self._parts:
            if part.file:
                one = papers.compose([part.file], _picks(part, 0, ""))
                laid += _split_zpl(papers.as_zpl(one, dpi=dpi))
            elif own is not None and part.number in own_places:
                laid += [own_pages[page] for page in own.pages[own_places[part.number]]]
            if slips is not None and part.number in slip_places:
                laid += [slip_pages[page] for page in slips.pages[slip_places[part.number]]]
        return b"".join(laid), len(laid)

    def _caption(self, part: Part) -> str:
        copy = self._copies.get(part.number)
        local = f"{self._batch.printed_at:%d.%m.%Y %H:%M}"
        return " · ".join([part.goods, *([f"#{copy}"] if copy else []), local])


def _picks(part: Part, file: int, caption: str) -> list[PagePick]:
    pages = part.document.pages if part.document else 1
    return [PagePick(file, page, caption) for page in range(max(1, pages))]


def _add(files: list[bytes], drawn: Drawn | None) -> int:
    if drawn is None:
        return -1
    files.append(drawn.pdf)
    return len(files) - 1


def _sheets(pages: int, sheet: Sheet) -> int:
    several = {Sheet.A4_4UP: 4, Sheet.A4_8UP: 8}.get(sheet, 1)
    return -(-pages // several)


def _split_zpl(content: bytes) -> list[bytes]:
    """Label by label; no field of ours holds a caret, so the end of a label is never part of its text."""
    *labels, rest = content.split(_ZPL_END)
    pages = [label.lstrip() + _ZPL_END + b"\n" for label in labels]
    return [*pages[:-1], pages[-1] + rest.strip()] if pages and rest.strip() else pages


def _zpl_pages(content: bytes, drawn: Drawn) -> list[bytes]:
    pages = _split_zpl(content)
    wanted = sum(len(each) for each in drawn.pages)
    if len(pages) != wanted:
        raise ValueError(f"the press drew {wanted} labels, and its ZPL holds {len(pages)}")
    return pages


def _told(name: str, text: str, label: OwnLabel | None) -> str:
    """What is wrong with a field; never with what stands in it where that is a person's."""
    recipient = label.recipient if label else None
    personal = [recipient.name, recipient.address, recipient.phone] if recipient else []
    words = {word for value in personal for word in (value, *value.split()) if len(word) > 1}
    if name.startswith("recipient") and any(word in text for word in words):
        return f"{name}: it cannot be printed as it is; correct it at the marketplace or print without it"
    return f"{name}: {text}"
