"""The library's pages: list, upload, description, versions, removal."""

from __future__ import annotations

import re
import uuid
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agencies.models import Agency, Role, User
from evidence import services
from evidence.description import Description
from evidence.models import Document, DocumentVersion
from tests.evidence import files
from tests.factories import AgencyFactory, actor, actor_for, person
from tests.factories_scoring import open_cycle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, settings: Any) -> None:
    settings.EVIDENCE_DIR = str(tmp_path / "evidence")


@pytest.fixture
def agency() -> Agency:
    return AgencyFactory(name="Sở Y tế mẫu")


@pytest.fixture
def user(agency: Agency) -> User:
    return person(Role.EDITOR, agency)


@pytest.fixture
def web(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def store(agency: Agency, name: str = "a.pdf", **described: Any) -> DocumentVersion:
    return services.store_document(
        actor=actor(Role.EDITOR, agency),
        agency=agency,
        upload=files.upload(files.pdf(uuid.uuid4().hex), name),
        description=Description(**described),
        read_text=False,
    ).version


def cite(version: DocumentVersion, agency: Agency, user: User, *codes: str) -> None:
    year = open_cycle([agency])
    for code in codes:
        year.answer(year.sheets[0], code).citations.create(
            document_version=version, page="4", clause="mục II", added_by=user, added_at=timezone.now()
        )


def send(web: Client, *uploads: SimpleUploadedFile, script: bool = False, **data: Any) -> Any:
    return web.post(
        reverse("workspace:library_upload"),
        {"file": list(uploads), **data},
        headers={"X-Upload": "1"} if script else {},
    )


# --- the list ------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_the_same_number_of_queries(
    web: Client, agency: Agency, user: User, count: int, django_assert_num_queries: Any
) -> None:
    for number in range(count):
        version = store(agency, number=f"{number}/KH", issued_on=date(2024 - number, 1, 1))
    cite(version, agency, user, "1.1.1")
    with django_assert_num_queries(10):
        response = web.get(reverse("workspace:library"))
    assert response.status_code == 200
    assert response.content.count(b'scope="row"') == count


@pytest.mark.parametrize("count", [1, 3])
def test_a_document_takes_the_same_number_of_queries(
    web: Client, agency: Agency, user: User, count: int, django_assert_num_queries: Any
) -> None:
    version = store(agency, number="1/KH")
    for number in range(1, count):
        version = services.edit_description(
            actor=actor(Role.EDITOR, agency), document=version.document,
            description=Description(number=f"{number + 1}/KH"), expected_version=number,
        )  # fmt: skip
    cite(version, agency, user, *["1.1.1", "1.1.2", "1.2.1"][:count])
    with django_assert_num_queries(7):
        response = web.get(reverse("workspace:document", args=[version.document.public_id]))
    text = response.content.decode()
    assert "tr. 4, mục II" in text
    assert "1.1.1" in text
    assert ("1.2.1" in text) == (count == 3)


def test_search_and_filters(web: Client, agency: Agency, user: User) -> None:
    used = store(agency, number="45/KH-UBND", subject="Kế hoạch Đề án 06", issued_on=date(2025, 3, 1))
    store(agency, name="chưa có số.pdf")
    cite(used, agency, user, "1.1.1")

    def names(**query: str) -> str:
        return web.get(reverse("workspace:library"), query).content.decode()

    assert "45/KH-UBND" in names(q="de an") and "chưa có số.pdf" not in names(q="de an")
    assert "45/KH-UBND" in names(year="2025") and "chưa có số.pdf" not in names(year="2025")
    assert "45/KH-UBND" in names(show="used") and "chưa có số.pdf" not in names(show="used")
    assert "45/KH-UBND" not in names(show="unused") and "chưa có số.pdf" in names(show="unused")
    assert "45/KH-UBND" not in names(show="undescribed")
    assert "Không có tài liệu phù hợp" in names(q="không có gì")
    assert web.get(reverse("workspace:library"), {"page": "x", "year": "zz", "show": "?"}).status_code == 200


