from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AgenciesConfig(AppConfig):
    name = "agencies"
    label = "agencies"
    verbose_name = _("Agencies and accounts")

    def ready(self) -> None:
        from agencies import frame

        frame.register()
