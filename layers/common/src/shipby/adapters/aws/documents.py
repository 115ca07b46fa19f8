"""Files on S3: encrypted at rest, handed out by short signed links only."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

from shipby.adapters.aws import clients
from shipby.application.ports.files import UploadLink
from shipby.domain.errors import InvalidInputError, NotFoundError, StoreUnavailableError

if TYPE_CHECKING:  # the type packages are for developers only
    from mypy_boto3_s3 import S3Client

_LONGEST_LINK = 7 * 24 * 3600
"""Seconds. Source: signature version 4 of S3."""
_CHUNK = 1024 * 1024
_GONE = frozenset({"NoSuchKey", "404", "NotFound"})


class S3DocumentStore:
    """Implements `DocumentStore`."""

    def __init__(self, bucket: str, *, client: S3Client | None = None) -> None:
        self._bucket = bucket
        self._client = client

    @property
    def _s3(self) -> S3Client:
        return self._client or clients.s3()

    def put(self, key: str, content: bytes, *, content_type: str) -> None:
        """Write a file (the same key again replaces it). Raises StoreUnavailableError."""
        try:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=content,
                ContentType=content_type,
                ServerSideEncryption="AES256",
            )
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailableError(f"document {key} could not be written: {error}") from error

    def put_file(self, key: str, file: BinaryIO, *, content_type: str) -> None:
        """Write a file from disk. Raises StoreUnavailableError."""
        file.seek(0)
        try:
            self._s3.put_object(
                Bucket=self._bucket, Key=key, Body=file, ContentType=content_type, ServerSideEncryption="AES256"
            )
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailableError(f"document {key} could not be written: {error}") from error

    def get(self, key: str) -> bytes:
        """Raises NotFoundError, StoreUnavailableError."""
        return b"".join(self.chunks(key))

    def chunks(self, key: str) -> Iterator[bytes]:
        """Raises NotFoundError, StoreUnavailableError."""
        try:
            body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"]
            with closing(body):  # a reader that stops early gives the connection back, too
                yield from body.iter_chunks(_CHUNK)
        except (ClientError, BotoCoreError) as error:
            raise _unread(key, error) from error

    def size(self, key: str) -> int:
        """Raises NotFoundError, StoreUnavailableError."""
        try:
            return self._s3.head_object(Bucket=self._bucket, Key=key)["ContentLength"]
        except (ClientError, BotoCoreError) as error:
            raise _unread(key, error) from error

    def copy(self, source: str, target: str) -> None:
        """Raises NotFoundError, StoreUnavailableError."""
        try:
            self._s3.copy_object(
                Bucket=self._bucket,
                Key=target,
                CopySource={"Bucket": self._bucket, "Key": source},
                ServerSideEncryption="AES256",
            )
        except (ClientError, BotoCoreError) as error:
            raise _unread(source, error) from error

    def delete(self, key: str) -> None:
        """Delete a file; one that is gone already does no harm. Raises StoreUnavailableError."""
        try:
            self._s3.delete_object(Bucket=self._bucket, Key=key)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailableError(f"document {key} could not be deleted: {error}") from error

    def link(self, key: str, *, seconds: int) -> str:
        """A signed link; it is not checked whether the file is there. Raises InvalidInputError."""
        _check_life(seconds)
        return self._s3.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=seconds
        )

    def upload_link(self, key: str, *, content_type: str, size: int, sha256: str, seconds: int) -> UploadLink:
        """A signed PUT. Raises InvalidInputError.

        A PUT and no form: its signature covers Content-Length, Content-Type and x-amz-checksum-sha256 (botocore signs
        all three), so S3 takes these very bytes and no others, however often the address is used. A form's policy has
        a range of lengths and no checksum, and the embedded stack's S3 ignores it.
        """
        _check_life(seconds)
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
        url = self._s3.generate_presigned_url(
            "put_object",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                "ContentType": content_type,
                "ContentLength": size,
                "ChecksumSHA256": checksum,
            },
            ExpiresIn=seconds,
        )
        headers = {"Content-Type": content_type, "Content-Length": str(size), "x-amz-checksum-sha256": checksum}
        return UploadLink("PUT", url, headers)


def _check_life(seconds: int) -> None:
    if not 1 <= seconds <= _LONGEST_LINK:
        raise InvalidInputError(f"a link can live 1 to {_LONGEST_LINK} seconds, not {seconds}")


def _unread(key: str, error: ClientError | BotoCoreError) -> NotFoundError | StoreUnavailableError:
    if isinstance(error, ClientError) and error.response["Error"]["Code"] in _GONE:
        return NotFoundError(f"document {key} is not there; make it again")
    return StoreUnavailableError(f"document {key} could not be read: {error}")