def test_pages_of_the_list(web: Client, agency: Agency) -> None:
    version = store(agency)
    for number in range(30):
        document = Document.objects.create(
            agency=agency, created_by=version.uploaded_by, created_at=timezone.now()
        )
        DocumentVersion.objects.create(
            document=document, version=1, original_name=f"{number}.pdf", size=1, sha256=f"{number:064}",
            scan_state="not_scanned", uploaded_by=version.uploaded_by, uploaded_at=timezone.now(), folded="",
        )  # fmt: skip
    first = web.get(reverse("workspace:library")).content.decode()
    assert first.count('scope="row"') == 25
    assert "page=2" in first
    assert web.get(reverse("workspace:library"), {"page": 2}).content.decode().count('scope="row"') == 6


def test_a_library_is_seen_by_its_own_people_and_inspectors(web: Client, agency: Agency) -> None:
    foreign = AgencyFactory()
    version = store(foreign, name="nháp của cơ quan khác.pdf")
    assert "nháp của cơ quan khác" not in web.get(reverse("workspace:library")).content.decode()
    answers = [
        web.get(reverse("workspace:library"), {"agency": str(which)}).status_code
        for which in (foreign.public_id, uuid.uuid4(), "x")
    ]
    assert answers == [404, 404, 404]
    inspector = Client()
    inspector.force_login(person(Role.INSPECTOR))
    page = inspector.get(reverse("workspace:library"), {"agency": str(foreign.public_id)}).content.decode()
    assert "nháp của cơ quan khác" in page
    assert reverse("workspace:library_upload") not in page
    assert inspector.get(reverse("workspace:document", args=[version.document.public_id])).status_code == 200
    for name in ("document_edit", "document_replace", "document_remove"):
        address = reverse(f"workspace:{name}", args=[version.document.public_id])
        assert inspector.get(address).status_code == inspector.post(address).status_code == 404
        assert web.get(address).status_code == web.post(address).status_code == 404
    assert send(inspector, files.upload(files.pdf()), agency=str(foreign.public_id)).status_code == 403
    assert send(web, files.upload(files.pdf()), agency=str(foreign.public_id)).status_code == 404
    assert Document.objects.count() == 1


def test_a_foreign_document_answers_like_an_absent_one(web: Client) -> None:
    foreign = store(AgencyFactory()).document
    pages = [
        web.get(reverse("workspace:document", args=[which])) for which in (foreign.public_id, uuid.uuid4())
    ]
    assert [page.status_code for page in pages] == [404, 404]
    bare = [re.sub(rb'value="[^"]{20,}"|[0-9a-f-]{36}', b"", page.content) for page in pages]
    assert bare[0] == bare[1]


# --- upload --------------------------------------------------------------------------------------


def test_one_bad_file_never_loses_the_others(web: Client, agency: Agency) -> None:
    twice = files.pdf("hai lần")
    services.store_document(
        actor=actor(Role.EDITOR, agency),
        agency=agency,
        upload=files.upload(twice, "có rồi.pdf"),
        read_text=False,
    )
    response = send(
        web,
        files.upload(files.pdf("một"), "một.pdf"),
        files.upload(files.exe(), "báo cáo.pdf"),
        files.upload(twice, "lần nữa.pdf"),
        files.upload(b"", "rỗng.pdf"),
        files.upload(files.docx(), "kế hoạch.docx"),
    )
    text = response.content.decode()
    assert response.status_code == 200
    assert Document.objects.count() == 3
    assert "Đây là chương trình" in text
    assert "Tệp rỗng" in text
    assert "đã có trong kho: “có rồi.pdf”" in text
    assert text.count('class="is-done"') == 3
    assert text.count('class="is-failed"') == 2


def test_the_same_form_sent_again_stores_nothing_new(web: Client) -> None:
    page = web.get(reverse("workspace:library_upload")).content.decode()
    found = re.search(r'name="upload_key" value="([^"]+)"', page)
    assert found
    data = files.pdf("một lần")
    first = send(web, files.upload(data), upload_key=found.group(1)).content.decode()
    second = send(web, files.upload(data), upload_key=found.group(1)).content.decode()
    assert "đã có trong kho" not in first + second
    assert Document.objects.count() == 1
    assert "đã có trong kho" in send(web, files.upload(data), upload_key=uuid.uuid4()).content.decode()


