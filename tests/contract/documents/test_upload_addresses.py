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


def test_an_address_leads_to_its_own_key_only(documents: S3DocumentStore, link: UploadLink) -> None:
    other = UploadLink(link.method, link.url.replace("abc.jpg", "xyz.jpg"), link.headers)

    assert send(other) == 403
