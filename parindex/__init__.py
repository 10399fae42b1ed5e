"""The portal's project package: settings, URLs, and the ground that every app stands on."""

from parindex.celery import app as celery_app

__all__ = ["celery_app"]
