"""Coming and going, passwords, and the letters about them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from axes.utils import reset as forget_failures
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from agencies.models import User
from agencies.permissions import require_accounts
from parindex.audit.models import AuditEntry
from parindex.audit.services import record
from parindex.clock import db_now
from parindex.errors import Invalid

if TYPE_CHECKING:
    from agencies.actors import Actor

logger = logging.getLogger(__name__)

# One letter an account in so long: the form must not serve to fill somebody's mailbox.
RESET_PAUSE = timedelta(minutes=5)
LinkMaker = Callable[[str, str], str]
"""Makes the full address of the page that sets a password, from the account's id and its token."""


def note_login(*, account: User, address: str) -> None:
    """Record that a person logged in, and from which address."""
    record(actor=account, action="account.login", obj=account, after={"address": address})


def note_logout(*, account: User) -> None:
    """Record that a person logged out."""
    record(actor=account, action="account.logout", obj=account)


def note_failed_login(*, username: str, address: str, locked: bool = False) -> None:
    """Record a failed login of an account that exists.

    A name that no account has is not kept: people type passwords into the wrong field.
    """
    account = User.objects.filter(username=username).first()
    if account is not None:
        action = "account.locked_out" if locked else "account.login_failed"
        record(actor=None, action=action, obj=account, after={"address": address})


@transaction.atomic
def change_password(*, account: User, password: str, by_link: bool = False) -> User:
    """Set the password that the account's owner chose; all other sessions of the account end.

    ``by_link``: chosen through a link that was mailed. Raises Invalid when the account is closed.
    """
    account = User.objects.select_for_update().get(pk=account.pk)
    if not account.is_active:
        raise Invalid(_("This account is closed."))
    account.set_password(password)
    account.must_change_password = False
    account.save(update_fields=["password", "must_change_password"])
    forget_failures(username=account.username)
    record(actor=account, action="account.password_by_link" if by_link else "account.password", obj=account)
    return account


def request_password_reset(*, email: str, link: LinkMaker) -> None:
    """Mail a link to every open account of this address. Tells nobody whether there is one."""
    accounts = list(User.objects.filter(email__iexact=email.strip(), is_active=True))
    with transaction.atomic():
        just_asked = _asked_within(db_now() - RESET_PAUSE)
        accounts = [account for account in accounts if str(account.pk) not in just_asked]
        for account in accounts:
            record(actor=None, action="account.reset_requested", obj=account)
    try:
        _send([_letter("reset", account, link) for account in accounts])
    except (
        OSError
    ) as error:  # the page answers the same, so nobody learns from a failure that there is an account
        logger.error("mail not sent: accounts=%s error=%s", [a.pk for a in accounts], type(error).__name__)


def _asked_within(since: datetime) -> set[str]:
    entries = AuditEntry.objects.filter(
        action="account.reset_requested", object_type=User._meta.label_lower, at__gte=since
    )
    return set(entries.values_list("object_id", flat=True))


def send_invitations(*, actor: Actor, accounts: Iterable[User], link: LinkMaker) -> list[User]:
    """Mail a link for setting the password to these accounts; returns those without an address. Raises NotPermitted.

    Written before it is sent: an entry without a letter can be seen and repeated, a letter without an entry not.
    """
    require_accounts(actor)
    chosen = list(accounts)
    reachable = [account for account in chosen if account.email and account.is_active]
    with transaction.atomic():
        for account in reachable:
            record(actor=actor.user, action="account.invite", obj=account, after={"email": account.email})
    letters = [_letter("invitation", account, link) for account in reachable]
    transaction.on_commit(lambda: _send(letters))
    return [account for account in chosen if account not in reachable]


def _letter(kind: str, account: User, link: LinkMaker) -> EmailMessage:
    context = {
        "account": account,
        "link": link(
            urlsafe_base64_encode(force_bytes(account.pk)), default_token_generator.make_token(account)
        ),
        "hours": settings.PASSWORD_RESET_TIMEOUT // 3600,
        "site_name": settings.SITE_NAME,
        "province": settings.PROVINCE_NAME,
    }
    with translation.override(settings.LANGUAGE_CODE):
        subject = " ".join(render_to_string(f"accounts/mail/{kind}_subject.txt", context).split())
        body = render_to_string(f"accounts/mail/{kind}.txt", context)
    return EmailMessage(subject, body, to=[account.email])


def _send(letters: list[EmailMessage]) -> None:
    if letters:
        get_connection().send_messages(letters)
