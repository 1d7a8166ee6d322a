"""An archive in a bucket of an S3-compatible store, whose failures are sentences."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from harvester.errors import Failure, Misconfigured, State, Transient
from harvester.store.archive import SHA, absent, named, proven
from harvester.store.place import Bucket

if TYPE_CHECKING:
    from obstore.store import S3Config

try:
    from obstore.exceptions import BaseError
    from obstore.store import S3Store
except ImportError as error:
    raise Misconfigured(
        State.HOME_UNUSABLE,
        "Files are to be in a bucket, and obstore, which speaks to one, is not installed here:"
        " pip install 'harvester[workers]'.",
    ) from error

CONNECT: Final = "4s"
ANSWER: Final = "8s"
TRYING: Final = timedelta(seconds=8)
"""After that no request is sent again: a worker is silent meanwhile, and 20 seconds of silence
would give its harvests to another one."""
_NAME = re.compile(r"([0-9a-f]{2})/(\1[0-9a-f]{62})\.[a-z0-9]{1,8}")
"""What of the bucket is ours."""
_ASKED = re.compile(r"performing [A-Z]+ (\S+) in ")
_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w{1,64})</Code>")
_LATER = {408, 425, 429}
"""HTTP statuses below 500 after which the same may be asked again."""
_REGION = "it is in another region: add ?region= and its name to its address"
_WHY = {
    "NoSuchBucket": "there is no such bucket",
    "AccessDenied": "access is denied to these credentials",
    "InvalidAccessKeyId": "it does not know this access key",
    "SignatureDoesNotMatch": "the secret key is not the right one",
    "ExpiredToken": "the credentials have expired",
    "RequestTimeTooSkewed": "the clock of this machine is wrong",
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
}
"""By the codes of Amazon's list of S3's error responses."""


class Objects:
    """A bucket, or what is below a prefix in it; nothing is asked before it has to be."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def put(self, content: bytes, suffix: str) -> str:
        """Keep the bytes: it returns once the store has confirmed all of them."""
        name = named(content, suffix)
        there = self._find(name.stem)
        if there and self._read(there) == content:
            return name.stem
        with self._refusals():
            # In one request: parts of one that was cut short would stay, and nobody would see them.
            self._store.put(f"{there or name}", content, use_multipart=False)
        return name.stem

    def get(self, sha: str) -> bytes:
        """Return the bytes of that name; BadData where they are absent or were changed."""
        there = self._find(sha)
        content = self._read(there) if there else None
        if content is None:
            raise absent(sha, self.bucket)
        return proven(content, sha, self._address(there))

    def where(self, sha: str) -> str:
        """Return the address of the bytes of that name; raises BadData if they are absent."""
        there = self._find(sha)
        if there is None:
            raise absent(sha, self.bucket)
        return self._address(there)

    def strays(self, known: Container[str]) -> list[PurePosixPath]:
        """Return every file of an archive whose name is none of these."""
        with self._refusals():
            names = [found["path"] for page in self._store.list() for found in page]
        ours = sorted(filter(_NAME.fullmatch, names))
        return [file for file in map(PurePosixPath, ours) if file.stem not in known]

    def delete(self, files: Iterable[PurePosixPath]) -> None:
        """Delete files; older versions of them stay where the bucket keeps such."""
        if names := [f"{file}" for file in files]:
            with self._refusals():
                self._store.delete(names)

    def keeps_deleted(self) -> bool:
        """Tell whether its files have versions, as they have once a bucket ever kept such."""
        with self._refusals():
            for page in self._store.list(chunk_size=1):
                for found in page:
                    return self._store.head(found["path"])["version"] is not None
        return False

    @cached_property
    def _store(self) -> S3Store:
        told: S3Config = {}
        if self.bucket.endpoint:
            told["aws_endpoint_url_s3"] = self.bucket.endpoint  # before what the environment says
        if self.bucket.region:
            told["region"] = self.bucket.region
        with self._refusals():
            return S3Store(
                self.bucket.name,
                prefix=self.bucket.prefix or None,
                config=told,
                client_options={
                    "connect_timeout": CONNECT,
                    "timeout": ANSWER,
                    "allow_http": self.bucket.endpoint.startswith("http://"),
                },
                retry_config={"max_retries": 2, "retry_timeout": TRYING},
            )

    def _find(self, sha: str) -> PurePosixPath | None:
        """Return the name of a file, whatever its suffix."""
        if not SHA.fullmatch(sha):
            return None
        with self._refusals():
            listed = self._store.list(sha[:2], offset=f"{sha[:2]}/{sha}")
            # The first one, of a store that sorts and heeds the offset, as not every one does.
            files = (PurePosixPath(found["path"]) for page in listed for found in page)
            return next((file for file in files if file.stem == sha), None)

    def _read(self, file: PurePosixPath) -> bytes | None:
        with self._refusals():
            try:
                return bytes(self._store.get(f"{file}").bytes())
            except FileNotFoundError:  # it was deleted meanwhile
                return None

    def _address(self, file: PurePosixPath | None) -> str:
        return f"{self.bucket._replace(endpoint='', region='')}/{file}"

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            # What the library says has addresses, headers and the answer's text in it.
            raise _failure(self.bucket, f"{error}") from None


def _failure(bucket: Bucket, said: str) -> Failure:
    """Return what is wrong with a bucket, by what the library says of it."""
    asked, status, code = (
        found[1] if (found := part.search(said)) else "" for part in (_ASKED, _STATUS, _CODE)
    )
    if status and (int(status) >= 500 or int(status) in _LATER):
        return _later(bucket, f"HTTP {status} is its answer")
    if asked and f"/{bucket.name}" not in asked:  # what the machine's role is asked of
        why = (
            "there are no credentials for it: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or"
            " give this machine a role"
        )
    elif status:
        why = _WHY.get(code, f"it refuses with HTTP {status}" + (f", {code}" if code else ""))
    elif "InvalidCertificate" in said:
        why = "its certificate is not trusted here: SSL_CERT_FILE may name the one that signed it"
    elif "redirect without" in said:
        why = _REGION
    elif "HTTP error" in said or "error decoding response body" in said:
        return _later(bucket, "it cannot be reached, or the connection was cut")
    else:
        why = "what answers there does not speak S3"
    return Misconfigured(
        State.HOME_UNUSABLE,
        f"The bucket {bucket} cannot be used: {why}; what is in it is as it was.",
    )


def _later(bucket: Bucket, why: str) -> Transient:
    return Transient(
        State.STORE_DOWN,
        f"The bucket {bucket} takes and gives no files now: {why}. What was not kept is asked for"
        " again; see whether the address is right if this stays so.",
    )
