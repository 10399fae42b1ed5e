"""The record is no back door: drafts and the own house's sheets are not read there either."""

from __future__ import annotations

import pytest

from agencies.actors import actor_for
from agencies.models import Role
from parindex.audit.access import visible_entries
from parindex.audit.services import record
from scoring.assessment.models import Scoresheet, SheetState
from tests.assessment.sheet.conftest import make_version
from tests.factories import MembershipFactory, SuccessionFactory, actor, person
from tests.factories_scoring import open_cycle

pytestmark = pytest.mark.django_db


@pytest.fixture
def year():
    return open_cycle(2)


def entries_of(year, sheet) -> set:
    answer = sheet.answers.first()
    return {
        record(actor=None, action="scoresheet.approve", obj=sheet),
        record(actor=None, action="answer.save", obj=answer, after={"note": "NHÁP"}),
    }


def submit(*sheets) -> None:
    Scoresheet.objects.filter(pk__in=[sheet.pk for sheet in sheets]).update(state=SheetState.SUBMITTED)


def test_the_secretary_reads_of_a_sheet_once_it_is_submitted(year):
    drafting, submitted = year.sheets
    hidden, shown = entries_of(year, drafting), entries_of(year, submitted)
    submit(submitted)
    assert set(visible_entries(actor(Role.SECRETARY))) == shown
    assert set(visible_entries(actor(Role.INSPECTOR))) == shown | hidden


def test_the_secretary_does_not_read_of_the_own_house_whatever_it_was_called(year):
    own, other = year.sheets
    hidden, shown = entries_of(year, own), entries_of(year, other)
    submit(own, other)
    forerunner = SuccessionFactory(successor=own.participation.agency).predecessor
    for house in (own.participation.agency, forerunner):
        secretary = actor(Role.SECRETARY, house)
        assert set(visible_entries(secretary)) == shown
        assert not hidden & set(visible_entries(secretary))


def test_neither_list_nor_search_nor_page_shows_a_draft(year, client):
    client.force_login(person(Role.SECRETARY))
    hidden = entries_of(year, year.sheets[0])
    for query in ("", "?q=NHÁP", "?act=answer.save", "?area=scoring"):
        page = client.get(f"/admin/audit/auditentry/{query}").content.decode()
        assert "0 kết quả" in page or "field-seq" not in page, query
    for entry in hidden:
        url = f"/admin/audit/auditentry/{entry.pk}/change/"
        assert client.get(url).status_code == 302


def test_an_explanation_is_read_once_it_is_sent(year):
    sheet = year.sheets[0]
    reply = record(
        actor=None, action="explanation.save", obj=sheet.answers.first(), after={"text": "NHÁP GIẢI TRÌNH"}
    )
    for state, shown in (("explaining", False), ("reappraising", True)):
        Scoresheet.objects.filter(pk=sheet.pk).update(state=state)
        assert (reply in visible_entries(actor(Role.SECRETARY))) is shown
        assert reply in visible_entries(actor(Role.INSPECTOR))


def test_the_libraries_of_agencies_are_read_by_the_inspector_alone(year):
    agency = year.agencies[0]
    version = make_version(agency, person(Role.EDITOR, agency))
    entry = record(actor=None, action="document.store", obj=version, after={"file": "bi-mat-nhap.pdf"})
    assert entry not in visible_entries(actor(Role.SECRETARY))
    assert entry in visible_entries(actor(Role.INSPECTOR))


def test_an_inspector_who_also_judges_does_not_read_of_the_own_house(year):
    own, other = year.sheets
    hidden, shown = entries_of(year, own), entries_of(year, other)
    submit(own)
    both = person(Role.INSPECTOR)
    MembershipFactory(user=both, role=Role.SECRETARY, agency=own.participation.agency)
    assert set(visible_entries(actor_for(both))) == shown
    assert hidden <= set(visible_entries(actor(Role.INSPECTOR)))
