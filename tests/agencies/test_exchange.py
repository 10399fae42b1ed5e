"""Lists in and out: the rehearsal tells every row, the confirmation does exactly that, nothing starts a formula."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from html import unescape

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from agencies import exchange, services
from agencies.actors import SYSTEM
from agencies.models import Agency, Membership, Role, User
from agencies.resources import AccountResource, AgencyResource
from parindex.audit.models import AuditEntry
from parindex.ui.cells import neutral, restored
from tests.factories import (
    AgencyFactory,
    BlockFactory,
    DivisionFactory,
    MembershipFactory,
    UserFactory,
    person,
)

pytestmark = pytest.mark.django_db
AGENCIES, ACCOUNTS = "/admin/agencies/agency/", "/admin/agencies/user/"


@pytest.fixture
def secretary(client: Client) -> Client:
    client.force_login(person(Role.SECRETARY, username="thu-ky"))
    return client


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(person(Role.ADMINISTRATOR, username="quan-tri"))
    return client


def sheet(*rows: tuple) -> SimpleUploadedFile:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return SimpleUploadedFile("danh-sach.xlsx", out.getvalue())


def text_file(text: str, name: str = "danh-sach.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode())


def rehearse(client: Client, where: str, file: SimpleUploadedFile):
    return client.post(f"{where}import/", {"file": file})


def confirm(client: Client, where: str, answer):
    return client.post(f"{where}import/", {"sealed": answer.context["sealed"]}, follow=True)


def told(answer) -> list[tuple]:
    return [(one.row, one.kind, one.changes, one.errors) for one in answer.context["rehearsal"].outcomes]


HEADINGS = ("Mã", "Tên", "Tên viết tắt", "Khối", "Đang hoạt động")


def test_every_row_has_its_outcome_and_nothing_is_written(secretary):
    block = BlockFactory(name="Khối sở")
    old = services.save_agency(actor=SYSTEM, name="Sở Y tế", block=block)
    services.save_agency(actor=SYSTEM, name="Sở Tài chính", short_name="STC", block=block)
    before = AuditEntry.objects.count()
    answer = rehearse(
        secretary,
        AGENCIES,
        sheet(
            HEADINGS,
            ("so-y-te", "Sở Y tế và Dân số", "SYT", "khoi so", None),
            (None, "SỞ TÀI CHÍNH", "STC", "Khối sở", "có"),
            (None, "Sở Tài chính", "STC", "Khối sở", "x"),
            (None, "Sở Mới", None, "Khối sở", "không"),
            (None, "Sở Lạ", None, "Khối lạ", "có thể"),
        ),
    )
    assert told(answer) == [
        (2, "changed", [("Tên", "Sở Y tế", "Sở Y tế và Dân số"), ("Tên viết tắt", "", "SYT")], []),
        (3, "changed", [("Tên", "Sở Tài chính", "SỞ TÀI CHÍNH")], []),
        (4, "error", [], [("Tên", "Cơ quan này đã có ở dòng 3.")]),
        (
            5,
            "new",
            [
                ("Tên", "", "Sở Mới"),
                ("Khối", "", "Khối sở"),
                ("Là Sở Nội vụ", "", "không"),
                ("Đang hoạt động", "", "không"),
            ],
            [],
        ),
        (
            6,
            "error",
            [],
            [("Khối", "Không có khối “Khối lạ”."), ("Đang hoạt động", "Ghi “có” hoặc “không”.")],
        ),
    ]
    assert "sealed" not in answer.context or not answer.context["sealed"], (
        "a file with errors can't be confirmed"
    )
    old.refresh_from_db()
    assert old.name == "Sở Y tế" and not Agency.objects.filter(name="Sở Mới").exists()
    assert AuditEntry.objects.count() == before
    page = unescape(answer.content.decode())
    assert "Cơ quan này đã có ở dòng 3." in page and "<del>Sở Y tế</del>" in page


def test_what_is_confirmed_is_what_was_rehearsed(secretary):
    BlockFactory(name="Khối xã")
    file = text_file("\ufeffTên;Khối\nXã Một;Khối xã\nXã Hai;KHOI XA\n")
    answer = rehearse(secretary, AGENCIES, file)
    assert [kind for _row, kind, *_ in told(answer)] == ["new", "new"]
    done = confirm(secretary, AGENCIES, answer)
    assert done.redirect_chain[-1][0] == AGENCIES
    assert "2 mới" in unescape(done.content.decode())
    assert set(Agency.objects.values_list("slug", flat=True)) >= {"xa-mot", "xa-hai"}
    acts = list(AuditEntry.objects.order_by("-seq").values_list("action", "actor__username", "after")[:1])
    assert acts == [
        (
            "agencies.agency.import",
            "thu-ky",
            {"file": "danh-sach.csv", "new": 2, "changed": 0, "unchanged": 0, "error": 0},
        )
    ]
    assert AuditEntry.objects.filter(action="agency.add", actor__username="thu-ky").count() == 2
    again = rehearse(secretary, AGENCIES, text_file("Name,Block\nXã Một,Khối xã\n"))
    assert [kind for _row, kind, *_ in told(again)] == ["unchanged"]


def test_when_the_data_change_in_between_the_rehearsal_is_shown_again(secretary):
    agency = services.save_agency(actor=SYSTEM, name="Sở Y tế", block=None)
    answer = rehearse(secretary, AGENCIES, text_file("Mã,Tên\nso-y-te,Sở Mới\n"))
    services.save_agency(actor=SYSTEM, agency=agency, name="Sở Giữa Chừng", block=None)
    again = confirm(secretary, AGENCIES, answer)
    assert told(again) == [(2, "changed", [("Tên", "Sở Giữa Chừng", "Sở Mới")], [])]
    agency.refresh_from_db()
    assert agency.name == "Sở Giữa Chừng"
    assert not AuditEntry.objects.filter(action="agencies.agency.import").exists()
    confirm(secretary, AGENCIES, again)
    agency.refresh_from_db()
    assert agency.name == "Sở Mới"


def test_a_rehearsal_is_confirmed_by_who_rehearsed_it_unchanged_and_soon(secretary, settings):
    answer = rehearse(secretary, AGENCIES, text_file("Tên\nSở Mới\n"))
    other = Client()
    other.force_login(person(Role.SECRETARY))
    for client, sealed in [
        (other, answer.context["sealed"]),
        (secretary, answer.context["sealed"][:-1] + "x"),
    ]:
        refused = client.post(f"{AGENCIES}import/", {"sealed": sealed})
        assert refused.status_code == 422 and "chọn lại tệp" in unescape(refused.content.decode())
    assert not Agency.objects.filter(name="Sở Mới").exists()


def test_wrong_files_are_refused_with_what_to_do(secretary, monkeypatch):
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b" " * (41 * 1024 * 1024))
    monkeypatch.setattr(exchange, "MAX_ROWS", 5)
    for content, says in [
        (b"", "rỗng"),
        (b"T\xeaN\n1", "CSV UTF-8"),
        ("Tên\n".encode(), "không có dòng nào"),
        ("Tên,Lạ\nSở,1\n".encode(), "không có cột “Lạ”"),
        ("Tên,tên\nSở,1\n".encode(), "có hai lần"),
        ("Khối\nSở\n".encode(), "Thiếu cột “Tên”"),
        ("Tên\n".encode() + b"x\n" * 6, "hơn 5 dòng"),
        (b"x" * (exchange.MAX_BYTES + 1), "lớn hơn 2 MB"),
        (bomb.getvalue(), "quá nhiều"),
        (b"PK\x03\x04garbage", "XLSX"),
        ('Tên\n"Sở'.encode(), "ngoặc kép"),
        (b"%PDF-1.7\x00\x01", "không phải XLSX"),
    ]:
        answer = rehearse(secretary, AGENCIES, SimpleUploadedFile("x.xlsx", content))
        assert answer.status_code == 422, says
        assert says in unescape(answer.content.decode()), says
    assert Agency.objects.count() == 0


def test_no_cell_that_leaves_starts_a_formula_and_all_come_back_unchanged(secretary):
    for name in ["=1+1", "+84", "-x", "@sum", "'trích", "Sở Y tế"]:
        services.save_agency(actor=SYSTEM, name=name, block=None)
    for style in ("csv", "xlsx"):
        answer = secretary.get(f"{AGENCIES}export/", {"format": style})
        assert answer["Content-Disposition"].endswith(f'.{style}"')
        if style == "csv":
            rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        else:
            cells = openpyxl.load_workbook(io.BytesIO(answer.content)).active
            rows = [[cell.value or "" for cell in row] for row in cells.iter_rows()]
            assert not any(cell.data_type == "f" for row in cells.iter_rows() for cell in row)
        assert len(rows) == 7
        assert not any(str(cell)[:1] in "=+-@" for row in rows for cell in row if cell)
        back = rehearse(secretary, AGENCIES, SimpleUploadedFile(f"x.{style}", answer.content))
        assert {kind for _row, kind, *_ in told(back)} == {"unchanged"}, style
    assert AuditEntry.objects.filter(action="agencies.agency.export").count() == 2


@pytest.mark.parametrize("text", ["=A1", " =A1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_neutral_cells(text):
    assert neutral(text) == f"'{text}"
    assert restored(f"'{text.strip()}") == text.strip()


def test_what_is_harmless_stays_as_it_is():
    for value in ("Sở", "", 5, -5, None, date(2026, 1, 1), "'quoted", "a=b"):
        assert neutral(value) == value
    assert restored("'quoted") == "'quoted"


@pytest.mark.parametrize("count", [2, 40])
def test_a_file_that_changes_nothing_costs_the_same_queries_whatever_its_length(count):
    block = BlockFactory()
    for n in range(count):
        agency = services.save_agency(actor=SYSTEM, name=f"Xã {n}", block=block)
        services.grant_role(
            actor=SYSTEM, account=UserFactory(), role=Role.EDITOR, agency=agency, starts_on=date(2026, 1, 1)
        )
    lines = AgencyResource().lines(Agency.objects.select_related("block"))
    rows = [[AgencyResource().heading(name) for name in AgencyResource.headings]]
    rows += [[one.slug, one.name, one.short_name, str(one.block), "", ""] for one in lines]
    resource = AgencyResource(SYSTEM)
    data = exchange.dataset_of(resource, rows)
    with _reads(2):
        assert exchange.run(resource, data, dry=True).count("unchanged") == count
    accounts = AccountResource(SYSTEM)
    held = accounts.lines(User.objects.prefetch_related("memberships__agency", "memberships__division"))
    rows = [list(AccountResource.headings)]
    rows += [
        [one.username, one.full_name, one.email, str(one.role), str(one.agency), "", str(one.starts_on), ""]
        for one in held
    ]
    data = exchange.dataset_of(accounts, rows)
    with _reads(4):
        assert exchange.run(accounts, data, dry=True).count("unchanged") == count


class _reads:
    """Exactly so many SELECT statements; the savepoint of each row is none."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __enter__(self):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        self.captured = CaptureQueriesContext(connection)
        self.captured.__enter__()

    def __exit__(self, *error):
        self.captured.__exit__(*error)
        reads = [one["sql"] for one in self.captured.captured_queries if "SAVEPOINT" not in one["sql"]]
        assert len(reads) == self.number, reads


