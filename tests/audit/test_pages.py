"""The record in the administration: read, searched, filtered, scoped; and every act has a name."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone, translation

from agencies.models import Role
from parindex.audit.access import register_limit, visible_entries
from parindex.audit.actions import ACTIONS
from parindex.audit.models import AuditEntry
from parindex.audit.reading import changes_of, told
from parindex.audit.services import record
from scoring.assessment.workflow import STEPS
from tests.factories import AgencyFactory, UserFactory, actor, person

pytestmark = pytest.mark.django_db
URL = "/admin/audit/auditentry/"
ROOT = Path(__file__).resolve().parents[2]


def text(answer) -> str:
    return unescape(answer.content.decode())


@pytest.fixture
def inspector(client: Client) -> Client:
    client.force_login(person(Role.INSPECTOR))
    return client


def entry(**more) -> AuditEntry:
    return record(**{"actor": None, "action": "agency.change", "obj": None, **more})


# names ------------------------------------------------------------------------------------------


def acts_in_the_code() -> set[str]:
    found = set()
    for folder in ("agencies", "evidence", "scoring", "parindex"):
        for file in (ROOT / folder).rglob("*.py"):
            code = file.read_text()
            if "record(" in code and "node_modules" not in str(file):
                found |= set(re.findall(r"""["']([a-z]+(?:_[a-z]+)*\.[a-z_0-9]+)["']""", _acts_part(code)))
    return found


def _acts_part(code: str) -> str:
    """The lines on which an act is named."""
    return "\n".join(re.findall(r"action\s*=[^\n]*(?:\n[^\n]*else[^\n]*)?", code))


def test_every_act_of_the_code_has_a_name():
    found = acts_in_the_code()
    assert len(found) > 30
    missing = found - ACTIONS.keys()
    assert not missing, f"name them in parindex/audit/actions.py: {sorted(missing)}"
    assert not {f"scoresheet.{step.name}" for step in STEPS} - ACTIONS.keys()


def test_every_act_has_its_vietnamese():
    with translation.override("en"):
        english = {code: str(label) for code, label in ACTIONS.items()}
    with translation.override("vi"):
        assert not [code for code, label in ACTIONS.items() if str(label) == english[code]]


# reading ----------------------------------------------------------------------------------------


def test_an_entry_tells_only_what_changed_with_dates_as_people_write_them():
    made = entry(
        before={"name": "Cũ", "active": True, "inputs": {"a": 1, "b": 2}, "ends_on": None},
        after={"name": "Mới", "active": True, "inputs": {"a": 1, "b": 3}, "ends_on": "2026-06-30"},
    )
    found = {(one.name, one.before, one.after) for one in changes_of(made)}
    assert found == {
        ("tên", "Cũ", "Mới"),
        ("số liệu kê khai › b", "2", "3"),
        ("đến hết ngày", "", "30/06/2026"),
    }


def test_figures_have_a_comma_and_codes_are_words():
    made = entry(
        before={"points": "1.500000", "state": "submitted", "criterion": "1.2"},
        after={
            "points": "0.25",
            "state": "appraising",
            "criterion": "1.10",
            "marks": {"7": ["0", "1.000000"]},
        },
    )
    assert {(one.before, one.after) for one in changes_of(made)} == {
        ("1,5", "0,25"),
        ("đã nộp", "thẩm định lần 1"),
        ("1.2", "1.10"),
        ("", "0; 1"),
    }


@pytest.mark.parametrize(
    "value,shown",
    [
        (False, "không"),
        ([1, "a"], "1; a"),
        (datetime(2026, 6, 30, 17, 0, tzinfo=UTC), "01/07/2026 00:00 (giờ Hà Nội)"),
        ("2026-99-99", "2026-99-99"),
        ({"x": {}}, ""),
    ],
)
def test_details_are_shown_as_words(value, shown):
    made = entry(after={"detail": value})
    made.refresh_from_db()
    assert [one.after for one in changes_of(made)][0] == shown


def test_a_history_names_who_and_what():
    user, agency = UserFactory(full_name="Thư ký"), AgencyFactory()
    record(actor=user, action="agency.add", obj=agency)
    record(actor=None, action="agency.change", obj=agency)
    lines = told(AuditEntry.objects.all())
    assert [(one.who, one.what) for one in lines] == [("hệ thống", "sửa cơ quan"), ("Thư ký", "thêm cơ quan")]


# who reads what ---------------------------------------------------------------------------------


def test_the_administrator_reads_nothing_of_scores():
    agency = AgencyFactory()
    about_people = record(actor=None, action="agency.add", obj=agency)
    of_lists = entry(action="agencies.user.export", after={"rows": 3})
    scores = entry(action="mark.record", after={"points": "1.5"})
    assert set(visible_entries(actor(Role.ADMINISTRATOR))) == {about_people, of_lists}
    for role in (Role.INSPECTOR, Role.SECRETARY):
        assert set(visible_entries(actor(role))) == {about_people, of_lists, scores}
    for role in set(Role) - {Role.ADMINISTRATOR, Role.INSPECTOR, Role.SECRETARY}:
        assert not visible_entries(actor(role)).exists(), role


def test_a_room_takes_away_what_a_reader_must_not_see(monkeypatch):
    monkeypatch.setattr("parindex.audit.access._limits", [])
    entry(action="mark.record")
    register_limit(
        lambda actor, entries: entries.exclude(action="mark.record") if actor.has("secretary") else entries
    )
    assert not visible_entries(actor(Role.SECRETARY)).exists()
    assert visible_entries(actor(Role.INSPECTOR)).count() == 1


def test_search_and_filters_do_not_reach_beyond(client):
    client.force_login(person(Role.ADMINISTRATOR))
    agency = AgencyFactory(name="Sở Bí mật")
    hidden = record(
        actor=None, action="mark.record", obj=None, after={"points": "1.5", "reason": "CANARY MẬT DANH"}
    )
    record(actor=None, action="agency.add", obj=agency)
    for query in ("", "?q=CANARY", "?act=mark.record", "?area=scoring"):
        page = text(client.get(URL + query))
        assert "MẬT DANH" not in page and "chấm điểm thẩm định</td>" not in page, query
    assert client.get(f"{URL}{hidden.pk}/change/").status_code == 302


# pages ------------------------------------------------------------------------------------------


def test_filters_by_act_object_and_days(inspector):
    agency = AgencyFactory(name="Sở Y tế")
    record(actor=None, action="agency.add", obj=agency)
    entry(action="mark.record")

    def seqs(query: str) -> list[str]:
        return re.findall(r"field-seq[^>]*><a [^>]*>(\d+)</a>", text(inspector.get(URL + query)))

    today = timezone.localtime(AuditEntry.objects.get(seq=1).at).date().isoformat()
    assert seqs("") == ["2", "1"]
    assert seqs("?act=agency.add") == ["1"]
    assert seqs("?area=agencies") == ["1"]
    assert seqs("?q=Y+tế") == ["1"]
    assert seqs("?from=2999-01-01") == [] and seqs("?to=2000-01-01") == []
    assert seqs(f"?from={today}&to={today}&act=mark.record") == ["2"]
    assert inspector.get(f"{URL}?from=rubbish").status_code == 302


def test_an_entry_shows_before_and_after_and_cannot_be_changed(inspector):
    made = entry(before={"name": "Cũ"}, after={"name": "Mới <b>"})
    url = f"{URL}{made.pk}/change/"
    page = inspector.get(url).content.decode()
    assert "Cũ" in page and "Mới &lt;b&gt;" in page and made.hash in page
    assert 'name="_save"' not in page
    for answer in (
        inspector.post(url, {"action": "x"}),
        inspector.post(f"{URL}{made.pk}/delete/", {"post": "yes"}),
        inspector.get(f"{URL}add/"),
    ):
        assert answer.status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_the_list(inspector, django_assert_num_queries, count):
    for _ in range(count):
        entry(actor=UserFactory(), obj=AgencyFactory(), after={"name": "x"})
    with django_assert_num_queries(5):
        assert inspector.get(URL).status_code == 200
