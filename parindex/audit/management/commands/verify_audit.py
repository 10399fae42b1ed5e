"""`manage.py verify_audit`: walk the chain of the record and name the first link that doesn't hold."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from parindex.audit.verify import BrokenLink, verify

FAULTS = {
    "missing": "the entry is missing",
    "unlinked": "it does not follow the entry before it",
    "changed": "its content was changed",
    "cut": "it and what followed were cut off",
    "stray": "the head does not know of it",
    "unexpected": "its hash is not the one that was noted down",
}


class Command(BaseCommand):
    help = (
        "Verify the hash chain of the audit log; exit code 1 and the first broken link when it does not hold."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--expect",
            metavar="SEQ:HASH",
            help="a head that an earlier run printed and that was kept outside this database",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = verify(_expected(options["expect"]))
        if verdict.broken is not None:
            raise CommandError(
                f"{_told(verdict.broken)} {verdict.entries} entries before it hold.", returncode=1
            )
        self.stdout.write(
            f"The chain holds: {verdict.entries} entries, head {verdict.entries}:{verdict.hash}"
        )


def _expected(text: str | None) -> tuple[int, str] | None:
    if not text:
        return None
    seq, _colon, digest = text.partition(":")
    if not seq.isdigit() or len(digest) != 64:
        raise CommandError("--expect takes SEQ:HASH as this command prints it", returncode=2)
    return int(seq), digest


def _told(link: BrokenLink) -> str:
    when = f" ({link.action}, {link.at:%Y-%m-%d %H:%M:%S} UTC)" if link.at else ""
    return f"Broken at entry {link.seq}{when}: {FAULTS[link.fault]}."
