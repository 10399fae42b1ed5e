"""The frame: theme, navigation, error pages, what every page carries."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template.loader import get_template
from django.test import Client, RequestFactory, override_settings
from django.utils import translation

from parindex.ui import context, nav

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ["sheet", "ranking", "marking", "parts"]

pytestmark = pytest.mark.urls("tests.ui.pages")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nav, "_entries", {})
    monkeypatch.setattr(nav, "_identify", None)


def request(path: str = "/", user: object = None) -> HttpRequest:
    made = RequestFactory().get(path)
    made.user = user or AnonymousUser()
    return made


@pytest.mark.parametrize("name", SAMPLES)
def test_pages_carry_no_inline_script_or_style(client: Client, name: str) -> None:
    html = client.get(f"/sample/{name}/?work=1&rehearsal=1").content.decode()
    assert not re.search(r"<style|\sstyle=|<script(?![^>]*\bsrc=)|\son[a-z]+=|javascript:", html)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', html)
    assert html.count("<h1") == 1
    assert "allowEval" in html
    assert '<html lang="vi"' in html


@pytest.mark.parametrize("name", SAMPLES)
def test_ids_are_unique_and_labels_find_their_field(client: Client, name: str) -> None:
    html = client.get(f"/sample/{name}/").content.decode()
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids)), sorted(one for one in ids if ids.count(one) > 1)
    assert set(re.findall(r'<label[^>]* for="([^"]+)"', html)) <= set(ids)
    assert set(re.findall(r'aria-labelledby="([^"]+)"', html)) <= set(ids)


def test_the_rehearsal_is_marked_on_every_page_of_it(client: Client) -> None:
    assert "watermark" not in client.get("/sample/ranking/").content.decode()
    html = client.get("/sample/ranking/?rehearsal=1").content.decode()
    assert '<div class="watermark"' in html
    assert html.count("DIỄN TẬP") == 3
    with override_settings(REHEARSAL=True):
        assert context.frame(request())["rehearsal"] is True


def test_the_theme_is_remembered_in_a_cookie(client: Client) -> None:
    assert "data-bs-theme" not in client.get("/sample/sheet/").content.decode().split(">")[1]
    response = client.post("/look/theme/", {"theme": "dark", "next": "/sample/sheet/"})
    assert response.status_code == 302
    assert response.headers["Location"] == "/sample/sheet/"
    assert '<html lang="vi" data-bs-theme="dark">' in client.get("/sample/sheet/").content.decode()
    client.post("/look/theme/", {"theme": "auto"})
    assert '<html lang="vi">' in client.get("/sample/sheet/").content.decode()


def test_the_theme_takes_nothing_else(client: Client) -> None:
    response = client.post("/look/theme/", {"theme": 'x" onload="', "next": "https://elsewhere.example/"})
    assert response.headers["Location"] == "/"
    assert "theme" not in response.cookies
    assert client.get("/look/theme/").status_code == 405
    client.cookies["theme"] = '"><script>'
    assert "<script>" not in client.get("/sample/sheet/").content.decode()


def test_navigation_shows_what_a_person_may_use(registry: None) -> None:
    nav.register("public", "b", "Phương pháp", "ui:theme", allowed=lambda request: True, order=20)
    nav.register(
        "public",
        "a",
        "Xếp hạng",
        lambda request: "/rankings/",
        allowed=lambda request: True,
        order=10,
        count=lambda request: 3,
    )
    nav.register("public", "c", "Kín", lambda request: "/secret/", allowed=lambda request: False)
    nav.register("public", "d", "Không địa chỉ", lambda request: None, allowed=lambda request: True)
    nav.register("public", "e", "Chưa có", "no-such-name", allowed=lambda request: True)
    nav.register("admin", "f", "Nơi khác", lambda request: "/admin/", allowed=lambda request: True)
    links = nav.links("public", request("/rankings/2025/"))
    shown = [(link.label, link.current, link.count) for link in links]
    assert shown == [("Xếp hạng", "true", 3), ("Phương pháp", "", None)]
    assert nav.links("public", request("/rankings/"))[0].current == "page"


def test_the_deepest_entry_is_the_current_one(registry: None) -> None:
    for key, url in (("home", "/"), ("sheet", "/workspace/"), ("docs", "/workspace/documents/")):
        nav.register("workspace", key, key, lambda request, url=url: url, allowed=lambda request: True)
    current = [
        link.key for link in nav.links("workspace", request("/workspace/documents/7/")) if link.current
    ]
    assert current == ["docs"]


def test_an_entry_registered_again_replaces_the_first(registry: None) -> None:
    for label in ("cũ", "mới"):
        nav.register("public", "a", label, lambda request: "/a/", allowed=lambda request: True)
    assert [link.label for link in nav.links("public", request())] == ["mới"]


def test_nobody_is_named_before_signing_in(registry: None) -> None:
    assert nav.identity(request()) is None
    nav.register_identity(lambda request: nav.Identity("a", "b", "c"))
    assert nav.identity(request()) is None


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_error_pages_stand_alone_and_say_what_to_do(name: str, language: str) -> None:
    with translation.override(language):
        html = get_template(f"{name}.html").render({})
    assert "<h1>" in html
    assert 'href="/"' in html
    assert not re.search(r"<style|\sstyle=|<script", html)
    assert ("Lỗi" in html) == (language == "vi")


@pytest.mark.django_db
def test_an_absent_page_is_told_in_vietnamese(client: Client) -> None:
    response = client.get("/rankings/1900/khong-co/")
    assert response.status_code in (302, 404)
    if response.status_code == 404:
        assert "Không có trang này" in response.content.decode()


def test_every_file_that_the_styles_name_is_there() -> None:
    from django.contrib.staticfiles import finders

    for sheet in (ROOT / "static" / "parindex").glob("*.css"):
        for url in re.findall(r'url\("([^"]+)"\)', sheet.read_text()):
            found = finders.find(str(Path("parindex") / url).replace("parindex/../", ""))
            assert found, f"{sheet.name} names {url}"
