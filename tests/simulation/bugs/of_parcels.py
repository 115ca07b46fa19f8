"""Seeded bugs in splits, parts and boxes."""

from __future__ import annotations

from tests.simulation.bugs.edits import Bug
from tests.simulation.scenes import parcels

_SHAPES = "shipby.application.intents.shape_actions"

BUGS: tuple[Bug, ...] = (
    Bug(
        "parcels",
        "any_split_is_ours",
        "a split that somebody made before the call counts as ours",
        (
            f"{_SHAPES}:shape_effect",
            "if facts.status == SPLIT or ",
            "if facts.status == SPLIT:\n            return Effect(done=True)\n        if ",
        ),
        parcels.a_split_of_the_cabinet_is_not_ours,
    ),
    Bug(
        "parcels",
        "fewer_is_a_part",
        "a part is proven by the quantities that are left",
        (f"{_SHAPES}:_is_moved", "return bool(parts) and (rest_stands or", "return rest_stands or bool(parts and"),
        parcels.pieces_that_were_cancelled_are_no_part,
    ),
    Bug(
        "parcels",
        "entries_are_copied",
        "a part takes the entries of its pieces and the posting keeps them",
        ("shipby.application.postings.exemplars:inherited", "pieces[len(taken.get(sku, ())) :]", "pieces"),
        parcels.each_mark_goes_with_its_piece,
    ),
    Bug(
        "parcels",
        "box_left_out",
        "a label with fewer pages than boxes is printed",
        ("shipby.application.labels.collect:_Batch._short", "if 0 < pages < expected[number].boxes", "if pages < 0"),
        parcels.a_label_without_the_page_of_a_box,
    ),
)
