"""The production shape as files: compose, image, .env.example and the settings that read them agree."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
PORTAL = ("migrate", "web", "worker", "beat")
# Variables that are not read by settings modules: Django's own, and the database container's.
NOT_SETTINGS = {"DJANGO_SETTINGS_MODULE", "POSTGRES_PASSWORD"}


def example_variables() -> set[str]:
    text = (ROOT / ".env.example").read_text()
    return set(re.findall(r"^#?([A-Z][A-Z_]+)=", text, flags=re.MULTILINE))


def read_by_settings() -> set[str]:
    names = set()
    for module in ("base", "embedded", "production"):
        text = (ROOT / "parindex" / "settings" / f"{module}.py").read_text()
        names |= set(re.findall(r"""env\.\w+\(\s*["']([A-Z_]+)["']""", text))
    return names


def image() -> str:
    return (ROOT / "Dockerfile").read_text()


def test_services_are_the_production_shape():
    assert set(SERVICES) == {*PORTAL, "postgres", "redis"}
    assert SERVICES["postgres"]["image"] == "postgres:15"
    assert SERVICES["redis"]["image"] == "redis:7"


def test_every_setting_is_explained_and_every_explained_setting_is_read():
    assert example_variables() - NOT_SETTINGS == read_by_settings()


def test_compose_passes_all_settings_by_the_env_file():
    for name in PORTAL:
        assert SERVICES[name]["env_file"] == ".env"
        assert "environment" not in SERVICES[name]
    required = re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text())
    assert set(required) <= example_variables()


def test_broker_keeps_every_message():
    command = SERVICES["redis"]["command"]
    pairs = dict(zip(command[1::2], command[2::2], strict=True))
    assert pairs["--maxmemory-policy"] == "noeviction"
    assert pairs["--appendonly"] == "yes"


def test_addresses_in_the_example_are_the_services():
    text = (ROOT / ".env.example").read_text()
    assert re.search(r"^DATABASE_URL=postgres://parindex:[^@]+@postgres:5432/parindex$", text, re.MULTILINE)
    assert re.search(r"^REDIS_URL=redis://redis:6379/0$", text, re.MULTILINE)
    assert SERVICES["postgres"]["environment"]["POSTGRES_USER"] == "parindex"
    assert SERVICES["postgres"]["environment"]["POSTGRES_DB"] == "parindex"


@pytest.mark.parametrize("name", PORTAL)
def test_containers_of_the_portal_run_without_privileges(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "privileged" not in service
    assert service["volumes"] == ["data:/data"]


def test_everything_stateful_has_a_volume_and_everything_that_serves_a_health_check():
    used = {v.split(":")[0] for service in SERVICES.values() for v in service.get("volumes", ())}
    assert used == set(COMPOSE["volumes"])
    for name in ("worker", "postgres", "redis"):
        assert SERVICES[name]["healthcheck"]["test"]
    assert "HEALTHCHECK" in image()  # web


def test_order_of_start():
    waits = {name: SERVICES[name].get("depends_on", {}) for name in PORTAL}
    assert waits["migrate"]["postgres"]["condition"] == "service_healthy"
    for name in ("web", "worker", "beat"):
        assert waits[name]["migrate"]["condition"] == "service_completed_successfully"
        assert waits[name]["redis"]["condition"] == "service_healthy"


def test_only_the_web_is_reachable_and_only_from_this_host():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"web": ["127.0.0.1:8000:8000"]}


def test_commands_exist():
    for name in ("migrate", "worker", "beat"):
        program, *rest = SERVICES[name]["command"]
        assert (
            program == "python"
            and rest[0] == "manage.py"
            or program == "celery"
            and rest[:2] == ["-A", "parindex"]
        )
    assert shutil.which("celery", path=str(ROOT / ".venv" / "bin"))
    assert shutil.which("gunicorn", path=str(ROOT / ".venv" / "bin"))
    assert "parindex.wsgi" in image() and (ROOT / "parindex" / "wsgi.py").exists()
    assert "parindex.health" in image() and (ROOT / "parindex" / "health.py").exists()


def test_worker_may_end_what_it_does(settings):
    grace = int(SERVICES["worker"]["stop_grace_period"].removesuffix("s"))
    assert grace > settings.CELERY_TASK_TIME_LIMIT


def test_image_copies_what_is_there_and_what_the_context_lets_through():
    allowed = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    for line in re.findall(r"^COPY (?!--from)(.+)$", image(), re.MULTILINE):
        *sources, _target = line.split()
        for source in sources:
            assert (ROOT / source).exists(), source
            assert source.split("/")[0] in allowed, source
    for package in ("parindex", "agencies", "evidence", "scoring", "templates", "static"):
        assert f"COPY {package} {package}" in image()


def test_image_runs_as_an_ordinary_user_with_production_settings():
    assert re.search(r"^USER parindex$", image(), re.MULTILINE)
    assert "DJANGO_SETTINGS_MODULE=parindex.settings.production" in image()
    assert not re.search(r"SECRET_KEY\s*=", image())


def test_image_collects_with_settings_that_exist():
    module = re.search(r"DJANGO_SETTINGS_MODULE=parindex\.settings\.(\w+) .*collectstatic", image())
    assert module and (ROOT / "parindex" / "settings" / f"{module[1]}.py").exists()
