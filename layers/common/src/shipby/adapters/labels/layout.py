"""One label laid out: the same drawing for PDF and ZPL."""

from __future__ import annotations

from dataclasses import replace

from shipby.adapters.labels.draft import Draft
from shipby.adapters.labels.drawing import Page
from shipby.adapters.labels.fonts import Fonts
from shipby.adapters.labels.layout_small import lay_out_small
from shipby.adapters.labels.layout_tall import lay_out_tall
from shipby.domain.labels.options import LabelSize
from shipby.domain.labels.own_labels import LabelLook, OwnLabel


def lay_out(label: OwnLabel, look: LabelLook, fonts: Fonts) -> Page:
    """Raises InvalidInputError whose `errors` name every field that cannot be printed and why."""
    draft = Draft(look, fonts)
    if look.size is LabelSize.MM58X40:
        lay_out_small(draft, label)
    else:
        lay_out_tall(draft, label)
    return draft.page()


def lay_out_sticker(label: OwnLabel, look: LabelLook, fonts: Fonts) -> Page:
    """For the seller's own use: posting number, goods and codes, and nothing about a person. Raises as `lay_out`."""
    return lay_out(
        replace(label, recipient=None, sender=None, tracking_number="", carrier="", cash_on_delivery="", note=""),
        look,
        fonts,
    )