# accounts ---------------------------------------------------------------------------------------

ACCOUNT_HEADINGS = "Tên tài khoản,Họ tên,Thư điện tử,Vai trò,Cơ quan,Phòng đơn vị,Từ ngày,Đến hết ngày\n"


def accounts_file(*rows: str) -> SimpleUploadedFile:
    return text_file(ACCOUNT_HEADINGS + "\n".join(rows) + "\n")


def test_accounts_come_in_with_their_roles(administrator):
    agency = AgencyFactory(name="Sở Y tế", slug="so-y-te")
    DivisionFactory(agency=agency, name="Văn phòng Sở")
    answer = rehearse(
        administrator,
        ACCOUNTS,
        accounts_file(
            "syt.cv,Chuyên viên Y tế,cv@example.org,Chuyên viên,SỞ Y TẾ,,01/02/2026,",
            "syt.cv,Chuyên viên Y tế,cv@example.org,đầu mối CCHC,so-y-te,,,31/12/2027",
            "syt.vp,Văn phòng,,division_editor,Sở Y tế,văn phòng sở,2026-01-01,",
            "syt.moi,Chưa có việc,,,,,,",
        ),
    )
    assert [(kind, errors) for _row, kind, _changes, errors in told(answer)] == [
        ("new", []),
        ("changed", []),
        ("new", []),
        ("new", []),
    ]
    confirm(administrator, ACCOUNTS, answer)
    account = User.objects.get(username="syt.cv")
    assert not account.has_usable_password() and account.full_name == "Chuyên viên Y tế"
    roles = {(one.role, one.starts_on, one.ends_on) for one in account.memberships.all()}
    assert ("editor", date(2026, 2, 1), None) in roles and len(roles) == 2
    assert User.objects.get(username="syt.vp").memberships.get().division.name == "Văn phòng Sở"
    assert User.objects.get(username="syt.moi").memberships.count() == 0


