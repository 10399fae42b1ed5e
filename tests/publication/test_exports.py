"""CSV and JSON carry the page's figures, and nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal

import pytest

from scoring.publication.exports import COLUMNS, CRITERIA_COLUMNS, FORMAT
from tests.factories_scoring import make_agency, make_block
from tests.publication.years import publish, scored

pytestmark = pytest.mark.django_db
NAMES = [
    "=HYPERLINK(1)",
    "+84 Cơ quan",
    "-Cơ quan",
    "@Cơ quan",
    "Cơ quan, có phẩy",
    'Cơ quan "trong" ngoặc',
    "Ngoài bảng",
]


@pytest.fixture
def block():
    block = make_block("Sở, ban, ngành", slug="so-ban-nganh")
    agencies = [make_agency(name, block=block, slug=f"co-quan-{number}") for number, name in enumerate(NAMES)]
    got = {agency: (f"{59 - number}.123456", f"{30 + number}") for number, agency in enumerate(agencies)}
    return scored(got, block=block, unranked=[agencies[-1]])


def rows(client) -> list[dict[str, str]]:
    answer = client.get("/rankings/2025/so-ban-nganh.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.content.startswith("\ufeff".encode())
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_cells_are_harmless(client, block):
    publish(block)
    lines = rows(client)
    assert list(lines[0])[: len(COLUMNS)] == list(COLUMNS)
    for line in lines:
        for column, value in line.items():
            assert not value.startswith(("=", "+", "-", "@", "\t", "\r")), (column, value)
    assert {line["agency"].removeprefix("'") for line in lines} == set(NAMES)


def test_page_csv_and_json_say_the_same(client, block):
    publish(block)
    page = client.get("/rankings/2025/so-ban-nganh/").content.decode()
    table = page[page.index("<table") : page.index("</table>")]
    shown = []
    for row in re.findall(r"<tr class=.*?</tr>", table, flags=re.DOTALL):
        slug = re.search(r'href="/rankings/2025/so-ban-nganh/([^/"]+)/"', row)
        rank = re.search(r'class="num rank">(\d*)', row)
        points = re.search(r'class="num wide">([\d,]+) <span class="figure-max">/ ([\d,]+)', row)
        index = re.search(r'class="num index">([\d,]+)', row)
        assert slug and rank and points and index
        shown.append(
            (
                slug[1],
                rank[1],
                points[1].replace(",", "."),
                points[2].replace(",", "."),
                index[1].replace(",", "."),
            )
        )
    assert len(shown) == len(NAMES)

    def two(value: str) -> str:
        return f"{Decimal(value).quantize(Decimal('0.01'), rounding='ROUND_HALF_UP')}"

    lines = rows(client)
    assert [(r["slug"], r["rank"], two(r["points"]), r["max"], r["index"]) for r in lines] == shown
    answer = client.get("/rankings/2025/so-ban-nganh.json")
    document = answer.json()
    assert document["format"] == FORMAT == "parindex.ranking/1"
    assert [
        (r["agency"]["slug"], str(r["rank"] or ""), two(r["points"]), r["max"], r["index"])
        for r in document["rows"]
    ] == shown
    assert [r["grade"] or "" for r in document["rows"]] == [r["grade"] for r in lines]
    for line, row in zip(lines, document["rows"], strict=True):
        for area in row["areas"]:
            for part, key in (("points", "points"), ("max", "max"), ("index", "index")):
                assert line[f"area_{area['code']}_{part}"] == area[key]
    unranked = document["rows"][-1]
    assert (unranked["ranked"], unranked["rank"]) == (False, None)
    assert unranked["agency"]["name"] == "Ngoài bảng"


def test_the_json_tells_how_it_was_published(client, block):
    done = publish(block)
    document = client.get("/rankings/2025/so-ban-nganh.json").json()
    assert document["decision"] == {
        "number": "12/QĐ-UBND",
        "date": "2026-01-09",
        "signatory": "Chủ tịch UBND tỉnh",
    }
    assert document["content_sha256"] == done.content_sha256
    assert (document["version"], document["current"], document["rehearsal"]) == (1, True, False)
    assert document["settings"]["digits"] == 2 and document["settings"]["grades"]
    assert document["areas"] == [
        {"code": "1", "title": "Lĩnh vực 1", "max": "60"},
        {"code": "2", "title": "Lĩnh vực 2", "max": "40"},
    ]
    numbers = [value for value in _leaves(document) if isinstance(value, float)]
    assert not numbers, "decimals are texts"


def test_the_documented_shape_holds(client, block):
    """docs/open-data.md names every key of the document."""
    from pathlib import Path

    publish(block)
    told = (Path(__file__).resolve().parents[2] / "docs" / "open-data.md").read_text(encoding="utf-8")
    document = json.loads(client.get("/rankings/2025/so-ban-nganh.json").content)
    missing = [key for key in _keys(document) if f"`{key}`" not in told and not key.startswith("area_")]
    assert not missing
    assert not [column for column in COLUMNS if f"`{column}`" not in told]


def _leaves(value):
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in _leaves(one)]
    if isinstance(value, list):
        return [leaf for one in value for leaf in _leaves(one)]
    return [value]


def _keys(value, within="") -> set[str]:
    if isinstance(value, dict):
        own = set() if within == "settings" else set(value)
        return own.union(*(_keys(one, key) for key, one in value.items() if key != "settings"))
    if isinstance(value, list):
        return set().union(*(_keys(one) for one in value))
    return set()


def test_at_full_depth_page_json_and_csv_tell_the_same_sentence(client):
    """The trace of a leaf stands in all three, and nowhere unless the decision publishes everything."""
    block = make_block("Sở, ban, ngành", slug="so-ban-nganh")
    agency = make_agency("Sở Y tế", block=block, slug="so-y-te")
    publish(scored({agency: ("55.25", "30")}, block=block, settings={"digits": 2, "depth": "leaf"}))
    sentence = "Được cho 55,25 điểm."
    page = client.get("/rankings/2025/so-ban-nganh/so-y-te/").content.decode()
    assert sentence in page and '<table class="trace-rows">' in page
    document = client.get("/rankings/2025/so-ban-nganh.json").json()
    [leaf] = [one for one in document["rows"][0]["criteria"] if one["code"] == "1.1.1"]
    assert (leaf["sentence"], leaf["points"]) == (sentence, "55.25")
    assert leaf["trace"]["points"] == "55.25" and set(leaf["trace"]) >= {"kind", "inputs", "steps"}
    above = [one for one in document["rows"][0]["criteria"] if one["code"] == "1.1"]
    assert all("trace" not in one for one in above)
    answer = client.get("/rankings/2025/so-ban-nganh/criteria.csv")
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert list(lines[0]) == list(CRITERIA_COLUMNS)
    [line] = [one for one in lines if one["code"] == "1.1.1"]
    assert (line["slug"], line["points"], line["sentence"]) == ("so-y-te", "55.25", sentence)
    assert client.get("/rankings/2025/so-ban-nganh/v1/criteria.csv").content == answer.content


@pytest.mark.parametrize(("depth", "status"), [("area", 404), ("criterion", 200)])
def test_no_trace_leaves_the_house_above_the_leaves(client, depth, status):
    block = make_block("Sở, ban, ngành", slug="so-ban-nganh")
    agency = make_agency("Sở Y tế", block=block, slug="so-y-te")
    publish(scored({agency: ("55.25", "30")}, block=block, settings={"digits": 2, "depth": depth}))
    answer = client.get("/rankings/2025/so-ban-nganh/criteria.csv")
    assert answer.status_code == status
    files = [client.get("/rankings/2025/so-ban-nganh.json").content.decode(), answer.content.decode()]
    assert not any("Được cho" in text or '"trace"' in text for text in files)
