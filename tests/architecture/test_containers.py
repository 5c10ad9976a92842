"""The containers are described as they have to be. No engine runs them here, so their files are read."""

import re
from typing import Any

import pytest
import yaml
from django.conf import settings

from tests.architecture import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OURS = {"web", "worker", "beat", "migrate"}
KEYS = {
    "image", "build", "env_file", "environment", "restart", "init", "read_only", "tmpfs", "volumes", "cap_drop",
    "security_opt", "ports", "depends_on", "command", "healthcheck", "stop_grace_period", "user", "shm_size",
}  # fmt: skip


def test_compose_has_the_services_of_the_design() -> None:
    assert set(SERVICES) == OURS | {"database", "redis"}
    assert {SERVICES[name]["image"] for name in OURS} == {"pap-portal"}
    assert int(SERVICES["database"]["image"].removeprefix("postgres:")) >= 16
    assert int(SERVICES["redis"]["image"].removeprefix("redis:")) >= 7


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_service_uses_known_keys_and_declared_volumes(name: str) -> None:
    assert set(SERVICES[name]) <= KEYS
    kept = [volume.split(":")[0] for volume in SERVICES[name].get("volumes", [])]
    assert kept
    assert set(kept) <= set(COMPOSE["volumes"])


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_service_is_not_root(name: str) -> None:
    if name in OURS:
        assert re.findall(r"^USER (\S+)", DOCKERFILE, re.M) == ["portal"]
    else:
        assert SERVICES[name]["user"] not in ("root", "0")


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_service_that_stays_has_a_health_check(name: str) -> None:
    if name == "migrate":
        assert SERVICES[name]["restart"] == "no"
    elif name == "web":
        assert "HEALTHCHECK" in DOCKERFILE
    else:
        assert SERVICES[name]["healthcheck"]["test"]


def test_services_wait_for_what_they_need() -> None:
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in SERVICES, name
            assert how["condition"] == (
                "service_completed_successfully" if needed == "migrate" else "service_healthy"
            ), name


def test_image_copies_every_app_and_only_what_exists() -> None:
    copied = {source for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.M) for source in line.split()[:-1]}
    assert {source for source in copied if not (ROOT / source).exists()} == set()
    own = {app for app in settings.INSTALLED_APPS if (ROOT / app).is_dir()}
    assert own | {"templates", "static", "manage.py", "requirements.txt"} <= copied
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert {source.split("/")[0] for source in copied} <= let_in
