"""Label files: drawn by reportlab, split and read back from their pictures, and files that want to do harm."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pikepdf
import pytest
from PIL import Image
from reportlab.graphics import renderPDF
from reportlab.graphics.barcode import code128, qr
from reportlab.graphics.shapes import Drawing
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from shipby.adapters.pdf import PdfLabelPapers, raster
from shipby.application.ports.press import LabelPapers, PagePick
from shipby.domain.errors import InvalidInputError
from shipby.domain.labels.options import Sheet

SIZE = (75 * mm, 120 * mm)


def label(*codes: str, number: str = "24219509-0020-2", rotation: int = 0, qr_text: str = "", words: str = "") -> bytes:
    """A one-page label with Code 128 symbols below each other."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=SIZE, invariant=1)
    draw(canvas, *codes, number=number, rotation=rotation, qr_text=qr_text, words=words)
    canvas.save()
    return out.getvalue()


def draw(canvas: Canvas, *codes: str, number: str = "", rotation: int = 0, qr_text: str = "", words: str = "") -> None:
    canvas.saveState()
    canvas.translate(SIZE[0] / 2, SIZE[1] / 2)
    canvas.rotate(rotation)
    for row, code in enumerate(codes):
        symbol = code128.Code128(code, barHeight=12 * mm, barWidth=0.375 * mm, quiet=False)
        symbol.drawOn(canvas, -symbol.width / 2, 20 * mm - row * 18 * mm)
    if qr_text:
        drawing = Drawing(20 * mm, 20 * mm)
        drawing.add(qr.QrCodeWidget(qr_text, barWidth=20 * mm, barHeight=20 * mm))
        renderPDF.draw(drawing, canvas, -10 * mm, -40 * mm)
    canvas.setFont("Helvetica", 8)
    canvas.drawString(-30 * mm, 45 * mm, number)
    canvas.drawString(-30 * mm, 50 * mm, words)
    canvas.restoreState()
    canvas.showPage()


def labels(count: int) -> bytes:
    out = BytesIO()
    canvas = Canvas(out, pagesize=SIZE)
    for i in range(count):
        draw(canvas, f"%101%{i:09d}", number=f"{i:08d}-0001-1")
    canvas.save()
    return out.getvalue()


def changed(pdf: bytes, change: Callable[[pikepdf.Pdf], None], **save: object) -> bytes:
    with pikepdf.open(BytesIO(pdf)) as document:
        change(document)
        out = BytesIO()
        document.save(out, **save)  # type: ignore[arg-type]  # keyword arguments handed on as they are
        return out.getvalue()


@pytest.fixture
def papers() -> PdfLabelPapers:
    return PdfLabelPapers()


def test_it_is_the_port() -> None:
    port: type[LabelPapers] = PdfLabelPapers
    assert port is PdfLabelPapers


def test_every_barcode_of_a_label_is_read_from_its_picture(papers: PdfLabelPapers) -> None:
    (page,) = papers.pages(label("%101%806044518", "23025736044518", qr_text="24219509-0020-2"))
    assert sorted(page.barcodes) == ["%101%806044518", "23025736044518", "24219509-0020-2"]
    assert page.texts == ("24219509-0020-2",)
    assert page.pdf.startswith(b"%PDF-")


@pytest.mark.parametrize("rotation", [0, 90, 180, 270, 3])
def test_a_turned_label_is_read_too(papers: PdfLabelPapers, rotation: int) -> None:
    (page,) = papers.pages(label("%101%806044518", rotation=rotation))
    assert page.barcodes == ("%101%806044518",)


def test_the_page_attribute_rotate_is_kept_and_read(papers: PdfLabelPapers) -> None:
    def turn(document: pikepdf.Pdf) -> None:
        document.pages[0].obj["/Rotate"] = 90

    (page,) = papers.pages(changed(label("%101%806044518"), turn))
    assert page.barcodes == ("%101%806044518",)
    with pikepdf.open(BytesIO(page.pdf)) as single:
        assert int(single.pages[0].obj["/Rotate"]) == 90