def test_what_is_wrong_with_an_account_is_said_at_its_column(administrator):
    AgencyFactory(name="Sở Y tế")
    for _ in range(2):
        AgencyFactory(name="Phường Một")
    answer = rehearse(
        administrator,
        ACCOUNTS,
        accounts_file(
            "a b ệ,,,,,,,",
            "cb-1,,không-phải-thư,,,,,",
            "cb-2,,,trưởng ban,,,,",
            "cb-3,,,chuyên viên,,,,",
            "cb-4,,,chuyên viên,Sở Không Có,,,",
            "cb-5,,,chuyên viên,Phường Một,,,",
            "cb-6,,,chuyên viên phòng,Sở Y tế,Phòng Lạ,,",
            "cb-7,,,chuyên viên,Sở Y tế,,31/02/2026,",
            "cb-8,,,chuyên viên,Sở Y tế,,02/02/2026,01/02/2026",
            "cb-9,,,,Sở Y tế,,,",
            "cb-10,Tên một,,chuyên viên,Sở Y tế,,,",
            "cb-10,Tên hai,,đầu mối CCHC,Sở Y tế,,,",
            "cb-11,,,chuyên viên,Sở Y tế,,01/01/2026,",
            "cb-11,,,chuyên viên,Sở Y tế,,01/01/2026,",
        ),
    )
    columns = [[column for column, _text in errors] for _row, _kind, _changes, errors in told(answer)]
    assert columns == [
        ["Tên tài khoản"],
        ["Thư điện tử"],
        ["Vai trò"],
        ["Cơ quan"],
        ["Cơ quan"],
        ["Cơ quan"],
        ["Phòng, đơn vị"],
        ["Từ ngày"],
        ["Đến hết ngày"],
        ["Vai trò"],
        [],
        ["Họ tên"],
        [],
        ["Tên tài khoản"],
    ]
    assert User.objects.count() == 1


