"""Splitting a PDF into single pages that hold nothing but what is printed.

Each page is built anew from an allow-list of keys, so scripts, actions, attachments, forms, links and metadata stay
behind, and so do other buyers' pages that a link would drag along.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from io import BytesIO
from typing import TYPE_CHECKING

from shipby.adapters.pdf import bounds, drawing_cost
from shipby.domain.errors import InvalidInputError
from shipby.domain.labels.pdf_header import from_header

if TYPE_CHECKING:  # heavy: loaded on first use
    import pikepdf

_PAGE_KEYS = frozenset(
    {"/Type", "/Parent", "/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Resources", "/Contents", "/Annots"}
)
_ANNOTATION_KEYS = frozenset({"/Type", "/Subtype", "/Rect", "/F", "/AP", "/AS"})
_HIDDEN_SUBTYPES = frozenset({"/Popup", "/FileAttachment", "/Movie", "/Screen", "/Sound", "/RichMedia", "/3D", "/Link"})


def split(pdf: bytes, *, max_pages: int, max_bytes: int) -> Iterator[bytes]:
    """Yield each page as a PDF of its own; the same input gives the same bytes.

    Raises InvalidInputError for what is no usable PDF, is encrypted, has no pages, or is too big.
    """
    import pikepdf

    if len(pdf) > max_bytes:
        raise InvalidInputError(f"a label file of {len(pdf)} bytes is more than {max_bytes}")
    pdf = from_header(pdf)
    if not pdf:
        raise InvalidInputError("the label file is not a PDF")
    bounds.check_raw(pdf)
    try:
        with pikepdf.Pdf.open(BytesIO(pdf)) as source:
            if source.is_encrypted:
                raise InvalidInputError("the label file is encrypted")
            count = len(source.pages)
            if not count:
                raise InvalidInputError("the label file has no pages")
            if count > max_pages:
                raise InvalidInputError(f"the label file has {count} pages, more than {max_pages}")
            sizes = bounds.check_objects(source)
            written = 0
            for page in source.pages:
                bounds.check_page(page, sizes)
                drawing_cost.check_cost(page)
                single = _single(page)
                written += len(single)
                if written > 4 * max_bytes:
                    # One picture shared by many pages is copied into each of them.
                    raise InvalidInputError("the label file grows beyond measure when it is split")
                yield single
    except pikepdf.PasswordError as error:
        raise InvalidInputError("the label file is encrypted") from error
    except (pikepdf.PdfError, pikepdf.DataDecodingError, ValueError, TypeError, RuntimeError, AttributeError) as error:
        # Broken structures surface as any of these; InvalidInputError is none of them.
        raise InvalidInputError(f"the label file is a broken PDF ({type(error).__name__})") from error


def merge(files: Sequence[bytes]) -> bytes:
    """One PDF with all pages of `files` in order; the same files give the same bytes.

    Raises InvalidInputError if there are none or one is no usable PDF.
    """
    import pikepdf

    if not files:
        raise InvalidInputError("there is no label to merge")
    with ExitStack() as stack:
        target = stack.enter_context(pikepdf.Pdf.new())
        try:
            for content in files:
                # Sources stay open until the result is written: their streams are copied only then.
                source = stack.enter_context(pikepdf.Pdf.open(BytesIO(content)))
                target.pages.extend(source.pages)
        except (pikepdf.PdfError, pikepdf.PasswordError, ValueError, TypeError, RuntimeError, AttributeError) as error:
            raise InvalidInputError(f"a label to merge is a broken PDF ({type(error).__name__})") from error
        return _saved(target)


def _single(page: pikepdf.Page) -> bytes:
    import pikepdf

    with pikepdf.Pdf.new() as target:
        _strip(page)
        target.pages.append(page)
        return _saved(target)


def _saved(target: pikepdf.Pdf) -> bytes:
    import pikepdf

    out = BytesIO()
    # Objects in one stream are read back at once, where single ones cost a merge of many files twice the time.
    target.save(out, deterministic_id=True, compress_streams=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


def _strip(page: pikepdf.Page) -> None:
    import pikepdf

    body = page.obj
    kept = [_annotation(one) for one in _annotations(body) if _is_printed(one)]
    for key in list(body.keys()):
        if key not in _PAGE_KEYS:
            del body[key]
    if "/Annots" in body:
        del body["/Annots"]
    if kept:
        body["/Annots"] = pikepdf.Array(kept)


def _annotations(body: pikepdf.Object) -> list[pikepdf.Object]:
    import pikepdf

    found = body.get("/Annots")
    return [one for one in found if isinstance(one, pikepdf.Dictionary)] if isinstance(found, pikepdf.Array) else []


def _is_printed(annotation: pikepdf.Object) -> bool:
    return "/AP" in annotation and str(annotation.get("/Subtype")) not in _HIDDEN_SUBTYPES


def _annotation(annotation: pikepdf.Object) -> pikepdf.Dictionary:
    import pikepdf

    kept = pikepdf.Dictionary({key: value for key, value in annotation.items() if key in _ANNOTATION_KEYS})
    if kept.get("/Subtype") == pikepdf.Name.Widget:
        kept["/Subtype"] = pikepdf.Name.Stamp  # looks the same, and belongs to no form
    return kept
