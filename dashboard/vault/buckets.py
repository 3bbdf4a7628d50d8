"""Puts objects that nobody can remove into a bucket (S3 with Object Lock), and reads them back in order."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import Any, Final

_MAX_OBJECT_BYTES: Final = 64 * 1024
_READERS: Final = 8


class Bucket:
    """A bucket, and a folder in it, named as `s3://bucket/folder`. Credentials are what boto3 finds."""

    def __init__(self, target: str, *, endpoint: str, seconds: float) -> None:
        """`endpoint` is "" for AWS's own. A connection, or a silence, ends after `seconds`."""
        self.name, _, folder = target.removeprefix("s3://").partition("/")
        self._folder = f"{folder.strip('/')}/" if folder.strip("/") else ""
        self._endpoint, self._seconds = endpoint, seconds

    def put(self, name: str, body: bytes, until: datetime) -> None:
        """Put JSON that nobody can change or remove `until` then. Raise OSError where that is not sure."""
        digest = b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
        with _as_oserror():
            answer = self._client.put_object(
                Bucket=self.name,
                Key=self._folder + name,
                Body=body,
                ContentMD5=digest,
                ContentType="application/json",
                ObjectLockMode="COMPLIANCE",
                ObjectLockRetainUntilDate=until,
            )
        if answer.get("VersionId", "null") == "null":  # there is no lock without versions
            raise OSError("the bucket keeps no versions, so it has no retention")

    def read_all(self, folder: str) -> Iterator[str]:
        """Yield the text of every object of a folder, by their names. Raises OSError.

        Versions are read, so what was put over an object, or a mark that it is deleted, hides nothing.
        """
        with _as_oserror(), ThreadPoolExecutor(_READERS) as readers:
            pages = self._client.get_paginator("list_object_versions")
            for page in pages.paginate(Bucket=self.name, Prefix=f"{self._folder}{folder}/"):
                yield from readers.map(self._read, page.get("Versions", ()))

    def _read(self, version: dict[str, Any]) -> str:
        found = self._client.get_object(Bucket=self.name, Key=version["Key"], VersionId=version["VersionId"])
        with found["Body"] as body:
            text: bytes = body.read(_MAX_OBJECT_BYTES)
        return text.decode("ascii", "replace")

    @cached_property
    def _client(self) -> Any:
        import boto3  # within: it is installed only where a bucket is named
        from botocore.config import Config

        config = Config(
            connect_timeout=self._seconds,
            read_timeout=self._seconds,
            retries={"total_max_attempts": 1},
            max_pool_connections=_READERS,
            request_checksum_calculation="when_required",  # others than AWS do not know all of them
            s3={"addressing_style": "path"} if self._endpoint else {},
        )
        return boto3.client("s3", endpoint_url=self._endpoint or None, config=config)


@contextmanager
def _as_oserror() -> Iterator[None]:
    """Raise what boto3 raises as an OSError, in the same words."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as failed:
        raise OSError(str(failed)) from failed
