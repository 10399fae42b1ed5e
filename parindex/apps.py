"""The administration frame as an app: Django's own, with the portal's site in its place."""

from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    default_site = "parindex.admin_site.PortalAdminSite"
