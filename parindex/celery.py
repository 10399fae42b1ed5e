"""The Celery application; its settings are the CELERY_ ones of the settings module."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "parindex.settings.embedded")

app = Celery("parindex", task_cls="parindex.background:Task")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
