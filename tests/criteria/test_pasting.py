"""Rows out of a Word or Excel table: levels from the way of counting, faults at their lines, whole or nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agencies.models import Role
from parindex.audit.models import AuditEntry
from scoring.criteria.editing import sets
from scoring.criteria.editing.paste import PastedNode, read_lines
from scoring.criteria.editing.pasting import paste_nodes
from scoring.criteria.models import CriteriaSet
from tests.factories import actor
from tests.factories_scoring import home_affairs, make_block, make_set

DECREE = """STT\tLĩnh vực, tiêu chí\tĐiểm tối đa\tTài liệu kiểm chứng\tCách chấm điểm
I\tCông tác chỉ đạo, điều hành\t10,0\t\t
1\tKế hoạch cải cách hành chính\t4\t\t
1.1\tBan hành kịp thời\t1,5đ\tKế hoạch\tKịp thời: 1,5đ
1.2\tThực hiện\t2.5 điểm\t"Báo cáo ""quý""
và năm"\t
2\tBáo cáo\t6\t\t
II\tThể chế\t\t\t
1\tVăn bản\t5\t\t
\tTổng cộng\t15\t\t
"""


def told(node: PastedNode) -> tuple[int, str, str, Decimal | None]:
    return node.level, node.code, node.title, node.points


def test_a_table_of_a_decree() -> None:
    pasted = read_lines(DECREE)
    assert pasted.is_good and [told(node) for node in pasted.nodes] == [
        (1, "I", "Công tác chỉ đạo, điều hành", 10),
        (2, "I.1", "Kế hoạch cải cách hành chính", 4),
        (3, "I.1.1", "Ban hành kịp thời", Decimal("1.5")),
        (3, "I.1.2", "Thực hiện", Decimal("2.5")),
        (2, "I.2", "Báo cáo", 6),
        (1, "II", "Thể chế", 5),  # without points: the sum of its parts
        (2, "II.1", "Văn bản", 5),
    ]
    assert pasted.nodes[2].texts == {"evidence": "Kế hoạch", "rule_text": "Kịp thời: 1,5đ"}
    assert pasted.nodes[3].texts == {"evidence": 'Báo cáo "quý"\nvà năm'}
    assert [line for line, _text, _reason in pasted.skipped] == [1, 10]
    assert all(node.adds_up for node in pasted.nodes)


@pytest.mark.parametrize(
    "text,codes",
    [
        ("1\ta\t2\n1.1\tb\t1\n1.2\tc\t1\n2\td\t1", "1 1.1 1.2 2"),
        ("1. a\t2\n1.1 b\t1\n- c\t0,5\n- d\t0,5\n2) e\t1", "1 1.1 1.1.1 1.1.2 2"),
        ("A\ta\t1\nB\tb\t1\n1\tc\t1\na)\td\t1\nb)\te\t0", "A B 1 1.a 1.b"),
        ("I\ta\t1\n1\tb\t1\nII\tc\t1\n2\td\t1", "I 1 II 2"),
        ("G\ta\t1\nH\tb\t1\nI\tc\t1", "G H I"),
        ("\ta\t1\n\tb\t1", "1 2"),
        ("TC1\ta\t1\nTC2\tb\t1", "TC1 TC2"),
    ],
)
def test_levels_and_codes(text: str, codes: str) -> None:
    pasted = read_lines(text)
    assert pasted.is_good, [node.error for node in pasted.nodes]
    assert " ".join(node.code for node in pasted.nodes) == codes


def test_under_a_node_the_levels_and_codes_go_on() -> None:
    pasted = read_lines("a)\tx\t1\nb)\ty\t1", used={"1", "1.1"}, parent_code="1.1", level=2)
    assert [(node.level, node.code) for node in pasted.nodes] == [(3, "1.1.a"), (3, "1.1.b")]


# Word: a cell of several paragraphs breaks its row; the line of column numbers; a scale in rows without a number
WORD = """TT\tTiêu chí\tĐiểm
tối đa\tCách chấm\tTài liệu
kiểm chứng\tĐơn vị thẩm định
(1)\t(2)\t(3)\t(4)\t(5)\t(6)
1\tChỉ đạo,
điều hành\t3\t\t\t
1.1\tBan hành kế hoạch\t0,5\tKịp thời: 0,5
Không kịp thời: 0,25

