"""Rules and stored cases of a draft, below /admin/criteria/<set>/nodes/<node>/."""

from django.urls import path

from scoring.criteria.rule_forms import case_views, views

urlpatterns = [
    path("rule/", views.rule, name="rule"),
    path("rule/try/", views.rule_try, name="rule_try"),
    path("rule/clear/", views.rule_clear, name="rule_clear"),
    path("cases/", case_views.cases, name="cases"),
    path("cases/<int:case>/", case_views.case, name="case"),
    path("cases/<int:case>/delete/", case_views.case_delete, name="case_delete"),
]
