"""Components and tags as templates use them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.template import Context, RequestContext, Template, TemplateSyntaxError
from django.test import RequestFactory
from django.utils import translation

from parindex.ui import diff
from parindex.ui.tables import grade_tone
from tests.ui.pages import lines, thing


@pytest.fixture(autouse=True)
def vietnamese():
    with translation.override("vi"):
        yield


def render(text: str, **values: object) -> str:
    return Template("{% load i18n ui %}" + text).render(Context(values))


def test_slots_are_rendered_where_the_component_puts_them() -> None:
    html = render(
        '{% component "leaf" code="1.6.1" title="Tỷ lệ" anchor="x" points=p maximum=m %}'
        '{% slot inputs %}<input name="n">{% endslot %}'
        "{% if show %}{% slot docs %}<li>một</li>{% endslot %}{% endif %}"
        "{% for n in numbers %}{% slot foot %}<b>{{ n }}</b>{% endslot %}{% endfor %}"
        "{% endcomponent %}",
        p=Decimal("1.189189"),
        m=Decimal("1.5"),
        show=True,
        numbers=[1, 2],
    )
    assert html.index('<div class="leaf-inputs"><input name="n">') < html.index('<div class="leaf-points">')
    assert '<ul class="docs"><li>một</li></ul>' in html
    assert '<div class="leaf-foot"><b>1</b><b>2</b></div>' in html
    assert '<data value="1.189189">1,19</data>' in html
    assert "/ 1,5" in html


def test_a_component_sees_only_what_it_is_given_and_its_inside_sees_the_page() -> None:
    html = render(
        '{% component "leaf" code="1" anchor="x" %}{% slot inputs %}{{ title }}{% endslot %}{% endcomponent %}',
        title="tên trang",
        points=Decimal(7),
        guidance="của trang khác",
    )
    assert html.count("tên trang") == 1
    assert "của trang khác" not in html
    assert "7" not in html


def test_a_component_inside_a_slot_keeps_its_own_slots() -> None:
    html = render(
        '{% component "card" title="Ngoài" %}{% component "card" title="Trong" %}'
        "{% slot footer %}chân trong{% endslot %}{% endcomponent %}{% endcomponent %}"
    )
    assert html.count("<footer>") == 1
    assert html.index("Trong") < html.index("chân trong")


def test_what_people_typed_is_escaped() -> None:
    text = '{% component "card" title=t %}{{ t }}{% endcomponent %}{% tag t %}{{ t|state_tag:t }}'
    html = render(text, t="<script>x</script>")
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") >= 4


def test_a_component_without_a_name_is_a_fault_of_the_template() -> None:
    with pytest.raises(TemplateSyntaxError):
        render("{% component %}{% endcomponent %}")


@pytest.mark.parametrize(
    ("value", "maximum", "width"),
    [
        ("50", "100", "50.00"),
        ("1", "3", "33.33"),
        ("150", "100", "100.00"),
        ("-5", "100", "0.00"),
        (None, "100", "0"),
        ("5", "0", "0"),
    ],
)
def test_a_bar_stays_within_its_track_and_needs_no_style(value: str | None, maximum: str, width: str) -> None:
    html = render("{% bar v m %}", v=None if value is None else Decimal(value), m=Decimal(maximum))
    assert f'width="{width}%"' in html
    assert "style" not in html


def test_movement_is_told_by_sign_word_and_figure() -> None:
    assert "▲" in render("{% movement 3 c %}", c=Decimal("2.41"))
    assert "tăng" in render("{% movement 3 c %}", c=Decimal("2.41"))
    assert "+2,41" in render("{% movement 3 c %}", c=Decimal("2.41"))
    down = render("{% movement -2 c %}", c=Decimal("-1.12"))
    assert "giảm" in down and "\u22121,12" in down and " 2<" in down
    assert "giữ hạng" in render("{% movement 0 %}")
    assert "không so sánh" in render("{% movement None %}")


def test_the_ranking_table_shows_every_figure_with_its_maximum() -> None:
    table = '{% include "components/ranking_table.html" with last_year=2024 plain=True %}'
    html = render(table, lines=lines(), mean=Decimal("86.41"))
    assert html.count('<tr class="') == 8
    assert "63,52" in html and "/ 68,5" in html
    assert "trung bình khối: 86,41\u00a0%" in html
    assert "không xếp hạng" in html
    assert '<th scope="row"' in html


def test_column_heads_sort_by_link_and_say_how() -> None:
    request = RequestFactory().get("/?sort=-index&page=3&q=sở")
    template = Template(
        '{% load ui %}{% sort_header "Chỉ số" "index" current=sort %}'
        '{% sort_header "Hạng" "rank" current=sort %}'
        '{% sort_header "Điểm" "points" current=sort down=True %}'
    )
    html = template.render(RequestContext(request, {"sort": "-index"}))
    assert html.count("aria-sort") == 1
    assert 'aria-sort="descending"' in html
    assert "sort=index" in html  # the other way round
    assert "sort=rank" in html and "sort=-points" in html
    assert "page=" not in html
    assert "q=s%E1%BB%9F" in html


def test_the_error_summary_links_to_each_field() -> None:
    from tests.ui.pages import MarkForm

    form = MarkForm({"points": "9", "stage": "1"})
    html = render('{% include "components/form_errors.html" %}', form=form)
    assert 'href="#id_points"' in html and 'href="#id_reason"' in html
    assert "Nhập số không lớn hơn 1,5." in html
    assert render('{% include "components/form_errors.html" %}', form=MarkForm()).strip() == ""


def test_states_have_a_word_and_a_tone() -> None:
    html = render("{{ state|state_tag:label }}", state="finalised", label="đã chốt điểm")
    assert html == '<span class="tag good" data-state="finalised">đã chốt điểm</span>'
    assert 'class="tag "' in render("{{ 'unknown'|state_tag:'lạ' }}")


def test_a_difference_keeps_both_texts_whole() -> None:
    old, new = "Đã hoàn thành 88 nhiệm vụ\nđúng hạn.", "Đã hoàn thành 90 nhiệm vụ\nđúng hạn, 2 trễ."
    pieces = diff.words(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind != "new") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "gone") == new
    assert {piece.kind for piece in pieces} == {"same", "gone", "new"}
    assert diff.words("", "") == []
    html = render("{% text_diff a b %}", a="<b>", b="")
    assert "<del>&lt;b&gt;</del>" in html


def test_history_and_steps() -> None:
    entry = thing(at=None, who="lãnh đạo", what="Duyệt", detail="", tone="good", before="", after="")
    html = render('{% include "components/history.html" %}', entries=[entry])
    assert "lãnh đạo" in html
    assert "Chưa có diễn biến" in render('{% include "components/history.html" %}', entries=[])
    two = [thing(label="A", state="done", note=""), thing(label="B", state="now", note="")]
    steps = render('{% include "components/steps.html" %}', steps=two)
    assert steps.count('aria-current="step"') == 1


def test_grades_take_tones_from_best_to_last() -> None:
    assert [grade_tone(place, 5) for place in range(5)] == ["good", "info", "warn", "warn", "bad"]
    assert [grade_tone(place, 2) for place in range(2)] == ["good", "info"]
