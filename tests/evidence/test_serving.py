"""The address of a file: who may open it, and what the answer looks like."""

from __future__ import annotations

import hashlib
import os
import resource
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as conf
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agencies.models import Agency, Role, User
from evidence import access, services, storage
from evidence.models import DocumentVersion, Opening
from parindex.audit.models import AuditEntry
from tests.evidence import files
from tests.factories import AgencyFactory, actor, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, settings: Any) -> None:
    settings.EVIDENCE_DIR = str(tmp_path / "evidence")


@pytest.fixture
def agency() -> Agency:
    return AgencyFactory()


@pytest.fixture
def data() -> bytes:
    return files.pdf(filler=300_000)


@pytest.fixture
def version(agency: Agency, data: bytes) -> DocumentVersion:
    return services.store_document(
        actor=actor(Role.EDITOR, agency),
        agency=agency,
        upload=files.upload(data, "Kế hoạch số 45.pdf"),
        read_text=False,
    ).version


@pytest.fixture
def owner(agency: Agency) -> Client:
    return signed_in(person(Role.EDITOR, agency))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(version: DocumentVersion) -> str:
    return reverse("evidence:open", args=[version.public_id])


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_the_owner_gets_every_byte_as_an_attachment(
    owner: Client, version: DocumentVersion, data: bytes
) -> None:
    response = owner.get(url(version))
    assert response.status_code == 200
    assert body(response) == data
    headers = response.headers
    assert headers["Content-Type"] == "application/pdf"
    assert headers["Content-Length"] == str(len(data))
    assert headers["Content-Disposition"] == (
        "attachment; filename=\"ke-hoach-so-45.pdf\"; filename*=UTF-8''K%E1%BA%BF%20ho%E1%BA%A1ch%20s%E1%BB%91%2045.pdf"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["ETag"] == f'"{hashlib.sha256(data).hexdigest()}"'
    assert headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, None),
        ("bytes=-5", -5, None),
        ("bytes=299000-99999999", 299_000, None),
        ("bytes=-99999999", 0, None),
    ],
)
def test_ranges(
    owner: Client, version: DocumentVersion, data: bytes, asked: str, first: int, last: int | None
) -> None:
    response = owner.get(url(version), headers={"Range": asked})
    expected = data[first : None if last is None else last + 1]
    start = first if first >= 0 else len(data) + first
    assert response.status_code == 206
    assert body(response) == expected
    assert response["Content-Range"] == f"bytes {start}-{start + len(expected) - 1}/{len(data)}"
    assert response["Content-Length"] == str(len(expected))
    assert "attachment" in response["Content-Disposition"]


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "lines=1-2", "bytes=-", "bytes=9-3", "x", "bytes=１-２"])
def test_ranges_that_are_not_understood_mean_the_whole(
    owner: Client, version: DocumentVersion, data: bytes, asked: str
) -> None:
    response = owner.get(url(version), headers={"Range": asked.encode().decode("latin-1")})
    assert (response.status_code, len(body(response))) == (200, len(data))


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0"])
def test_a_range_behind_the_end(owner: Client, version: DocumentVersion, data: bytes, asked: str) -> None:
    response = owner.get(url(version), headers={"Range": asked})
    assert (response.status_code, body(response)) == (416, b"")
    assert response["Content-Range"] == f"bytes */{len(data)}"


def test_if_range_of_another_file_means_the_whole(
    owner: Client, version: DocumentVersion, data: bytes
) -> None:
    for etag, status in ((f'"{version.sha256}"', 206), ('"else"', 200)):
        response = owner.get(url(version), headers={"Range": "bytes=0-9", "If-Range": etag})
        assert response.status_code == status
        body(response)


def test_what_is_known_is_not_sent_again(owner: Client, version: DocumentVersion) -> None:
    response = owner.get(url(version), headers={"If-None-Match": f'W/"x", "{version.sha256}"'})
    assert (response.status_code, response.content) == (304, b"")
    assert response["Content-Security-Policy"].startswith("sandbox")
    since = owner.get(url(version))["Last-Modified"]
    assert owner.get(url(version), headers={"If-Modified-Since": since}).status_code == 304


def test_head_says_the_same_without_the_bytes(owner: Client, version: DocumentVersion, data: bytes) -> None:
    response = owner.head(url(version))
    assert (response.status_code, response["Content-Length"]) == (200, str(len(data)))
    assert body(response) == b""
    assert owner.post(url(version)).status_code == 405


def test_the_proxy_sends_the_bytes_when_told(owner: Client, version: DocumentVersion, settings: Any) -> None:
    settings.EVIDENCE_ACCEL_PREFIX = "/protected-evidence/"
    response = owner.get(url(version), headers={"Range": "bytes=0-1"})
    assert response.status_code == 200
    assert response.content == b""
    assert response["X-Accel-Redirect"] == f"/protected-evidence/{version.file_key}"
    assert "attachment" in response["Content-Disposition"]
    stranger = signed_in(person(Role.EDITOR)).get(url(version))
    assert "X-Accel-Redirect" not in stranger.headers


