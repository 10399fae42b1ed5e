"""The public's addresses."""

from django.urls import path, register_converter

from scoring.publication import public_views as views


class Version:
    """v1, v2 …"""

    regex = "v[1-9][0-9]{0,5}"

    def to_python(self, value: str) -> int:
        return int(value[1:])

    def to_url(self, value: int) -> str:
        return f"v{value}"


class ChartName:
    """`areas`, `so-y-te.years`, `so-y-te.years.dark`: the letters of slugs, and points between."""

    regex = r"[-a-zA-Z0-9_]+(?:\.[-a-zA-Z0-9_]+){0,2}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Version, "version")
register_converter(ChartName, "chart")

BLOCK = "rankings/<int:year>/<slug:block>"

app_name = "public"
urlpatterns = [
    path("", views.home, name="home"),
    path("data/", views.open_data, name="open_data"),
    path("method/", views.methods, name="methods"),
    path("method/<int:year>/<slug:block>/", views.method, name="method"),
    path("rankings/", views.rankings, name="rankings"),
    path("rankings/<int:year>/", views.year, name="year"),
    path(f"{BLOCK}.csv", views.block_file, {"kind": "csv"}, name="block_csv"),
    path(f"{BLOCK}.json", views.block_file, {"kind": "json"}, name="block_json"),
    path(f"{BLOCK}/criteria.csv", views.block_file, {"kind": "criteria"}, name="block_criteria"),
    path(f"{BLOCK}/", views.block, name="block"),
    path(f"{BLOCK}/<version:version>.csv", views.version_file, {"kind": "csv"}, name="version_csv"),
    path(f"{BLOCK}/<version:version>.json", views.version_file, {"kind": "json"}, name="version_json"),
    path(
        f"{BLOCK}/<version:version>/criteria.csv",
        views.version_file,
        {"kind": "criteria"},
        name="version_criteria",
    ),
    path(f"{BLOCK}/<version:version>/", views.version, name="version"),
    path(f"{BLOCK}/<version:version>/charts/<chart:name>.svg", views.chart, name="chart"),
    path(f"{BLOCK}/<slug:agency>/", views.agency, name="agency"),
]
