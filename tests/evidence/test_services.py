"""Storing, replacing, describing and removing documents."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import uuid
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.utils import timezone

from agencies.actors import NOBODY, Actor, actor_for
from agencies.models import Agency, Role
from evidence import access, queries, services, storage
from evidence.clues import guess, secrecy_stamp
from evidence.description import Description
from evidence.models import Document, DocumentVersion
from evidence.names import clean_name
from evidence.permissions import may_open, may_read_library
from evidence.refusals import AlreadyThere, CouldNotStore, FileRefused, InUse, SecrecyStampFound
from parindex.audit.models import AuditEntry
from parindex.errors import Invalid, NotPermitted, NotVisible, StaleVersion
from tests.evidence import files
from tests.factories import AgencyFactory, MembershipFactory, actor, person
from tests.factories_scoring import open_cycle

pytestmark = pytest.mark.django_db


@pytest.fixture
def agency() -> Agency:
    return AgencyFactory(name="Sở Y tế mẫu")


@pytest.fixture
def editor(agency: Agency) -> Actor:
    return actor(Role.EDITOR, agency)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, settings: Any) -> Path:
    settings.EVIDENCE_DIR = str(tmp_path / "evidence")
    return tmp_path / "evidence"


def store(
    editor: Actor, agency: Agency, data: bytes | None = None, name: str = "a.pdf", **more: Any
) -> services.Stored:
    data = files.pdf(uuid.uuid4().hex) if data is None else data
    return services.store_document(actor=editor, agency=agency, upload=files.upload(data, name), **more)


def on_disk(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_stores_every_byte_under_a_random_name(editor: Actor, agency: Agency, own_folder: Path) -> None:
    data = files.pdf("chữ ký số")
    version = store(editor, agency, data, "Kế hoạch 45.pdf").version
    (path,) = on_disk(own_folder)
    assert path.read_bytes() == data == storage.path_of(version.file_key).read_bytes()
    assert "45" not in version.original_name or path.name not in version.original_name
    assert len(path.name) == 32
    assert path.stat().st_mode & 0o007 == 0
    assert version.sha256 == storage.sha256_of(path)
    assert (version.size, version.content_type) == (len(data), "application/pdf")
    assert (version.version, version.current, version.scan_state) == (1, True, "not_scanned")
    entry = AuditEntry.objects.get(action="document.store")
    assert entry.after is not None
    assert entry.after["sha256"] == version.sha256
    assert entry.actor == editor.user


def test_a_scanner_to_come_finds_its_state(editor: Actor, agency: Agency, settings: Any) -> None:
    settings.SCAN_EVIDENCE = True
    version = store(editor, agency).version
    assert version.scan_state == "waiting"
    assert not version.may_open


@pytest.mark.parametrize("data", [files.exe(), b"", files.zip_of(), files.encrypted_pdf()])
def test_a_refused_file_leaves_nothing(editor: Actor, agency: Agency, own_folder: Path, data: bytes) -> None:
    with pytest.raises(FileRefused):
        store(editor, agency, data)
    assert on_disk(own_folder) == []
    assert not Document.objects.exists()
    assert not AuditEntry.objects.exists()


def test_the_limit_counts_what_comes_not_what_is_said(
    editor: Actor, agency: Agency, own_folder: Path, settings: Any
) -> None:
    settings.MAX_UPLOAD_MB, settings.MAX_UPLOAD_BYTES = 1, 1_048_576
    upload = files.upload(files.pdf(filler=1_100_000))
    upload.size = 10
    with pytest.raises(FileRefused) as caught:
        services.store_document(actor=editor, agency=agency, upload=upload)
    assert caught.value.reason == "too_large"
    assert on_disk(own_folder) == []
    assert store(editor, agency, files.pdf(filler=1_000_000)).version.size > 1_000_000


def test_the_same_bytes_are_stored_once_in_an_agency(editor: Actor, agency: Agency, own_folder: Path) -> None:
    data = files.pdf("một")
    first = store(editor, agency, data, "một.pdf")
    again = store(actor(Role.HEAD, agency), agency, data, "tên khác.pdf")
    assert again.duplicate
    assert again.version == first.version
    assert len(on_disk(own_folder)) == 1
    other = AgencyFactory()
    theirs = store(actor(Role.EDITOR, other), other, data)
    assert not theirs.duplicate
    assert theirs.version.file_key != first.version.file_key


def test_a_form_sent_twice_counts_once(editor: Actor, agency: Agency) -> None:
    key, data = uuid.uuid4(), files.pdf("hai lần")
    outcomes = [store(editor, agency, data, upload_key=key) for _ in range(2)]
    assert [outcome.duplicate for outcome in outcomes] == [False, False]
    assert outcomes[0].version == outcomes[1].version
    assert AuditEntry.objects.filter(action="document.store").count() == 1
    assert not store(editor, agency, files.pdf("khác"), upload_key=key).duplicate


def test_every_change_makes_a_version(editor: Actor, agency: Agency) -> None:
    document = store(editor, agency, files.pdf("bản 1")).document
    described = Description("45/KH-UBND", date(2025, 1, 2), "UBND tỉnh", "Kế hoạch", "Chủ tịch")
    second = services.edit_description(
        actor=editor, document=document, description=described, expected_version=1
    )
    third = services.replace_file(
        actor=editor, document=document, upload=files.upload(files.pdf("bản 2")), expected_version=2
    )
    assert [(v.version, v.current) for v in queries.versions_of(document)] == [
        (3, True),
        (2, False),
        (1, False),
    ]
    assert Description.of(third) == described
    assert second.file_key == document.versions.get(version=1).file_key != third.file_key
    assert services.edit_description(
        actor=editor, document=document, description=described, expected_version=3
    ) == third  # fmt: skip


def test_the_newer_description_is_not_overwritten_unseen(editor: Actor, agency: Agency) -> None:
    document = store(editor, agency).document
    services.edit_description(
        actor=editor, document=document, description=Description(number="1/KH"), expected_version=1
    )
    with pytest.raises(StaleVersion) as caught:
        services.edit_description(
            actor=editor, document=document, description=Description(number="2/KH"), expected_version=1
        )
    assert (caught.value.current["number"], caught.value.offered["number"]) == ("1/KH", "2/KH")
    with pytest.raises(StaleVersion):
        services.replace_file(
            actor=editor, document=document, upload=files.upload(files.pdf("x")), expected_version=1
        )


def test_a_replacement_that_is_there_already(editor: Actor, agency: Agency, own_folder: Path) -> None:
    one, two = files.pdf("một"), files.pdf("hai")
    document, other = store(editor, agency, one).document, store(editor, agency, two)
    for data, holder in ((one, document.versions.get()), (two, other.version)):
        with pytest.raises(AlreadyThere) as caught:
            services.replace_file(
                actor=editor, document=document, upload=files.upload(data), expected_version=1
            )
        assert caught.value.version == holder
    assert len(on_disk(own_folder)) == 2


def test_a_replacement_sent_twice_counts_once(editor: Actor, agency: Agency) -> None:
    document, key = store(editor, agency).document, uuid.uuid4()
    done = [
        services.replace_file(
            actor=editor,
            document=document,
            upload=files.upload(files.pdf("mới")),
            expected_version=1,
            upload_key=key,
        )
        for _ in range(2)
    ]
    assert done[0] == done[1]
    assert document.versions.count() == 2


@pytest.mark.parametrize(
    ("description", "field"),
    [
        (Description(issued_on=date.today() + timedelta(days=2)), "issued_on"),
        (Description(issued_on=date(1930, 1, 1)), "issued_on"),
        (Description(number="x" * 81), "number"),
        (Description(subject="x" * 501), "subject"),
    ],
)
def test_a_wrong_description_is_refused_at_its_field(
    editor: Actor, agency: Agency, description: Description, field: str
) -> None:
    document = store(editor, agency).document
    with pytest.raises(Invalid) as caught:
        services.edit_description(
            actor=editor, document=document, description=description, expected_version=1
        )
    assert list(caught.value.fields) == [field]


def test_only_unused_documents_are_removed(editor: Actor, agency: Agency) -> None:
    year = open_cycle([agency])
    document = store(editor, agency).document
    answer = year.answer(year.sheets[0], "1.1.1")
    citation = answer.citations.create(
        document_version=document.versions.get(), added_by=editor.user, added_at=timezone.now()
    )
    assert access.in_use(document)
    with pytest.raises(InUse):
        services.remove_document(actor=editor, document=document)
    citation.delete()
    services.remove_document(actor=editor, document=document)
    services.remove_document(actor=editor, document=document)
    assert AuditEntry.objects.filter(action="document.remove").count() == 1
    assert not queries.library(agency.pk).exists()
    with pytest.raises(NotVisible):
        services.edit_description(
            actor=editor, document=document, description=Description(), expected_version=1
        )


def test_bytes_of_a_removed_document_come_back_as_a_new_one(
    editor: Actor, agency: Agency, own_folder: Path
) -> None:
    data = files.pdf("gỡ rồi tải lại")
    first = store(editor, agency, data)
    services.remove_document(actor=editor, document=first.document)
    again = store(editor, agency, data)
    assert not again.duplicate
    assert again.document != first.document
    assert len(on_disk(own_folder)) == 1


@pytest.mark.parametrize(
    ("role", "error"),
    [
        (Role.EDITOR, None), (Role.DIVISION_EDITOR, None), (Role.COORDINATOR, None), (Role.HEAD, None),
        (Role.INSPECTOR, NotPermitted), (Role.ASSESSOR, NotVisible), (Role.SECRETARY, NotVisible),
        (Role.COUNCIL_MEMBER, NotVisible), (Role.PUBLISHER, NotVisible), (Role.APPROVER, NotVisible),
        (Role.ADMINISTRATOR, NotVisible),
    ],
)  # fmt: skip
def test_who_may_change_a_library(
    agency: Agency, editor: Actor, role: str, error: type[Exception] | None
) -> None:
    document = store(editor, agency).document
    someone = actor(role, agency if role not in ("division_editor",) else None)
    if role == Role.DIVISION_EDITOR:
        from tests.factories import DivisionFactory

        someone = actor(role, division=DivisionFactory(agency=agency))
    acts = [
        lambda: store(someone, agency),
        lambda: services.edit_description(
            actor=someone, document=document, description=Description(number="9/KH"), expected_version=1
        ),
        lambda: services.replace_file(
            actor=someone, document=document, upload=files.upload(files.pdf("y")), expected_version=2
        ),
        lambda: services.remove_document(actor=someone, document=document),
    ]
    before = AuditEntry.objects.count()
    for act in acts:
        if error is None:
            act()
        else:
            with pytest.raises(error):
                act()
    assert (AuditEntry.objects.count() == before) == (error is not None)


def test_other_agencies_and_nobody_change_nothing(agency: Agency, editor: Actor) -> None:
    document = store(editor, agency).document
    for someone in (actor(Role.EDITOR), NOBODY):
        with pytest.raises(NotVisible):
            store(someone, agency)
        with pytest.raises(NotVisible):
            services.remove_document(actor=someone, document=document)


# --- names, clues --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("Kế hoạch.pdf", "Kế hoạch.pdf"),
        ("Ke\u0302\u0301 hoa\u0323ch.PDF", "Kế hoạch.PDF"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\a\\kh.pdf", "kh.pdf"),
        ("bao\u202efdp.exe", "baofdp.exe.pdf"),
        ("a\x00b\r\nc\u200b.pdf", "ab c.pdf"),
        ('x"; filename="evil.html', "x_; filename=_evil.html.pdf"),
        ("", "tai-lieu.pdf"),
        (".pdf", "pdf.pdf"),
        ("báo cáo.docx", "báo cáo.docx.pdf"),
        ("\ud800lone.pdf", "?lone.pdf".replace("?", "_")),
    ],
)
def test_display_names_are_cleaned(name: str, cleaned: str) -> None:
    assert clean_name(name, ("pdf",)) == cleaned


def test_long_names_keep_their_extension_and_marks() -> None:
    cleaned = clean_name("ế" * 400 + ".pdf", ("pdf",))
    assert len(cleaned) <= 180
    assert cleaned.endswith("ế.pdf")


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("UBND TỈNH\nMẬT\nSố: 1", "MẬT"),
        ("( TỐI MẬT )", "TỐI MẬT"),
        ("Độ mật: Tuyệt mật", "TUYỆT MẬT"),
        ("MA\u0323\u0302T", "MẬT"),
        ("bảo vệ bí mật nhà nước", ""),
        ("MẬT ĐỘ DÂN SỐ", ""),
        ("", ""),
    ],
)
def test_a_stamp_stands_alone(text: str, stamp: str) -> None:
    assert secrecy_stamp(text) == stamp


def test_a_stamped_file_wants_a_written_confirmation(editor: Actor, agency: Agency, own_folder: Path) -> None:
    for data in (files.docx("UBND tỉnh\nMẬT\nKế hoạch"), files.unicode_pdf("UBND tỉnh\nMẬT\nKế hoạch")):
        with pytest.raises(SecrecyStampFound) as caught:
            store(editor, agency, data)
        assert caught.value.stamp == "MẬT"
        with pytest.raises(SecrecyStampFound):
            store(editor, agency, data, secrecy_confirmation="ok")
        version = store(
            editor, agency, data, secrecy_confirmation="Đã giải mật theo Quyết định 12/QĐ-UBND"
        ).version
        assert "giải mật" in version.secrecy_note
        entry = AuditEntry.objects.first()
        assert entry is not None and entry.after is not None
        assert entry.after["secrecy_note"] == version.secrecy_note
    assert len(on_disk(own_folder)) == 2


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("45-KH-UBND ngay 12-12-2025.pdf", {"number": "45/KH-UBND", "issued_on": "2025-12-12"}),
        ("123_QĐ-UBND_15.01.2025_signed.pdf", {"number": "123/QĐ-UBND", "issued_on": "2025-01-15"}),
        ("20250131 BC.pdf", {"issued_on": "2025-01-31"}),
        ("Báo cáo quý I.pdf", {}),
        ("99.99.2025.pdf", {}),
    ],
)
def test_guesses_from_the_name(name: str, expected: dict[str, str]) -> None:
    assert guess(name, "") == expected


def test_guesses_from_the_first_page(editor: Actor, agency: Agency) -> None:
    text = "SỞ Y TẾ MẪU\nSố: 45/KH-SYT\nngày 12 tháng 3 năm 2025\nV/v đẩy mạnh cải cách hành chính\nKính gửi: UBND tỉnh"
    version = store(editor, agency, files.unicode_pdf(text), "quét 001.pdf").version
    assert version.guesses == {
        "number": "45/KH-SYT",
        "issued_on": "2025-03-12",
        "subject": "đẩy mạnh cải cách hành chính",
        "issuer": "Sở Y tế mẫu",
    }
    assert version.number == ""


# --- lists ---------------------------------------------------------------------------------------


def test_search_knows_no_accents(editor: Actor, agency: Agency) -> None:
    described = Description("45/KH-UBND", date(2025, 3, 2), "UBND tỉnh", "Kế hoạch Đề án 06", "Chủ tịch")
    version = store(editor, agency, description=described).version
    store(editor, agency, name="khác.pdf")
    for words in ("de an", "ĐỀ ÁN", "45/kh", "ubnd ke hoach", "02/03/2025", "chu tich"):
        assert [v.pk for v in queries.library(agency.pk, search=words)] == [version.pk], words
    assert [v.pk for v in queries.pickable(agency.pk, search="de an")] == [version.pk]
    assert not queries.library(agency.pk, search="de an 07").exists()
    assert queries.years_of_issue(agency.pk) == [2025]
    assert queries.library(agency.pk, described=False).count() == 1


def test_lists_hold_only_what_may_be_seen(editor: Actor, agency: Agency) -> None:
    document = store(editor, agency).document
    seen = {
        role: queries.visible_to(actor(role)).count()
        for role in (Role.EDITOR, Role.INSPECTOR, Role.SECRETARY)
    }
    assert seen == {Role.EDITOR: 0, Role.INSPECTOR: 1, Role.SECRETARY: 0}
    assert queries.document_for(editor, document.public_id) == document
    for stranger in (actor(Role.EDITOR), NOBODY):
        with pytest.raises(NotVisible):
            queries.document_for(stranger, document.public_id)


def test_an_inspector_who_judges_does_not_read_the_library_of_a_house_of_his(
    editor: Actor, agency: Agency
) -> None:
    version = store(editor, agency).version
    plain = actor(Role.INSPECTOR)
    for role, ends in (
        (Role.ASSESSOR, None),
        (Role.COUNCIL_MEMBER, None),
        (Role.SECRETARY, date(2024, 12, 31)),
    ):
        someone = person(Role.INSPECTOR)
        MembershipFactory(user=someone, role=role, agency=agency, starts_on=date(2024, 1, 1), ends_on=ends)
        if ends is not None:
            MembershipFactory(user=someone, role=role, agency=None)
        judge = actor_for(someone)
        assert not queries.visible_to(judge).exists(), role
        assert agency not in queries.readable_agencies(judge), role
        assert not may_read_library(judge, agency.pk) and not may_open(judge, version), role
    for reader in (plain, editor):
        assert queries.visible_to(reader).count() == 1
        assert agency in queries.readable_agencies(reader) and may_open(reader, version)
    someone = person(Role.INSPECTOR)
    for role in (Role.ASSESSOR, Role.EDITOR):
        MembershipFactory(user=someone, role=role, agency=agency)
    both = actor_for(someone)
    assert queries.visible_to(both).count() == 1 and may_read_library(both, agency.pk)


# --- the disk ------------------------------------------------------------------------------------


def test_sweep_takes_old_orphans_only(editor: Actor, agency: Agency, own_folder: Path) -> None:
    kept = store(editor, agency).version
    long_ago = timezone.now().timestamp() - 2 * 24 * 3600
    old, new = (storage.write([b"x"], limit=9) for _ in range(2))
    stray = own_folder / "ab" / "notes.txt"
    stray.parent.mkdir(exist_ok=True)
    stray.write_text("not ours")
    for path in (old.path, storage.path_of(kept.file_key), stray):
        os.utime(path, (long_ago, long_ago))
    call_command("sweep_evidence", "--dry-run", stdout=StringIO())
    assert old.path.exists()
    out = StringIO()
    call_command("sweep_evidence", "--verify", stdout=out)
    assert "removed 1 orphans" in out.getvalue()
    assert not old.path.exists()
    assert new.path.exists()
    assert stray.exists()
    assert storage.path_of(kept.file_key).exists()


def test_verify_names_changed_and_missing_files(editor: Actor, agency: Agency) -> None:
    first, second = (store(editor, agency).version for _ in range(2))
    path = storage.path_of(first.file_key)
    path.chmod(0o640)
    path.write_bytes(b"something else")
    storage.path_of(second.file_key).unlink()
    err = StringIO()
    with pytest.raises(CommandError, match="2 files"):
        call_command("sweep_evidence", "--verify", stdout=StringIO(), stderr=err)
    assert f"changed: {first.file_key}" in err.getvalue()
    assert f"missing: {second.file_key}" in err.getvalue()


def test_keys_from_elsewhere_lead_nowhere() -> None:
    for key in ("../secret", "aa/../../x", "/etc/passwd", "", "aa/" + "g" * 32):
        with pytest.raises(ValueError):
            storage.path_of(key)


def test_a_failure_of_the_database_keeps_the_file_for_the_sweep(
    editor: Actor, agency: Agency, own_folder: Path
) -> None:
    """An outcome that nobody knows must not cost a file that a committed row refers to."""
    from django.db import DatabaseError

    def fail(*_args: Any) -> Any:
        raise DatabaseError("the connection broke")

    def wrapper(execute: Any, sql: str, *args: Any) -> Any:
        return (
            fail() if "evidence_documentversion" in sql and sql.startswith("INSERT") else execute(sql, *args)
        )

    with pytest.raises(DatabaseError), connection.execute_wrapper(wrapper):
        store(editor, agency)
    assert len(on_disk(own_folder)) == 1


DISK_FULL = """
import os, resource, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "parindex.settings.test"
import django
django.setup()
from django.core.files.uploadedfile import SimpleUploadedFile
from evidence import storage
from evidence.arrival import arrival
from evidence.refusals import CouldNotStore
from evidence.uploads import LimitedUploadHandler, trouble_of
from agencies.models import Agency
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
data = open(sys.argv[1], "rb").read()
try:
    with arrival(SimpleUploadedFile("a.pdf", data), Agency(name="x"), "", True):
        print("stored")
