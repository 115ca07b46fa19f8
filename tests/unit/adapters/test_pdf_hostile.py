"""Label files that are none: bombs, absurd pages, thousands of pages. Each ends in a plain refusal, soon and in little
memory."""

import io
import tracemalloc
import zlib
from collections.abc import Callable

import pikepdf
import pytest
from reportlab.pdfgen.canvas import Canvas

from shipby.adapters.pdf import PdfLabelPapers, bounds
from shipby.domain.errors import InvalidInputError

UNPACKED = 160 << 20
"""Bytes of a bomb once it is unpacked."""


def a_page(draw: Callable[[Canvas], None] = lambda canvas: canvas.drawString(20, 20, "0123-4567-1")) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(212, 340), invariant=1)
    draw(canvas)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def changed(change: Callable[[pikepdf.Pdf], None]) -> bytes:
    out = io.BytesIO()
    with pikepdf.Pdf.open(io.BytesIO(a_page())) as pdf:
        change(pdf)
        pdf.save(out)
    return out.getvalue()


def bomb() -> bytes:
    """160 MB of blanks in about as many kilobytes."""
    packer = zlib.compressobj(6)
    blanks = b" " * (1 << 20)
    return b"".join([*(packer.compress(blanks) for _ in range(UNPACKED >> 20)), packer.flush()])


@pytest.fixture(scope="module")
def packed_bomb() -> bytes:
    return bomb()


def with_content(content: bytes, filters: pikepdf.Name | pikepdf.Array) -> Callable[[pikepdf.Pdf], None]:
    def change(pdf: pikepdf.Pdf) -> None:
        stream = pikepdf.Stream(pdf, content)
        stream.stream_dict["/Filter"] = filters
        stream.write(content, filter=filters)
        pdf.pages[0].obj["/Contents"] = pdf.make_indirect(stream)

    return change


def refused(pdf: bytes) -> str:
    with pytest.raises(InvalidInputError) as caught:
        PdfLabelPapers().pages(pdf)
    return str(caught.value)


def test_a_stream_that_unpacks_beyond_measure_is_refused_without_unpacking_it(packed_bomb: bytes) -> None:
    pdf = changed(with_content(packed_bomb, pikepdf.Name.FlateDecode))
    assert len(pdf) < 1 << 20
    tracemalloc.start()
    try:
        assert "unpacks to more than 64 MB" in refused(pdf)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 32 << 20


def test_a_bomb_behind_another_filter_is_found_too(packed_bomb: bytes) -> None:
    hexed = packed_bomb.hex().encode() + b">"
    filters = pikepdf.Array([pikepdf.Name.ASCIIHexDecode, pikepdf.Name.FlateDecode])
    assert "unpacks to more than 64 MB" in refused(changed(with_content(hexed, filters)))


def test_a_bomb_that_is_packed_twice_is_refused(packed_bomb: bytes) -> None:
    twice = zlib.compress(packed_bomb, 9)
    filters = pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.FlateDecode])
    assert "unpacks to more than 64 MB" in refused(changed(with_content(twice, filters)))


def test_an_object_stream_that_is_a_bomb_is_refused_before_the_file_is_opened(packed_bomb: bytes) -> None:
    length = str(len(packed_bomb)).encode()
    head = b"%PDF-1.7\n4 0 obj\n<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length " + length + b">>\nstream\n"
    assert "unpacks to more than 64 MB" in refused(head + packed_bomb + b"\nendstream\nendobj\n%%EOF")


def test_a_page_with_megabytes_of_instructions_is_refused_before_it_is_drawn() -> None:
    said = zlib.compress(b"0 0 m 1 1 l S\n" * (bounds.LARGEST_CONTENT // 10))
    pdf = changed(with_content(said, pikepdf.Name.FlateDecode))
    assert "bytes of instructions" in refused(pdf)


def test_a_picture_of_a_million_times_a_million_dots_is_refused() -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        picture = pikepdf.Stream(pdf, b"\x00")
        picture.stream_dict["/Subtype"] = pikepdf.Name.Image
        picture.stream_dict["/Width"], picture.stream_dict["/Height"] = 1_000_000, 1_000_000
        pdf.pages[0].obj.Resources["/XObject"] = pikepdf.Dictionary(Im=pdf.make_indirect(picture))

    assert "dots, more than" in refused(changed(change))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("/MediaBox", [0, 0, 9_000_000, 9_000_000], "which no printer has"),
        ("/MediaBox", [0, 0, 0, 0], "which no printer has"),
        ("/UserUnit", 75_000, "which no printer has"),
        ("/Rotate", 37, "no quarter turn"),
        ("/Rotate", "upside down", "broken PDF"),
    ],
)
def test_a_page_that_no_printer_has_is_refused(name: str, value: object, says: str) -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].obj[name] = pikepdf.Array(value) if isinstance(value, list) else value

    assert says in refused(changed(change))


