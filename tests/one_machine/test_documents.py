"""Files by hash, and links that end."""

import hashlib
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest

from shipby.adapters.sqlite.database import Database
from shipby.adapters.sqlite.documents import PATH, FolderDocuments
from shipby.domain.errors import InvalidInputError, NotFoundError
from tests.support import builders as a


@pytest.fixture
def documents(tmp_path: Path, database: Database, clock: a.FixedClock) -> FolderDocuments:
    return FolderDocuments(tmp_path / "documents", database, clock, secret=b"s" * 32, base_url="http://127.0.0.1:8080")


def files(documents: FolderDocuments) -> list[Path]:
    return [path for path in documents._folder.rglob("*") if path.is_file()]


def test_a_file_is_read_back_replaced_copied_and_deleted(documents: FolderDocuments) -> None:
    documents.put("labels/1.pdf", b"one", content_type="application/pdf")
    documents.put_file("labels/2.pdf", BytesIO(b"one"), content_type="application/pdf")
    assert len(files(documents)) == 1  # equal content is one file
    documents.copy("labels/1.pdf", "aside/1.pdf")
    documents.put("labels/1.pdf", b"two!", content_type="application/pdf")
    assert (documents.get("labels/1.pdf"), documents.get("aside/1.pdf")) == (b"two!", b"one")
    assert documents.size("labels/1.pdf") == 4
    for name in ("labels/2.pdf", "aside/1.pdf", "aside/1.pdf"):
        documents.delete(name)
    assert [path.read_bytes() for path in files(documents)] == [b"two!"]
    with pytest.raises(NotFoundError):
        documents.get("labels/2.pdf")


def test_a_link_leads_to_its_file_until_it_ends(documents: FolderDocuments, clock: a.FixedClock) -> None:
    documents.put("labels/1.pdf", b"one", content_type="application/pdf")
    token = documents.link("labels/1.pdf", seconds=60).rpartition(PATH)[2]
    assert documents.download(token) == ("application/pdf", b"one")
    for broken in (token[:-1] + ("0" if token[-1] != "0" else "1"), "x" + token, "", ".", "é.é"):
        with pytest.raises(NotFoundError):
            documents.download(broken)
    clock.advance(timedelta(seconds=60))
    with pytest.raises(NotFoundError):
        documents.download(token)


def test_an_upload_takes_these_very_bytes(documents: FolderDocuments) -> None:
    told = {"content_type": "image/png", "size": 3, "sha256": hashlib.sha256(b"png").hexdigest()}
    link = documents.upload_link("photos/1", **told, seconds=60)  # type: ignore[arg-type]  # words and a number
    token = link.url.rpartition(PATH)[2]
    for other in (b"gnp", b"pngg", b""):
        with pytest.raises(InvalidInputError):
            documents.upload(token, other)
    with pytest.raises(NotFoundError):
        documents.download(token)
    documents.upload(token, b"png")
    assert documents.get("photos/1") == b"png"
