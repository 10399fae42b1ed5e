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
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

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
    folded = models.TextField(editable=False, help_text="what searches compare (parindex.ui.collation.fold)")
    file_key = models.CharField(max_length=120, help_text="random name below DATA_DIR/evidence")
    original_name = models.CharField(_("file"), max_length=255)
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64, db_index=True)
    scan_state = models.CharField(_("virus scan"), max_length=12, choices=ScanState)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(_("uploaded"))
    upload_key = models.UUIDField(
        null=True,
        blank=True,
        editable=False,
        help_text="the form it came with: sent twice, it is stored once",
    )
    guesses = models.JSONField(
        default=dict,
        editable=False,
        help_text="what name and text of the file suggest; only prefilled, never stored",
    )
    secrecy_note = models.CharField(
        max_length=500, blank=True, help_text="why a file that shows a secrecy stamp may be kept here"
    )

    class Meta:
        ordering = ["-uploaded_at", "-pk"]
        verbose_name = _("document version")
        verbose_name_plural = _("document versions")
        constraints = [
            models.UniqueConstraint(fields=["document", "version"], name="document_version_once"),
            models.UniqueConstraint(
                fields=["document"], condition=models.Q(current=True), name="document_one_current_version"
            ),
            models.CheckConstraint(condition=models.Q(size__gt=0), name="document_version_not_empty"),
            models.CheckConstraint(
                condition=models.Q(
                    scan_state__in=["not_scanned", "waiting", "clean", "infected", "unscannable"]
                ),
                name="document_version_scan_state_known",
            ),
        ]
        indexes = [
            models.Index(fields=["file_key"], name="document_version_file"),
            models.Index(fields=["uploaded_at"], name="document_version_uploaded"),
        ]

    def __str__(self) -> str:
        return self.number or self.original_name

    @property
    def kind(self) -> str:
        """The kind of file as people call it: PDF, DOCX …"""
        return self.original_name.rpartition(".")[2].upper()

    @property
    def may_open(self) -> bool:
        """Whether the state of the virus scan lets the file be opened (who may is another question)."""
        return self.scan_state in (self.ScanState.NOT_SCANNED, self.ScanState.CLEAN)


class Opening(models.Model):
    """That somebody of another agency opened a file: the first time on a day, which the record tells too."""

    document_version = models.ForeignKey(DocumentVersion, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document_version", "user", "day"], name="opening_once_a_day"),
        ]
