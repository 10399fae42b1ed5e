"""DOCUMENTS: an agency's library. It knows nothing of criteria; citations live in scoring.assessment."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from agencies.models import Agency


class Document(models.Model):
    """Tài liệu: one administrative document of an agency. What it says stands in its versions."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")

    def __str__(self) -> str:
        return str(self.public_id)


class DocumentVersion(models.Model):
    """One state of a document: its file and what identifies it. A change makes a new version."""

    class ScanState(models.TextChoices):
        NOT_SCANNED = "not_scanned", _("not scanned")
        WAITING = "waiting", _("waiting for the virus scan")
        CLEAN = "clean", _("clean")
        INFECTED = "infected", _("infected")
        UNSCANNABLE = "unscannable", _("could not be scanned")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    current = models.BooleanField(default=True)
    number = models.CharField(_("number and symbol"), max_length=80, blank=True)
    issued_on = models.DateField(_("issue date"), null=True, blank=True)
    issuer = models.CharField(_("issuing body"), max_length=250, blank=True)
    subject = models.CharField(_("subject"), max_length=500, blank=True)
    signatory = models.CharField(_("signatory"), max_length=150, blank=True)
    folded = models.TextField(editable=False)
    file_key = models.CharField(max_length=120, help_text="random name below DATA_DIR/evidence")
    original_name = models.CharField(_("file"), max_length=255)
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64, db_index=True)
    scan_state = models.CharField(_("virus scan"), max_length=12, choices=ScanState)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(_("uploaded"))

    class Meta:
        ordering = ["-uploaded_at", "-pk"]
        verbose_name = _("document version")
        verbose_name_plural = _("document versions")
        constraints = [
            models.UniqueConstraint(fields=["document", "version"], name="document_version_once"),
            models.UniqueConstraint(
                fields=["document"], condition=models.Q(current=True), name="document_one_current_version"
            ),
        ]

    def __str__(self) -> str:
        return self.number or self.original_name
