"""Files that others send: what their address signs, reading in parts, copying, and files too large for memory."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from moto import mock_aws

from shipby.adapters.aws import clients
from shipby.adapters.aws.documents import S3DocumentStore
from shipby.domain.errors import InvalidInputError, NotFoundError, StoreUnavailableError

CONTENT = b"\xff\xd8\xff" + b"picture" * 400_000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def documents(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3DocumentStore]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }.items():
        monkeypatch.setenv(name, value)
    clients.s3.cache_clear()
    with mock_aws():
        boto3.client("s3").create_bucket(
            Bucket="papers", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        yield S3DocumentStore("papers")
    clients.s3.cache_clear()


def test_an_upload_address_signs_length_type_and_checksum(documents: S3DocumentStore) -> None:
    link = documents.upload_link("e/x.jpg", content_type="image/jpeg", size=len(CONTENT), sha256=DIGEST, seconds=900)

    query = parse_qs(urlsplit(link.url).query)
    assert query["X-Amz-SignedHeaders"] == ["content-length;content-type;host;x-amz-checksum-sha256"]
    assert query["X-Amz-Expires"] == ["900"]
    assert link.method == "PUT"
    assert link.headers == {
        "Content-Type": "image/jpeg",
        "Content-Length": str(len(CONTENT)),
        "x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(CONTENT).digest()).decode(),
    }
    with pytest.raises(InvalidInputError):
        documents.upload_link("e/x.jpg", content_type="image/jpeg", size=1, sha256=DIGEST, seconds=0)


def test_a_file_is_read_in_parts_and_copied_with_its_type(documents: S3DocumentStore) -> None:
    documents.put("a.jpg", CONTENT, content_type="image/jpeg")

    parts = list(documents.chunks("a.jpg"))
    documents.copy("a.jpg", "b.jpg")

    assert b"".join(parts) == CONTENT
    assert [len(part) for part in parts] == [1 << 20, 1 << 20, len(CONTENT) - (2 << 20)]
    assert documents.size("b.jpg") == len(CONTENT)
    head = boto3.client("s3").head_object(Bucket="papers", Key="b.jpg")
    assert (head["ContentType"], head["ServerSideEncryption"]) == ("image/jpeg", "AES256")


def test_a_file_on_disk_is_written_from_its_beginning(documents: S3DocumentStore) -> None:
    file = BytesIO(CONTENT)
    file.read(10)

    documents.put_file("a.zip", file, content_type="application/zip")

    assert documents.get("a.zip") == CONTENT


def test_a_file_that_is_not_there_is_told_apart_from_a_store_that_is_away(documents: S3DocumentStore) -> None:
    away = S3DocumentStore("nowhere")
    for read in (documents.size, lambda key: list(documents.chunks(key)), lambda key: documents.copy(key, "b")):
        with pytest.raises(NotFoundError):
            read("a")
    with pytest.raises(StoreUnavailableError):
        list(away.chunks("a"))
    with pytest.raises(StoreUnavailableError):
        away.put_file("a", BytesIO(b"x"), content_type="x")
