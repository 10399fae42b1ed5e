"""WSGI entry point for gunicorn and runserver."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "parindex.settings.embedded")

application = get_wsgi_application()


def _take_up_work() -> None:
    """Without a broker this process does the background work, and takes up what an earlier one left."""
    from django.conf import settings

    from parindex import background

    if settings.BACKGROUND == "thread":
        background.embedded.start()


_take_up_work()
