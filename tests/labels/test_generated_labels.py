"""Every label of the generated corpus is rasterised at its printer's resolution, and every code on it is read back."""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from shipby.adapters.labels.drawing import Bars, Matrix, Page, Rect, TextRun
from shipby.adapters.labels.layout import lay_out
from shipby.adapters.pdf import PdfLabelPapers
from shipby.application.ports.press import PagePick
from shipby.domain.labels.options import LabelFormat, LabelSize, MatrixCode, Sheet
from shipby.domain.labels.own_labels import LabelLook
from tests.labels.label_corpus import FACTORS, Case, Kind, pairwise
from tests.labels.label_dots import misplaced, stray_ink, wrong_dots
from tests.labels.label_pictures import Picture, codes, pictures
from tests.labels.label_proof import draw, faults, press, refused
from tests.labels.other_rasterisers import RASTERISERS, found
from tests.support import zpl_renderer

CASES = pairwise()
DRAWN = [case for case in CASES if not case.may_refuse]
"""Cases that the press has no reason to refuse."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_label_reads_back_exactly_or_is_refused_for_a_reason_that_the_generator_knows(case: Case) -> None:
    drawn = draw(case)
    assert list(refused(case, drawn)) == []
    assert draw(case) == drawn, "the same input gives the same bytes"
    if not drawn.problems:
        assert list(faults(case, drawn)) == []
        if case.format is LabelFormat.ZPL and zpl_renderer.package() is None:
            pytest.skip(f"{zpl_renderer.MISSING}; only layout and bytes were checked")


def test_the_corpus_proves_something_for_every_value_of_every_factor() -> None:
    assert len(CASES) == 300
    assert len(DRAWN) >= 200
    for factor, values in FACTORS.items():
        assert {getattr(case, factor) for case in DRAWN} == set(values), factor


def test_another_process_with_another_hash_seed_draws_the_same_bytes() -> None:
    script = (
        "import hashlib; from tests.labels.label_corpus import pairwise; from tests.labels.label_proof import draw\n"
        "print(hashlib.sha256(b''.join(draw(case).pdf for case in pairwise()[::9])).hexdigest())"
    )
    root = Path(__file__).resolve().parents[2]

    def digest(seed: str) -> str:
        surroundings = {**os.environ, "PYTHONHASHSEED": seed}
        run = [sys.executable, "-c", script]
        return subprocess.run(run, cwd=root, env=surroundings, check=True, capture_output=True, text=True).stdout

    assert digest("1") == digest("2")


def by_look(kind: Kind) -> Iterator[tuple[LabelLook, list[Case]]]:
    groups = defaultdict(list)
    for case in DRAWN:
        if case.kind is kind:
            groups[case.size, case.dpi, case.matrix].append(case)
    for size, dpi, matrix in sorted(groups):
        yield LabelLook(size=size, dpi=dpi, matrix=matrix), groups[size, dpi, matrix]


def test_in_a_batch_each_page_is_its_own_label_and_a_refused_one_is_nobody_elses_problem() -> None:
    for look, cases in by_look(Kind.LABEL):
        labels = [case.label for case in cases]
        bad = next(case for case in CASES if case.must_refuse and case.size is look.size)
        drawn = press().labels([*labels[:2], bad.label, *labels[2:]], look)
        assert list(drawn.problems) == [2]
        assert drawn.pages[2] == ()
        assert [page for pages in drawn.pages for page in pages] == list(range(len(cases)))
        read = [codes(picture) for picture in pictures(drawn.pdf, look.dpi)]
        assert read == [case.expected for case in cases]


@pytest.mark.parametrize(("sheet", "most", "dpi"), [(Sheet.A4_4UP, 4, 300), (Sheet.A4_8UP, 8, 450)])
def test_on_an_a4_sheet_every_code_of_every_label_reads_back(sheet: Sheet, most: int, dpi: int) -> None:
    """Office printers have 600 dpi, so this is the harder view. Eight to a sheet, labels shrink by up to a third."""
    for look, cases in by_look(Kind.LABEL):
        drawn = press().labels([case.label for case in cases], look)
        order = [PagePick(file=0, page=page) for (page,) in drawn.pages]
        composed = PdfLabelPapers().compose([drawn.pdf], order, sheet=sheet)
        sheets = [codes(picture) for picture in pictures(composed, dpi)]
        assert len(sheets) == -(-len(cases) // most)
        expected = [case.expected for case in cases]
        for number, read in enumerate(sheets):
            on_it = expected[number * most : (number + 1) * most]
            assert read == tuple(sorted(code for codes_of_one in on_it for code in codes_of_one)), (look, number)


@pytest.mark.parametrize("program", RASTERISERS)
def test_bars_and_modules_are_exact_to_the_dot_in_other_rasterisers_too(program: str, tmp_path: Path) -> None:
    if not found(program):
        pytest.skip(f"NOT CHECKED: {program} is not installed, so its view of the bars is unknown")
    for number, (look, cases) in enumerate(by_look(Kind.LABEL)):
        folder = tmp_path / str(number)
        folder.mkdir()
        drawn = press().labels([case.label for case in cases], look)
        views = RASTERISERS[program](drawn.pdf, look.dpi, folder)
        assert len(views) == len(cases)
        for case, view in zip(cases, views, strict=True):
            assert codes(view) == case.expected, case.name
            page = lay_out(case.label, look, press().fonts)
            assert list(wrong_dots(page, view)) == [], case.name


def drawing(*items: Rect | TextRun | Bars | Matrix) -> Page:
    return Page(width=200, height=60, dpi=203, millimetres=(25, 8), items=items)


BARS = Bars(x=40, y=10, height=20, module=2, widths=(2, 1, 2), content="x")
MATRIX = Matrix(x=100, y=20, module=2, rows=("10", "11"), kind=MatrixCode.DATA_MATRIX, content="y")


def inked(*rects: tuple[int, int, int, int]) -> Picture:
    grey = bytearray(b"\xff" * (200 * 60))
    for x, y, width, height in rects:
        for row in range(y, y + height):
            grey[row * 200 + x : row * 200 + x + width] = bytes(width)
    return Picture(200, 60, bytes(grey))


RIGHT = ((40, 10, 4, 20), (46, 10, 4, 20), (100, 20, 2, 4), (102, 22, 2, 2))


def test_the_proof_accepts_what_is_exact() -> None:
    assert list(wrong_dots(drawing(BARS, MATRIX), inked(*RIGHT))) == []
    assert list(stray_ink(drawing(BARS, MATRIX), inked(*RIGHT))) == []
    assert list(misplaced(drawing(BARS, MATRIX))) == []


@pytest.mark.parametrize(
    "flaw",
    [
        pytest.param((44, 29, 1, 1), id="a bar one dot too wide in its last row"),
        pytest.param((38, 10, 1, 20), id="ink in the quiet zone of the bars"),
        pytest.param((102, 21, 1, 1), id="a dot in a light module"),
        pytest.param((104, 20, 1, 1), id="ink in the quiet zone of the code"),
    ],
)
def test_the_proof_finds_a_single_wrong_dot(flaw: tuple[int, int, int, int]) -> None:
    assert len(list(wrong_dots(drawing(BARS, MATRIX), inked(*RIGHT, flaw)))) == 1


def test_the_proof_finds_ink_that_belongs_to_nothing_and_text_without_ink() -> None:
    text = TextRun(10, 55, 10, "abc", width=30)
    assert [found.partition(" ")[0] for found in stray_ink(drawing(text), inked((150, 50, 2, 2)))] == ["nothing", "4"]
    assert list(stray_ink(drawing(text), inked((12, 50, 20, 5)))) == []


def test_the_proof_finds_what_is_off_the_page_or_on_one_another() -> None:
    beyond = list(misplaced(drawing(TextRun(150, 55, 10, "too long", width=51))))
    assert len(beyond) == 1
    assert "too long" in beyond[0]
    assert len(list(misplaced(drawing(BARS, TextRun(55, 25, 8, "in the quiet zone", width=20))))) == 1
    assert len(list(misplaced(drawing(BARS, Rect(0, 0, 200, 9))))) == 0


def test_sizes_formats_and_dpi_are_all_in_the_corpus() -> None:
    seen = {(case.size, case.format, case.dpi) for case in CASES}
    assert seen == {(size, kind, dpi) for size in LabelSize for kind in LabelFormat for dpi in (203, 300)}
