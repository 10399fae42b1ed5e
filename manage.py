#!/usr/bin/env python
"""Command line of the portal; the embedded settings are the default."""

import os
import sys


def arguments(argv: list[str]) -> list[str]:
    """The command line, with one option renamed.

    Django reads ``--settings`` of any command as the name of its settings module; for ``import_past_year`` it is
    the file with the settings of the ranking.
    """
    if argv[1:2] != ["import_past_year"]:
        return argv
    return [
        "--ranking-" + argument[2:]
        if argument == "--settings" or argument.startswith("--settings=")
        else argument
        for argument in argv
    ]


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "parindex.settings.embedded")
    from django.core.management import execute_from_command_line

    execute_from_command_line(arguments(sys.argv))
