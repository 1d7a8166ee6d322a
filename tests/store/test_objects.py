"""An archive in a bucket is what one in a folder is, and says in a sentence why it is not."""

from __future__ import annotations

import hashlib
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path, PurePosixPath

import pytest
import requests
import trustme
from buckets import KEY, S3, SECRET, answering, taking

from harvester.errors import BadData, Failure, Misconfigured, State, Transient
from harvester.filing import Store
from harvester.store import objects, place
from harvester.store.objects import Objects
from harvester.store.place import Bucket, files

CONTENT = b"abc"
SHA = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
"""Of `abc`, as FIPS 180-2 prints it."""
THERE = f"homes/one/ba/{SHA}.pdf"


def test_bytes_come_back_by_their_hash_and_are_where_anybody_finds_them(s3: S3) -> None:
    bucket = s3.bucket()
    archive = Objects(bucket)
    assert archive.put(CONTENT, ".pdf") == SHA
    assert archive.get(SHA) == CONTENT
    assert s3.objects(bucket) == {THERE: CONTENT}
    assert archive.where(SHA) == f"s3://{bucket.name}/{THERE}"


def test_a_whole_bucket_may_be_a_homes(s3: S3) -> None:
    bucket = s3.bucket()._replace(prefix="")
    Objects(bucket).put(CONTENT, "pdf")
    assert list(s3.objects(bucket)) == [f"ba/{SHA}.pdf"]
    assert Objects(bucket).get(SHA) == CONTENT


def test_what_is_there_is_not_written_again(s3: S3) -> None:
    bucket = s3.bucket(versioned=True)  # which shows how often it was
    Objects(bucket).put(CONTENT, "pdf")
    Objects(bucket).put(CONTENT, "pdf")
    assert s3.versions(bucket) == [THERE]


def test_a_long_file_is_one_request_which_leaves_no_parts_behind(s3: S3) -> None:
    bucket = s3.bucket()
    sha = Objects(bucket).put(bytes(12_000_000), "zip")
    key = f"{bucket.prefix}/{sha[:2]}/{sha}.zip"
    tag = s3.client.head_object(Bucket=bucket.name, Key=key)["ETag"]
    assert "-" not in tag  # or it was put together from parts


