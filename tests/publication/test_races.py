"""Two people at once: one publication, one current version."""

from __future__ import annotations

import threading

import pytest
from django.db import connections

from agencies.models import Role
from parindex.audit.models import AuditEntry
from parindex.errors import Refusal
from scoring.assessment.models import Scoresheet, SheetState
from scoring.publication import services
from scoring.publication.models import Publication, PublicationRun
from tests.factories import actor
from tests.publication.years import propose, run_of, scored, three

pytestmark = [pytest.mark.needs("postgres"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def block():
    agencies = three()
    return scored(dict.fromkeys(agencies, ("50", "30")), block=agencies[0].block)


def at_once(*acts):
    """Run the acts at the same moment, each on a connection of its own; what each gave or refused."""
    gate, given = threading.Barrier(len(acts)), [None] * len(acts)

    def run(number, act):
        try:
            gate.wait()
            given[number] = act()
        except Refusal as refusal:
            given[number] = refusal
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return given


@pytest.fixture(autouse=True)
def no_charts(settings):
    """Pictures are not at stake here: the message is sent, nobody takes it."""
    settings.BACKGROUND = "broker"


def test_two_confirmations_at_once_publish_once(block):
    proposed = propose(run_of(block))
    approvers = [actor(Role.APPROVER) for _one in range(2)]
    given = at_once(
        *(
            lambda by=by: services.approve(actor=by, publication=proposed, content=proposed.content_sha256)
            for by in approvers
        )
    )
    assert sum(isinstance(one, Publication) for one in given) == 1
    assert sum(isinstance(one, Refusal) for one in given) == 1
    assert list(PublicationRun.objects.values_list("version", "current")) == [(1, True)]
    assert AuditEntry.objects.filter(action="publication.publish").count() == 1


def test_one_person_clicking_twice_publishes_once(block):
    proposed = propose(run_of(block))
    approver = actor(Role.APPROVER)
    given = at_once(
        *[lambda: services.approve(actor=approver, publication=proposed, content=proposed.content_sha256)] * 2
    )
    assert all(isinstance(one, Publication) for one in given)
    assert AuditEntry.objects.filter(action="publication.publish").count() == 1


def test_approval_and_sending_back_at_once_decide_once(block):
    proposed = propose(run_of(block))
    one, other = actor(Role.APPROVER), actor(Role.APPROVER)
    given = at_once(
        lambda: services.approve(actor=one, publication=proposed, content=proposed.content_sha256),
        lambda: services.send_back(actor=other, publication=proposed, reason="Chưa đúng"),
    )
    assert sum(isinstance(one, Refusal) for one in given) == 1
    proposed.refresh_from_db()
    assert (proposed.state == "published") == PublicationRun.objects.filter(current=True).exists()


def test_two_proposals_at_once_make_one(block):
    run = run_of(block)
    people = [actor(Role.PUBLISHER) for _one in range(2)]
    at_once(*(lambda by=by: propose(run, by=by) for by in people))
    assert Publication.objects.count() == 1


def test_a_sheet_reopened_meanwhile_waits_or_stops_the_approval(block):
    """Approval holds the sheets: a reopening comes before it, and stops it, or after it."""
    proposed = propose(run_of(block))
    approver = actor(Role.APPROVER)
    sheet = Scoresheet.objects.first()
    given = at_once(
        lambda: services.approve(actor=approver, publication=proposed, content=proposed.content_sha256),
        lambda: Scoresheet.objects.filter(pk=sheet.pk).update(state=SheetState.REVIEWING),
    )
    assert isinstance(given[0], Publication | Refusal)
    assert given[1] == 1
    assert PublicationRun.objects.filter(current=True).exists() == isinstance(given[0], Publication)
