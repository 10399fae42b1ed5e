"""Two people at once: a block is opened once, an agency gets one sheet."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections

from agencies.models import Role
from scoring.assessment.models import Answer, Scoresheet
from scoring.assessment.services import opening
from scoring.criteria import services as sets
from scoring.criteria.models import CriteriaSet
from tests.criteria.files import encoded, small
from tests.cycles.test_services import prepared
from tests.factories import actor
from tests.factories_scoring import home_affairs, make_agency, make_block, open_cycle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("postgres")]


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts at the same moment, each on its own connection; exceptions come back as results."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            start.wait(timeout=10)
            return act()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_a_block_opened_eight_times_at_once_is_opened_once() -> None:
    made = prepared(agencies=3)
    someone = actor(Role.SECRETARY)
    results = together(*[lambda: opening.open_block(actor=someone, cycle_block=made)] * 8)
    assert not [one for one in results if isinstance(one, Exception)]
    assert len({one.opened_at for one in results}) == 1
    assert Scoresheet.objects.count() == 3 and Answer.objects.count() == 24


def test_an_agency_added_twice_at_once_has_one_sheet() -> None:
    year = open_cycle(agencies=1)
    late = make_agency(block=year.cycle_block.block)
    someone = actor(Role.SECRETARY)
    results = together(
        *[lambda: opening.add_participations(actor=someone, cycle_block=year.cycle_block, agencies=[late])]
        * 4
    )
    assert not [one for one in results if isinstance(one, Exception)]
    assert Scoresheet.objects.filter(participation__agency=late).count() == 1


def test_two_imports_at_once_are_two_versions() -> None:
    home_affairs()
    make_block("Sở, ban, ngành")
    data = encoded(small())
    results = together(*[lambda: sets.import_criteria_set(actor=None, data=data)] * 4)
    assert not [one for one in results if isinstance(one, Exception)]
    assert sorted(CriteriaSet.objects.values_list("version", flat=True)) == [1, 2, 3, 4]


def test_no_row_slips_in_beside_a_lock() -> None:
    """A criterion changed while the set is being locked: the change comes first, or is refused."""
    from scoring.criteria.models import Criterion

    home_affairs()
    make_block("Sở, ban, ngành")
    for _again in range(6):
        draft = sets.import_criteria_set(actor=None, data=encoded(small())).criteria_set
        assert draft is not None

        def change(pk: int = draft.pk) -> str:
            rows = Criterion.objects.filter(criteria_set_id=pk, code="1.1.1")
            return "changed" if rows.update(title="đổi") else "gone"

        changed, locked = together(change, lambda draft=draft: sets.lock_set(actor=None, criteria_set=draft))
        assert not isinstance(locked, Exception)
        title = Criterion.objects.get(criteria_set=draft, code="1.1.1").title
        assert (title == "đổi") == (changed == "changed")
    assert connection.vendor == "postgresql"
