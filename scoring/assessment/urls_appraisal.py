"""Inside the administration frame, at /admin/appraisal/."""

from django.urls import path, re_path

from scoring.assessment.views import (
    appraisal_bulk,
    appraisal_council,
    appraisal_marking,
    appraisal_points,
    appraisal_rounds,
    appraisal_worklist,
)

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

app_name = "appraisal"
urlpatterns = [
    path("", appraisal_worklist.worklist, name="worklist"),
    path("marks/bulk/", appraisal_bulk.bulk, name="bulk"),
    path("leaves/<uuid:public_id>/", appraisal_marking.leaf, name="leaf"),
    path("leaves/<uuid:public_id>/preview/", appraisal_marking.preview, name="preview"),
    path("leaves/<uuid:public_id>/not-applicable/", appraisal_marking.decide, name="decide"),
    path("leaves/<uuid:public_id>/take-back/", appraisal_marking.take_back, name="take_back"),
    path("sheets/<uuid:public_id>/", appraisal_worklist.sheet, name="sheet"),
    path("sheets/<uuid:public_id>/return/", appraisal_council.send_back, name="return"),
    path("sheets/<uuid:public_id>/reopen/", appraisal_council.reopen_sheet, name="reopen"),
    path("sheets/<uuid:public_id>/adjust/", appraisal_council.adjust, name="adjust"),
    path("adjustments/<uuid:public_id>/void/", appraisal_council.void, name="void"),
    path("rounds/", appraisal_rounds.index, name="blocks"),
    path("rounds/<uuid:public_id>/", appraisal_rounds.rounds, name="rounds"),
    path("rounds/<uuid:public_id>/close/<slug:stage>/", appraisal_rounds.close, name="close"),
    path("rounds/<uuid:public_id>/assignments/", appraisal_rounds.assignments, name="assignments"),
    path("rounds/<uuid:public_id>/council/", appraisal_council.council, name="council"),
    path("rounds/<uuid:public_id>/finalise/", appraisal_council.finalise_sheets, name="finalise"),
    path("rounds/<uuid:public_id>/points/", appraisal_points.points, name="points"),
    re_path(
        rf"^rounds/(?P<public_id>{UUID})/points/template/(?P<method>[a-z]+)\.(?P<extension>csv|xlsx)$",
        appraisal_points.template,
        name="template",
    ),
]
