"""Gates, quotas and tie-breakers on the settings' form: nothing lost, every fault beside its field."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from agencies.models import Block
from parindex.audit.models import AuditEntry
from scoring.assessment.cycle_settings import CycleSettings
from scoring.assessment.forms.cycle_settings import SettingsForms
from scoring.assessment.forms.row_lists import reshaped
from scoring.assessment.models import Cycle
from scoring.assessment.queries.set_nodes import BlockNodes, settings_faults
from scoring.assessment.services import cycles
from tests.cycles.test_pages import client, settings_data, text
from tests.cycles.test_services import prepared

GATED = {
    "label": "Xuất sắc",
    "ge": "90",
    "gates": [{"area": "1", "ge": "80"}, {"fact": "mọi nhiệm vụ đúng hạn"}, {"count": "việc trễ", "le": "2"}],
    "quota": {"pct": "25", "of": "Tốt", "rounding": "up"},
}
GOOD = {"label": "Tốt", "ge": "70", "lt": "90"}
BLOCKS = [Block(pk=7, slug="so", name="Sở"), Block(pk=8, slug="xa", name="Xã")]
SETS = [
    BlockNodes(one, {"1": "Chỉ đạo", "1.1": "Kế hoạch", "3": "Thủ tục"}, {"1": 1, "1.1": 2, "3": 1}, True)
    for one in BLOCKS
]


def plain(words: str) -> str:
    """Words with common spaces."""
    return words.replace("\u00a0", " ").replace("\u202f", " ")


def page_of(settings: CycleSettings, data: Any = None, sets: Any = SETS) -> SettingsForms:
    return SettingsForms(Cycle(pk=1), settings=settings, sets=sets, appraisers=[], candidates=[], data=data)


def sent(forms: SettingsForms) -> QueryDict:
    """What a browser sends back from the page as it stands."""
    data = QueryDict(mutable=True)
    for rows in forms._lists():
        data[rows.counter] = str(len(rows.forms))
    for form in forms._forms():
        for bound in form:
            value = bound.value()
            if bound.widget_type == "checkbox":
                if value:
                    data[bound.html_name] = "on"
            else:
                data[bound.html_name] = bound.field.widget.format_value(value) or ""
                if isinstance(data[bound.html_name], list):
                    data[bound.html_name] = (data[bound.html_name] or [""])[0]
    return data


numbers = st.decimals(min_value=0, max_value=100, places=3).map(lambda one: f"{one:f}")
words = st.text("aăâđêôơưxyz ", min_size=1, max_size=12).filter(lambda one: one == one.strip())


@st.composite
def gates(draw: Any) -> dict[str, Any]:
    ends: dict[str, Any] = {draw(st.sampled_from(["ge", "gt", "le", "lt"])): draw(numbers)}
    kind = draw(st.sampled_from(["area", "count", "fact"]))
    if kind == "fact":
        return {"fact": draw(words)} | draw(st.sampled_from([{}, {"is": True}, {"is": False}]))
    if kind == "count":
        return {"count": draw(words)} | ends
    return {"area": draw(st.sampled_from(["1", "3", "9 (đã bỏ)"]))} | ends


@st.composite
def grades(draw: Any) -> list[dict[str, Any]]:
    ends = sorted(draw(st.lists(st.integers(0, 100), min_size=0, max_size=5, unique=True)), reverse=True)
    labels = [f"Loại {number}" for number in range(len(ends))]
    found = []
    for number, low in enumerate(ends):
        grade: dict[str, Any] = {"label": labels[number], "ge": str(low)}
        if number:
            grade["lt"] = str(ends[number - 1])
        if held := draw(st.lists(gates(), max_size=3)):
            grade["gates"] = held
        if draw(st.booleans()):
            grade["quota"] = {"pct": draw(numbers)}
            if draw(st.booleans()):
                grade["quota"]["of"] = draw(st.sampled_from(labels))
            if draw(st.booleans()):
                grade["quota"]["rounding"] = draw(st.sampled_from(["down", "half_up", "up"]))
        found.append(grade)
    return found


@st.composite
def rankings(draw: Any) -> dict[str, Any]:
    chain = draw(st.lists(st.sampled_from(["1", "1.1", "3", "7.7", "survey", "bonus"]), unique=True))
    return {
        "digits": draw(st.integers(0, 6)),
        "rounding": draw(st.sampled_from(["half_up", "down"])),
        "rank_on": draw(st.sampled_from(["printed", "exact"])),
        "ties": draw(st.sampled_from(["competition", "dense"])),
        "grades": draw(grades()),
    } | ({"tie_breakers": chain} if chain else {})


@st.composite
def whole_settings(draw: Any) -> dict[str, Any]:
    slugs = st.lists(st.sampled_from(["so", "xa", "khác"]), unique=True)
    return draw(rankings()) | {
        "grades_by_block": {slug: draw(grades()) for slug in draw(slugs)},
        "ranking_by_block": {slug: draw(rankings()) for slug in draw(slugs)},
        "clamp": draw(st.booleans()),
        "depth": draw(st.sampled_from(["area", "criterion", "leaf"])),
    }


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(whole_settings())
def test_settings_come_back_from_the_form_as_they_were(data: dict[str, Any]) -> None:
    stored = CycleSettings.parse(data)
    back = page_of(stored, sent(page_of(stored)))
    assert back.is_valid(), back.errors
    assert CycleSettings.parse(back.settings).as_dict() == stored.as_dict()


def test_a_grade_is_told_in_words() -> None:
    stored = CycleSettings.parse(
        {"grades": [GATED, GOOD], "tie_breakers": ["3", "survey", "bonus"], "rounding": "down"}
    )
    for forms in (page_of(stored), page_of(stored, sent(page_of(stored)))):
        forms.tell()
        assert plain(forms.cycle_table.grades.forms[0].words) == (
            "Xuất sắc: từ 90 % trở lên; lĩnh vực 1. Chỉ đạo: từ 80 % trở lên; "
            "chỉ khi đạt trọn điểm mọi nhiệm vụ đúng hạn; việc trễ: đến 2; "
            "không quá 25 % số cơ quan xếp loại “Tốt”, làm tròn lên"
        )
        assert plain(forms.cycle_table.grades.forms[1].words) == "Tốt: từ 70 % dưới 90 %"
        assert forms.cycle_table.chain_words == "3. Thủ tục → điểm điều tra xã hội học → điểm cộng"


def test_a_renamed_grade_keeps_the_quota_that_counts_by_it() -> None:
    data = sent(page_of(CycleSettings.parse({"grades": [GATED, GOOD]})))
    data["grades-1-label"] = "Hoàn thành tốt"
    forms = page_of(CycleSettings(), data)
    assert forms.is_valid()
    assert forms.settings["grades"][0]["quota"]["of"] == "Hoàn thành tốt"


def test_rows_are_added_moved_and_taken_away() -> None:
    data = sent(
        page_of(CycleSettings.parse({"grades": [GATED, GOOD], "tie_breakers": ["3", "1.1", "bonus"]}))
    )
    data["chain-0-code"] = "1"  # typed and not saved

    def after(**button: str) -> SettingsForms:
        pressed = data.copy()
        pressed.update(button)
        forms = page_of(CycleSettings(), reshaped(pressed), SETS)
        forms.tell(quietly=True)
        return forms

    def chain(forms: SettingsForms) -> list[Any]:
        return [row["code"].value() for row in forms.cycle_table.chain]

    assert chain(after(up="chain:1")) == ["1.1", "1", "bonus"]
    assert chain(after(down="chain:1")) == ["1", "bonus", "1.1"]
    assert chain(after(remove="chain:0")) == ["1.1", "bonus"]
    assert chain(after(add="chain"))[:3] == ["1", "1.1", "bonus"]
    assert chain(after(up="chain:0")) == chain(after(remove="chain:7")) == chain(after(up="x:y"))
    gated = after(remove="grades-0-gates:0").cycle_table.grades.forms[0]
    assert [gate["what"].value() for gate in gated.gates] == ["fact", "count"]
    added = after(add="grades-1-gates").cycle_table.grades.forms[1]
    assert len(added.gates.forms) == 1 and not added.gates.forms[0].errors
    emptied = after(remove="grades:0").cycle_table.grades
    assert emptied.forms[0]["label"].value() in ("", None) and emptied.forms[1]["label"].value() == "Tốt"


def test_what_a_set_lacks_is_told() -> None:
    some = {
        "grades": [{"label": "A", "ge": "90", "gates": [{"area": "3", "ge": "80"}, {"fact": "đúng hạn"}]}]
    }
    lacking = BlockNodes(BLOCKS[1], {"1": "Chỉ đạo", "3.1": "x"}, {"1": 1, "3.1": 2})
    stored = CycleSettings.parse(some | {"tie_breakers": ["3", "survey"]})
    told = settings_faults(stored, [SETS[0], lacking])
    assert len(told) == 5
    assert "Sở" in told[0] and "đúng hạn" in told[0]
    assert "Xã" in told[1] and "lĩnh vực 3" in told[1] and "Xã" in told[2] and "đúng hạn" in told[2]
    assert "Xã" in told[3] and "3" in told[3] and "Xã" in told[4]
    own = stored.as_dict() | {"ranking_by_block": {"xa": {}}}
    assert len(settings_faults(CycleSettings.parse(own), [SETS[0], lacking])) == 1


def posted(cycle: Cycle, **changed: str) -> dict[str, str]:
    """The page's data with a table for each block, none of them ticked."""
    return settings_data(
        **{f"grades_{one.block_id}-TOTAL_FORMS": "0" for one in cycle.blocks.all()} | changed
    )


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"grades-0-gates-0-what": ""}, "Chọn nội dung của điều kiện"),
        ({"grades-0-gates-0-low": ""}, "Nhập đầu dưới hoặc đầu trên"),
        ({"grades-0-gates-0-high": "70"}, "Không có giá trị nào nằm giữa"),
        ({"grades-0-gates-0-what": "area:77"}, "không phải là một trong các lựa chọn"),
        ({"grades-0-gates-0-what": "fact"}, "Hãy ghi mã của tiêu chí làm căn cứ"),
        ({"grades-0-pct": "101"}, "không lớn hơn 100"),
        ({"grades-0-pct": ""}, "Nhập tỷ lệ phần trăm"),
        ({"grades-0-label": ""}, "Đặt tên cho mức xếp loại"),
        ({"chain-1-code": "bonus"}, "Phân định khi bằng nhau, dòng 2"),
        ({"chain-0-code": "9.9"}, "không phải là một trong các lựa chọn"),
    ],
)
@pytest.mark.django_db
def test_a_fault_stands_beside_its_field(changed: dict[str, str], told: str) -> None:
    made = prepared()
    area = made.criteria_set.criteria.filter(parent=None).first()
    data = posted(made.cycle, **{
        "grades-0-gates-TOTAL_FORMS": "1", "grades-0-gates-0-what": f"area:{area.code}",
        "grades-0-gates-0-low_kind": "ge", "grades-0-gates-0-low": "80", "grades-0-gates-0-high_kind": "lt",
        "grades-0-pct": "25", "grades-0-of": "1", "grades-0-rounding": "",
        "chain-TOTAL_FORMS": "2", "chain-0-code": "bonus", "chain-1-code": area.code,
    })  # fmt: skip
    url = reverse("cycles:settings", args=[made.cycle_id])
    answer = client().post(url, data | changed)
    words = text(answer)
    assert answer.status_code == 400 and told in words, words[words.index("Chưa lưu") :][:600]
    assert "invalid-feedback" in answer.content.decode()
    assert client().post(url, data).status_code == 302
    made.cycle.refresh_from_db()
    assert made.cycle.settings["grades"][0]["gates"] == [{"area": area.code, "ge": "80"}]
    assert made.cycle.settings["grades"][0]["quota"] == {"pct": "25", "of": "Tốt"}
    assert made.cycle.settings["tie_breakers"] == ["bonus", area.code]


