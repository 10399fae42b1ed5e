from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "parindex.ui"
    label = "ui"