ROLES = [
    (Role.EDITOR, True, 200), (Role.DIVISION_EDITOR, True, 200), (Role.COORDINATOR, True, 200),
    (Role.HEAD, True, 200), (Role.EDITOR, False, 404), (Role.HEAD, False, 404), (Role.ASSESSOR, True, 404),
    (Role.ASSESSOR, False, 404), (Role.SECRETARY, False, 404), (Role.COUNCIL_MEMBER, False, 404),
    (Role.PUBLISHER, False, 404), (Role.APPROVER, False, 404), (Role.ADMINISTRATOR, False, 404),
    (Role.INSPECTOR, False, 200),
]  # fmt: skip


@pytest.mark.parametrize(("role", "own", "status"), ROLES)
def test_who_may_open(version: DocumentVersion, agency: Agency, role: str, own: bool, status: int) -> None:
    from tests.factories import DivisionFactory

    division = DivisionFactory(agency=agency) if own and role == Role.DIVISION_EDITOR else None
    client = signed_in(person(role, agency if own else None, division))
    response = client.get(url(version))
    assert response.status_code == status
    body(response)


def test_a_foreign_and_an_absent_file_answer_alike(version: DocumentVersion) -> None:
    client = signed_in(person(Role.EDITOR))
    foreign, absent = client.get(url(version)), client.get(reverse("evidence:open", args=[uuid.uuid4()]))
    assert foreign.status_code == absent.status_code == 404
    assert _neutral(foreign) == _neutral(absent)
    assert set(foreign.headers) == set(absent.headers)


def _neutral(response: Any) -> bytes:
    import re

    return re.sub(rb'name="csrfmiddlewaretoken" value="[^"]+"|/documents/[0-9a-f-]+/', b"", response.content)


def test_nobody_is_asked_to_sign_in_for_both_alike(client: Client, version: DocumentVersion) -> None:
    answers = {
        client.get(path).status_code for path in (url(version), reverse("evidence:open", args=[uuid.uuid4()]))
    }
    assert len(answers) == 1
    assert answers <= {302, 401, 403}


def test_a_removed_document_is_gone(owner: Client, version: DocumentVersion, agency: Agency) -> None:
    services.remove_document(actor=actor(Role.EDITOR, agency), document=version.document)
    assert owner.get(url(version)).status_code == 404
    assert signed_in(person(Role.INSPECTOR)).get(url(version)).status_code == 404


def test_a_rule_lets_somebody_in_and_the_record_tells_it_once(
    version: DocumentVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = person(Role.ASSESSOR)
    client = signed_in(user)
    monkeypatch.setattr(access, "_rules", [])
    assert client.get(url(version)).status_code == 404
    access.register(lambda who, what: who.user == user and what == version)
    for asked in ("bytes=0-9", "bytes=10-19", ""):
        response = client.get(url(version), headers={"Range": asked} if asked else {})
        assert response.status_code in (200, 206)
        body(response)
    entry = AuditEntry.objects.get(action="document.open")
    assert entry.actor == user
    Opening.objects.update(day=timezone.localdate() - timezone.timedelta(days=1))
    body(client.get(url(version)))
    assert AuditEntry.objects.filter(action="document.open").count() == 2


def test_the_owner_is_not_noted(owner: Client, version: DocumentVersion) -> None:
    body(owner.get(url(version)))
    assert not AuditEntry.objects.filter(action="document.open").exists()


@pytest.mark.parametrize("state", ["waiting", "infected", "unscannable"])
def test_what_the_scan_has_not_passed_stays_closed(
    owner: Client, version: DocumentVersion, state: str
) -> None:
    DocumentVersion.objects.update(scan_state=state)
    response = owner.get(url(version))
    assert response.status_code == 409
    assert "Content-Disposition" not in response.headers
    assert "Hiện chưa mở được tệp" in response.content.decode()


def test_a_lost_file_is_not_a_crash(owner: Client, version: DocumentVersion) -> None:
    storage.path_of(version.file_key).unlink()
    assert owner.get(url(version)).status_code == 404


def test_the_number_of_queries(
    owner: Client, version: DocumentVersion, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(5):  # session, account, memberships, successions, version
        body(owner.get(url(version)))


SEND = """
import os, resource, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "parindex.settings.test"
import django
django.setup()
from django.conf import settings
from django.test import RequestFactory
from django.utils import timezone
from evidence import serving, storage
from evidence.models import DocumentVersion
settings.EVIDENCE_DIR = sys.argv[1]
def send(size):
    written = storage.write((bytes(100_000) for _ in range(size // 100_000)), limit=size)
    version = DocumentVersion(file_key=written.key, size=size, sha256=written.sha256, original_name="a.pdf",
        content_type="application/pdf", uploaded_at=timezone.now())
    for headers in ({}, {"HTTP_RANGE": "bytes=1-"}):
        response = serving.serve(RequestFactory().get("/", **headers), version)
        sent = sum(len(piece) for piece in response.streaming_content)
        response.close()
    print(sent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
send(1_000_000)
send(50_000_000)
"""


def test_memory_stays_flat_while_sending(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SEND, str(tmp_path)],
        cwd=conf.BASE_DIR, env=os.environ | {"DATABASE_URL": "sqlite:///:memory:"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    (_s, small), (sent, large) = (map(int, line.split()) for line in done.stdout.strip().split("\n"))
    assert sent == 49_999_999
    assert large - small < 4_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0