def test_pages_are_split_in_order_and_each_holds_only_its_own(papers: PdfLabelPapers) -> None:
    pages = papers.pages(labels(5))
    assert [page.texts for page in pages] == [(f"{i:08d}-0001-1",) for i in range(5)]
    assert [page.barcodes for page in pages] == [(f"%101%{i:09d}",) for i in range(5)]
    again = [papers.pages(page.pdf)[0] for page in pages]
    assert [page.barcodes for page in again] == [page.barcodes for page in pages]


def test_the_same_file_gives_the_same_bytes(papers: PdfLabelPapers) -> None:
    pdf = labels(2)
    assert [page.pdf for page in papers.pages(pdf)] == [page.pdf for page in papers.pages(pdf)]


def test_a_page_without_a_barcode_has_none(papers: PdfLabelPapers) -> None:
    (page,) = papers.pages(label())
    assert page.barcodes == ()


def test_only_posting_numbers_come_out_of_the_text(papers: PdfLabelPapers) -> None:
    words = "Ivanov +7 916 123-45-67 Pushkina 5-12 2026-10-01 4276-1234-5678-9012"
    (page,) = papers.pages(label("%101%806044518", number="0132112277-0101-1, 24219509-0020-2", words=words))
    assert page.texts == ("0132112277-0101-1", "24219509-0020-2")


def test_free_text_in_a_matrix_code_is_not_kept(papers: PdfLabelPapers) -> None:
    (page,) = papers.pages(label("%101%806044518", qr_text="Ivanov, Pushkina street 5"))
    assert page.barcodes == ("%101%806044518",)


def test_size_and_resources_inherited_from_the_page_tree_survive(papers: PdfLabelPapers) -> None:
    def inherit(document: pikepdf.Pdf) -> None:
        page, tree = document.pages[0].obj, document.Root.Pages
        for key in ("/MediaBox", "/Resources"):
            tree[key] = page[key]
            del page[key]

    (page,) = papers.pages(changed(label("%101%806044518"), inherit))
    assert page.barcodes == ("%101%806044518",)
    with pikepdf.open(BytesIO(page.pdf)) as single:
        assert [float(side) for side in single.pages[0].mediabox[2:]] == pytest.approx(SIZE, abs=0.1)


# -- files that want to do harm


def arm(document: pikepdf.Pdf) -> None:
    """Plant everything that runs, links, or hides something."""
    script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert('CANARY')")
    stream = document.make_stream(b"CANARY attachment")
    attachment = document.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.Filespec, F="CANARY.exe", EF=pikepdf.Dictionary(F=stream))
    )
    page, other = document.pages[0].obj, document.pages[1].obj
    document.Root.OpenAction = script
    document.Root.AA = pikepdf.Dictionary(WC=script)
    document.Root.Names = pikepdf.Dictionary(
        JavaScript=pikepdf.Dictionary(Names=["CANARY", script]),
        EmbeddedFiles=pikepdf.Dictionary(Names=["CANARY.exe", attachment]),
    )
    document.docinfo["/Author"] = "CANARY"
    page.AA = pikepdf.Dictionary(O=script)
    page.AF = pikepdf.Array([attachment])
    page.PieceInfo = pikepdf.Dictionary(X="CANARY")
    page.Metadata = document.make_stream(b"CANARY")
    look = document.make_stream(b"0 g 10 10 5 5 re f")
    look.Type, look.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
    look.BBox = pikepdf.Array([0, 0, 20, 20])
    rect = pikepdf.Array([0, 0, 20, 20])
    appearance = pikepdf.Dictionary(N=look)
    field = document.make_indirect(
        pikepdf.Dictionary(
            Subtype=pikepdf.Name.Widget,
            Rect=rect,
            AP=appearance,
            A=script,
            AA=pikepdf.Dictionary(E=script),
            Parent=pikepdf.Dictionary(T="CANARY", AA=pikepdf.Dictionary(K=script)),
            P=other,
        )
    )
    document.Root.AcroForm = pikepdf.Dictionary(Fields=[field], XFA="CANARY")
    page.Annots = pikepdf.Array(
        [
            pikepdf.Dictionary(Subtype=pikepdf.Name.Link, Rect=rect, AP=appearance, Dest=[other, pikepdf.Name.Fit]),
            pikepdf.Dictionary(Subtype=pikepdf.Name.FileAttachment, Rect=rect, AP=appearance, FS=attachment),
            field,
        ]
    )


