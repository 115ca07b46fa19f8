"""A press and papers whose "PDF" is text: `%PDF`, then one line a page. What stands on a page can be read in a test."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shipby.application.ports.press import Drawn, PagePick
from shipby.domain.errors import InvalidInputError
from shipby.domain.labels.options import LabelSize, Sheet
from shipby.domain.labels.own_labels import LabelLook, OwnLabel, PackingSlip, PickList
from tests.support.fakes import FakePapers

_PER_SHEET = {Sheet.NONE: 1, Sheet.A4_4UP: 4, Sheet.A4_8UP: 8}
UNDRAWABLE = "☃"


def lines_of(pdf: bytes) -> list[str]:
    """The pages of a file made here."""
    if not pdf.startswith(b"%PDF\n"):
        raise InvalidInputError("not a PDF")
    return pdf.decode().splitlines()[1:]


def file_of(lines: Sequence[str]) -> bytes:
    return "\n".join(["%PDF", *lines]).encode()


class TextPapers(FakePapers):
    """Puts lines together. On a sheet, pages stand beside each other with their captions."""

    def __init__(self) -> None:
        self.composed = 0

    def compose(self, files: Sequence[bytes], order: Sequence[PagePick], *, sheet: Sheet = Sheet.NONE) -> bytes:
        self.composed += 1
        opened = [lines_of(file) for file in files]
        try:
            found = [(opened[pick.file][pick.page], pick.caption) for pick in order]
        except IndexError as error:
            raise InvalidInputError("a file lacks the page") from error
        if not found:
            raise InvalidInputError("there are no pages")
        if sheet is Sheet.NONE:
            return file_of([line for line, _ in found])
        size = _PER_SHEET[sheet]
        shown = [f"{line} ({caption})" for line, caption in found]
        return file_of([" | ".join(shown[start : start + size]) for start in range(0, len(shown), size)])

    def picture(self, pdf: bytes, *, dpi: int) -> bytes:
        return f"PNG {dpi} {lines_of(pdf)[0]}".encode()

    def as_zpl(self, pdf: bytes, *, dpi: int) -> bytes:
        return "".join(f"^XA^FX{dpi} {line}^XZ\n" for line in lines_of(pdf)).encode()


class TextPress:
    """Writes what a label says on its line. A text with UNDRAWABLE in it is a problem of its field."""

    def __init__(self) -> None:
        self.drawn: list[int] = []
        """How many things each call drew."""

    def labels(self, labels: Sequence[OwnLabel], look: LabelLook) -> Drawn:
        return self._draw(labels, _own, file_of)

    def stickers(self, labels: Sequence[OwnLabel], look: LabelLook) -> Drawn:
        return self._draw(labels, lambda label: f"sticker {label.posting_number} {label.code}", file_of)

    def zpl(self, labels: Sequence[OwnLabel], look: LabelLook, *, stickers: bool = False) -> Drawn:
        return self._draw(labels, _own, lambda lines: "".join(f"^XA{line}^XZ\n" for line in lines).encode())

    def slips(self, slips: Sequence[PackingSlip], look: LabelLook, *, size: LabelSize | None = None) -> Drawn:
        self.drawn.append(len(slips))
        paper = size or "A4"
        lines = [f"slip {slip.posting_number} {paper}" for slip in slips]
        return Drawn(pdf=file_of(lines), pages=tuple((index,) for index in range(len(slips))))

    def pick_list(self, picked: PickList, look: LabelLook, *, size: LabelSize | None = None) -> bytes:
        return file_of(
            [f"{picked.code} {size or 'A4'}", *(f"{row.bin} {row.sku} x{row.quantity}" for row in picked.rows)]
        )

    def _draw(
        self,
        labels: Sequence[OwnLabel],
        text: Callable[[OwnLabel], str],
        write: Callable[[Sequence[str]], bytes],
    ) -> Drawn:
        self.drawn.append(len(labels))
        lines: list[str] = []
        pages: list[tuple[int, ...]] = []
        problems: dict[int, tuple[tuple[str, str], ...]] = {}
        for index, label in enumerate(labels):
            name = label.recipient.name if label.recipient else ""
            if UNDRAWABLE in name:
                problems[index] = (("recipient.name", f"no font has {UNDRAWABLE} of {name}"),)
                pages.append(())
                continue
            pages.append((len(lines),))
            lines.append(text(label))
        return Drawn(pdf=write(lines) if lines else b"", pages=tuple(pages), problems=problems)


def _own(label: OwnLabel) -> str:
    return " ".join(
        [
            "own",
            label.posting_number,
            label.code,
            label.tracking_number,
            label.recipient.name if label.recipient else "",
        ]
    )
