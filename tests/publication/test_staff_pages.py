"""The publishers' pages: propose, read what will be public, approve, send back."""

from __future__ import annotations

import re

import pytest

from agencies.models import Role
from scoring.assessment.models import Scoresheet
from scoring.publication.models import Publication
from tests.factories import person
from tests.factories_scoring import make_agency, make_block
from tests.publication.years import change, propose, publish, run_of, scored, three

pytestmark = pytest.mark.django_db
POINTS = [("55", "37.73"), ("50", "30.5"), ("40", "20")]
FORM = {"number": "12/QĐ-UBND", "date": "09/01/2026", "signatory": "Chủ tịch UBND tỉnh", "notice": ""}


@pytest.fixture
def agencies():
    return three()


@pytest.fixture
def block(agencies):
    return scored(dict(zip(agencies, POINTS, strict=True)), block=agencies[0].block)


@pytest.fixture
def signed_in(client):
    def as_role(role):
        client.force_login(person(role))
        return client

    return as_role


def words(answer) -> str:
    return re.sub(r"[\s\u00a0]+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_from_the_run_to_the_public(signed_in, block, client):
    run = run_of(block)
    publisher = signed_in(Role.PUBLISHER)
    page = publisher.get(f"/admin/ranking/{run.public_id}/").content.decode()
    propose_url = re.search(r'href="([^"]+/propose/[^"]+)"', page)
    assert propose_url and "Đề nghị công bố" in page and "Xem trước trang công khai" in page
    url = propose_url[1].replace("&amp;", "&")
    form = publisher.get(url).content.decode()
    chosen = re.search(r'name="(block_\d+)" value="([0-9a-f-]{36})"[^>]*checked', form)
    assert chosen and chosen[2] == str(run.public_id)
    answer = publisher.post(url, FORM | {chosen[1]: chosen[2]})
    proposed = Publication.objects.get()
    assert answer.headers["Location"] == f"/admin/publication/{proposed.public_id}/"
    own = words(publisher.get(answer.headers["Location"]))
    assert "Chờ người khác duyệt" in own and "Duyệt và công bố" not in own
    assert client.get("/rankings/2025/so-ban-nganh/").status_code == 404

    approver = signed_in(Role.APPROVER)
    page = approver.get(f"/admin/publication/{proposed.public_id}/").content.decode()
    assert proposed.content_sha256 in page and "12/QĐ-UBND" in page and "92,73" in page
    content = re.search(r'name="content" value="([0-9a-f]{64})"', page)
    for _click in range(2):
        answer = approver.post(f"/admin/publication/{proposed.public_id}/approve/", {"content": content[1]})
        assert answer.status_code == 302
    client.logout()
    assert client.get("/rankings/2025/so-ban-nganh/").status_code == 200
    assert Publication.objects.get().state == "published"


def test_wrong_input_stays_on_the_form(signed_in, block):
    run = run_of(block)
    publisher = signed_in(Role.PUBLISHER)
    data = FORM | {"date": "31/02/2026", "number": "", f"block_{block.pk}": str(run.public_id)}
    answer = publisher.post("/admin/publication/propose/?year=2025", data)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "Nhập ngày dạng ngày/tháng/năm" in page and 'value="31/02/2026"' in page
    assert 'value="Chủ tịch UBND tỉnh"' in page and "checked" in page
    none = publisher.post("/admin/publication/propose/?year=2025", FORM | {f"block_{block.pk}": ""})
    assert none.status_code == 400 and "Chọn bản xếp hạng của ít nhất một khối." in none.content.decode()
    assert not Publication.objects.exists()


def test_what_a_service_refuses_stands_beside_its_field(signed_in, block, agencies):
    publish(block)
    change(block, agencies[1], "1.1.1", "58")
    run = run_of(block)
    publisher = signed_in(Role.PUBLISHER)
    data = FORM | {"number": "20/QĐ-UBND", f"block_{block.pk}": str(run.public_id)}
    answer = publisher.post("/admin/publication/propose/?year=2025", data)
    assert answer.status_code == 400
    assert re.search(r'id="id_notice_error"[^<]*<div>[^<]*ghi nội dung đính chính', answer.content.decode())
    assert (
        publisher.post("/admin/publication/propose/?year=2025", data | {"notice": "Tính lại"}).status_code
        == 302
    )


def test_a_published_run_is_not_offered_again(signed_in, block):
    run = run_of(block)
    publish(block)
    page = signed_in(Role.PUBLISHER).get("/admin/publication/propose/?year=2025").content.decode()
    assert str(run.public_id) not in page
    assert "Bản xếp hạng mới nhất đã được công bố." in page


def test_a_waiting_proposal_is_named_on_the_form(signed_in, block):
    propose(run_of(block))
    page = words(signed_in(Role.PUBLISHER).get("/admin/publication/propose/?year=2025"))
    assert "Đề nghị theo Quyết định 12/QĐ-UBND đang chờ duyệt." in page


def test_the_approver_sees_what_a_correction_changes(signed_in, block, agencies):
    publish(block)
    change(block, agencies[2], "1.1.1", "56")
    proposed = propose(run_of(block), notice="Tính lại điểm Sở Ánh sáng", number="20/QĐ-UBND")
    page = signed_in(Role.APPROVER).get(f"/admin/publication/{proposed.public_id}/").content.decode()
    table = page[page.index("Số liệu thay đổi") : page.index("Toàn bộ số liệu")]
    told = re.sub(r"[\s\u00a0]+", " ", re.sub(r"<[^>]+>", " ", table))
    assert "Sở Ánh sáng hạng 3 · 60 / 100 · 60,00 % · Trung bình hạng 3 · 76 / 100 · 76,00 % · Khá" in told
    assert "Sở Y tế" not in told
    assert "Thay đổi so với phiên bản 1" in page and "phiên bản 2" in page


def test_a_stale_proposal_is_refused_in_words(signed_in, block):
    proposed = propose(run_of(block))
    Scoresheet.objects.update(state="reviewing")
    approver = signed_in(Role.APPROVER)
    answer = approver.post(
        f"/admin/publication/{proposed.public_id}/approve/", {"content": proposed.content_sha256}
    )
    assert answer.status_code == 409
    assert "được mở lại sau bản xếp hạng này" in answer.content.decode()
    wrong = approver.post(f"/admin/publication/{proposed.public_id}/approve/", {"content": "0" * 64})
    assert wrong.status_code == 409


def test_sending_back_needs_a_reason(signed_in, block):
    proposed = propose(run_of(block))
    approver = signed_in(Role.APPROVER)
    url = f"/admin/publication/{proposed.public_id}/send-back/"
    answer = approver.post(url, {"reason": ""})
    assert answer.status_code == 400 and "id_reason_error" in answer.content.decode()
    assert approver.post(url, {"reason": "Sai ngày"}).status_code == 302
    page = words(approver.get(f"/admin/publication/{proposed.public_id}/"))
    assert "Sai ngày" in page and "trả lại" in page


def test_a_preview_is_the_public_page_and_says_so(signed_in, block, client):
    proposed = propose(run_of(block), notice="Lần đầu")
    approver = signed_in(Role.APPROVER)
    base = f"/admin/publication/{proposed.public_id}/preview/so-ban-nganh/"
    seen = {url: approver.get(url) for url in (base, f"{base}agencies/so-y-te/", f"{base}method/")}
    for url, answer in seen.items():
        assert answer.status_code == 200, url
        assert "BẢN XEM TRƯỚC" in words(answer)
        assert not re.findall(r'href="/rankings/2025/[^"]*"', answer.content.decode()), url
    table = re.search(r"<tbody>.*?</tbody>", seen[base].content.decode(), re.DOTALL)[0]
    picture = re.search(r'<img class="light" src="([^"]+)"', seen[base].content.decode())[1]
    drawn = approver.get(picture)
    assert drawn.status_code == 200 and "no-store" in drawn.headers["Cache-Control"]
    from scoring.publication import services
    from tests.factories import actor

    services.approve(actor=actor(Role.APPROVER), publication=proposed, content=proposed.content_sha256)
    client.logout()
    public = re.search(
        r"<tbody>.*?</tbody>", client.get("/rankings/2025/so-ban-nganh/").content.decode(), re.DOTALL
    )
    links = r'href="[^"]*"'
    assert re.sub(links, "", public[0]) == re.sub(links, "", table)


@pytest.mark.parametrize("count", [1, 3])
def test_pages_take_the_same_queries_whatever_the_number(signed_in, django_assert_num_queries, count):
    runs = []
    for number in range(count):
        own = make_block(f"Khối {number}", slug=f"khoi-{number}")
        agencies = {make_agency(block=own): POINTS[0] for _one in range(count)}
        runs.append((scored(agencies, block=own), own))
    for block, _own in runs:
        publish(block, number=f"{block.pk}/QĐ-UBND")
        for agency in [p.agency for p in block.participations.all()]:
            change(block, agency, "1.1.1", "20")
    waiting = propose(*(run_of(block) for block, _own in runs), notice="Tính lại", number="99/QĐ-UBND")
    staff = signed_in(Role.APPROVER)
    with django_assert_num_queries(7):
        staff.get("/admin/publication/")
    with django_assert_num_queries(8):
        staff.get(f"/admin/publication/{waiting.public_id}/")
    with django_assert_num_queries(9):
        staff.get(f"/admin/publication/{waiting.public_id}/preview/khoi-0/")
    staff = signed_in(Role.PUBLISHER)
    with django_assert_num_queries(7):
        staff.get("/admin/publication/propose/?year=2025")
