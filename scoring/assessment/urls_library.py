"""/workspace/library/…, included without a namespace of its own into that of the workspace."""

from django.urls import path

from scoring.assessment.views import library

urlpatterns = [
    path("", library.library, name="library"),
    path("upload/", library.upload, name="library_upload"),
    path("describe/", library.describe, name="library_describe"),
    path("<uuid:public_id>/", library.document, name="document"),
    path("<uuid:public_id>/edit/", library.edit, name="document_edit"),
    path("<uuid:public_id>/file/", library.replace, name="document_replace"),
    path("<uuid:public_id>/remove/", library.remove, name="document_remove"),
]
