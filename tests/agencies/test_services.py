"""Blocks, agencies, divisions, successions, accounts and roles by their services."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pytest
from django.core import mail
from django.core.exceptions import ObjectDoesNotExist
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from agencies import services
from agencies.actors import SYSTEM, actor_for
from agencies.models import Agency, Membership, Role, Succession, User
from parindex.audit.models import AuditEntry
from parindex.audit.verify import verify
from parindex.errors import Invalid, NotPermitted
from tests.factories import AgencyFactory, BlockFactory, DivisionFactory, UserFactory, actor, person

pytestmark = pytest.mark.django_db


def last() -> AuditEntry:
    return AuditEntry.objects.latest("seq")


def faults(refused) -> set[str]:
    return set(refused.value.fields)


# structure --------------------------------------------------------------------------------------


def test_an_agency_gets_a_slug_once_and_keys_for_order_and_search():
    by = actor(Role.SECRETARY)
    agency = services.save_agency(actor=by, name="  Sở  Y tế ", short_name="SYT", block=BlockFactory())
    assert (agency.name, agency.slug, agency.name_folded) == ("Sở Y tế", "so-y-te", "so y te syt")
    renamed = services.save_agency(actor=by, agency=agency, name="Sở Y tế và Dân số", block=agency.block)
    assert (renamed.slug, renamed.name_folded) == ("so-y-te", "so y te va dan so")
    assert renamed.sort_key != agency.sort_key
    entry = last()
    assert (entry.action, entry.actor) == ("agency.change", by.user)
    assert (entry.before["name"], entry.after["name"]) == ("Sở Y tế", "Sở Y tế và Dân số")


def test_agencies_sort_as_in_a_dictionary():
    for name in ["Xã Ia Đal", "Xã Đức Cơ", "Xã Ân Tường", "Xã An Khê", "Xã Dun"]:
        services.save_agency(actor=SYSTEM, name=name, block=None)
    assert list(Agency.objects.values_list("name", flat=True)) == [
        "Xã An Khê",
        "Xã Ân Tường",
        "Xã Dun",
        "Xã Đức Cơ",
        "Xã Ia Đal",
    ]


def test_two_agencies_of_one_name_need_two_blocks():
    one, two = BlockFactory(), BlockFactory()
    first = services.save_agency(actor=SYSTEM, name="Phường Hòa Bình", block=one)
    second = services.save_agency(actor=SYSTEM, name="Phường Hoà Bình", block=two)
    assert (first.slug, second.slug) == ("phuong-hoa-binh", "phuong-hoa-binh-2")
    with pytest.raises(Invalid) as refused:
        services.save_agency(actor=SYSTEM, name="PHƯỜNG HÒA BÌNH", block=one)
    assert faults(refused) == {"name"}


def test_there_is_one_home_affairs():
    services.save_agency(actor=SYSTEM, name="Sở Nội vụ", block=None, is_home_affairs=True)
    with pytest.raises(Invalid) as refused:
        services.save_agency(actor=SYSTEM, name="Sở khác", block=None, is_home_affairs=True)
    assert faults(refused) == {"is_home_affairs"} and "Sở Nội vụ" in str(refused.value)


def test_what_did_not_change_is_not_recorded():
    agency = services.save_agency(actor=SYSTEM, name="Sở Mẫu", block=None)
    before = AuditEntry.objects.count()
    services.save_agency(actor=SYSTEM, agency=agency, name="Sở Mẫu ", block=None)
    assert AuditEntry.objects.count() == before


def test_blocks_and_divisions():
    block = services.save_block(actor=SYSTEM, name="Khối sở", order=2)
    assert block.slug == "khoi-so"
    services.save_block(actor=SYSTEM, block=block, name="Sở, ban, ngành", order=1)
    block.refresh_from_db()
    assert (block.slug, block.name_folded, block.order) == ("khoi-so", "so ban nganh", 1)
    with pytest.raises(Invalid):
        services.save_block(actor=SYSTEM, name="so BAN nganh")
    agency, other = AgencyFactory(), AgencyFactory()
    division = services.save_division(actor=SYSTEM, agency=agency, name="Văn phòng")
    with pytest.raises(Invalid) as refused:
        services.save_division(actor=SYSTEM, agency=agency, name="văn phòng")
    assert faults(refused) == {"name"}
    with pytest.raises(Invalid) as refused:
        services.save_division(actor=SYSTEM, agency=other, division=division, name="Văn phòng")
    assert faults(refused) == {"agency"}


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.ADMINISTRATOR, Role.SECRETARY}])
def test_only_administrators_and_the_secretary_manage_the_structure(role):
    by, agency = actor(role), AgencyFactory()
    before = AuditEntry.objects.count()
    for act in (
        lambda: services.save_block(actor=by, name="Khối lạ"),
        lambda: services.save_agency(actor=by, name="Sở lạ", block=None),
        lambda: services.save_division(actor=by, agency=agency, name="Phòng lạ"),
        lambda: services.record_succession(
            actor=by, predecessor=agency, successor=AgencyFactory(), on=date(2025, 7, 1), kind="merged"
        ),
    ):
        with pytest.raises(NotPermitted):
            act()
    assert AuditEntry.objects.count() == before


def test_a_merger_closes_the_predecessors_and_counts_for_conflicts_at_once():
    a, b, new = AgencyFactory(), AgencyFactory(), AgencyFactory()
    user = person(Role.ASSESSOR, a)
    services.merge_agencies(actor=SYSTEM, predecessors=[a, b], successor=new, on=date(2025, 7, 1))
    assert list(Agency.objects.filter(pk__in=[a.pk, b.pk]).values_list("active", flat=True)) == [False, False]
    assert Agency.objects.get(pk=new.pk).active
    assert actor_for(user).belongs_or_belonged(new.pk)
    assert last().action == "succession.add"


def test_a_merger_is_all_or_none():
    a, b = AgencyFactory(), AgencyFactory()
    with pytest.raises(Invalid):
        services.merge_agencies(actor=SYSTEM, predecessors=[a, b], successor=b, on=date(2025, 7, 1))
    assert not Succession.objects.exists() and Agency.objects.get(pk=a.pk).active


def test_a_split_or_a_merger_to_come_closes_nothing():
    a, b, c = AgencyFactory(), AgencyFactory(), AgencyFactory()
    services.record_succession(actor=SYSTEM, predecessor=a, successor=b, on=date(2025, 7, 1), kind="split")
    tomorrow = timezone.localdate() + timedelta(days=1)
    services.record_succession(actor=SYSTEM, predecessor=b, successor=c, on=tomorrow, kind="merged")
    assert Agency.objects.filter(active=True).count() == 3


def test_successions_do_not_go_in_a_circle():
    a, b, c = AgencyFactory(), AgencyFactory(), AgencyFactory()
    day = date(2025, 7, 1)
    services.record_succession(actor=SYSTEM, predecessor=a, successor=b, on=day, kind="renamed")
    services.record_succession(actor=SYSTEM, predecessor=b, successor=c, on=day, kind="renamed")
    for before, after in [(c, a), (a, b), (a, a)]:
        with pytest.raises(Invalid) as refused:
            services.record_succession(
                actor=SYSTEM, predecessor=before, successor=after, on=day, kind="renamed"
            )
        assert faults(refused) == {"successor"}


# accounts ---------------------------------------------------------------------------------------


def test_an_account_is_made_without_a_password_and_recorded():
    by = actor(Role.ADMINISTRATOR)
    account = services.create_account(
        actor=by, username="Can-Bo.1", full_name="Cán bộ 1", email="a@example.org"
    )
    assert account.username == "can-bo.1" and not account.has_usable_password()
    assert (last().action, last().actor, last().object_id) == ("account.add", by.user, str(account.pk))
    assert account.name_folded == "can bo 1 can bo 1 a example org"


@pytest.mark.parametrize("name", ["ab", "cán-bộ", "-x-y-", "", "a" * 81, "<b>abc"])
def test_account_names_are_plain(name):
    with pytest.raises(Invalid) as refused:
        services.create_account(actor=SYSTEM, username=name)
    assert faults(refused) == {"username"}


def test_account_names_are_free_whatever_the_case():
    services.create_account(actor=SYSTEM, username="can-bo")
    with pytest.raises(Invalid):
        services.create_account(actor=SYSTEM, username="CAN-BO")
    with pytest.raises(Invalid) as refused:
        services.create_account(actor=SYSTEM, username="can-bo-2", email="không phải thư")
    assert faults(refused) == {"email"}


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_only_administrators_manage_accounts(role):
    by, account = actor(role), person(Role.EDITOR)
    held = account.memberships.get()
    for act in (
        lambda: services.create_account(actor=by, username="moi-lap"),
        lambda: services.update_account(actor=by, account=account, full_name="x", email=""),
        lambda: services.grant_role(actor=by, account=account, role=Role.SECRETARY),
        lambda: services.end_role(actor=by, membership=held),
        lambda: services.deactivate_account(actor=by, account=account),
        lambda: services.issue_one_time_password(actor=by, account=account),
        lambda: services.unlock_account(actor=by, account=account),
        lambda: services.send_invitations(actor=by, accounts=[account], link=lambda *_: "x"),
    ):
        with pytest.raises(NotPermitted):
            act()
    assert not AuditEntry.objects.exists() and not mail.outbox


def test_nobody_gives_himself_a_role_or_closes_himself_out():
    by = actor(Role.ADMINISTRATOR)
    own = by.user.memberships.get()
    for act in (
        lambda: services.grant_role(actor=by, account=by.user, role=Role.ASSESSOR, agency=AgencyFactory()),
        lambda: services.end_role(actor=by, membership=own),
        lambda: services.deactivate_account(actor=by, account=by.user),
        lambda: services.issue_one_time_password(actor=by, account=by.user),
    ):
        with pytest.raises(NotPermitted):
            act()
    assert Membership.objects.filter(user=by.user).count() == 1


def test_closing_and_opening_an_account_keep_it():
    account = person(Role.EDITOR)
    services.deactivate_account(actor=SYSTEM, account=account)
    services.deactivate_account(actor=SYSTEM, account=account)
    assert not actor_for(User.objects.get(pk=account.pk)).is_authenticated
    services.reactivate_account(actor=SYSTEM, account=account)
    assert actor_for(User.objects.get(pk=account.pk)).has(Role.EDITOR)
    acts = list(AuditEntry.objects.order_by("seq").values_list("action", flat=True))
    assert acts == ["account.deactivate", "account.reactivate"]


def test_an_invitation_is_mailed_after_the_commit(django_capture_on_commit_callbacks):
    by, account = actor(Role.ADMINISTRATOR), UserFactory(email="moi@example.org")
    silent = UserFactory(email="")
    with django_capture_on_commit_callbacks(execute=True):
        left = services.send_invitations(
            actor=by, accounts=[account, silent], link=lambda uid, token: f"https://x/{uid}/{token}"
        )
        assert mail.outbox == []
    assert left == [silent]
    letter = mail.outbox[0]
    assert (
        letter.to == ["moi@example.org"] and account.username in letter.body and "https://x/" in letter.body
    )
    assert "72 giờ" in letter.body
    assert last().action == "account.invite"


# roles ------------------------------------------------------------------------------------------


def grant(**more):
    given = {"account": UserFactory(), "role": Role.EDITOR, "agency": AgencyFactory(), **more}
    return services.grant_role(actor=SYSTEM, **given)


def test_a_role_is_given_from_today_and_recorded():
    held = grant()
    assert held.starts_on == timezone.localdate() and held.ends_on is None
    assert last().action == "role.grant"
    assert last().after["role"] == "editor" and last().after["agency"] == held.agency.name


def test_what_is_wrong_with_a_role_is_said_at_its_field():
    division = DivisionFactory()
    cases = [
        ({"role": "boss"}, "role"),
        ({"agency": None}, "agency"),
        ({"role": Role.ASSESSOR, "agency": None}, "agency"),
        ({"role": Role.DIVISION_EDITOR}, "division"),
        ({"division": division}, "division"),
        ({"starts_on": date(2026, 2, 1), "ends_on": date(2026, 1, 31)}, "ends_on"),
    ]
    for given, at in cases:
        with pytest.raises(Invalid) as refused:
            grant(**given)
        assert faults(refused) == {at}, given
    assert grant(role=Role.PUBLISHER, agency=None).pk
    assert grant(role=Role.DIVISION_EDITOR, agency=division.agency, division=division).pk


def test_a_role_is_not_given_twice_for_the_same_days():
    held = grant(starts_on=date(2026, 1, 1), ends_on=date(2026, 6, 30))
    again = {"account": held.user, "agency": held.agency}
    with pytest.raises(Invalid) as refused:
        grant(**again, starts_on=date(2026, 6, 30))
    assert faults(refused) == {"starts_on"}
    with pytest.raises(Invalid):
        grant(**again, starts_on=date(2025, 1, 1), ends_on=date(2026, 1, 1))
    assert grant(**again, starts_on=date(2026, 7, 1)).pk
    assert grant(**again, starts_on=date(2025, 1, 1), ends_on=date(2025, 12, 31)).pk


def test_a_role_ends_at_once_and_the_house_remains():
    held = grant(starts_on=date(2026, 1, 1))
    services.end_role(actor=SYSTEM, membership=held)
    someone = actor_for(held.user)
    assert not someone.has(Role.EDITOR) and someone.belongs_or_belonged(held.agency_id)
    assert last().action == "role.end"
    assert last().before["ends_on"] is None and last().after["ends_on"] is not None


def test_a_role_given_today_can_be_ended_today():
    held = services.end_role(actor=SYSTEM, membership=grant())
    assert not actor_for(held.user).has(Role.EDITOR)


def test_a_mistaken_role_is_corrected_with_a_trace():
    tomorrow = timezone.localdate() + timedelta(days=1)
    held, right = grant(starts_on=tomorrow), AgencyFactory(name="Sở Đúng")
    services.save_membership(
        actor=SYSTEM,
        account=held.user,
        membership=held,
        role=held.role,
        agency=right,
        division=None,
        starts_on=held.starts_on,
        ends_on=None,
    )
    assert actor_for(held.user, on=tomorrow).own_agency_ids == {right.pk}
    assert (last().action, last().after["agency"]) == ("role.change", "Sở Đúng")


@pytest.mark.parametrize("days_ago", [0, 400])
def test_a_role_that_was_in_force_keeps_its_house(days_ago):
    today = timezone.localdate()
    held = grant(starts_on=today - timedelta(days=days_ago))
    kept = {
        "actor": SYSTEM,
        "account": held.user,
        "membership": held,
        "role": held.role,
        "division": None,
        "ends_on": None,
    }
    for agency in (AgencyFactory(), None):
        with pytest.raises(Invalid) as refused:
            services.save_membership(agency=agency, starts_on=held.starts_on, **kept)
        assert "agency" in faults(refused)
    with pytest.raises(Invalid) as refused:
        services.save_membership(agency=held.agency, starts_on=today + timedelta(days=1), **kept)
    assert faults(refused) == {"starts_on"}
    assert actor_for(held.user).belongs_or_belonged(held.agency_id)
    services.save_membership(agency=held.agency, starts_on=held.starts_on, **kept | {"role": Role.HEAD})
    assert Membership.objects.get(pk=held.pk).role == Role.HEAD


def test_a_role_of_another_account_is_not_taken_over():
    held = grant()
    with pytest.raises(ObjectDoesNotExist):
        services.save_membership(
            actor=SYSTEM,
            account=UserFactory(),
            membership=held,
            role=held.role,
            agency=held.agency,
            division=None,
            starts_on=held.starts_on,
            ends_on=None,
        )


def test_all_this_keeps_the_chain():
    grant()
    assert verify().broken is None and verify().entries == 1


# the first account --------------------------------------------------------------------------------


def test_an_installation_gets_its_first_administrator(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO("một câu dễ nhớ nhưng khó đoán\n"))
    call_command("create_administrator", "quan-tri", email="qt@example.org")
    account = User.objects.get()
    assert actor_for(account).has(Role.ADMINISTRATOR) and account.check_password(
        "một câu dễ nhớ nhưng khó đoán"
    )
    assert "quan-tri" in capsys.readouterr().out
    for name, password in [("quan-tri", "một câu dễ nhớ nhưng khó đoán"), ("khac", "ngắn")]:
        monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))
        with pytest.raises(CommandError):
            call_command("create_administrator", name)
    assert User.objects.count() == 1