def everything_in(pdf: bytes) -> str:
    """All objects and all decoded streams of a PDF as text."""
    parts: list[str] = []
    with pikepdf.open(BytesIO(pdf)) as document:
        for one in document.objects:
            parts.append(repr(one))
            if isinstance(one, pikepdf.Stream):
                parts.append(one.read_bytes().decode("latin-1"))
        parts.append(repr(document.trailer))
    return "\n".join(parts)


def test_nothing_but_what_is_printed_survives_the_split(papers: PdfLabelPapers) -> None:
    armed = changed(labels(2), arm)
    assert "CANARY" in everything_in(armed)
    first, second = papers.pages(armed)
    for page in (first, second):
        text = everything_in(page.pdf)
        for word in ("CANARY", "JavaScript", "OpenAction", "/AA", "EmbeddedFile", "/Names", "AcroForm", "/AF", "/Dest"):
            assert word not in text
    assert "00000001-0001-1" not in everything_in(first.pdf)  # the linked page of another buyer stays behind
    with pikepdf.open(BytesIO(first.pdf)) as single:
        (kept,) = list(single.pages[0].obj.Annots)  # what is drawn on the page is kept, without its actions
        assert set(kept.keys()) == {"/AP", "/Rect", "/Subtype"}
    assert (first.barcodes, second.barcodes) == (("%101%000000000",), ("%101%000000001",))


def encrypted(user: str) -> bytes:
    return changed(label("1234"), lambda _: None, encryption=pikepdf.Encryption(owner="o", user=user, R=6))


def no_pages() -> bytes:
    out = BytesIO()
    pikepdf.new().save(out)
    return out.getvalue()


