"""The press: implements `shipby.application.ports.press.LabelPress`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

from shipby.adapters.labels.draft import Draft
from shipby.adapters.labels.drawing import Page
from shipby.adapters.labels.fonts import Fonts
from shipby.adapters.labels.pdf import to_pdf
from shipby.application.ports.press import Drawn
from shipby.domain.errors import InvalidInputError
from shipby.domain.labels.options import LabelSize
from shipby.domain.labels.own_labels import LabelLook, OwnLabel, PackingSlip, PickList


class ReportlabPress:
    """Draws our own papers; `fonts` is the folder with the label fonts (see its README). Safe to keep: the fonts are
    read once."""

    def __init__(self, fonts: Path) -> None:
        self._folder = fonts

    @cached_property
    def fonts(self) -> Fonts:
        """Read when the first paper is drawn."""
        return Fonts(self._folder)

    def labels(self, labels: Sequence[OwnLabel], look: LabelLook) -> Drawn:
        """One page per parcel label. Raises InvalidInputError for a language or resolution we have none for."""
        return self._draw(labels, look, sticker=False, write=to_pdf)

    def stickers(self, labels: Sequence[OwnLabel], look: LabelLook) -> Drawn:
        """One page per sticker: posting number, goods, codes; no recipient."""
        return self._draw(labels, look, sticker=True, write=to_pdf)

    def zpl(self, labels: Sequence[OwnLabel], look: LabelLook, *, stickers: bool = False) -> Drawn:
        """ZPL II; `Drawn.pdf` holds it."""
        from shipby.adapters.labels.zpl import to_zpl

        return self._draw(labels, look, sticker=stickers, write=to_zpl)

    def slips(self, slips: Sequence[PackingSlip], look: LabelLook, *, size: LabelSize | None = None) -> Drawn:
        """Packing slips, each beginning on a page of its own."""
        from shipby.adapters.labels.papers.slips import draw_slips

        return draw_slips(slips, look, size, self.fonts)

    def pick_list(self, picked: PickList, look: LabelLook, *, size: LabelSize | None = None) -> bytes:
        """A pick list."""
        from shipby.adapters.labels.papers.pick import draw_pick_list

        return draw_pick_list(picked, look, size, self.fonts)

    def _draw(
        self,
        labels: Sequence[OwnLabel],
        look: LabelLook,
        *,
        sticker: bool,
        write: Callable[[Sequence[Page], Fonts], bytes],
    ) -> Drawn:
        # Loaded with the first label of ours: most of what the function prints is the marketplace's.
        from shipby.adapters.labels.layout import lay_out, lay_out_sticker

        Draft(look, self.fonts)  # a wrong look is everybody's problem, so it is raised and not told of each label
        draw = lay_out_sticker if sticker else lay_out
        pages: list[Page] = []
        places: list[tuple[int, ...]] = []
        problems: dict[int, tuple[tuple[str, str], ...]] = {}
        for index, label in enumerate(labels):
            try:
                page = draw(label, look, self.fonts)
            except InvalidInputError as error:
                problems[index] = error.errors
                places.append(())
            else:
                places.append((len(pages),))
                pages.append(page)
        return Drawn(pdf=write(pages, self.fonts) if pages else b"", pages=tuple(places), problems=problems)
