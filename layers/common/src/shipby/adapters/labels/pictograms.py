"""Handling marks as closed outlines on a square of 100 x 100, from the top left corner; no fonts, no pictures.

Shapes after ISO 780 (0621 fragile, 0623 this way up, 0626 keep away from rain). The battery mark follows the figure of
the UN Model Regulations, 5.2.1.9, but those want it at least 100 x 70 mm and with the UN number: ours tells the packer
that the parcel needs one, and does not replace it.
Outlines are filled together by the even-odd rule, so that one inside another is a hole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import TypeAlias

from shipby.domain.labels.options import HandlingMark

Point: TypeAlias = tuple[float, float]
Outline: TypeAlias = tuple[Point, ...]

SIDE = 100.0


@cache
def outlines(mark: HandlingMark) -> tuple[Outline, ...]:
    """Closed polygons in a square of 100, to be filled by the even-odd rule; curves are already made of short lines."""
    return tuple(_SHAPES[mark]()) if mark is HandlingMark.BATTERY else _FRAME + tuple(_SHAPES[mark]())


def _box(left: float, top: float, right: float, bottom: float) -> Outline:
    return ((left, top), (right, top), (right, bottom), (left, bottom))


_FRAME: tuple[Outline, ...] = (_box(0, 0, 100, 100), _box(4, 4, 96, 96))


def _curve(start: Point, first: Point, second: Point, end: Point, steps: int = 10) -> list[Point]:
    """Points of a cubic Bézier curve after its start."""
    found = []
    for step in range(1, steps + 1):
        t = step / steps
        a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
        found.append(
            (
                round(a * start[0] + b * first[0] + c * second[0] + d * end[0], 2),
                round(a * start[1] + b * first[1] + c * second[1] + d * end[1], 2),
            )
        )
    return found


def _arc(centre: Point, radius: float, start: float, end: float, steps: int = 24) -> list[Point]:
    """Points of a circle's arc, in degrees clockwise from the right."""
    angles = (math.radians(start + (end - start) * step / steps) for step in range(steps + 1))
    return [(round(centre[0] + radius * math.cos(a), 2), round(centre[1] + radius * math.sin(a), 2)) for a in angles]


def _fragile() -> Sequence[Outline]:
    """A wine glass with a crack."""
    left = [(27.0, 12.0), *_curve((27, 12), (24, 34), (27, 52), (45.5, 56)), (45.5, 79.0)]
    foot = [*_curve((45.5, 79), (44, 83), (34, 83), (31, 85.5), 6), (31.0, 89.0), (69.0, 89.0), (69.0, 85.5)]
    right = [
        *_curve((69, 85.5), (66, 83), (56, 83), (54.5, 79), 6),
        (54.5, 56.0),
        *_curve((54.5, 56), (73, 52), (76, 34), (73, 12)),
    ]
    crack = [(58.0, 12.0), (50.0, 23.0), (58.0, 29.0), (49.0, 43.0), (52.0, 30.0), (43.5, 24.5), (50.0, 12.0)]
    return ((*left, *foot, *right, *crack),)


def _this_side_up() -> Sequence[Outline]:
    """Two arrows on a bar."""

    def arrow(x: float) -> Outline:
        return (
            (x, 12),
            (x + 15, 36),
            (x + 6, 36),
            (x + 6, 74),
            (x - 6, 74),
            (x - 6, 36),
            (x - 15, 36),
        )

    return (arrow(31), arrow(69), _box(14, 80, 86, 88))


def _keep_dry() -> Sequence[Outline]:
    """An umbrella under drops."""
    dome = _arc((50, 56), 37, 180, 360)
    hem: list[Point] = []
    for centre in (74.67, 50.0, 25.33):
        hem += [(x, round(56 - (56 - y) * 0.45, 2)) for x, y in _arc((centre, 56), 12.33, 0, -180, 12)[1:]]
    stick = (
        (47.5, 51.0),
        (52.5, 51.0),
        (52.5, 80.0),
        *_arc((60, 80), 7.5, 180, 0, 10)[1:],
        (72.5, 80.0),
        *_arc((60, 80), 12.5, 0, 180, 16)[1:],
    )
    rain = tuple(
        ((x, top), *_arc((x, top + 8), 2.8, 0, 180, 8))
        for x, top in ((13.5, 24.0), (26.0, 10.0), (74.0, 10.0), (86.5, 24.0))
    )
    return ((*dome, *hem), stick, *rain)


def _battery() -> Sequence[Outline]:
    """A group of batteries, the last one burning, in a hatched border."""
    hatches: list[Outline] = []
    for at in range(0, 100, 10):
        for edge in (0, 92):
            hatches.append(((at + 5, edge), (at + 10, edge), (at + 5, edge + 8), (at, edge + 8)))
            if 10 <= at <= 80:
                hatches.append(((edge, at + 5), (edge, at + 10), (edge + 8, at + 5), (edge + 8, at)))
    cells = []
    for left in (16.0, 33.0):
        cells += [_box(left, 42, left + 13, 80), _box(left + 4, 36, left + 9, 42)]
    flame = (
        (68.0, 82.0),
        *_curve((68, 82), (52, 80), (48, 64), (58, 50)),
        *_curve((58, 50), (59, 56), (61, 59), (64, 59)),
        *_curve((64, 59), (60, 46), (63, 31), (73, 20)),
        *_curve((73, 20), (73, 34), (78, 42), (82, 50)),
        *_curve((82, 50), (89, 64), (85, 80), (68, 82)),
    )
    heart = (
        (69.0, 76.0),
        *_curve((69, 76), (61, 74), (62, 66), (70, 56)),
        *_curve((70, 56), (71, 63), (79, 66), (76, 72)),
        *_curve((76, 72), (75, 75), (73, 76), (69, 76)),
    )
    return (*hatches, *cells, flame, heart)


_SHAPES = {
    HandlingMark.FRAGILE: _fragile,
    HandlingMark.THIS_SIDE_UP: _this_side_up,
    HandlingMark.KEEP_DRY: _keep_dry,
    HandlingMark.BATTERY: _battery,
}
