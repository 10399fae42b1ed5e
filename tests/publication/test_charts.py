"""Pictures: drawn once, safe to open, in the page's colours and language, none before publication."""

from __future__ import annotations

import re
import threading
from xml.etree import ElementTree

import pytest
from django.utils import translation

from scoring.publication import chart_service, drawing
from scoring.publication.editions import current_editions
from scoring.publication.links import public_links
from scoring.publication.pages import agency_charts, block_charts
from scoring.publication.public_agency import agency_page
from scoring.publication.public_queries import block_page
from scoring.tasks import draw_charts
from tests.publication.years import publish, scored, three

BLOCK = "/rankings/2025/so-ban-nganh/"


@pytest.fixture
def published(db):
    agencies = three()
    points = dict(zip(agencies, [("55", "37.73"), ("50", "30.5"), ("40", "20")], strict=True))
    publish(scored(points, block=agencies[0].block, year=2024), number="2024/QĐ-UBND")
    return publish(scored(points, block=agencies[0].block))


def charts(slug="so-y-te"):
    editions = current_editions()
    edition = editions[0]
    links = public_links(edition)
    found = {**block_charts(block_page(edition, editions, links))}
    page = agency_page(edition, slug, editions, public_links)
    return edition, found | {f"agency {key}": chart for key, chart in agency_charts(page).items()}


def words(svg: str) -> list[str]:
    return [
        re.sub(r"<[^>]+>", " ", text).strip()
        for text in re.findall(r"<text\b[^>]*>(.*?)</text>", svg, flags=re.DOTALL)
    ]


def test_labels_are_vietnamese_with_a_comma(published):
    _edition, found = charts()
    years = words(drawing.draw(found["agency years"]))
    assert "92,73" in years and "Chỉ số (%)" in years
    assert any(re.fullmatch(r"2025 +hạng 1 / 3", text) for text in years)
    areas = words(drawing.draw(found["agency areas"]))
    assert any("94,33 % · TB" in text for text in areas)
    assert any("trung bình" in text for text in words(drawing.draw(found["distribution"])))
    with translation.override("en"):
        _edition, found = charts()
        assert "92.73" in words(drawing.draw(found["agency years"]))


def test_a_picture_carries_its_letters_and_loads_nothing(published):
    edition, found = charts()
    for chart in found.values():
        svg = drawing.draw(chart)
        ElementTree.fromstring(svg)
        assert svg.count("@font-face") == 2 and "data:font/woff;base64," in svg
        assert "<script" not in svg and "javascript:" not in svg
        assert not re.search(r"\b(?:xlink:)?href=|\bsrc=", svg)
        assert all(
            loaded.startswith("data:") for loaded in re.findall(r"url\(([^)]*)", svg) if loaded[0] != "#"
        )
        assert re.search(rf'<svg[^>]* width="{chart.width}" height="{chart.height}"', svg), chart.kind


def test_the_dark_picture_is_the_light_one_in_other_colours(published):
    edition, found = charts()
    chart = found["agency areas"]
    light, dark = (drawing.picture(chart, edition.content, theme).decode() for theme in ("light", "dark"))
    assert words(light) == words(dark)
    assert not [colour for colour in drawing.DARK if colour in dark]
    assert drawing.DARK["#3b6ea5"] in dark and "#3b6ea5" in light


def test_the_task_draws_everything_once(published, settings):
    draw_charts.apply(args=[published.pk], throw=True)
    folder = settings.DATA_DIR / "charts" / published.content_sha256
    files = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.svg")}
    assert len(files) == 2 * (2 + 3 * 2)
    assert chart_service.draw_publication(published.pk)
    assert {path.name: path.stat().st_mtime_ns for path in folder.glob("*.svg")} == files
    assert not chart_service.draw_publication(published.pk, seconds=-1)


def test_served_as_a_file_with_its_own_policy(published, client):
    page = client.get(f"{BLOCK}so-y-te/").content.decode()
    sources = re.findall(r'<img class="(?:light|dark)" src="([^"]+)"', page)
    assert len(sources) == 4
    for url in sources:
        answer = client.get(url)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "image/svg+xml"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "script-src 'self'" not in answer.headers["Content-Security-Policy"]
        assert "immutable" in answer.headers["Cache-Control"]
        assert client.get(url, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
        assert "immutable" not in client.get(url.partition("?")[0]).headers["Cache-Control"]


@pytest.mark.parametrize(
    "name", ["khong-co.years", "so-y-te.khong-co", "khong-co", "so-y-te.years.dark.dark", "x.y.z"]
)
def test_a_chart_that_is_none_is_absent(published, client, name):
    assert client.get(f"{BLOCK}v1/charts/{name}.svg").status_code == 404


def test_every_chart_says_in_words_what_it_shows(published):
    _edition, found = charts()
    assert "92,73" in found["agency years"].alt and "hạng 1 / 3" in found["agency years"].alt
    assert "Lĩnh vực 2" in found["agency areas"].alt
    assert all(len(chart.alt) > 40 for chart in found.values())


def test_a_rehearsal_is_written_across(db):
    agencies = three()
    publish(scored({agencies[0]: ("55", "30")}, block=agencies[0].block, rehearsal=True))
    _edition, found = charts()
    assert all("DIỄN TẬP" in words(drawing.draw(chart)) for chart in found.values())
    assert all("diễn tập" in image for image in _alts(found))


def _alts(found):
    from scoring.publication.pages import _pictures

    edition = current_editions()[0]
    return [picture.alt for picture in _pictures(found, public_links(edition)).values()]


def test_asked_for_by_many_at_once_it_is_drawn_once(published):
    edition, found = charts()
    chart = found["distribution"]
    drawn, pictures = [], []

    def ask():
        with translation.override("vi"):
            drawn.append(drawing.ensure(chart, edition.content))
            pictures.append(drawing.picture(chart, edition.content))

    threads = [threading.Thread(target=ask) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(drawn) == 1
    assert len(set(pictures)) == 1