Không ban hành: 0\tKế hoạch
Quyết định\tSở Nội vụ
1.2\tBáo cáo\t1,5\t\t\tSở Không Có
\tĐủ và đúng hạn:\t1,5\t\t\t
\tCòn lại:\t0\t\t\t
1.3\tHoàn thành kế hoạch\t1\t\t\t
\tTính điểm theo tỷ lệ hoàn thành\t\t\t\t
Tổng cộng\t\t3\t\t\t
"""


def test_a_table_out_of_word() -> None:
    pasted = read_lines(WORD)
    assert pasted.is_good, [node.error for node in pasted.nodes]
    assert [told(node) for node in pasted.nodes] == [
        (1, "1", "Chỉ đạo, điều hành", 3),
        (2, "1.1", "Ban hành kế hoạch", Decimal("0.5")),
        (2, "1.2", "Báo cáo", Decimal("1.5")),
        (2, "1.3", "Hoàn thành kế hoạch", 1),
    ]
    assert [node.texts for node in pasted.nodes[1:]] == [
        {
            "rule_text": "Kịp thời: 0,5\nKhông kịp thời: 0,25\nKhông ban hành: 0",
            "evidence": "Kế hoạch\nQuyết định",
        },
        {"rule_text": "Đủ và đúng hạn: 1,5\nCòn lại: 0"},
        {"rule_text": "Tính điểm theo tỷ lệ hoàn thành"},
    ]
    assert pasted.nodes[1].appraiser == "Sở Nội vụ"


@pytest.mark.parametrize(
    "text,titles,wording",
    [
        ("1\ta\t1\n\tĐạt\t1\n\tKhông\t0", "a", "Đạt: 1\nKhông: 0"),
        ("1\ta\t1\n-\tb\t0,5\n-\tc\t0,5", "a b c", ""),  # they add up: parts
        ("1\ta\t1\n-\tb\t1\n-\tc\t0,5", "a", "b: 1\nc: 0,5"),
        ("1\ta\t2\n-\tb\t1\n+\tĐạt\t1\n+\tKhông\t0\n-\tc\t1", "a b c", "Đạt: 1\nKhông: 0"),
        ("1\ta\t\n-\tb\t1\n-\tc\t0", "a b c", ""),  # nothing to reach: parts
        ('1\t"a\nb\nĐạt: 1\nKhông: 0"\t1', "a b", "Đạt: 1\nKhông: 0"),  # all in the cell of the title
    ],
)
def test_a_scale_is_no_part(text: str, titles: str, wording: str) -> None:
    pasted = read_lines(text)
    assert pasted.is_good, [node.error for node in pasted.nodes]
    assert " ".join(node.title for node in pasted.nodes) == titles
    assert "".join(node.texts.get("rule_text", "") for node in pasted.nodes) == wording


def test_rows_typed_by_hand_are_not_put_together() -> None:
    pasted = read_lines("STT\tTiêu chí\tĐiểm\tGhi chú\tTài liệu\n1\ta\t2\n1.1\tb\t1\n1.2\tc\t1")
    assert [node.code for node in pasted.nodes] == ["1", "1.1", "1.2"]


@pytest.mark.parametrize(
    "line",
    ["9\t\t1", "9\tx\tnăm", "9\tx\t", "9\tx\t-1", "9\tx\t1,1234567", "9\tx\t1.234", "1\tx\t1",
     "9\t" + "x" * 1001 + "\t1", "a" * 31 + "\tx\t1", "ab/cd!\tx\t1"],
)  # fmt: skip
def test_a_row_that_cannot_be_read_is_told_at_its_line(line: str) -> None:
    pasted = read_lines(f"2\tđúng\t1\n{line}", used={"1"})
    assert not pasted.is_good and [bool(node.error) for node in pasted.nodes] == [False, True]
    assert pasted.nodes[1].line == 2


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.sampled_from('Iab1.2-)\t\n"đ ,x'), max_size=200) | st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    pasted = read_lines(text)
    if pasted.is_good:
        codes = [node.code for node in pasted.nodes]
        assert len(set(codes)) == len(codes)
        for node in pasted.nodes:
            assert node.title and node.points is not None and node.level <= 6
            assert node.above is None or pasted.nodes[node.above].level == node.level - 1


@pytest.mark.django_db
def test_a_paste_is_rehearsed_then_stored_whole() -> None:
    who = actor(Role.SECRETARY)
    draft = sets.create_empty_set(actor=who, year=2026, block=make_block(), title="Bộ")
    outcome = paste_nodes(actor=who, set_pk=draft.pk, text=DECREE, dry_run=True)
    assert outcome.stored == 0 and not draft.criteria.exists()
    broken = paste_nodes(actor=who, set_pk=draft.pk, text=DECREE.replace("10,0", "mười"))
    assert broken.pasted.faulty == 1 and not draft.criteria.exists()
    assert paste_nodes(actor=who, set_pk=draft.pk, text=DECREE).stored == 7
    rows = list(draft.criteria.order_by("order").values_list("code", "parent__code", "order", "level"))
    assert rows[2] == ("I.1.1", "I.1", 3, 3) and rows[6] == ("II.1", "II", 7, 2)
    assert draft.criteria.get(code="I.1.1").evidence == "Kế hoạch"
    assert AuditEntry.objects.get(action="criteria_set.pasted").after["nodes"] == 7


@pytest.mark.django_db
def test_a_paste_names_who_appraises() -> None:
    home = home_affairs()
    draft = sets.create_empty_set(actor=None, year=2026, block=make_block(), title="Bộ")
    text = WORD.replace("Sở Nội vụ", home.name.upper())
    outcome = paste_nodes(actor=None, set_pk=draft.pk, text=text)
    assert draft.criteria.get(code="1.1").appraiser == home
    assert draft.criteria.get(code="1.2").appraiser is None
    assert [bool(node.warning) for node in outcome.pasted.nodes] == [False, False, True, False]


@pytest.mark.django_db
def test_a_paste_under_a_node_makes_room() -> None:
    rule = {"kind": "boolean", "yes": "1", "no": "0"}
    draft: CriteriaSet = make_set([("1.1", "1", rule), ("2.1", "1", rule)], locked=False)
    above: Any = draft.criteria.get(code="1").pk
    paste_nodes(actor=None, set_pk=draft.pk, parent=above, text="1.2\tHai\t1\n1.3\tBa\t2")
    assert list(draft.criteria.order_by("order").values_list("code", "order")) == [
        ("1", 1), ("1.1", 2), ("1.2", 3), ("1.3", 4), ("2", 5), ("2.1", 6),
    ]  # fmt: skip
