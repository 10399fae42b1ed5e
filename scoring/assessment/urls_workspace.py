"""/workspace/…: the agency's pages."""

from django.urls import include, path

from scoring.assessment.views import (
    workspace,
    workspace_amendment,
    workspace_answers,
    workspace_citations,
    workspace_divisions,
    workspace_explanations,
    workspace_steps,
)

app_name = "workspace"
urlpatterns = [
    path("", workspace.home, name="home"),
    path("sheets/<uuid:public_id>/", workspace.sheet, name="sheet"),
    path("sheets/<uuid:public_id>/print/", workspace.print_sheet, name="print"),
    path("sheets/<uuid:public_id>/export.xlsx", workspace.export_sheet, name="export"),
    path("sheets/<uuid:public_id>/check/", workspace.check, name="check"),
    path("sheets/<uuid:public_id>/amendment/", workspace_amendment.amendment, name="amendment"),
    path("answers/<uuid:public_id>/keep/", workspace_amendment.keep, name="keep"),
    path("sheets/<uuid:public_id>/history/", workspace.history, name="history"),
    path("sheets/<uuid:public_id>/submit/", workspace_steps.submit, name="submit"),
    path("sheets/<uuid:public_id>/approval/", workspace_steps.approval, name="approval"),
    path("sheets/<uuid:public_id>/return/", workspace_steps.return_to_draft, name="return"),
    path("sheets/<uuid:public_id>/withdraw/", workspace_steps.withdraw, name="withdraw"),
    path("sheets/<uuid:public_id>/divisions/", workspace_divisions.divisions, name="divisions"),
    path("sheets/<uuid:public_id>/explanation/", workspace_explanations.explanation, name="explanation"),
    path("sheets/<uuid:public_id>/explanation/send/", workspace_explanations.send, name="send-explanation"),
    path("answers/<uuid:public_id>/", workspace_answers.answer, name="answer"),
    path("answers/<uuid:public_id>/preview/", workspace_answers.preview, name="preview"),
    path(
        "answers/<uuid:public_id>/not-applicable/",
        workspace_answers.ask_not_applicable,
        name="ask-not-applicable",
    ),
    path(
        "answers/<uuid:public_id>/not-applicable/effect/",
        workspace_answers.not_applicable_effect,
        name="not-applicable-effect",
    ),
    path(
        "answers/<uuid:public_id>/not-applicable/take-back/",
        workspace_answers.take_back_not_applicable,
        name="take-back-not-applicable",
    ),
    path("answers/<uuid:public_id>/history/", workspace.leaf_history, name="answer-history"),
    path("answers/<uuid:public_id>/cite/", workspace_citations.cite, name="cite"),
    path("citations/<uuid:public_id>/", workspace_citations.place, name="citation"),
    path("citations/<uuid:public_id>/remove/", workspace_citations.remove, name="uncite"),
    path("explanations/<uuid:public_id>/", workspace_explanations.reply, name="reply"),
    path("library/", include("scoring.assessment.urls_library")),
]