def test_the_address_in_the_home_counts_and_not_that_of_the_environment(
    s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    Objects(s3.bucket()).put(CONTENT, "pdf")


def test_damaged_bytes_are_refused_and_healed_by_the_next_put(s3: S3) -> None:
    bucket = s3.bucket()
    archive = Objects(bucket)
    archive.put(CONTENT, "pdf")
    s3.write(bucket, THERE, b"abd")
    with pytest.raises(BadData, match=f"s3://{bucket.name}/{THERE} is not what was") as caught:
        archive.get(SHA)
    assert caught.value.state is State.UNREADABLE
    archive.put(CONTENT, "pdf")
    assert archive.get(SHA) == CONTENT


@pytest.mark.parametrize("sha", ["0" * 64, "../../etc/passwd", "ba*", SHA[:-1], f"{SHA[:-1]}c"])
def test_absent_bytes_are_bad_data(s3: S3, sha: str) -> None:
    archive = Objects(s3.bucket())
    archive.put(CONTENT, "pdf")
    for asked in (archive.get, archive.where):
        with pytest.raises(BadData):
            asked(sha)


def test_a_suffix_cannot_leave_the_prefix(s3: S3) -> None:
    with pytest.raises(ValueError, match="suffix"):
        Objects(s3.bucket()).put(CONTENT, "/../x")


def test_only_what_is_an_archives_is_listed_and_deleted(s3: S3) -> None:
    bucket = s3.bucket()
    archive = Objects(bucket)
    known, stray = archive.put(CONTENT, "pdf"), archive.put(b"stray", "json")
    others = [f"homes/one/ba/{SHA}", "homes/one/ba/notes.txt", f"homes/two/ba/{SHA}.pdf", "ba/x.y"]
    for key in others:
        s3.write(bucket, key, b"somebody else's")
    assert archive.strays({known}) == [PurePosixPath(stray[:2], f"{stray}.json")]
    archive.delete(archive.strays(()))
    assert set(s3.objects(bucket)) == set(others)
    archive.delete([PurePosixPath(stray[:2], f"{stray}.json")])  # which is gone already


def test_an_archive_of_more_files_than_one_answer_lists_is_listed_whole(s3: S3) -> None:
    bucket = s3.bucket()
    names = {hashlib.sha256(f"{n}".encode()).hexdigest() for n in range(1001)}
    with requests.Session() as session:  # which signs nothing, and is quick
        for name in names:
            key = f"{bucket.name}/{bucket.prefix}/{name[:2]}/{name}.json"
            assert session.put(f"{s3.address}/{key}", b"", timeout=10).ok
    assert {file.stem for file in Objects(bucket).strays(())} == names


def test_a_bucket_that_keeps_what_is_deleted_is_found_out(s3: S3) -> None:
    plain, versioned = s3.bucket(), s3.bucket(versioned=True)
    assert not Objects(versioned).keeps_deleted()  # nothing is in it
    for bucket in (plain, versioned):
        Objects(bucket).put(CONTENT, "pdf")
    assert not Objects(plain).keeps_deleted()
    assert Objects(versioned).keeps_deleted()


def denied(code: str) -> bytes:
    return f"<Error><Code>{code}</Code><Message>{SECRET}</Message></Error>".encode()


SILENT: list[socket.socket] = []
LATER = {
    "nobody there": (partial(nullcontext, "http://127.0.0.1:1"), "cannot be reached"),
    "cut": (partial(taking, socket.socket.close), "connection was cut"),
    "silent": (partial(taking, SILENT.append), "cannot be reached"),
    "broken": (partial(answering, 500, denied("InternalError")), "HTTP 500"),
    "too many": (partial(answering, 503, denied("SlowDown")), "HTTP 503"),
    "pause": (partial(answering, 429, b""), "HTTP 429"),
}
NEVER = {
    "no bucket": (partial(answering, 404, denied("NoSuchBucket")), "there is no such bucket"),
    "denied": (partial(answering, 403, denied("AccessDenied")), "access is denied"),
    "key": (partial(answering, 403, denied("SignatureDoesNotMatch")), "secret key is not the"),
    "clock": (partial(answering, 403, denied("RequestTimeTooSkewed")), "clock of this machine"),
    "region": (partial(answering, 301, denied("PermanentRedirect")), "region="),
    "quota": (partial(answering, 403, denied("QuotaExceeded")), "HTTP 403, QuotaExceeded"),
    "web site": (partial(answering, 200, b"<html>Welcome"), "does not speak S3"),
}


@pytest.mark.parametrize("asked", ["put", "get", "strays", "delete"])
@pytest.mark.parametrize("case", [*LATER, *NEVER])
def test_each_failure_is_a_sentence_that_says_what_to_do(
    s3: S3, monkeypatch: pytest.MonkeyPatch, case: str, asked: str
) -> None:
    assert s3
    if case == "silent":
        monkeypatch.setattr(objects, "ANSWER", "200ms")
    answer, said = (LATER | NEVER)[case]
    with answer() as address:
        archive = Objects(Bucket("bucket", "homes/one", address))
        asking: dict[str, Callable[[], object]] = {
            "put": lambda: archive.put(CONTENT, "pdf"),
            "get": lambda: archive.get(SHA),
            "strays": lambda: archive.strays(()),
            "delete": lambda: archive.delete([PurePosixPath("ba", f"{SHA}.pdf")]),
        }
        with pytest.raises(Failure) as caught:
            asking[asked]()
    told = f"{caught.value}"
    assert f"s3://bucket/homes/one?endpoint={address}" in told
    assert said in told
    assert "\n" not in told
    assert not {word for word in (KEY, SECRET, "ba/") if word in told}
    if case in LATER:
        assert isinstance(caught.value, Transient)
        assert (caught.value.state, caught.value.exit_code) == (State.STORE_DOWN, 34)
    else:
        assert isinstance(caught.value, Misconfigured)
        assert (caught.value.state, caught.value.exit_code) == (State.HOME_UNUSABLE, 12)
    assert caught.value.__cause__ is None


def test_a_store_that_lets_nobody_in_is_not_taken_for_an_empty_one(s3: S3) -> None:
    bucket = s3.bucket()
    archive = Objects(bucket)
    archive.put(CONTENT, "pdf")
    requests.post(f"{s3.address}/moto-api/reset-auth", data="0", timeout=10)
    try:
        for asked in (lambda: archive.get(SHA), lambda: archive.strays(())):
            with pytest.raises(Misconfigured, match="does not know this access key"):
                asked()
    finally:
        requests.post(f"{s3.address}/moto-api/reset-auth", data="inf", timeout=10)
    assert archive.get(SHA) == CONTENT


def test_a_bucket_that_is_not_there_is_said_by_a_real_store(s3: S3) -> None:
    for asked in (lambda a: a.put(CONTENT, "pdf"), lambda a: a.get(SHA), lambda a: a.strays(())):
        with pytest.raises(Misconfigured, match="there is no such bucket"):
            asked(Objects(Bucket("nowhere", "", s3.address)))


def test_without_credentials_it_says_where_they_are_looked_for(
    s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with answering(404, b"") as machine:  # in place of what a machine in a cloud asks
        monkeypatch.setenv("AWS_METADATA_ENDPOINT", machine)
        with pytest.raises(Misconfigured, match="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACC"):
            Objects(s3.bucket()).put(CONTENT, "pdf")


def test_a_certificate_that_nobody_trusts_is_refused(s3: S3) -> None:
    assert s3
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)

    with taking(socket.socket.close, context) as address:
        bucket = Bucket("bucket", "", address.replace("http://127.0.0.1", "https://localhost"))
        with pytest.raises(Misconfigured, match="certificate is not trusted here: SSL_CERT_FILE"):
            Objects(bucket).put(CONTENT, "pdf")


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("s3://bucket", Bucket("bucket")),
        ("s3://bucket/", Bucket("bucket")),
        ("s3://bucket/a/b/?region=eu-west-1", Bucket("bucket", "a/b", "", "eu-west-1")),
        ("s3://bucket?endpoint=https://s3.coop", Bucket("bucket", "", "https://s3.coop")),
        ("s3://b.2/x?endpoint=http://[::1]:9000/", Bucket("b.2", "x", "http://[::1]:9000")),
        ("/srv/s3://x", Path("/srv/s3:/x")),
    ],
)
def test_an_address_is_read_and_written_the_same(told: str, meant: Bucket | Path) -> None:
    assert files(told) == meant
    assert files(f"{meant}") == meant