def test_a_script_gets_each_outcome_as_json(web: Client) -> None:
    data = files.pdf("tệp")
    stored = send(web, files.upload(data, "Kế hoạch.pdf"), script=True)
    assert stored.status_code == 201
    assert stored.json()["name"] == "Kế hoạch.pdf"
    assert web.get(stored.json()["url"]).status_code == 200
    again = send(web, files.upload(data, "khác.pdf"), script=True)
    assert again.status_code == 200
    assert again.json()["state"] == "đã có trong kho: “Kế hoạch.pdf”"
    refused = send(web, files.upload(files.exe(), "a.pdf"), script=True)
    assert refused.status_code == 400
    assert refused.json()["errors"][0].startswith("Đây là chương trình")
    nothing = send(web, script=True)
    assert nothing.status_code == 422
    assert nothing.json()["errors"] == ["Hãy chọn một hoặc nhiều tệp."]


def test_without_files_the_form_says_so(web: Client) -> None:
    response = send(web)
    assert response.status_code == 422
    assert "Hãy chọn một hoặc nhiều tệp." in response.content.decode()


def test_a_file_over_the_limit_is_read_to_its_end_and_refused(web: Client, settings: Any) -> None:
    settings.MAX_UPLOAD_MB, settings.MAX_UPLOAD_BYTES = 1, 1_048_576
    response = send(
        web, files.upload(files.pdf(filler=1_200_000), "lớn.pdf"), files.upload(files.pdf("nhỏ"), "nhỏ.pdf")
    )
    text = response.content.decode()
    assert "Tệp lớn hơn 1 MB" in text
    assert Document.objects.get().versions.get().original_name == "nhỏ.pdf"
    assert not list(Path(settings.FILE_UPLOAD_TEMP_DIR).glob("tmp*.upload*"))


def test_a_stamped_file_asks_for_the_confirmation(web: Client) -> None:
    data = files.docx("MẬT")
    asked = send(web, files.upload(data, "a.docx"))
    assert asked.status_code == 422
    assert "dấu độ mật “MẬT”" in asked.content.decode()
    assert "data-upload-asks open>" in asked.content.decode()
    send(web, files.upload(data, "a.docx"), secrecy_confirmation="Đã giải mật theo Quyết định số 12")
    assert Document.objects.count() == 1


def test_a_name_can_not_break_out_of_the_page(web: Client) -> None:
    name = "<img src=x onerror=alert(1)>.pdf"
    assert "<img src=x" not in send(web, files.upload(files.pdf("x"), name)).content.decode()
    assert "<img src=x" not in send(web, files.upload(files.exe(), name)).content.decode()
    assert "<img src=x" not in web.get(reverse("workspace:library")).content.decode()


# --- description, file, removal ------------------------------------------------------------------


def test_guesses_are_prefilled_and_not_kept(web: Client, agency: Agency) -> None:
    version = store(agency, name="45-KH-UBND ngày 12-12-2024.pdf")
    page = web.get(reverse("workspace:library_describe")).content.decode()
    assert 'value="45/KH-UBND"' in page
    assert 'value="2024-12-12"' in page
    assert "Đoán từ tệp" in page
    version.refresh_from_db()
    assert (version.number, version.issued_on) == ("", None)


def test_describing_from_the_list_of_forms(web: Client, agency: Agency) -> None:
    version = store(agency)
    address = reverse("workspace:document_edit", args=[version.document.public_id])
    data = {"number": "45/KH-UBND", "issued_on": "2025-01-02", "subject": "Kế hoạch", "version": 1, "card": 1}
    back = reverse("workspace:library_describe")
    assert web.post(address, data | {"next": back}).headers["Location"] == back
    other = store(agency)
    address = reverse("workspace:document_edit", args=[other.document.public_id])
    card = web.post(address, data, headers={"HX-Request": "true"})
    assert card.status_code == 200
    assert "đã lưu" in card.content.decode()
    assert "<html" not in card.content.decode()
    assert web.post(address, data | {"next": "https://evil.example/", "version": 2, "number": "9"}).headers[
        "Location"
    ] == reverse("workspace:document", args=[other.document.public_id])