def looping_page_tree(document: pikepdf.Pdf) -> None:
    document.Root.Pages.Kids = pikepdf.Array([document.Root.Pages])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a PDF"),
        (b'{"code":3,"message":"The next postings aren\'t ready"}', "not a PDF"),
        (b"<html>%PDF-1.7</html>", "not a PDF"),
        (b"%PDF-1.7", "broken"),
        (b"%PDF-1.7\n" + b"\0" * 5000, "broken"),
        (b"%PDF-1.7\n1 0 obj <</Type /Catalog /Pages 1 0 R>> endobj\ntrailer <</Root 1 0 R>>", "broken|no pages"),
        (no_pages(), "no pages"),
        (encrypted("secret"), "encrypted"),
        (encrypted(""), "encrypted"),
        (changed(label("1234"), looping_page_tree), "broken|no pages"),
    ],
    ids=["empty", "json", "html", "header only", "zeros", "catalog loop", "no pages", "password", "open", "page loop"],
)
def test_what_is_no_usable_pdf_is_invalid(papers: PdfLabelPapers, content: bytes, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        papers.pages(content)


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_half_a_file_is_invalid_or_read_but_never_crashes(papers: PdfLabelPapers, part: float) -> None:
    pdf = labels(2)
    try:
        pages = papers.pages(pdf[: int(len(pdf) * part)])
    except InvalidInputError:
        return
    assert len(pages) <= 2


def test_more_pages_than_allowed_are_invalid() -> None:
    pdf = labels(3)
    assert len(PdfLabelPapers(max_pages=3).pages(pdf)) == 3
    with pytest.raises(InvalidInputError, match="3 pages"):
        PdfLabelPapers(max_pages=2).pages(pdf)


def test_a_larger_file_than_allowed_is_invalid() -> None:
    pdf = labels(1)
    assert len(PdfLabelPapers(max_bytes=len(pdf)).pages(pdf)) == 1
    with pytest.raises(InvalidInputError, match="more than"):
        PdfLabelPapers(max_bytes=len(pdf) - 1).pages(pdf)


def test_a_picture_shared_by_many_pages_does_not_multiply_without_end() -> None:
    import random

    out = BytesIO()
    with pikepdf.open(BytesIO(labels(20))) as document:
        noise = document.make_stream(random.Random(1).randbytes(50_000))
        for page in document.pages:
            page.obj.Resources.XObject = pikepdf.Dictionary(Big=noise)
        document.save(out)
    with pytest.raises(InvalidInputError, match="grows"):
        PdfLabelPapers(max_bytes=100_000).pages(out.getvalue())


def test_a_page_that_claims_to_be_metres_wide_is_drawn_small(papers: PdfLabelPapers) -> None:
    def widen(document: pikepdf.Pdf) -> None:
        document.pages[0].obj["/MediaBox"] = pikepdf.Array([0, 0, 14400, 14400])

    assert len(papers.pages(changed(label("1234"), widen))) == 1


# -- merging


def test_merged_labels_keep_their_order_and_still_scan(papers: PdfLabelPapers) -> None:
    files = [label(f"%101%{i:09d}", number=f"{i:08d}-0001-1") for i in (3, 1, 2)] + [labels(2)]
    merged = papers.merge(files)
    assert [page.barcodes[0] for page in papers.pages(merged)] == [f"%101%{i:09d}" for i in (3, 1, 2, 0, 1)]
    assert papers.merge(files) == merged


def test_one_label_merges_to_itself(papers: PdfLabelPapers) -> None:
    (page,) = papers.pages(label("%101%806044518"))
    assert papers.pages(papers.merge([page.pdf]))[0].barcodes == ("%101%806044518",)


@pytest.mark.parametrize("files", [[], [b""], [b"no pdf"], [labels(1), b"%PDF-1.7"], [encrypted("secret")]])
def test_what_cannot_be_merged_is_invalid(papers: PdfLabelPapers, files: list[bytes]) -> None:
    with pytest.raises(InvalidInputError):
        papers.merge(files)


@pytest.mark.parametrize(
    "lead",
    [b"\n", b"\r\n\r\n", b"\xef\xbb\xbf", b"\x00" * 7, b"X-Trace: 1\r\n" * 16, b" " * 1019],
    ids=["line break", "two line breaks", "byte order mark", "zeros", "lines of a server", "as far as readers look"],
)
def test_what_stands_before_the_header_of_a_file_takes_no_label(lead: bytes) -> None:
    papers = PdfLabelPapers()
    (plain,), (found,) = papers.pages(label("24219509-0020-2")), papers.pages(lead + label("24219509-0020-2"))
    assert (found.texts, found.barcodes) == (plain.texts, plain.barcodes)


@pytest.mark.parametrize("lead", [b" " * 1100, b'{"content": "', b"<html>", b"PDF"])
def test_a_header_further_in_or_within_another_text_is_no_file(lead: bytes) -> None:
    with pytest.raises(InvalidInputError, match="not a PDF"):
        PdfLabelPapers().pages(lead + (label("1") if lead != b"PDF" else b"-1.4"))


@pytest.mark.parametrize("sheet", list(Sheet))
def test_what_is_put_together_is_named_after_what_it_holds(papers: PdfLabelPapers, sheet: Sheet) -> None:
    def name(*files: bytes) -> bytes:
        made = papers.compose(files, [PagePick(number, 0) for number in range(len(files))], sheet=sheet)
        with pikepdf.open(BytesIO(made)) as document:
            assert document.check_pdf_syntax() == []
            first, second = (bytes(one) for one in document.trailer["/ID"])
        assert first == second
        return first

    one, other = label("A1234", number=""), label("B1234", number="")
    assert name(one, other) == name(one, other) != name(other, one)


@pytest.mark.parametrize("dpi", [72, 203, 600])
def test_a_preview_has_every_dot_of_the_page(papers: PdfLabelPapers, dpi: int) -> None:
    page = label("A1234", rotation=7)
    with Image.open(BytesIO(papers.picture(page, dpi=dpi))) as seen, raster.opened(page) as document:
        scale = (203.2 if dpi == 203 else dpi) / 72
        drawn = document[0].render(scale=scale, grayscale=True).to_pil().convert("L")
        assert (seen.mode, seen.size, round(seen.info["dpi"][0])) == ("L", drawn.size, dpi)
        assert seen.tobytes() == drawn.tobytes()
