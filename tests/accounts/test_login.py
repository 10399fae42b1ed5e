"""Login, logout, passwords by mail, the throttle, and what was typed when a session ended."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.utils import timezone

from agencies import services
from agencies.actors import SYSTEM
from agencies.models import Membership, Role, User
from parindex.audit.models import AuditEntry
from tests.factories import PASSWORD, AgencyFactory, UserFactory, actor, person

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
NEW = "một câu dễ nhớ nhưng khó đoán"


def log_in(client: Client, account: User | str, password: str = PASSWORD, **more):
    name = account if isinstance(account, str) else account.username
    return client.post(LOGIN, {"username": name, "password": password, **more})


def acts(account: User) -> list[str]:
    return list(
        AuditEntry.objects.filter(object_type="agencies.user", object_id=str(account.pk))
        .order_by("seq")
        .values_list("action", flat=True)
    )


def text(response) -> str:
    return unescape(response.content.decode())


# coming and going -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "home"),
    [
        (Role.EDITOR, "/workspace/"),
        (Role.HEAD, "/workspace/"),
        (Role.ASSESSOR, "/admin/appraisal/"),
        (Role.SECRETARY, "/admin/cycles/"),
        (Role.COUNCIL_MEMBER, "/admin/appraisal/rounds/"),
        (Role.PUBLISHER, "/admin/publication/"),
        (Role.APPROVER, "/admin/publication/"),
        (Role.INSPECTOR, "/admin/ranking/"),
        (Role.ADMINISTRATOR, "/admin/"),
    ],
)
def test_each_role_begins_at_its_own_page(client, role, home):
    response = log_in(client, person(role))
    assert (response.status_code, response["Location"]) == (302, home)


def test_without_a_role_one_sees_the_own_account(client):
    assert log_in(client, UserFactory())["Location"] == "/accounts/"


def test_login_and_logout_are_recorded(client):
    account = person(Role.EDITOR)
    log_in(client, account)
    assert client.get("/accounts/logout/").status_code == 405
    assert client.get("/accounts/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/accounts/").status_code == 302
    assert acts(account) == ["account.login", "account.logout"]
    assert AuditEntry.objects.get(seq=1).after == {"address": "127.0.0.1"}
    assert {entry.actor for entry in AuditEntry.objects.all()} == {account}


def test_the_name_is_read_without_regard_to_case_and_blanks(client):
    person(Role.EDITOR, username="chuyen-vien")
    assert log_in(client, " Chuyen-Vien ").status_code == 302


def test_the_session_gets_a_new_key_at_login(client):
    account = person(Role.EDITOR)
    client.get(LOGIN)
    session = client.session
    session["seen"] = True
    session.save()
    before = session.session_key
    log_in(client, account)
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


@pytest.mark.parametrize(
    "target,goes",
    [
        ("/accounts/password/", "/accounts/password/"),
        ("https://elsewhere.example/", "/workspace/"),
        ("//elsewhere.example/", "/workspace/"),
        ("javascript:alert(1)", "/workspace/"),
        ("\\\\elsewhere.example", "/workspace/"),
    ],
)
def test_next_stays_on_this_host(client, target, goes):
    assert log_in(client, person(Role.EDITOR), next=target)["Location"] == goes


def test_every_view_wants_a_login_and_comes_back_to_the_page_asked_for(client):
    response = client.get("/accounts/?a=1")
    assert response["Location"] == "/accounts/login/?next=%2Faccounts%2F%3Fa%3D1"
    page = client.get(response["Location"])
    assert 'value="/accounts/?a=1"' in page.content.decode()


def test_a_wrong_password_says_nothing_about_the_account(client):
    account = person(Role.EDITOR)
    wrong, unknown = log_in(client, account, "x"), log_in(Client(), "khong-co", "x")
    closed = services.deactivate_account(actor=SYSTEM, account=person(Role.EDITOR))
    inactive = log_in(Client(), closed)

    def message(response):
        return re.findall(r'class="alert.*?</div>', text(response), re.S)

    assert message(wrong) and message(wrong) == message(unknown) == message(inactive)


def test_failed_logins_are_recorded_for_accounts_and_unknown_names_are_not_kept(client):
    account = person(Role.EDITOR)
    log_in(client, account, "x")
    log_in(client, "mat-khau-go-nham-o", "x")
    assert acts(account) == ["account.login_failed"]
    assert AuditEntry.objects.count() == 1
    entry = AuditEntry.objects.get()
    assert entry.actor is None and "x" not in str(entry.after)


# the throttle -----------------------------------------------------------------------------------


def test_too_many_failures_lock_this_account_from_this_address_for_a_while(client):
    account, other = person(Role.EDITOR), person(Role.EDITOR)
    for _ in range(7):
        assert log_in(client, account, "x").status_code == 200
    locked = log_in(client, account, "x")
    assert locked.status_code == 429
    assert int(locked["Retry-After"]) in range(14 * 60, 16 * 60)
    assert "15 phút" in text(locked) and "quản trị" in text(locked)
    assert log_in(client, account).status_code == 429, "the right password does not help either"
    assert log_in(client, other).status_code == 302, "an agency's colleagues share the address"
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert log_in(elsewhere, account).status_code == 302
    assert acts(account)[:8] == ["account.login_failed"] * 7 + ["account.locked_out"]
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert log_in(client, account).status_code == 302


def test_trying_on_does_not_make_the_lock_longer(client):
    account = person(Role.EDITOR)
    start = timezone.now()
    for minute in range(12):
        with time_machine.travel(start + timedelta(minutes=minute)):
            log_in(client, account, "x")
    with time_machine.travel(start + timedelta(minutes=7 + 16)):
        assert log_in(client, account).status_code == 302


def test_other_spellings_of_the_name_are_the_same_account_to_the_throttle(client):
    account = person(Role.EDITOR, username="chuyen-vien")
    for name in ["chuyen-vien", "Chuyen-Vien", " CHUYEN-VIEN", "chuyen- vien"] * 2:
        answer = log_in(client, name, "x")
    assert answer.status_code == 429
    assert log_in(client, account).status_code == 429


def test_an_administrator_unlocks_an_account(client):
    account = person(Role.EDITOR)
    for _ in range(8):
        log_in(client, account, "x")
    assert services.unlock_account(actor=actor(Role.ADMINISTRATOR), account=account) == 1
    assert log_in(client, account).status_code == 302


# passwords --------------------------------------------------------------------------------------


def test_changing_the_password_ends_the_other_sessions(client):
    account, other = person(Role.EDITOR), Client()
    log_in(client, account)
    log_in(other, account)
    answer = client.post(
        "/accounts/password/", {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    )
    assert answer["Location"] == "/workspace/"
    assert client.get("/accounts/").status_code == 200
    assert other.get("/accounts/").status_code == 302
    assert acts(account)[-1] == "account.password"
    assert NEW not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize("weak", ["ngan", "123456789012345", "password1234", "tai-khoan-yeu-1"])
def test_weak_passwords_are_refused_in_vietnamese(client, weak):
    account = person(Role.EDITOR, username="tai-khoan-yeu-1")
    client.force_login(account)
    answer = client.post(
        "/accounts/password/", {"old_password": PASSWORD, "new_password1": weak, "new_password2": weak}
    )
    assert answer.status_code == 200
    assert "ật khẩu" in text(answer)
    assert acts(account) == []


def test_a_one_time_password_is_changed_before_anything_else(client):
    account = person(Role.EDITOR)
    password = services.issue_one_time_password(actor=SYSTEM, account=account)
    assert re.fullmatch(r"([a-km-np-z2-9]{4}-){3}[a-km-np-z2-9]{4}", password)
    log_in(client, account, password)
    assert client.get("/accounts/")["Location"] == "/accounts/password/"
    assert client.get("/accounts/", HTTP_HX_REQUEST="true")["HX-Redirect"] == "/accounts/password/"
    client.post("/accounts/password/", {"old_password": password, "new_password1": NEW, "new_password2": NEW})
    assert client.get("/accounts/").status_code == 200


def link_in(letter) -> str:
    return re.search(r"https?://testserver(/\S+)", letter.body).group(1)


def test_a_reset_by_mail_sets_a_new_password_once(client):
    account = person(Role.EDITOR, email="chuyenvien@example.org")
    answer = client.post("/accounts/password/reset/", {"email": "ChuyenVien@example.org"})
    assert answer["Location"] == "/accounts/password/reset/sent/"
    letter = mail.outbox[0]
    assert letter.to == [account.email] and "mật khẩu" in letter.subject
    assert "72 giờ" in letter.body and account.username in letter.body
    page = client.get(link_in(letter), follow=True)
    form = page.redirect_chain[-1][0]
    assert account.username not in form and "set-password" in form
    done = client.post(form, {"new_password1": NEW, "new_password2": NEW})
    assert done["Location"] == LOGIN
    assert log_in(client, account, NEW).status_code == 302
    assert acts(account) == ["account.reset_requested", "account.password_by_link", "account.login"]
    again = Client().get(link_in(letter), follow=True)
    assert "không còn dùng được" in text(again)


def test_a_reset_opens_a_locked_account(client):
    account = person(Role.EDITOR)
    for _ in range(8):
        log_in(client, account, "x")
    services.change_password(account=account, password=NEW, by_link=True)
    assert log_in(client, account, NEW).status_code == 302


def test_a_reset_answers_the_same_for_unknown_addresses_and_closed_accounts(client):
    closed = person(Role.EDITOR)
    services.deactivate_account(actor=SYSTEM, account=closed)
    known = person(Role.EDITOR)
    pages = []
    for address in (known.email, "khong-co@example.org", closed.email):
        answer = Client().post("/accounts/password/reset/", {"email": address}, follow=True)
        pages.append((answer.redirect_chain, re.sub(r"token.*?>", "", text(answer))))
    assert pages[0] == pages[1] == pages[2]
    assert [letter.to for letter in mail.outbox] == [[known.email]]


def test_a_mailbox_is_not_filled(client):
    account = person(Role.EDITOR)
    for _ in range(3):
        client.post("/accounts/password/reset/", {"email": account.email})
    assert len(mail.outbox) == 1


def test_mail_that_cannot_be_sent_does_not_tell_that_there_is_an_account(client, settings):
    settings.EMAIL_BACKEND = "tests.accounts.test_login.Broken"
    account = person(Role.EDITOR)
    assert client.post("/accounts/password/reset/", {"email": account.email}).status_code == 302


class Broken:
    def __init__(self, *args, **kwargs):
        pass

    def send_messages(self, letters):
        raise ConnectionRefusedError


def test_a_link_of_a_closed_account_sets_nothing(client):
    account = person(Role.EDITOR)
    client.post("/accounts/password/reset/", {"email": account.email})
    form = client.get(link_in(mail.outbox[0]), follow=True).redirect_chain[-1][0]
    services.deactivate_account(actor=SYSTEM, account=account)
    client.post(form, {"new_password1": NEW, "new_password2": NEW})
    account.refresh_from_db()
    assert account.check_password(PASSWORD)


# the session ends while somebody types ------------------------------------------------------------

TYPED = 'Một đoạn thuyết minh dài, gõ trong bốn mươi phút, có <thẻ> và "ngoặc"'


def test_what_was_typed_survives_a_login(client):
    """Without script: the login page keeps it, and after logging in it is sent once more."""
    account = person(Role.EDITOR)
    sent = {"note": TYPED, "items": ["a", "b"], "old_password": "mat-khau", "csrfmiddlewaretoken": "x"}
    ended = client.post("/accounts/password/?stage=1", sent)
    assert ended.status_code == 401
    kept = ended.context["form"].initial["kept"]
    assert "mat-khau" not in ended.content.decode() and "csrfmiddlewaretoken" not in kept
    wrong = log_in(client, account, "x", kept=kept)
    assert wrong.status_code == 200 and kept in text(wrong)
    again = log_in(client, account, kept=kept)
    assert again.status_code == 200
    assert 'action="/accounts/password/?stage=1"' in again.content.decode()
    assert again.context["kept"]["fields"] == [("note", TYPED), ("items", "a"), ("items", "b")]
    assert TYPED in text(again)


@pytest.mark.parametrize(
    "kept",
    [
        "{",
        "[]",
        '{"path": "https://elsewhere.example/", "fields": []}',
        '{"path": "//elsewhere.example/", "fields": []}',
        '{"path": "/khong-co/", "fields": []}',
        '{"path": "/accounts/", "fields": [1]}',
    ],
)
def test_only_what_the_portal_kept_is_sent_once_more(client, kept):
    assert log_in(client, person(Role.EDITOR), kept=kept)["Location"] == "/workspace/"


def test_what_was_typed_is_not_kept_by_the_throttle(client):
    from axes.models import AccessAttempt

    kept = client.post("/accounts/password/", {"note": TYPED}).context["form"].initial["kept"]
    log_in(client, person(Role.EDITOR), "x", kept=kept)
    assert "thuyết minh" not in str(list(AccessAttempt.objects.values()))


@pytest.mark.parametrize("header", ["HTTP_HX_REQUEST", "HTTP_X_UPLOAD"])
def test_a_part_of_a_page_is_told_that_the_login_has_ended(client, header):
    """The script shows it and leaves what was typed in place."""
    answer = client.post("/accounts/password/", {"note": TYPED}, **{header: "true"})
    assert answer.status_code == 401
    assert "đăng nhập" in answer.json()["errors"][0].lower()


# revocation -------------------------------------------------------------------------------------


def test_a_closed_account_is_out_at_its_next_request(client):
    account = person(Role.EDITOR)
    log_in(client, account)
    assert client.get("/accounts/").status_code == 200
    services.deactivate_account(actor=SYSTEM, account=account)
    assert client.get("/accounts/").status_code == 302


def test_a_role_that_ended_is_out_at_the_next_request(client):
    account = person(Role.SECRETARY)
    client.force_login(account)
    assert client.get("/admin/").status_code == 200
    services.end_role(actor=SYSTEM, membership=Membership.objects.get(user=account))
    assert client.get("/admin/").status_code == 403


# the account's own page ---------------------------------------------------------------------------


def test_the_account_page_names_roles_agencies_and_dates(client, django_assert_num_queries):
    account = person(Role.EDITOR)
    services.grant_role(actor=SYSTEM, account=account, role=Role.PUBLISHER)
    client.force_login(account)
    page = text(client.get("/accounts/"))
    assert "chuyên viên" in page.lower() and "01/01/2020" in page
    with django_assert_num_queries(5):  # session, account, grants, kin of agencies, the roles shown
        client.get("/accounts/")
    for _ in range(3):
        services.grant_role(actor=SYSTEM, account=account, role=Role.EDITOR, agency=AgencyFactory())
    with django_assert_num_queries(5):
        client.get("/accounts/")