@pytest.mark.parametrize(
    "told",
    [
        "s3://",
        "s3:///prefix",
        "s3://bucket/a//b",
        "s3://bucket/../other",
        "s3://bucket?endpoint=http://s3.coop",
        "s3://bucket?endpoint=s3.coop",
        "s3://bucket?endpoint=https://s3.coop:port",
        "s3://bucket?endpoint=https://geheim@s3.coop",
        "s3://key:geheim@bucket/prefix",
        "s3://bucket?secret_access_key=geheim",
        "s3://bucket?geheim",
        "s3://bucket#geheim",
        "s3://[bucket",
    ],
)
def test_an_address_that_is_none_is_refused_and_not_shown(tmp_path: Path, told: str) -> None:
    (tmp_path / place.FILE).write_text(f'archive = "{told}"')
    with pytest.raises(Misconfigured, match="give one such as s3://bucket/prefix") as caught:
        Store(tmp_path)
    assert "geheim" not in f"{caught.value}"
    assert not (tmp_path / "catalog.sqlite").exists()


OPENED = """
import sys
from harvester.cli import main
code = main(["status", "--home", sys.argv[1]])
assert not {"obstore", "harvester.store.objects"} - set(sys.argv[2:]) & set(sys.modules)
sys.modules["obstore"] = sys.modules["obstore.store"] = None  # as if it were not there
for name in [name for name in sys.modules if name.startswith("harvester.store.objects")]:
    del sys.modules[name]
sys.exit(main(["status", "--home", sys.argv[1]]))
"""


@pytest.mark.parametrize("where", ["archive", "s3://bucket"])
def test_who_has_no_bucket_needs_nothing_for_one(tmp_path: Path, where: str) -> None:
    bucket = where.startswith("s3://")
    (tmp_path / place.FILE).write_text(f'archive = "{where if bucket else tmp_path / where}"')
    known = ("obstore", "harvester.store.objects") if bucket else ()
    command = [sys.executable, "-c", OPENED, f"{tmp_path}", *known]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    if not bucket:
        assert (done.returncode, done.stderr) == (0, "")
    else:  # opened without being asked anything: there is no such bucket
        assert done.returncode == 12
        assert "pip install 'harvester[workers]'" in done.stderr
        assert "Traceback" not in done.stderr
