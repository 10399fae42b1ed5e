"""`manage.py create_administrator NAME`: the first account of an installation, from which all others come."""

from __future__ import annotations

import getpass
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from agencies import services
from agencies.actors import SYSTEM
from agencies.models import Role, User
from parindex.errors import Refusal


class Command(BaseCommand):
    help = "Make an account with the role of administrator; the password is asked for, or read from a pipe."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--email", default="")
        parser.add_argument("--full-name", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        try:
            validate_password(password, User(username=options["username"], email=options["email"]))
            with transaction.atomic():
                account = services.create_account(
                    actor=SYSTEM,
                    username=options["username"],
                    full_name=options["full_name"],
                    email=options["email"],
                    password=password,
                )
                services.grant_role(actor=SYSTEM, account=account, role=Role.ADMINISTRATOR)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"Administrator {account.username}: log in and add the other accounts.")
