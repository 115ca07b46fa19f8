"""Signed addresses at an S3 that checks signatures and checksums: they take the announced file and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
import urllib3

from shipby.adapters.aws import clients
from shipby.adapters.aws.documents import S3DocumentStore
from shipby.application.ports.files import UploadLink
from shipby.domain.errors import NotFoundError
from shipby_local.stack.emulation.emulator import Emulator
from tests.support.waiting import eventually

pytestmark = pytest.mark.ministack
CONTENT = b"\xff\xd8\xff a picture, as far as this store knows"
KEY = "evidence/incoming/s/1-2/abc.jpg"


@pytest.fixture(scope="module")
def documents() -> Iterator[S3DocumentStore]:
    with Emulator(auth=True) as running:
        running.client("s3").create_bucket(Bucket="papers")
        patch = pytest.MonkeyPatch()
        for name, value in {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_S3": running.endpoint,
        }.items():
            patch.setenv(name, value)
        # The session of all clients has read the environment once: of the tests before this one.
        for cached in (clients.s3, clients._session):
            cached.cache_clear()
        yield S3DocumentStore("papers")
        for cached in (clients.s3, clients._session):
            cached.cache_clear()
        patch.undo()


@pytest.fixture
def link(documents: S3DocumentStore) -> UploadLink:
    documents.delete(KEY)
    digest = hashlib.sha256(CONTENT).hexdigest()
    return documents.upload_link(KEY, content_type="image/jpeg", size=len(CONTENT), sha256=digest, seconds=60)


def send(link: UploadLink, content: bytes = CONTENT, **headers: str | None) -> int:
    """Send a file with the announced headers, some of them changed or left out."""
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    wanted = {name: value for name, value in {**link.headers, **changed}.items() if value is not None}
    with urllib3.PoolManager(retries=False) as pool:
        return pool.request(link.method, link.url, body=content, headers=wanted).status


def test_the_announced_file_is_taken_and_may_be_sent_again(documents: S3DocumentStore, link: UploadLink) -> None:
    assert [send(link), send(link)] == [200, 200]
    documents.copy(KEY, "evidence/180/s/1-2/abc.jpg")
    assert b"".join(documents.chunks("evidence/180/s/1-2/abc.jpg")) == CONTENT
    assert documents.size(KEY) == len(CONTENT)


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (CONTENT[:-1] + b"!", {}),
        (CONTENT + b" and more", {"Content_Length": str(len(CONTENT) + 9)}),
        (CONTENT, {"Content_Type": "text/html"}),
        (CONTENT, {"x_amz_checksum_sha256": None}),
        (CONTENT, {"x_amz_checksum_sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}),
    ],
)
def test_any_other_file_type_or_checksum_is_refused(
    documents: S3DocumentStore, link: UploadLink, content: bytes, headers: dict[str, str | None]
) -> None:
    assert send(link, content, **headers) in (400, 403)
    with pytest.raises(NotFoundError):
        documents.size(KEY)


@pytest.mark.parametrize(
    ("mine", "others"),
    [
        ("abc.jpg", "xyz.jpg"),  # another file of the posting
        ("/s/1-2/", "/s/9-9/"),  # another posting
        ("/s/", "/other-seller/"),
        ("incoming", "365"),  # into the chain
        ("/s/", "/s/..%2Fother-seller/"),
    ],
)
def test_an_address_leads_to_its_own_key_only(
    documents: S3DocumentStore, link: UploadLink, mine: str, others: str
) -> None:
    assert mine in link.url
    other = UploadLink(link.method, link.url.replace(mine, others, 1), link.headers)
    assert send(other) == 403
    with pytest.raises(NotFoundError):
        documents.size(KEY.replace(mine, others, 1))


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD"])
def test_an_address_to_send_a_file_to_does_nothing_else(
    documents: S3DocumentStore, link: UploadLink, method: str
) -> None:
    assert send(link) == 200
    assert send(UploadLink(method, link.url, link.headers)) == 403
    assert documents.size(KEY) == len(CONTENT)


def test_an_address_to_read_a_file_takes_none(documents: S3DocumentStore, link: UploadLink) -> None:
    assert send(link) == 200
    reading = UploadLink("PUT", documents.link(KEY, seconds=60), {"Content-Type": "image/jpeg"})
    assert send(reading, b"another picture") == 403
    assert documents.get(KEY) == CONTENT


def test_an_address_dies(documents: S3DocumentStore) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    short = documents.upload_link(KEY, content_type="image/jpeg", size=len(CONTENT), sha256=digest, seconds=1)
    eventually(lambda: send(short) == 403)
