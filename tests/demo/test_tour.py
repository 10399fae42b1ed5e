"""README's guided tour says the words that stand on the screen, and names accounts that are there."""

from __future__ import annotations

import re

from scoring.demo import names
from tests.services import ROOT

WORDS = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
ACCOUNT = re.compile(r"`((?:cv|ld|dm|phong|tham-dinh|hoi-dong)?\.?[a-z-]+(?:\.[a-z-]+)?)`")


def section(title: str) -> str:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(title)}\n(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def catalogue() -> set[str]:
    """Every Vietnamese text of the portal."""
    text = (ROOT / "parindex" / "locale" / "vi" / "LC_MESSAGES" / "django.po").read_text(encoding="utf-8")
    return {
        "".join(re.findall(r'"(.*)"', block)).replace('\\"', '"')
        for block in re.findall(r'^msgstr(?:\[0\])? ((?:".*"\n?)+)', text, re.MULTILINE)
    }


def words(text: str) -> set[str]:
    """What is bold in it, on one line each."""
    return {" ".join(found.split()) for found in WORDS.findall(text)}


def test_the_words_of_the_tour_stand_on_the_screen() -> None:
    year, changes = section("A guided tour").split("### A set of criteria changes\n")
    assert len(words(year)) > 20 and len(words(changes)) > 12
    assert not (words(year) | words(changes)) - catalogue()


def test_the_accounts_of_the_tour_are_there() -> None:
    slugs = {slug for slug, _name, _short in (*names.DEPARTMENT_NAMES, *names.TOUR_NAMES)}
    known = {one.username for one in (*names.PROVINCE_ACCOUNTS, *names.AGENCY_ACCOUNTS)}
    known |= {names.staff_name(role, slug) for slug in slugs for role, _prefix, _title in names.STAFF}
    told = {one for one in ACCOUNT.findall(section("A guided tour")) if not one.endswith(".pdf")}
    assert {"cv.khu-di-tich", "ld.khu-di-tich", "thu-ky", "tham-dinh"} <= told <= known
    assert f"`{names.PASSWORD}`" in section("Accounts of the sample")