def test_a_change_of_dates_and_names_is_told_old_and_new(administrator):
    held = MembershipFactory(
        user__username="cb-cu", agency=AgencyFactory(name="Sở Y tế"), starts_on=date(2026, 1, 1)
    )
    answer = rehearse(
        administrator,
        ACCOUNTS,
        accounts_file(f"cb-cu,Tên mới,{held.user.email},chuyên viên,Sở Y tế,,01/01/2026,30/06/2026"),
    )
    assert told(answer) == [
        (2, "changed", [("Họ tên", held.user.full_name, "Tên mới"), ("Đến hết ngày", "", "30/06/2026")], [])
    ]
    confirm(administrator, ACCOUNTS, answer)
    assert Membership.objects.get(pk=held.pk).ends_on == date(2026, 6, 30)
    acts = set(AuditEntry.objects.values_list("action", flat=True))
    assert acts >= {"role.end", "account.change", "agencies.user.import"}


def test_columns_that_a_file_lacks_stay_as_they_are(administrator):
    held = MembershipFactory(user__username="cb-cu", starts_on=date(2026, 1, 1))
    answer = rehearse(administrator, ACCOUNTS, text_file("Tên tài khoản,Họ tên\ncb-cu,Tên mới\n"))
    confirm(administrator, ACCOUNTS, answer)
    held.user.refresh_from_db()
    assert (held.user.full_name, held.user.email) == ("Tên mới", "cb-cu@example.org")


def test_accounts_go_out_and_come_back_unchanged(administrator):
    MembershipFactory(agency=AgencyFactory(name="Sở Y tế"))
    division = DivisionFactory()
    MembershipFactory(
        role=Role.DIVISION_EDITOR, division=division, agency=division.agency, ends_on=date(2026, 1, 1)
    )
    UserFactory()
    out = administrator.get(f"{ACCOUNTS}export/")
    back = rehearse(administrator, ACCOUNTS, SimpleUploadedFile("x.xlsx", out.content))
    kinds = [kind for _row, kind, *_ in told(back)]
    assert len(kinds) >= 4 and set(kinds) == {"unchanged"}
    assert "password" not in str(out.content) and not back.context["sealed"]


def test_nobody_imports_a_role_for_himself(administrator):
    AgencyFactory(name="Sở Y tế")
    answer = rehearse(
        administrator, ACCOUNTS, accounts_file("quan-tri,,quan-tri@example.org,lãnh đạo cơ quan,Sở Y tế,,,")
    )
    [(_row, kind, _changes, errors)] = told(answer)
    assert kind == "error" and "Không ai tự đổi vai trò" in errors[0][1]


def test_the_empty_file_has_the_headings_and_is_not_recorded(administrator):
    answer = administrator.get(f"{ACCOUNTS}export/", {"empty": "1"})
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.values)
    assert rows == [tuple(str(label) for label in AccountResource.headings.values())]
    assert rows[0][0] == "Tên tài khoản"
    assert not AuditEntry.objects.filter(action__endswith="export").exists()
