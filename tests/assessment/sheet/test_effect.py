"""What "not applicable" does to the maximum and the index, told before and after. Every figure is computed by hand.

The set of factories_scoring has 20 points, of which 15 are self-scored. Filled as in conftest.TYPED the agency has
1 + 1 + 1 + 1 + 3.76 + 0.5 + 1 + 1.25 = 10.51 of 15: 70.07 %. Without 2.2.1 (1 of 2): 9.51 of 13 = 73.15 %.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from agencies.models import Agency, Role
from parindex.audit.models import AuditEntry
from scoring.assessment.models import Answer, Participation, Scoresheet, SheetState
from scoring.assessment.queries.effect import profile_effect
from scoring.assessment.services import answers
from scoring.assessment.services.not_applicable import decide_not_applicable
from scoring.criteria.models import Criterion
from tests.assessment.sheet.conftest import Place, actor_of, make_place
from tests.factories import person
from tests.factories_scoring import make_set

pytestmark = pytest.mark.django_db
TOLD = "Điểm tối đa áp dụng: 20 → 18; chỉ số tự chấm: 70,07 → 73,15"


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


def area_page(place: Place, client: Any) -> str:
    return words(client.get(reverse("workspace:sheet", args=[place.sheet.public_id]) + "?area=2"))


def test_the_form_tells_the_effect_before_and_the_row_after(place: Place, as_user: Any) -> None:
    place.fill()
    client = as_user(place.editor)
    assert TOLD in area_page(place, client)
    fragment = reverse("workspace:not-applicable-effect", args=[place.answer("2.2.1").public_id])
    assert TOLD in words(client.get(fragment))
    answers.ask_not_applicable(answer=place.answer("2.2.1"), actor=actor_of(place.editor), reason="Không có")
    assert f"Nếu được chấp nhận: {TOLD}" in area_page(place, client)
    # 2.1.1 beside it, with 2.2.1 asked for and not granted: 9.51 of 15 and, without 2.1.1, 5.75 of 11
    assert "20 → 16; chỉ số tự chấm: 63,40 → 52,27" in area_page(place, client)


def test_where_nothing_was_declared_the_leaf_counts_zero(place: Place, as_user: Any) -> None:
    place.save("1.1.1")
    # 1 of 15 before, 1 of 13 without 2.2.1
    assert "20 → 18; chỉ số tự chấm: 6,67 → 7,69" in area_page(place, as_user(place.editor))


def test_a_leaf_that_others_may_not_leave_out_tells_nothing(place: Place, as_user: Any) -> None:
    place.fill()
    Answer.objects.filter(pk=place.answer("2.2.1").pk).update(applicability="profile")
    url = reverse("workspace:not-applicable-effect", args=[place.answer("2.2.1").public_id])
    assert words(as_user(place.editor).get(url)).strip() == ""
    assert as_user(place.stranger).get(url).status_code == 404


def decided(place: Place, role: Role, as_user: Any) -> str:
    page = as_user(person(role, Agency.objects.get(is_home_affairs=True))).get(
        reverse("appraisal:leaf", args=[place.answer("2.2.1").public_id])
    )
    assert page.status_code == 200
    return words(page)


def test_the_assessor_sees_it_where_he_decides(place: Place, as_user: Any) -> None:
    place.fill()
    answers.ask_not_applicable(answer=place.answer("2.2.1"), actor=actor_of(place.editor), reason="Không có")
    Scoresheet.objects.filter(pk=place.sheet.pk).update(state=SheetState.SUBMITTED)
    assessor = person(Role.ASSESSOR, Agency.objects.get(is_home_affairs=True))
    page = decided(place, Role.ASSESSOR, as_user)
    # who appraises single leaves is told the maximum, and not what the other leaves come to
    assert "Nếu không áp dụng: Điểm tối đa áp dụng: 20 → 18" in page and "chỉ số tự chấm" not in page
    assert f"Nếu không áp dụng: {TOLD}" in decided(place, Role.SECRETARY, as_user)
    decide_not_applicable(
        answer=place.answer("2.2.1"), actor=actor_of(assessor), grant=True, reason="Đúng vậy",
        expected_version=place.answer("2.2.1").version,
    )  # fmt: skip
    assert f"Nếu không áp dụng: {TOLD}" in decided(place, Role.SECRETARY, as_user)
    # the agency is not told the decision before the round is closed
    assert f"Nếu được chấp nhận: {TOLD}" in area_page(place, as_user(place.editor))
    Scoresheet.objects.filter(pk=place.sheet.pk).update(state=SheetState.FINALISED)
    assert TOLD in area_page(place, as_user(place.editor))


def test_profiles_lower_the_maximum_with_caps_obeyed() -> None:
    plain = profile_effect(make_set(), ["no_tthc"])
    assert (plain.full, plain.maximum, plain.leaves) == (20, 16, (("2.1.1", "Tiêu chí thành phần 2.1.1"),))
    assert profile_effect(make_set(), []).maximum == 20
    # 2.1 holds 4 + 1 points and is worth at most 4: 19 in all; without 2.1.1 it is worth 1
    capped = make_set(locked=False)
    Criterion.objects.filter(criteria_set=capped, code="2.1").update(cap=Decimal(4))
    told = profile_effect(capped, ["no_tthc"])
    assert (told.full, told.maximum) == (19, 16)


def test_the_page_of_an_agency_tells_the_effect_before_it_is_saved(as_user: Any) -> None:
    place = make_place()
    one = Participation.objects.get(sheets=place.sheet)
    url = reverse("cycles:participation", args=[one.pk])
    secretary = as_user(person(Role.SECRETARY))
    assert "Điểm tối đa: 20 → 20; 0 tiêu chí thành phần không áp dụng" in words(secretary.get(url))
    shown = secretary.post(
        url, {"profiles": ["no_tthc"], "ranked": "on", "preview": "1", "document": "12/QĐ"}
    )
    told = words(shown)
    assert "Điểm tối đa: 20 → 16; 1 tiêu chí thành phần không áp dụng. Đang lưu: 20. Chưa lưu." in told
    assert 'value="12/QĐ"' in shown.content.decode()
    one.refresh_from_db()
    assert one.profiles == [] and not AuditEntry.objects.filter(action="participation.changed").exists()
    data = {"profiles": ["no_tthc"], "ranked": "on", "document": "1234/QĐ-UBND"}
    assert secretary.post(url, data).status_code == 302
    entry = AuditEntry.objects.get(action="participation.changed")
    assert entry.after == {"profiles": ["no_tthc"], "ranked": True, "document": "1234/QĐ-UBND"}
    page = words(secretary.get(url))
    assert "1234/QĐ-UBND" in page and "20 → 16" in page


@pytest.mark.parametrize("number", [1, 3])
def test_the_effect_takes_a_fixed_number_of_queries(
    number: int, as_user: Any, django_assert_num_queries: Any
) -> None:
    place = make_place()
    for code in ("2.2.1", "2.2.2", "2.1.2")[:number]:
        answers.ask_not_applicable(answer=place.answer(code), actor=actor_of(place.editor), reason="Không có")
    client = as_user(place.editor)
    url = reverse("workspace:not-applicable-effect", args=[place.answer("2.2.1").public_id])
    client.get(url)
    with django_assert_num_queries(14):
        client.get(url)
    secretary = as_user(person(Role.SECRETARY))
    page = reverse("cycles:participation", args=[Participation.objects.get(sheets=place.sheet).pk])
    secretary.get(page)
    with django_assert_num_queries(5):
        secretary.get(page)