except CouldNotStore as refusal:
    print("refused", len(refusal.messages))
print("left", sum(1 for p in storage.root().rglob("*") if p.is_file()))
handler = LimitedUploadHandler()
handler.new_file("file", "a.pdf", "application/pdf", len(data))
for start in range(0, len(data), 65536):
    handler.receive_data_chunk(data[start:start + 65536], start)
print("trouble", trouble_of(handler.file_complete(len(data))))
"""


def test_a_full_disk_refuses_and_leaves_nothing(tmp_path: Path) -> None:
    """Real refusals of the system: files of this process may not grow past 100 kB."""
    (tmp_path / "a.pdf").write_bytes(files.pdf(filler=300_000))
    done = subprocess.run(
        [sys.executable, "-c", DISK_FULL, str(tmp_path / "a.pdf")],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": "sqlite:///:memory:"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\n")[:3] == ["refused 1", "left 0", "trouble no_space"]


MEMORY = """
import os, resource, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "parindex.settings.test"
import django
django.setup()
from pathlib import Path
from evidence import filetypes, storage
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
def chunks(path):
    with open(path, "rb") as file:
        while piece := file.read(storage.CHUNK):
            yield piece
for path in sys.argv[1:3]:
    written = storage.write(chunks(path), limit=60_000_000)
    filetypes.inspect(written.path, size=written.size, read_text=False)
    storage.make_durable(written)
    print(written.size, peak())
