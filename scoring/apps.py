from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ScoringConfig(AppConfig):
    name = "scoring"
    label = "scoring"
    verbose_name = _("Scoring")

    def ready(self) -> None:
        from scoring.assessment import access, appraisal_menu, cycle_menu, record_limits, workspace_menu
        from scoring.criteria import menu
        from scoring.publication import menu as publication_menu
        from scoring.publication import standing
        from scoring.ranking import menu as ranking_menu

        access.register()
        record_limits.register()
        appraisal_menu.register()
        cycle_menu.register()
        menu.register()
        workspace_menu.register()
        ranking_menu.register()
        publication_menu.register()
        standing.register()
