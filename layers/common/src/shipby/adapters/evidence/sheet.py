"""The document of an evidence pack on A4: what it is about, whether it can be trusted, every piece, the timeline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from shipby.adapters.evidence.overlay import Colour, Placed, Tint, lay_under
from shipby.adapters.evidence.words import PackWords, known_language, pack_words
from shipby.adapters.labels.draft import LINE
from shipby.adapters.labels.drawing import TextRun
from shipby.adapters.labels.fonts import ASCENT, EM, Fonts
from shipby.adapters.labels.papers.page import Paper
from shipby.adapters.labels.pdf import to_pdf
from shipby.application.ports.evidence import CHANGED, PackPaper, PackPiece, PackSheet, Picture
from shipby.domain.evidence.files import MIB
from shipby.domain.labels.own_labels import LabelLook

_GREY: Colour = (0.93, 0.93, 0.94)
_GREEN: Colour = (0.83, 0.94, 0.85)
_RED: Colour = (0.98, 0.82, 0.80)
_HEAD, _TEXT, _SMALL = 12.0, 9.5, 8.0
"""Points."""
_PICTURE = (68.0, 62.0)
"""Millimetres: the most a picture is wide and high."""
_LABEL_PICTURE = (50.0, 62.0)
_PAD = 1.6
"""Millimetres within a tint."""
_CAPTION = 46.0
"""Millimetres of the column of names."""
_BELOW_HEADING = 34.0
"""Millimetres that a heading needs below it."""


def draw_sheet(sheet: PackSheet, fonts: Fonts) -> bytes:
    """The PDF; the same sheet gives the same bytes."""
    return _Sheet(sheet, fonts).draw()


class _Sheet:
    def __init__(self, sheet: PackSheet, fonts: Fonts) -> None:
        self._sheet = sheet
        self._fonts = fonts
        self._words: PackWords = pack_words(sheet.language)
        self._zone = ZoneInfo(sheet.zone)
        title = f"{self._words.title} {sheet.posting_number}"
        look = LabelLook(language=known_language(sheet.language))
        self._title = title
        self._paper = _Page(look, None, fonts, titles=(title, sheet.posting_number))

    def draw(self) -> bytes:
        self._facts()
        self._verdict()
        self._goods()
        if self._sheet.pieces:
            self._section(self._words.pieces, first=self._sheet.pieces[0].picture)
            for piece in self._sheet.pieces:
                self._piece(piece)
        papers = self._sheet.papers
        self._section(self._words.papers, self._words.papers_note, first=papers[0].picture if papers else None)
        for paper in papers:
            self._record(paper)
        self._timeline()
        self._paper.gap_of(3)
        self._paper.put(self._words.check, _SMALL)
        pdf = to_pdf(self._paper.finish(), self._fonts)
        return lay_under(pdf, self._paper.tints, self._paper.pictures, title=self._title)

    def _time(self, when: datetime) -> str:
        """To the second, in the seller's zone, which is named."""
        local = when.astimezone(self._zone)
        offset = f"{local:%z}"
        shown = f"{offset[0]}{int(offset[1:3])}" + (f":{offset[3:5]}" if offset[3:5] != "00" else "")
        pattern = "%d.%m.%Y %H:%M:%S" if known_language(self._sheet.language) == "ru" else "%Y-%m-%d %H:%M:%S"
        return f"{local.strftime(pattern)} (UTC{shown if int(offset[1:5]) else ''})"

    def _section(self, title: str, note: str = "", *, first: Picture | None = None) -> None:
        """A heading, on the page of what comes first below it."""
        page = self._paper
        page.gap_of(3.5)
        page.room(page.mm(_BELOW_HEADING + (_PICTURE[1] if first else 0)))
        page.put(title, _HEAD, bold=True)
        page.rule()
        if note:
            page.put(note, _SMALL)
            page.gap_of(1)

    def _facts(self) -> None:
        sheet, words = self._sheet, self._words
        facts = (
            (words.posting, sheet.posting_number),
            (words.order, sheet.order_number),
            (words.status, " · ".join(filter(None, [sheet.scheme, sheet.status]))),
            (words.tracking, sheet.tracking_number),
            (words.purpose, sheet.purpose),
            (words.claim, sheet.claim_id),
            (words.return_, sheet.return_id),
            (words.seller, sheet.seller),
            (words.asked, f"{self._time(sheet.asked_at)} · {sheet.asked_by}"),
            (words.pack, sheet.pack_id),
        )
        for caption, value in facts:
            if value:
                self._paper.pair(caption, value, _TEXT)

    def _verdict(self) -> None:
        sheet, words, page = self._sheet, self._words, self._paper
        changed = [str(piece.sequence) for piece in sheet.pieces if piece.problem == CHANGED]
        lines: list[tuple[str, float, bool]] = []
        if sheet.broken_at is not None:
            lines.append((words.broken.format(at=sheet.broken_at), _HEAD, True))
        elif sheet.pieces:
            lines.append((words.whole.format(count=len(sheet.pieces)), _HEAD, True))
            lines.append((words.whole_note, _SMALL, False))
        else:
            lines.append((words.empty, _HEAD, True))
        if changed:
            lines.append((words.files_changed.format(numbers=", ".join(changed)), _TEXT, True))
        if sheet.chain_hash:
            lines.append((f"{words.head}: {sheet.chain_hash}", _SMALL, False))
        bad = bool(changed) or sheet.broken_at is not None
        page.gap_of(2.5)
        page.boxed(lines, _RED if bad else _GREEN if sheet.pieces else _GREY)

    def _goods(self) -> None:
        if not self._sheet.goods:
            return
        self._section(self._words.goods)
        for good in self._sheet.goods:
            told = ""
            if good.scanned is not None:
                told = " · " + self._words.scanned.format(scanned=good.scanned, quantity=good.quantity)
            self._paper.put(f"{good.quantity} × {good.offer}{told}", _TEXT, bold=True)
            self._paper.put(good.name, _SMALL)
            self._paper.gap_of(0.8)

    def _piece(self, piece: PackPiece) -> None:
        words = self._words
        head = words.piece.format(number=piece.sequence, kind=words.kinds[piece.kind])
        lines: list[tuple[str, float, bool]] = [
            (f"{words.data[name]}: {self._value(name, value)}", _TEXT, True)
            for name, value in piece.data.items()
            if words.data.get(name)
        ]
        if piece.problem:
            lines.append((words.problems[piece.problem], _TEXT, piece.problem == CHANGED))
        lines.append((words.added.format(actor=piece.actor), _SMALL, False))
        if piece.return_id:
            lines.append((f"{words.return_}: {piece.return_id}", _SMALL, False))
        if piece.name:
            about = ", ".join(filter(None, [piece.content_type.partition(";")[0], _size(piece.size), _pixels(piece)]))
            lines.append((f"{words.file}: {piece.name} ({about})", _SMALL, False))
        lines.append((f"SHA-256: {piece.sha256}", _SMALL, False))
        lines.append((f"hash: {piece.hash}", _SMALL, False))
        self._paper.block(head, self._time(piece.at), lines, piece.picture, _PICTURE)
        for line in piece.text.splitlines():
            if line.strip():
                self._paper.put(line, _TEXT, indent=_PAD)
        if piece.text:
            self._paper.gap_of(2.5)

    def _value(self, name: str, value: object) -> str:
        if name == "about":
            return self._words.about.get(str(value), str(value))
        if name == "taken_at":
            return self._time(datetime.fromisoformat(str(value)))
        return str(value)

    def _record(self, paper: PackPaper) -> None:
        words = self._words
        lines: list[tuple[str, float, bool]] = []
        if paper.detail:
            lines.append((paper.detail, _TEXT, True))
        if paper.problem:
            lines.append((words.problems[paper.problem], _TEXT, paper.problem == CHANGED))
        if paper.name:
            lines.append((f"{words.file}: {paper.name}", _SMALL, False))
        if paper.sha256:
            lines.append((f"SHA-256: {paper.sha256}", _SMALL, False))
        when = self._time(paper.at) if paper.at else ""
        self._paper.block(words.what[paper.what], when, lines, paper.picture, _LABEL_PICTURE)

    def _timeline(self) -> None:
        if not self._sheet.moments:
            return
        self._section(self._words.moments, self._words.moments_note)
        for moment in self._sheet.moments:
            detail = moment.detail
            if moment.piece is not None:
                number, kind = moment.piece
                detail = self._words.piece.format(number=number, kind=self._words.kinds[kind])
            told = " · ".join(filter(None, [self._words.events[moment.type], detail, moment.actor]))
            self._paper.pair(self._time(moment.at), told, _SMALL)


