"""What the public reads, and that nothing is there before it is published."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils.http import http_date

from agencies.models import Role
from scoring.assessment.models import Cycle
from scoring.publication import services
from scoring.publication.models import Publication
from tests.factories import actor, person
from tests.factories_scoring import make_agency, make_block
from tests.publication.years import change, propose, publish, run_of, scored, three

pytestmark = pytest.mark.django_db
BLOCK = "/rankings/2025/so-ban-nganh/"
POINTS = [("55", "37.73"), ("50", "30.5"), ("50", "30.5")]


@pytest.fixture
def agencies():
    return three()


@pytest.fixture
def block(agencies):
    return scored(dict(zip(agencies, POINTS, strict=True)), block=agencies[0].block)


def text(response) -> str:
    """The words of a page, spaces made one."""
    body = re.sub(r"<(script|style)\b.*?</\1>", "", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"[\s\u00a0]+", " ", re.sub(r"<[^>]+>", " ", body))


def test_an_empty_portal_says_what_will_be_here(client):
    for url in ("/", "/rankings/", "/method/", "/data/"):
        page = client.get(url)
        assert page.status_code == 200
        assert "Chưa công bố kết quả xếp hạng nào" in text(page)


def test_the_block_table(client, block):
    publish(block)
    page = client.get(BLOCK)
    words = text(page)
    assert "Chỉ số cải cách hành chính năm 2025: Sở, ban, ngành" in words
    assert "12/QĐ-UBND" in words and "09/01/2026" in words and "Chủ tịch UBND tỉnh" in words
    assert "92,73" in words and "92,73 / 100" in words and "80,50" in words
    assert "84,58 %" in words  # the mean of 92.73, 80.50 and 80.50 is 84.5766…
    assert "2 cơ quan cùng 80,50 % cùng hạng 2" in words
    assert "Xuất sắc" in words and "Tốt" in words
    names = re.findall(r'<th scope="row" class="name"><a href="([^"]+)">([^<]+)</a>', page.content.decode())
    assert [name for _url, name in names] == ["Sở Y tế", "Sở Ánh sáng", "Sở Đất đai"]
    assert names[0][0] == f"{BLOCK}so-y-te/"


def test_the_table_sorts_by_links(client, block):
    publish(block)

    def order(sort):
        body = client.get(BLOCK, {"sort": sort}).content.decode()
        return re.findall(r'class="name"><a href="[^"]+">Sở ([^<]+)</a>', body)

    assert order("name") == ["Ánh sáng", "Đất đai", "Y tế"]
    assert order("-name") == ["Y tế", "Đất đai", "Ánh sáng"]
    assert order("points")[-1] == order("-index")[0] == "Y tế"
    assert order("nonsense") == order("rank") == order("movement")
    body = client.get(BLOCK, {"sort": "-index"}).content.decode()
    assert 'aria-sort="descending"' in body and "?sort=index" in body


def test_the_agency_page(client, block):
    publish(block)
    page = client.get(f"{BLOCK}so-y-te/")
    words = text(page)
    assert "Sở Y tế" in words and "92,73" in words and "92,73 / 100" in words and "1 / 3" in words
    assert "55,00 / 60" in words and "91,67" in words  # 55 / 60
    assert "37,73 / 40" in words and "94,33" in words
    assert "+5,56" in words  # 91.6666 against (91.6666 + 2 × 83.3333) / 3
    assert page.content.decode().count("<figure") == 2
    assert re.search(r'<img class="light" src="[^"]+so-y-te\.years\.svg\?k=', page.content.decode())


def test_the_method_page(client, block):
    publish(block)
    words = text(client.get("/method/2025/so-ban-nganh/"))
    assert "Thực hiện kế hoạch" in words and "1.1.1" in words
    assert "Cho điểm từ 0 đến 60." in words or "0 đến 60" in words
    assert "2 chữ số" in words and "từ 80 % dưới 90 %" in words
    assert "Sở Nội vụ" in words


def test_years_and_home(client, block, agencies):
    publish(block)
    for url in ("/", "/rankings/2025/"):
        words = text(client.get(url))
        assert "Sở, ban, ngành" in words and "Sở Y tế" in words and "92,73 %" in words
        # a tie is shown whole
        assert "Sở Ánh sáng" in words and "Sở Đất đai" in words
    assert "2025" in text(client.get("/rankings/"))
    assert "CSV" in text(client.get("/data/"))
    assert "Sở, ban, ngành" in text(client.get("/method/"))


def test_english_on_request(client, block):
    publish(block)
    client.cookies["django_language"] = "en"
    words = text(client.get(BLOCK))
    assert "PAR Index 2025" in words and "92.73" in words and "Rank" in words


# nothing before publication ------------------------------------------------------------------------

ADDRESSES = (
    "/rankings/{year}/{block}/",
    "/rankings/{year}/{block}/?sort=name",
    "/rankings/{year}/{block}.csv",
    "/rankings/{year}/{block}.json",
    "/rankings/{year}/{block}/v1/",
    "/rankings/{year}/{block}/v1.csv",
    "/rankings/{year}/{block}/v1.json",
    "/rankings/{year}/{block}/v1/charts/distribution.svg",
    "/rankings/{year}/{block}/v1/charts/{agency}.years.svg",
    "/rankings/{year}/{block}/{agency}/",
    "/method/{year}/{block}/",
)


def seen(client: Client, url: str) -> tuple[int, dict[str, str], str]:
    """Everything a reader can tell an answer by, the address itself and tokens aside."""
    answer = client.get(url)
    body = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())
    return answer.status_code, dict(answer.headers), body.replace(url.partition("?")[0], "")


@pytest.mark.parametrize("address", ADDRESSES)
def test_unpublished_is_as_absent(client, block, agencies, address):
    """Proposed, ranked or sent back: the same answer as for a year, a block, an agency that never was."""
    other = make_block("Phường", slug="phuong")
    ward = make_agency("Phường Một", block=other)
    publish(scored({ward: POINTS[0]}, block=other))  # another block of the same year is public
    proposed = propose(run_of(block), number="15/QĐ-UBND")
    absent = [
        address.format(year=1999, block="so-ban-nganh", agency="so-y-te"),
        address.format(year=2025, block="khong-co", agency="so-y-te"),
        address.format(year=2025, block="so-ban-nganh", agency="khong-co"),
    ]
    hidden = address.format(year=2025, block="so-ban-nganh", agency="so-y-te")
    expected = seen(client, absent[0])
    assert expected[0] == 404
    for url in (*absent, hidden):
        assert seen(client, url) == expected, url
    services.send_back(actor=actor(Role.APPROVER), publication=proposed, reason="Chưa đúng")
    assert seen(client, hidden) == expected
    again = propose(run_of(block), number="16/QĐ-UBND")
    services.approve(actor=actor(Role.APPROVER), publication=again, content=again.content_sha256)
    assert client.get(hidden).status_code == 200


def test_an_unpublished_block_is_not_on_any_list(client, block):
    other = make_block("Phường", slug="phuong")
    publish(scored({make_agency("Phường Một", block=other): POINTS[0]}, block=other))
    propose(run_of(block), number="15/QĐ-UBND")
    for url in ("/", "/rankings/", "/rankings/2025/", "/rankings/2025/phuong/", "/method/", "/data/"):
        assert "Sở, ban, ngành" not in client.get(url).content.decode(), url


def test_an_agency_outside_the_block_has_no_page(client, block):
    publish(block)
    make_agency("Phường Hai", block=make_block("Phường", slug="phuong"))
    assert client.get(f"{BLOCK}phuong-hai/").status_code == 404
    assert client.get(f"{BLOCK}v2/").status_code == 404
    assert client.get(f"{BLOCK}v999999/").status_code == 404
    assert client.get("/rankings/99999999999999999999/so-ban-nganh/").status_code == 404


def test_only_reading_is_answered(client, block):
    publish(block)
    for url in (BLOCK, "/rankings/1999/so-ban-nganh/", "/", "/rankings/2025/so-ban-nganh.csv"):
        assert client.post(url).status_code == 405
        assert client.head(url).status_code == client.get(url).status_code


# versions ------------------------------------------------------------------------------------------


def test_a_correction_replaces_and_the_old_version_stays_readable(client, block, agencies):
    publish(block)
    before = client.get("/rankings/2025/so-ban-nganh/v1.json").json()
    change(block, agencies[1], "1.1.1", "58")
    publish(block, notice="Tính lại điểm của Sở Đất đai theo kết luận kiểm tra", number="20/QĐ-UBND")
    now = text(client.get(BLOCK))
    assert "88,50" in now and "Tính lại điểm của Sở Đất đai" in now and "phiên bản 2" in now
    assert "20/QĐ-UBND" in now
    old = client.get(f"{BLOCK}v1/")
    assert "80,50" in text(old) and "Đây là phiên bản 1, đã được thay thế." in text(old)
    assert f'href="{BLOCK}"' in old.content.decode()
    assert f'href="{BLOCK}so-dat-dai/"' not in old.content.decode()
    after = client.get("/rankings/2025/so-ban-nganh/v1.json").json()
    assert before | {"current": False} == after
    assert client.get("/rankings/2025/so-ban-nganh.json").json()["version"] == 2
    newest = text(client.get(f"{BLOCK}v2/"))
    assert "đã được thay thế" not in newest
    assert "Tính lại điểm" in text(client.get("/"))


# rehearsal -----------------------------------------------------------------------------------------


def test_a_rehearsal_is_watermarked_everywhere(client, agencies):
    block = scored(dict(zip(agencies, POINTS, strict=True)), block=agencies[0].block, rehearsal=True)
    publish(block)
    Cycle.objects.update(rehearsal=False)  # the publication keeps its own
    for url in (BLOCK, f"{BLOCK}so-y-te/", "/method/2025/so-ban-nganh/", "/rankings/2025/", "/"):
        assert 'class="watermark"' in client.get(url).content.decode(), url
    assert client.get("/rankings/2025/so-ban-nganh.json").json()["rehearsal"] is True
    csv = client.get("/rankings/2025/so-ban-nganh.csv")
    lines = csv.content.decode("utf-8-sig").splitlines()
    assert all(line.split(",")[3] == "true" for line in lines[1:])
    assert "rehearsal" in csv.headers["Content-Disposition"]


def test_a_real_year_has_no_watermark(client, block):
    publish(block)
    assert 'class="watermark"' not in client.get(BLOCK).content.decode()


# caching -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", [BLOCK, "/", f"{BLOCK}so-y-te/", "/method/2025/so-ban-nganh/", "/rankings/2025/so-ban-nganh.csv"]
)
def test_an_unchanged_page_is_not_sent_again(client, block, agencies, url):
    done = publish(block)
    client.get(url)  # from now on the reader has the cookie of the language form
    first = client.get(url)
    assert first.headers["Last-Modified"] == http_date(int(done.published_at.timestamp()))
    again = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and not again.content
    by_date = client.get(url, headers={"If-Modified-Since": first.headers["Last-Modified"]})
    assert by_date.status_code == 304
    if "csv" not in url:
        client.cookies["theme"] = "dark"
        assert client.get(url, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
        del client.cookies["theme"]
    change(block, agencies[1], "1.1.1", "58")
    publish(block, notice="Đính chính", number="20/QĐ-UBND")
    Publication.objects.filter(decision__number="20/QĐ-UBND").update(
        published_at=done.published_at + timedelta(minutes=1)
    )
    fresh = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert fresh.status_code == 200
    assert client.get(url, headers={"If-Modified-Since": first.headers["Last-Modified"]}).status_code == 200


def test_pages_of_somebody_signed_in_are_not_kept(client, block):
    publish(block)
    client.force_login(person(Role.INSPECTOR))
    page = client.get(BLOCK)
    assert "no-store" in page.headers["Cache-Control"] and "ETag" not in page.headers


# queries -------------------------------------------------------------------------------------------

PAGES = {
    "/": 2,
    "/rankings/": 1,
    "/rankings/2025/": 2,
    "/rankings/2025/so-ban-nganh/": 10,
    "/rankings/2025/so-ban-nganh/v1/": 11,
    "/rankings/2025/so-ban-nganh/so-y-te/": 11,
    "/rankings/2025/so-ban-nganh.csv": 4,
    "/rankings/2025/so-ban-nganh.json": 6,
    "/method/2025/so-ban-nganh/": 2,
    "/method/": 1,
    "/data/": 1,
}


@pytest.mark.parametrize("count", [1, 3])
def test_pages_take_the_same_queries_whatever_the_number(client, agencies, django_assert_num_queries, count):
    for year in range(2025 - count, 2026):
        got = dict(zip(agencies[:count], POINTS, strict=False))
        settings = {"digits": 2, "depth": "leaf"}
        publish(scored(got, block=agencies[0].block, year=year, settings=settings), number=f"{year}/QĐ-UBND")
    client.get("/rankings/2025/so-ban-nganh/so-y-te/")  # reads the trees of the locked sets once
    for url, queries in PAGES.items():
        with django_assert_num_queries(queries):
            assert client.get(url).status_code == 200


# depth ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("depth", "criterion", "leaf", "words"),
    [("area", False, False, False), ("criterion", True, False, False), ("leaf", True, True, True)],
)
def test_the_cycle_says_how_deep_the_public_sees(client, agencies, depth, criterion, leaf, words):
    block = scored(
        dict(zip(agencies, POINTS, strict=True)), block=agencies[0].block, settings={"depth": depth}
    )
    publish(block)
    page = text(client.get(f"{BLOCK}so-y-te/"))
    assert ("1.1. Tiêu chí 1.1" in page) is criterion
    assert ("1.1.1. Thực hiện kế hoạch" in page) is leaf
    assert ("Đã cho 55 điểm" in page or "55 điểm" in page) is words
    codes = [
        entry["code"]
        for entry in client.get("/rankings/2025/so-ban-nganh.json").json()["rows"][0]["criteria"]
    ]
    assert ("1.1" in codes, "1.1.1" in codes) == (criterion, leaf)