"""


@pytest.mark.parametrize("kind", ["pdf", "docx"])
def test_memory_stays_flat(tmp_path: Path, kind: str) -> None:
    """A file of 50 MB takes at most 8 MB more memory than one of 1 MB."""
    paths = []
    for megabytes in (1, 50):
        size = megabytes * 1_000_000
        data = (
            files.pdf(filler=size)
            if kind == "pdf"
            else files.package(files.docx_parts() | {"word/media/a.jpg": os.urandom(size)})
        )
        paths.append(tmp_path / f"{megabytes}.{kind}")
        paths[-1].write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, *map(str, paths)],
        cwd=settings.BASE_DIR, env=os.environ | {"DATABASE_URL": "sqlite:///:memory:"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    (_s, small), (size, large) = (map(int, line.split()) for line in done.stdout.strip().split("\n"))
    assert size > 49_000_000
    assert large - small < 8_000, f"{(large - small) / 1000:.1f} MB more"


def test_the_reader_of_text_is_held_by_limits(tmp_path: Path) -> None:
    """What pdfium's process may take is bounded before it opens anything."""
    code = (
        "from evidence.pdf_reader import limit; import resource; limit();"
        "print(resource.getrlimit(resource.RLIMIT_AS)[0], resource.getrlimit(resource.RLIMIT_CPU)[0],"
        " resource.getrlimit(resource.RLIMIT_FSIZE)[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=settings.BASE_DIR, capture_output=True, text=True)
    assert done.stdout.split() == ["1073741824", "15", "0"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 0


# --- two at once ---------------------------------------------------------------------------------


def together(*acts: Any) -> list[Any]:
    """Run the acts at the same moment, each in a thread with a connection of its own."""
    ready, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place: int) -> None:
        try:
            ready.wait(10)
            results[place] = acts[place]()
        except Exception as error:
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.mark.needs("postgres")
@pytest.mark.django_db(transaction=True)
def test_two_uploads_of_one_file_make_one_document(own_folder: Path) -> None:
    agency = AgencyFactory()
    people = [actor(Role.EDITOR, agency) for _ in range(4)]
    data = files.pdf("cùng lúc")
    outcomes = together(*[lambda who=who: store(who, agency, data, read_text=False) for who in people])
    assert sorted(outcome.duplicate for outcome in outcomes) == [False, True, True, True]
    assert Document.objects.count() == DocumentVersion.objects.count() == 1
    assert len(on_disk(own_folder)) == 1


@pytest.mark.needs("postgres")
@pytest.mark.django_db(transaction=True)
def test_of_two_descriptions_at_once_one_is_told(own_folder: Path) -> None:
    agency = AgencyFactory()
    people = [actor(Role.EDITOR, agency) for _ in range(2)]
    document = store(people[0], agency).document
    outcomes = together(
        *[
            lambda n=n, who=who: services.edit_description(
                actor=who, document=document, description=Description(number=f"{n}/KH"), expected_version=1
            )
            for n, who in enumerate(people)
        ]
    )
    assert sum(isinstance(outcome, StaleVersion) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, DocumentVersion) for outcome in outcomes) == 1


def test_a_full_disk_is_said_in_words(editor: Actor, agency: Agency, settings: Any, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    settings.EVIDENCE_DIR = str(blocked / "below")
    with pytest.raises(CouldNotStore):
        store(editor, agency)