def _size(size: int) -> str:
    if not size:
        return ""
    return f"{size / MIB:.1f} MiB" if size >= MIB else f"{math.ceil(size / 1024)} KiB"


def _pixels(piece: PackPiece) -> str:
    width, height = piece.data.get("width"), piece.data.get("height")
    return f"{width} × {height}" if width and height else ""


class _Page(Paper):
    """A paper that can also tint, place pictures, and set two columns."""

    tints: list[Tint]
    pictures: list[Placed]

    def new_page(self) -> None:
        if not self._pages:
            self.tints, self.pictures = [], []
        super().new_page()

    def gap_of(self, millimetres: float) -> None:
        """Leave room, except at the top of a page."""
        if not self.fresh:
            self.y += self.mm(millimetres)

    def _height(self, points: float) -> int:
        return math.ceil(LINE * self.points(points))

    def _lines(self, text: str, points: float, width: int, *, bold: bool) -> list[TextRun]:
        """The lines of a text of a width, at the left edge and at no height yet."""
        size = self.points(points)
        return [
            TextRun(0, 0, size, line.text, bold, line.width * size / EM)
            for line in self.measured(text, bold=bold).wrap(int(width * EM / size))
        ]

    def _set_line(self, run: TextRun, x: int, y: int) -> None:
        self.items.append(TextRun(x, round(y + ASCENT * run.size), run.size, run.text, run.bold, run.width))

    def put(self, text: str, points: float, *, bold: bool = False, indent: float = 0) -> None:
        """A paragraph across the page."""
        left = self.left + self.mm(indent)
        for run in self._lines(text, points, self.right - left, bold=bold):
            self.room(self._height(points))
            self._set_line(run, left, self.y)
            self.y += self._height(points)

    def pair(self, caption: str, value: str, points: float) -> None:
        """A name and what it is, beside each other."""
        column = self.mm(_CAPTION)
        names = self._lines(caption, points, column - self.gap, bold=False)
        values = self._lines(value, points, self.right - self.left - column, bold=points > _SMALL)
        for index in range(max(len(names), len(values))):
            self.room(self._height(points))
            if index < len(names):
                self._set_line(names[index], self.left, self.y)
            if index < len(values):
                self._set_line(values[index], self.left + column, self.y)
            self.y += self._height(points)

    def _points(self, dots: float) -> float:
        return dots / self.per_mm * 72 / 25.4

    def _tint(self, height: int, colour: Colour) -> None:
        self.tints.append(
            Tint(
                len(self._pages) - 1,
                self._points(self.left),
                self._points(self.y),
                self._points(self.right - self.left),
                self._points(height),
                colour,
            )
        )

    def boxed(self, lines: Sequence[tuple[str, float, bool]], colour: Colour) -> None:
        """Lines in a tinted box."""
        pad = self.mm(_PAD)
        width = self.right - self.left - 2 * pad
        runs = [
            (run, self._height(points))
            for text, points, bold in lines
            for run in self._lines(text, points, width, bold=bold)
        ]
        height = sum(high for _, high in runs) + 2 * pad
        self.room(height)
        self._tint(height, colour)
        y = self.y + pad
        for run, high in runs:
            self._set_line(run, self.left + pad, y)
            y += high
        self.y += height

    def block(
        self,
        head: str,
        when: str,
        lines: Sequence[tuple[str, float, bool]],
        picture: Picture | None,
        most: tuple[float, float],
    ) -> None:
        """A tinted head with its time, lines below it, and a picture beside them; never divided over pages."""
        pad = self.mm(_PAD)
        wide, high = self._fit(picture, most)
        width = self.right - self.left - 2 * pad - (wide + 2 * pad if picture else 0)
        runs = [
            (run, self._height(points))
            for text, points, bold in lines
            for run in self._lines(text, points, width, bold=bold)
        ]
        bar = self._height(_TEXT) + pad
        body = max(sum(tall for _, tall in runs), high)
        self.room(bar + body + 3 * pad)
        self._tint(bar, _GREY)
        title = self.measured(head, bold=True)
        size = self.points(_TEXT)
        top = self.y + pad // 2
        self._set_line(TextRun(0, 0, size, title.line().text, True, title.width * size / EM), self.left + pad, top)
        time = self.measured(when)
        time_width = time.width * size / EM
        if when:
            run = TextRun(0, 0, size, time.line().text, False, time_width)
            self._set_line(run, math.floor(self.right - pad - time_width), top)
        y = self.y + bar + pad
        if picture:
            self.pictures.append(
                Placed(
                    len(self._pages) - 1,
                    self._points(self.right - pad - wide),
                    self._points(y),
                    self._points(wide),
                    self._points(high),
                    picture,
                )
            )
        self.y = y + body + 2 * pad
        for run, tall in runs:
            self._set_line(run, self.left + pad, y)
            y += tall

    def _fit(self, picture: Picture | None, most: tuple[float, float]) -> tuple[int, int]:
        if picture is None:
            return 0, 0
        share = min(self.mm(most[0]) / picture.width, self.mm(most[1]) / picture.height)
        return math.floor(picture.width * share), math.floor(picture.height * share)
