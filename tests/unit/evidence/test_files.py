"""What is taken as a file of evidence: by its content, from end to end, with nothing hidden in it."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO

import pytest

from shipby.domain.errors import InvalidInputError
from shipby.domain.evidence.files import (
    KEPT_DAYS,
    LARGEST,
    MIB,
    Inspected,
    Inspector,
    check_announced,
    days_of,
    file_key,
    identifier_of,
    incoming_key,
    kept_days,
)
from shipby.domain.evidence.pieces import EvidenceKind
from tests.unit.evidence.evidence_support import bomb_png, box, heic, mp4, pdf, picture, png_chunk, sha256, webm

JPEG, PNG, WEBP = picture(), picture("PNG"), picture("WEBP")
GOOD = {
    "image/jpeg": JPEG,
    "image/png": PNG,
    "image/webp": WEBP,
    "image/heic": heic(),
    "video/mp4": mp4(),
    "video/quicktime": mp4(b"qt  "),
    "video/webm": webm(),
    "application/pdf": pdf(),
}


def inspect(content: bytes, content_type: str, *, step: int = 700) -> Inspected:
    inspector = Inspector(content_type, len(content), sha256(content))
    for at in range(0, len(content), step):
        inspector.feed(content[at : at + step])
    return inspector.finish()


@pytest.mark.parametrize("content_type", GOOD)
@pytest.mark.parametrize("step", [97, 10**9])
def test_a_good_file_is_taken_however_it_is_cut_into_parts(content_type: str, step: int) -> None:
    content = GOOD[content_type]

    seen = inspect(content, content_type, step=step)

    assert (seen.size, seen.sha256) == (len(content), sha256(content))


def test_the_size_of_a_picture_is_read_from_its_header() -> None:
    sizes = [(inspect(GOOD[name], name).width, inspect(GOOD[name], name).height) for name in list(GOOD)[:4]]

    assert sizes == [(640, 480)] * 3 + [(4032, 3024)]
    lossless = BytesIO()
    from PIL import Image

    Image.new("RGBA", (70, 50), (1, 2, 3, 4)).save(lossless, "WEBP", lossless=True)
    seen = inspect(lossless.getvalue(), "image/webp")
    assert (seen.width, seen.height) == (70, 50)


@pytest.mark.parametrize("announced", GOOD)
@pytest.mark.parametrize("content", GOOD)
def test_a_file_is_only_taken_as_the_type_that_it_is(announced: str, content: str) -> None:
    if announced == content:
        return
    with pytest.raises(InvalidInputError, match="was announced as"):
        inspect(GOOD[content], announced)


@dataclass(frozen=True)
class Bad:
    content_type: str
    content: bytes
    why: str


def zipped() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("run.sh", "rm -rf /")
    return out.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
MARKED = {
    "a script": Bad("image/jpeg", b"#!/bin/sh\nrm -rf /\n" * 9, "something else"),
    "a page": Bad("image/png", b"<!doctype html><script>alert(1)</script>" * 9, "something else|doctype"),
    "an SVG": Bad("image/png", SVG * 3, "something else|<script"),
    "a program": Bad("image/jpeg", b"MZ\x90\0" * 99, "something else"),
    "a picture with a script behind it": Bad("image/jpeg", JPEG + b"<script>alert(1)</script>", "<script"),
    "a picture with a script in its comment": Bad(
        "image/jpeg", JPEG[:2] + b"\xff\xfe\x00\x20" + b"<SCRIPT >alert(document)</x>".ljust(30) + JPEG[2:], "<SCRIPT"
    ),
    "a picture with PHP in it": Bad("image/jpeg", JPEG + b"<?php system($_GET[0]);", "<.php"),
    "a picture that is an SVG as well": Bad(
        "image/jpeg", JPEG[:2] + b"\xff\xfe\x00\x20" + b"<svg onload=alert(1)>".ljust(30) + JPEG[2:], "<svg"
    ),
    "a picture that is a PDF as well": Bad(
        "image/jpeg", JPEG[:2] + b"\xff\xfe\x00\x20" + b"%PDF-1.4 1 0 obj".ljust(30) + JPEG[2:], "%PDF-"
    ),
    "a picture that is an archive as well": Bad("image/jpeg", JPEG + zipped(), "ZIP archive"),
    "a PNG with something behind it": Bad("image/png", PNG + b"more", "behind"),
    "a PNG with a page in its text": Bad(
        "image/png", PNG[:33] + png_chunk(b"tEXt", b"Comment\0<html ><body>") + PNG[33:], "<html"
    ),
    "a damaged PNG": Bad("image/png", PNG[:60] + bytes([PNG[60] ^ 1]) + PNG[61:], "damaged"),
    "half a PNG": Bad("image/png", PNG[: len(PNG) // 2], "cut off"),
    "half a JPEG": Bad("image/jpeg", JPEG[: len(JPEG) // 2], "cut off"),
    "half a WebP": Bad("image/webp", WEBP[: len(WEBP) // 2], "cut off"),
    "half a HEIC": Bad("image/heic", heic()[:-20], "cut off"),
    "half a video": Bad("video/mp4", mp4()[:-20], "cut off"),
    "a video without an index": Bad("video/mp4", box(b"ftyp", b"isom\0\0\0\0") + box(b"mdat", b"1" * 99), "no index"),
    "a video with a script behind it": Bad("video/mp4", mp4() + b"<script>alert(1)</script>", "<script"),
    "a video with an archive behind it": Bad("video/webm", webm() + zipped(), "ZIP archive"),
    "a picture of billions of dots": Bad("image/png", bomb_png(), "60000 x 60000"),
    "a HEIC of billions of dots": Bad("image/heic", heic(90_000, 90_000), "90000 x 90000"),
    "a picture without width": Bad("image/heic", heic(0, 0).replace(b"\0\0\2\0\0\0\2\0", b"\0" * 8), "0 x 0"),
    "a PDF that acts": Bad("application/pdf", pdf(b"/OpenAction<</S/JavaScript/JS(app.alert(1))>>"), "JavaScript"),
    "a PDF that hides that it acts": Bad("application/pdf", pdf(b"/AA<</S/Java#53cript/#4aS 5 0 R>>"), "JavaScript"),
    "a PDF with a file in it": Bad("application/pdf", pdf(b"/Names<</EmbeddedFiles 3 0 R>>"), "EmbeddedFiles"),
    "half a PDF": Bad("application/pdf", pdf()[:40], "cut off"),
    "nothing": Bad("image/jpeg", b"", "something else"),
}


@pytest.mark.parametrize("name", MARKED)
@pytest.mark.parametrize("step", [97, 10**6])
def test_a_file_that_is_not_what_it_says_or_hides_something_is_refused(name: str, step: int) -> None:
    bad = MARKED[name]

    with pytest.raises(InvalidInputError, match=bad.why) as refused:
        inspect(bad.content, bad.content_type, step=step)

    assert [field for field, _ in refused.value.errors] == ["file"]


def test_a_camera_may_put_a_preview_or_a_film_behind_its_picture() -> None:
    assert inspect(JPEG + JPEG, "image/jpeg").width == 640
    assert inspect(JPEG + mp4(), "image/jpeg").width == 640


def test_a_picture_of_real_noise_is_not_taken_for_markup() -> None:
    from PIL import Image

    out = BytesIO()
    Image.effect_noise((1500, 1500), 90).convert("RGB").save(out, "JPEG", quality=98)

    assert inspect(out.getvalue(), "image/jpeg", step=1 << 20).width == 1500


def test_another_length_or_hash_than_announced_is_refused() -> None:
    longer = Inspector("image/jpeg", len(JPEG) - 1, sha256(JPEG))
    with pytest.raises(InvalidInputError, match="longer than"):
        longer.feed(JPEG)
    shorter = Inspector("image/jpeg", len(JPEG) + 1, sha256(JPEG))
    shorter.feed(JPEG)
    with pytest.raises(InvalidInputError, match="were announced"):
        shorter.finish()
    other = Inspector("image/jpeg", len(JPEG), "0" * 64)
    other.feed(JPEG)
    with pytest.raises(InvalidInputError, match="its SHA-256 is"):
        other.finish()


@pytest.mark.parametrize(
    ("kind", "content_type", "size", "field"),
    [
        (EvidenceKind.VIDEO, "video/mp4", 2 * 1024 * MIB, "size"),
        (EvidenceKind.VIDEO, "video/mp4", 100 * MIB + 1, "size"),
        (EvidenceKind.PHOTO, "image/jpeg", 20 * MIB + 1, "size"),
        (EvidenceKind.ACT, "application/pdf", 20 * MIB + 1, "size"),
        (EvidenceKind.PHOTO, "image/jpeg", 0, "size"),
        (EvidenceKind.PHOTO, "image/svg+xml", 10, "content_type"),
        (EvidenceKind.PHOTO, "text/html", 10, "content_type"),
        (EvidenceKind.PHOTO, "video/mp4", 10, "content_type"),
        (EvidenceKind.NOTE, "image/jpeg", 10, "content_type"),
    ],
)
def test_what_is_too_large_or_of_no_type_is_refused_when_it_is_announced(
    kind: EvidenceKind, content_type: str, size: int, field: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_announced(kind, content_type, size)

    assert [name for name, _ in refused.value.errors] == [field]


def test_the_largest_of_each_type_is_taken() -> None:
    check_announced(EvidenceKind.VIDEO, "video/webm", LARGEST["video/webm"])
    check_announced(EvidenceKind.PHOTO, "image/heic", LARGEST["image/heic"])
    check_announced(EvidenceKind.CHAT, "application/pdf", LARGEST["application/pdf"])


def test_files_lie_in_the_folder_of_how_long_they_are_kept() -> None:
    key = file_key(180, "s", "1-2", "abc", "image/jpeg")

    assert key == "evidence/180/s/1-2/abc.jpg"
    assert (days_of(key), identifier_of(key)) == (180, "abc")
    assert days_of(incoming_key("s", "1-2", "abc", "image/jpeg")) == 0
    wanted = [1, 30, 31, 180, 181, 400, 5000]
    assert [kept_days(timedelta(days=days)) for days in wanted] == [30, 30, 90, 180, 365, 1095, 1095]
    assert set(map(kept_days, map(timedelta, wanted))) <= set(KEPT_DAYS)
