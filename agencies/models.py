"""WHO: blocks, agencies, divisions, successions, people and their roles."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Block(models.Model):
    """Khối: agencies that are ranked together."""

    slug = models.SlugField(_("slug"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=200, unique=True)
    order = models.PositiveIntegerField(_("order"), default=0)
    name_folded = models.CharField(max_length=200, editable=False, db_index=True)

    class Meta:
        ordering = ["order", "slug"]
        verbose_name = _("block")
        verbose_name_plural = _("blocks")

    def __str__(self) -> str:
        return self.name


class Agency(models.Model):
    """Cơ quan, đơn vị: a unit that is scored, that appraises, or both."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.SlugField(_("slug"), max_length=120, unique=True)
    name = models.CharField(_("name"), max_length=250)
    short_name = models.CharField(_("short name"), max_length=80, blank=True)
    block = models.ForeignKey(
        Block,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="agencies",
        verbose_name=_("block"),
    )
    is_home_affairs = models.BooleanField(_("is Home Affairs"), default=False)
    active = models.BooleanField(_("active"), default=True)
    sort_key = models.CharField(max_length=600, editable=False, db_index=True)
    name_folded = models.CharField(max_length=250, editable=False, db_index=True)

    class Meta:
        ordering = ["sort_key"]
        verbose_name = _("agency")
        verbose_name_plural = _("agencies")
        constraints = [
            models.UniqueConstraint(
                fields=["is_home_affairs"], condition=Q(is_home_affairs=True), name="one_home_affairs"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Division(models.Model):
    """Phòng, đơn vị trực thuộc: a part of an agency that does the work for some criteria."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="divisions", verbose_name=_("agency")
    )
    name = models.CharField(_("name"), max_length=200)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["agency", "name"]
        verbose_name = _("division")
        verbose_name_plural = _("divisions")
        constraints = [models.UniqueConstraint(fields=["agency", "name"], name="division_once_in_agency")]

    def __str__(self) -> str:
        return self.name


class Succession(models.Model):
    """Cơ quan tiền thân / kế thừa: a merger, split or renaming, with its date."""

    class Kind(models.TextChoices):
        MERGED = "merged", _("merged into")
        SPLIT = "split", _("split into")
        RENAMED = "renamed", _("renamed to")

    predecessor = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("predecessor")
    )
    successor = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("successor")
    )
    on = models.DateField(_("date"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)

    class Meta:
        ordering = ["-on"]
        verbose_name = _("succession")
        verbose_name_plural = _("successions")
        constraints = [
            models.UniqueConstraint(fields=["predecessor", "successor"], name="succession_once"),
            models.CheckConstraint(condition=~Q(predecessor=F("successor")), name="succession_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.predecessor} → {self.successor}"


class User(AbstractUser):
    """A person with an account. What he or she may do comes from memberships alone."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    full_name = models.CharField(_("full name"), max_length=150, blank=True)
    must_change_password = models.BooleanField(_("must change the password"), default=False)
    name_folded = models.CharField(max_length=400, editable=False, blank=True, default="", db_index=True)

    REQUIRED_FIELDS = ["email"]

    class Meta:
        ordering = ["username"]
        verbose_name = _("account")
        verbose_name_plural = _("accounts")

    def __str__(self) -> str:
        return self.full_name or self.username

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return self.username


class Role(models.TextChoices):
    """The roles of the year of an assessment."""

    EDITOR = "editor", _("editor")
    DIVISION_EDITOR = "division_editor", _("division editor")
    COORDINATOR = "coordinator", _("coordinator")
    HEAD = "head", _("head of agency")
    ASSESSOR = "assessor", _("assessor")
    SECRETARY = "secretary", _("secretary")
    COUNCIL_MEMBER = "council_member", _("council member")
    PUBLISHER = "publisher", _("publisher")
    APPROVER = "approver", _("approver")
    INSPECTOR = "inspector", _("inspector")
    ADMINISTRATOR = "administrator", _("administrator")


AGENCY_ROLES = frozenset({Role.EDITOR, Role.DIVISION_EDITOR, Role.COORDINATOR, Role.HEAD})
PROVINCE_ROLES = frozenset(set(Role) - AGENCY_ROLES)


class Membership(models.Model):
    """A role held by a person from one date to another.

    ``agency`` is where the person works: it gives the scope of an agency role and the appraiser for an
    assessor, and it is what "nobody marks his own house" is decided by, also after ``ends_on``.
    """

    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="memberships", verbose_name=_("account")
    )
    role = models.CharField(_("role"), max_length=20, choices=Role)
    agency = models.ForeignKey(
        Agency,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="memberships",
        verbose_name=_("agency"),
    )
    division = models.ForeignKey(
        Division,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="memberships",
        verbose_name=_("division"),
    )
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to (last day)"), null=True, blank=True)

    class Meta:
        ordering = ["user", "role"]
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="membership_dates_in_order",
            ),
            models.CheckConstraint(
                condition=Q(agency__isnull=False)
                | ~Q(role__in=["editor", "division_editor", "coordinator", "head", "assessor"]),
                name="membership_role_has_agency",
            ),
            models.CheckConstraint(
                condition=Q(division__isnull=False) | ~Q(role="division_editor"),
                name="membership_division_named",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}" + (f" · {self.agency}" if self.agency_id else "")
