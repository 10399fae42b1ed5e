"""``manage.py load_demo``: the sample province, to try the portal with. Run again, it changes nothing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from agencies.models import Role
from parindex.errors import Refusal
from scoring.demo import names
from scoring.demo.load import draw_first_charts, load
from scoring.demo.tour import files_folder


class Command(BaseCommand):
    help = "Load the sample province (fictitious, a rehearsal); a second run only prints the accounts again."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = load()
        except Refusal as refusal:
            raise CommandError("\n".join(refusal.messages)) from refusal
        if made:
            draw_first_charts()
            self.stdout.write(_("The sample province is loaded."))
        else:
            self.stdout.write(_("The sample province is there already; nothing was changed."))
        self.stdout.write("")
        rows = list(self._rows())
        width = max(len(username) for username, _role, _whose in rows)
        roles = max(len(role) for _username, role, _whose in rows)
        for username, role, whose in rows:
            self.stdout.write(f"  {username:<{width}}  {role:<{roles}}  {whose}".rstrip())
        self.stdout.write("")
        self.stdout.write(_("Password of every account: %(password)s") % {"password": names.PASSWORD})
        self.stdout.write(
            _("Every agency has cv.… (editor) and ld.… (head), by the last part of its public address.")
        )
        self.stdout.write(_("Files to upload: %(folder)s") % {"folder": files_folder()})

    def _rows(self) -> Any:
        for one in (*names.PROVINCE_ACCOUNTS, *names.AGENCY_ACCOUNTS):
            yield one.username, str(one.role.label), one.full_name
        for slug in names.SHOWN_STAFF:
            for role, _prefix, title in names.STAFF:
                yield names.staff_name(role, slug), str(role.label), f"{title} {names.agency_name(slug)}"
        _first, *others = names.TOUR_NAMES
        for slug, name, _short in others:
            for role, _prefix, title in names.STAFF:
                yield names.staff_name(role, slug), str(Role(role).label), f"{title} {name}"