@pytest.mark.django_db
def test_a_button_of_the_rows_saves_nothing_and_keeps_what_was_typed() -> None:
    made = prepared()
    url = reverse("cycles:settings", args=[made.cycle_id])
    answer = client().post(url, posted(made.cycle, add="chain", **{"grades-0-low": "chín mươi"}))
    page = answer.content.decode()
    assert answer.status_code == 200 and 'value="chín mươi"' in page and 'name="chain-0-code"' in page
    assert "invalid-feedback" not in page and "Chưa lưu gì" in page
    assert not AuditEntry.objects.filter(action="cycle.settings").exists()


@pytest.mark.django_db
def test_somebody_elses_settings_are_not_overwritten_unseen() -> None:
    made = prepared()
    url = reverse("cycles:settings", args=[made.cycle_id])
    seen = cycles.settings_mark(made.cycle)
    assert f'name="seen" value="{seen}"' in client().get(url).content.decode()
    assert client().post(url, posted(made.cycle, seen=seen)).status_code == 302
    late = client().post(url, posted(made.cycle, seen=seen, digits="1"))
    assert late.status_code == 409 and "Có người khác đã lưu" in text(late)
    assert (
        client().post(url, posted(made.cycle, seen=seen)).status_code == 302
    )  # the same again: nothing to tell
    made.cycle.refresh_from_db()
    assert made.cycle.settings["digits"] == 3
    assert f'value="{cycles.settings_mark(made.cycle)}"' in late.content.decode()


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.django_db
def test_the_settings_take_a_fixed_number_of_queries(number: int, django_assert_num_queries: Any) -> None:
    from tests.factories_scoring import make_block, make_set

    cycle = cycles.create_cycle(actor=None, year=2025)
    for at in range(number):
        block = make_block(f"Khối {at}")
        cycles.add_block(actor=None, cycle=cycle, block=block, criteria_set=make_set(block=block))
    reader = client()
    reader.get(reverse("cycles:settings", args=[cycle.pk]))
    with django_assert_num_queries(8):
        reader.get(reverse("cycles:settings", args=[cycle.pk]))
