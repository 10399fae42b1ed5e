"""Accounts, agencies, the record, the frame."""

from __future__ import annotations

from parindex.audit.services import record
from tests.factories import AgencyFactory, BlockFactory, DivisionFactory, MembershipFactory, SuccessionFactory
from tests.permissions.table import EVERYBODY, PROVINCE, SIGNED_IN, Kinds, Row, World, admin_rows

STRUCTURE = {"administrator", "secretary"}
ACCOUNTS = {"administrator"}
READERS = {"inspector"}
GONE = 999_999


def _pk(own: object, foreign: object) -> Kinds:
    return Kinds({"object_id": own.pk}, {"object_id": foreign.pk}, {"object_id": GONE})  # type: ignore[attr-defined]


def _entries(world: World) -> Kinds:
    """An entry about an account, and one about scores: the administrator sees the first alone."""
    about_people = record(actor=None, action="account.add", obj=world.people["editor"])
    about_scores = record(actor=None, action="mark.record", obj=None, after={"points": "1.5"})
    return _pk(about_people, about_scores)


OBJECTS = {
    "block": lambda world: _pk(world.block, BlockFactory()),
    "agency": lambda world: _pk(world.a, world.b),
    "division": lambda world: _pk(world.division, DivisionFactory(agency=world.b)),
    "succession": lambda world: _pk(
        SuccessionFactory(predecessor=AgencyFactory(), successor=world.a),
        SuccessionFactory(predecessor=AgencyFactory(), successor=world.b),
    ),
    "account": lambda world: _pk(world.people["editor"], MembershipFactory(agency=world.b).user),
    "membership": lambda world: _pk(
        world.people["editor"].memberships.get(), MembershipFactory(agency=world.b)
    ),
    "entry": _entries,
    "reset_link": lambda world: Kinds({"uidb64": "MQ", "token": "x-y"}, None, None),
    "app": lambda world: Kinds({"app_label": "agencies"}, None, None),
}


def _act(name: str) -> dict[str, Row]:
    row = Row(ACCOUNTS, ACCOUNTS, make="account", methods=("GET", "POST"), missing=302)
    return {f"admin:agencies_user_{name}": row}


TABLE: dict[str, Row] = {
    "healthz": Row(EVERYBODY),
    "set_language": Row(EVERYBODY, methods=("GET", "POST"), data={"language": "vi"}),
    "ui:theme": Row(EVERYBODY, methods=("POST",), data={"theme": "dark"}),
    "accounts:login": Row(EVERYBODY, methods=("GET", "POST"), data={"username": "x", "password": "y"}),
    "accounts:logout": Row(SIGNED_IN, methods=("POST",)),
    "accounts:account": Row(SIGNED_IN),
    "accounts:password_change": Row(SIGNED_IN, methods=("GET", "POST")),
    "accounts:password_reset": Row(EVERYBODY, methods=("GET", "POST"), data={"email": "x@example.org"}),
    "accounts:password_reset_sent": Row(EVERYBODY),
    "accounts:set_password": Row(EVERYBODY, make="reset_link", methods=("GET", "POST")),
    # the administration itself
    "admin:index": Row(PROVINCE, methods=("GET", "POST")),
    "admin:login": Row(PROVINCE, methods=("GET", "POST"), why="leads home; strangers to the login"),
    "admin:logout": Row(
        PROVINCE, methods=("GET", "POST"), why="leads to the portal's logout, which wants a POST"
    ),
    "admin:password_change": Row(PROVINCE, methods=("GET", "POST"), why="leads to the portal's page"),
    "admin:password_change_done": Row(PROVINCE, methods=("GET", "POST"), why="leads to the portal's page"),
    "admin:jsi18n": Row(PROVINCE, why="texts of the administration's scripts"),
    "admin:autocomplete": Row((), why="no model offers it"),
    "admin:app_list": Row(STRUCTURE | READERS, make="app", methods=("GET", "POST")),
    # blocks, agencies, accounts
    **admin_rows("agencies_block", view=READERS, add=STRUCTURE, change=STRUCTURE, make="block"),
    **admin_rows("agencies_agency", view=READERS, add=STRUCTURE, change=STRUCTURE, make="agency"),
    **admin_rows("agencies_division", view=READERS, add=STRUCTURE, change=STRUCTURE, make="division"),
    **admin_rows("agencies_succession", view=READERS | STRUCTURE, add=STRUCTURE, make="succession"),
    **admin_rows("agencies_membership", view=READERS | STRUCTURE, make="membership"),
    **admin_rows("agencies_user", view=READERS, add=ACCOUNTS, change=ACCOUNTS, make="account"),
    "admin:agencies_agency_import": Row(STRUCTURE, methods=("GET", "POST")),
    "admin:agencies_agency_export": Row(STRUCTURE | READERS),
    "admin:agencies_user_import": Row(ACCOUNTS, methods=("GET", "POST")),
    "admin:agencies_user_export": Row(ACCOUNTS | READERS),
    **_act("invite"),
    **_act("one_time_password"),
    **_act("unlock"),
    **_act("close"),
    **_act("reopen"),
    # the record: "own" is an entry about accounts, "foreign" one about scores
    **admin_rows(
        "audit_auditentry",
        view={"inspector", "secretary"},
        own={"inspector", "secretary", "administrator"},
        make="entry",
    ),
}