def test_five_thousand_pages_are_refused_by_their_number() -> None:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(100, 100), invariant=1)
    for _ in range(5_000):
        canvas.showPage()
    canvas.save()
    assert "5000 pages, more than 1000" in refused(out.getvalue())


def test_a_thousand_nested_arrays_do_no_harm() -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].obj["/Deep"] = pikepdf.Object.parse(b"[" * 200 + b"]" * 200)

    [page] = PdfLabelPapers().pages(changed(change))
    assert page.texts == ("0123-4567-1",)


@pytest.mark.parametrize("kept", [20, 300, 600])
def test_a_file_that_was_cut_off_is_refused_or_mended_never_half_read(kept: int) -> None:
    whole = a_page()
    try:
        pages = PdfLabelPapers().pages(whole[:kept])
    except InvalidInputError:
        return
    assert [page.texts for page in pages] == [("0123-4567-1",)]


def calls_within_calls(levels: int, *, in_a_circle: bool = False) -> Callable[[pikepdf.Pdf], None]:
    """Each form calls the one below it ten times; the last one draws, or calls the first again."""

    def change(pdf: pikepdf.Pdf) -> None:
        def form(said: bytes, called: pikepdf.Object | None) -> pikepdf.Object:
            made = pikepdf.Stream(pdf, said)
            made.stream_dict["/Type"], made.stream_dict["/Subtype"] = pikepdf.Name.XObject, pikepdf.Name.Form
            made.stream_dict["/BBox"] = pikepdf.Array([0, 0, 200, 300])
            if called is not None:
                made.stream_dict["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=called))
            return pdf.make_indirect(made)

        lowest = form(b"0 0 10 10 re f", None)
        inner = lowest
        for _ in range(levels):
            inner = form(b"/F Do " * 10, inner)
        if in_a_circle:
            lowest.write(b"/F Do")
            lowest["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=inner))
        page = pdf.pages[0].obj
        page["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=inner))
        page["/Contents"] = pdf.make_stream(b"/F Do")

    return change


@pytest.mark.parametrize(
    ("levels", "says"), [(6, "more drawing than a label needs"), (60, "within each other beyond measure")]
)
def test_forms_that_call_forms_beyond_measure_are_refused_before_they_are_drawn(levels: int, says: str) -> None:
    assert says in refused(changed(calls_within_calls(levels)))


def test_forms_that_call_each_other_in_a_circle_are_refused() -> None:
    assert refused(changed(calls_within_calls(3, in_a_circle=True)))


def test_a_few_forms_within_forms_are_drawn() -> None:
    assert len(PdfLabelPapers().pages(changed(calls_within_calls(2)))) == 1


def many_pictures(names: bytes, *, at_hand: int = 9) -> Callable[[pikepdf.Pdf], None]:
    """A page with pictures of 36 million dots at hand, which shows those of these names."""

    def change(pdf: pikepdf.Pdf) -> None:
        shown = pikepdf.Dictionary()
        for number in range(at_hand):
            image = pdf.make_stream(b"\xff\xd8")
            image["/Subtype"], image["/Filter"] = pikepdf.Name.Image, pikepdf.Name.DCTDecode
            image["/Width"], image["/Height"] = 6_000, 6_000
            shown[f"/I{number}"] = image
        page = pdf.pages[0].obj
        page["/Resources"] = pikepdf.Dictionary(XObject=shown)
        page["/Contents"] = pdf.make_stream(names)

    return change


ALL_NINE = b" ".join(b"/I%d Do" % number for number in range(9))


@pytest.mark.parametrize("names", [ALL_NINE, ALL_NINE.replace(b"/I", b"/#49")])
def test_pictures_of_more_dots_than_fit_into_memory_are_refused_before_they_are_drawn(names: bytes) -> None:
    assert "more dots" in refused(changed(many_pictures(names)))


def test_pictures_that_a_page_does_not_show_are_no_reason_to_refuse_it() -> None:
    assert len(PdfLabelPapers().pages(changed(many_pictures(b"/I3 Do")))) == 1
