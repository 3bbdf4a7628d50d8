"""Puts objects that nobody can remove into a bucket (S3 with Object Lock), and reads them back in order."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from operator import itemgetter
from typing import Any, Final

from .deadline import POOLS, Deadline, Timeouts, current_deadline

_MAX_OBJECT_BYTES: Final = 64 * 1024
_MAX_ANSWER_BYTES: Final = 8 * 1024 * 1024
"""A page of a listing has 1,000 objects, with about a kilobyte for each."""
_READERS: Final = 8
_AT_ONCE: Final = 1000
"""Objects whose texts are in memory while they are read."""

Version = tuple[datetime, str, str]
"""When the service received it, its key, and its id."""


class Bucket:
    """A bucket, and a folder in it, named as `s3://bucket/folder`. Credentials are what boto3 finds."""

    def __init__(self, target: str, *, endpoint: str, seconds: float) -> None:
        """`endpoint` is "" for AWS's own. An operation ends after `seconds`, whatever the service sends."""
        self.name, _, folder = target.removeprefix("s3://").partition("/")
        self._folder = f"{folder.strip('/')}/" if folder.strip("/") else ""
        self._endpoint, self._seconds = endpoint, seconds

    def put(self, name: str, body: bytes, until: datetime) -> None:
        """Put JSON that nobody can change or remove `until` then. Raise OSError where that is not sure."""
        digest = b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
        client = self._client
        with self._in_time():
            answer = client.put_object(
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
        """Yield the text of every object of a folder, in the order in which they came. Raises OSError.

        By the service's clock: ours may have jumped. Versions are read, so what was put over an object, or a
        mark that it is deleted, hides nothing.
        """
        versions = [*self._list_versions(f"{self._folder}{folder}/")][::-1]  # the newest of a key come first
        versions.sort(key=itemgetter(0, 1))
        with ThreadPoolExecutor(_READERS) as readers:
            for start in range(0, len(versions), _AT_ONCE):
                yield from readers.map(self._read, versions[start : start + _AT_ONCE])

    def _list_versions(self, prefix: str) -> Iterator[Version]:
        pages = iter(
            self._client.get_paginator("list_object_versions").paginate(Bucket=self.name, Prefix=prefix)
        )
        while True:
            with self._in_time():
                page = next(pages, None)
            if page is None:
                return
            yield from (
                (one["LastModified"], one["Key"], one["VersionId"]) for one in page.get("Versions", ())
            )

    def _read(self, version: Version) -> str:
        _, key, number = version
        with self._in_time():
            found = self._client.get_object(Bucket=self.name, Key=key, VersionId=number)
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
        client = boto3.client("s3", endpoint_url=self._endpoint or None, config=config)
        # boto3's own timeouts are of a silence, and there is no other way to give it connections of ours.
        client._endpoint.http_session._pool_classes_by_scheme.update(POOLS)
        return client

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        """End what boto3 does within when the time is up, and raise what it raises as an OSError."""
        from botocore.exceptions import BotoCoreError, ClientError

        timeouts = Timeouts(total=self._seconds, connect=self._seconds, read=self._seconds)
        deadline = Deadline(timeouts, max_bytes=_MAX_ANSWER_BYTES)
        token = current_deadline.set(deadline)
        try:
            yield
        except (BotoCoreError, ClientError) as failed:
            late = f"no answer within {self._seconds:g} s: " if deadline.remaining() <= 0 else ""
            raise OSError(f"{late}{failed}") from failed
        finally:
            current_deadline.reset(token)
