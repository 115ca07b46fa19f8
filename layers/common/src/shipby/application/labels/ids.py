"""Ids of a posting's papers among its documents."""

from __future__ import annotations

from collections.abc import Mapping

from shipby.domain.labels.options import LabelForm

LABEL_ID = "label"
"""The marketplace's big label."""
LABEL_IDS: Mapping[LabelForm, str] = {LabelForm.BIG: LABEL_ID, LabelForm.SMALL: "label-small"}
"""The marketplace's label, by form."""
OWN_ID = "own"
"""Our own label; nothing is stored of it but how often it was printed."""
STICKER_ID = "sticker"
