"""Files on S3: encrypted at rest, handed out by short signed links only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from shipby.adapters.aws import clients
from shipby.domain.errors import InvalidInputError, NotFoundError, StoreUnavailableError

if TYPE_CHECKING:  # the type packages are for developers only
    from mypy_boto3_s3 import S3Client

_LONGEST_LINK = 7 * 24 * 3600
"""Seconds. Source: signature version 4 of S3."""


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

    def get(self, key: str) -> bytes:
        """Raises NotFoundError, StoreUnavailableError."""
        try:
            return self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                raise NotFoundError(f"document {key} is not there; make it again") from error
            raise StoreUnavailableError(f"document {key} could not be read: {error}") from error
        except BotoCoreError as error:
            raise StoreUnavailableError(f"document {key} could not be read: {error}") from error

    def delete(self, key: str) -> None:
        """Delete a file; one that is gone already does no harm. Raises StoreUnavailableError."""
        try:
            self._s3.delete_object(Bucket=self._bucket, Key=key)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailableError(f"document {key} could not be deleted: {error}") from error

    def link(self, key: str, *, seconds: int) -> str:
        """A signed link; it is not checked whether the file is there. Raises InvalidInputError."""
        if not 1 <= seconds <= _LONGEST_LINK:
            raise InvalidInputError(f"a link can live 1 to {_LONGEST_LINK} seconds, not {seconds}")
        return self._s3.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=seconds
        )