def test_a_wrong_description_keeps_what_was_typed(web: Client, agency: Agency) -> None:
    version = store(agency)
    address = reverse("workspace:document_edit", args=[version.document.public_id])
    response = web.post(address, {"number": "45/KH", "issued_on": "2999-01-01", "version": 1})
    text = response.content.decode()
    assert response.status_code == 422
    assert 'value="45/KH"' in text
    assert "Ngày ban hành ở tương lai" in text
    assert web.post(address, {"number": "45/KH", "issued_on": "hôm qua", "version": 1}).status_code == 422


def test_two_people_describe_one_document(web: Client, agency: Agency) -> None:
    version = store(agency)
    address = reverse("workspace:document_edit", args=[version.document.public_id])
    services.edit_description(
        actor=actor(Role.HEAD, agency), document=version.document,
        description=Description(number="1/KH", subject="của người khác"), expected_version=1,
    )  # fmt: skip
    response = web.post(address, {"number": "2/KH", "version": 1})
    text = response.content.decode()
    assert response.status_code == 409
    assert "của người khác" in text
    assert 'value="2/KH"' in text
    assert 'name="version" value="2"' in text
    assert web.post(address, {"number": "2/KH", "version": 2}).status_code == 302
    assert version.document.versions.get(current=True).number == "2/KH"


def test_replacing_the_file(web: Client, agency: Agency) -> None:
    version = store(agency, number="45/KH")
    address = reverse("workspace:document_replace", args=[version.document.public_id])
    assert web.get(address).status_code == 200
    data = files.pdf("bản ký số")
    assert web.post(address, {"file": files.upload(data), "version": 1}).status_code == 302
    assert version.document.versions.get(current=True).number == "45/KH"
    again = web.post(address, {"file": files.upload(data), "version": 2})
    assert again.status_code == 409
    assert "Đây chính là tệp tài liệu đang có" in again.content.decode()
    stale = web.post(address, {"file": files.upload(files.pdf("z")), "version": 1})
    assert stale.status_code == 409
    bad = web.post(address, {"file": files.upload(files.exe()), "version": 2})
    assert bad.status_code == 422
    assert "Đây là chương trình" in bad.content.decode()
    assert web.post(address, {"version": 2}).status_code == 422
    assert version.document.versions.count() == 2


def test_removing(web: Client, agency: Agency, user: User) -> None:
    version = store(agency, number="45/KH")
    address = reverse("workspace:document_remove", args=[version.document.public_id])
    assert "45/KH" in web.get(address).content.decode()
    cite(version, agency, user, "1.1.1")
    refused = web.post(address)
    assert refused.status_code == 409
    assert "Tài liệu đang được gắn" in refused.content.decode()
    other = store(agency, number="46/KH").document
    web.post(reverse("workspace:document_remove", args=[other.public_id]))
    assert web.get(reverse("workspace:document", args=[other.public_id])).status_code == 404


def test_a_new_version_is_followed_by_drafts_and_not_by_what_was_submitted(
    agency: Agency, user: User
) -> None:
    version = store(agency, number="45/KH")
    cite(version, agency, user, "1.1.1", "1.1.2")
    from scoring.assessment.models import Citation

    Citation.objects.filter(answer__criterion__code="1.1.2").update(frozen=True)
    newer = services.edit_description(
        actor=actor_for(user), document=version.document, description=Description(number="45a/KH"),
        expected_version=1,
    )  # fmt: skip
    follow = dict(Citation.objects.values_list("answer__criterion__code", "document_version__version"))
    assert follow == {"1.1.1": newer.version, "1.1.2": 1}
