"""What every answer carries, and what no log line does."""

import logging
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import RequestFactory

from parindex import health
from parindex.log import LineFormatter, NoAddresses
from parindex.middleware import behind_proxies, choose_language

pytestmark = pytest.mark.django_db


def test_health_says_ok_for_each_part(client, settings):
    response = client.get("/healthz")
    assert response.status_code == 200
    parts = {"database": "ok", "storage": "ok"} | ({"broker": "ok"} if settings.REDIS_URL else {})
    assert response.json() == {"status": "ok", "parts": parts}
    assert "no-store" in response["Cache-Control"]


def test_health_notices_storage_that_cannot_be_written(client, settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "gone"
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json()["parts"]["storage"] == "failing"
    assert str(tmp_path) not in response.content.decode()


def test_broker_that_is_down_is_named_but_the_portal_stays_well(client, settings):
    settings.REDIS_URL = "redis://:hidden@127.0.0.1:1/0"
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json()["parts"]["broker"] == "failing"
    assert "hidden" not in response.content.decode()


def test_health_answers_reading_methods_alone(client):
    assert client.post("/healthz").status_code == 405


def test_container_asks_its_own_server(live_server, monkeypatch):
    port = int(live_server.url.rsplit(":", 1)[1])
    monkeypatch.setenv("ALLOWED_HOSTS", "localhost,other.example")
    assert health.ask(port) == 0
    monkeypatch.setenv("ALLOWED_HOSTS", "not.allowed.example")
    assert health.ask(port) == 1
    assert health.ask(1) == 1


def test_headers(client):
    headers = client.get("/healthz").headers
    csp = headers["Content-Security-Policy"]
    assert "default-src 'self'" in csp
    assert "script-src 'self';" in csp + ";"
    assert "style-src 'self';" in csp + ";"
    assert "frame-ancestors 'none'" in csp
    assert "form-action 'self'" in csp
    assert "unsafe" not in csp
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_vietnamese_unless_the_visitor_chose(client):
    assert client.get("/healthz", headers={"accept-language": "en-US,en"})["Content-Language"] == "vi"
    response = client.post("/i18n/setlang/", {"language": "en", "next": "/"})
    assert response.cookies["django_language"].value == "en"
    assert client.get("/healthz")["Content-Language"] == "en"
    client.cookies["django_language"] = "xx"
    assert client.get("/healthz")["Content-Language"] == "vi"


def test_language_ends_with_the_request():
    from django.utils import translation

    seen = []
    handler = choose_language(lambda request: seen.append(translation.get_language()) or HttpResponse())
    request = RequestFactory().get("/")
    request.COOKIES["django_language"] = "en"
    with translation.override("vi"):
        handler(request)
        assert translation.get_language() == "vi"
    assert seen == ["en"]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", "10.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.7, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.7, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "203.0.113.9", "10.0.0.1"),
        (1, "", "10.0.0.1"),
    ],
)
def test_only_our_own_proxies_are_believed(settings, proxies, forwarded, address):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers={"x-forwarded-for": forwarded})
    behind_proxies(lambda request: HttpResponse())(request)
    assert request.META["REMOTE_ADDR"] == address


def test_request_line_names_the_view_and_no_path(client, caplog):
    caplog.set_level(logging.INFO, "parindex.request")
    client.get("/healthz?q=tokenoftest")
    client.get("/no-such/tokenoftest/")
    lines = [record.getMessage() for record in caplog.records if record.name == "parindex.request"]
    assert "view=healthz status=200 user=-" in lines[0]
    assert "status=404" in lines[1]
    assert "tokenoftest" not in "".join(lines)


def raised(error: Exception):
    try:
        raise error
    except Exception:
        return sys.exc_info()


def test_traceback_tells_the_place_and_not_the_text():
    text = LineFormatter().formatException(raised(ValueError("bản nháp của cơ quan")))
    assert "ValueError" in text
    assert "test_web.py" in text
    assert "nháp" not in text


def test_traceback_of_a_wrong_installation_speaks():
    assert "DATA_DIR" in LineFormatter().formatException(raised(ImproperlyConfigured("DATA_DIR is missing")))


def test_traceback_tells_of_the_cause():
    def fail():
        try:
            raise KeyError("typed")
        except KeyError as error:
            raise RuntimeError("also typed") from error

    try:
        fail()
    except RuntimeError:
        text = LineFormatter().formatException(sys.exc_info())
    assert "RuntimeError" in text
    assert "KeyError" in text
    assert "typed" not in text


def test_django_records_lose_the_path(rf):
    record = logging.LogRecord(
        "django.request", logging.ERROR, "f", 1, "Internal Server Error: %s", ("/reset/tok/",), None
    )
    record.request = rf.get("/reset/tok/")
    assert NoAddresses().filter(record)
    assert "tok" not in LineFormatter().format(record)
