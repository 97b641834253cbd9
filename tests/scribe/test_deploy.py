"""What operators are given holds together: settings that exist, a unit that systemd takes, files that are there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from scribe.config import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "ambient-scribe.service"
OF_COMPOSE = {"SCRIBE_NAME"}
"""A variable of the compose file's own."""


@pytest.mark.parametrize(
    "file", [*sorted(DEPLOY.iterdir()), ROOT / "docs" / "operations.md"], ids=lambda one: one.name
)
def test_every_setting_that_is_named_exists(file: Path) -> None:
    if file.is_dir():
        pytest.skip("a folder of secrets, which is nobody's but the operator's")
    known = {f"SCRIBE_{name.upper()}" for name in Settings.model_fields} | OF_COMPOSE
    text = file.read_text()
    assert set(re.findall(r"\bSCRIBE_[A-Z_]+\b", text)) <= known
    secrets = set(re.findall(r"\bscribe_(?:key|token|metrics_token|database_url|\w*secret)\b", text))
    assert {name.upper() for name in secrets} <= known


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
def test_systemd_takes_the_unit_and_finds_it_tight(tmp_path: Path) -> None:
    # Only the program's place is another one than on an operator's machine.
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/ambient-scribe/bin/scribe", sys.executable))
    checked = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", unit],
        capture_output=True,
        text=True,
    )
    assert judged.returncode == 0, judged.stdout[-200:]  # an exposure of at most 2.0 of 10


def test_the_compose_file_mounts_what_it_names_and_lets_the_proxy_alone_speak_for_others() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    services = compose["services"]
    for service in services.values():
        assert set(service.get("secrets", ())) <= compose["secrets"].keys()
        assert "no-new-privileges:true" in service["security_opt"]
    scribe = services["scribe"]
    proxy = services["proxy"]["networks"]["outside"]["ipv4_address"]
    assert scribe["environment"]["SCRIBE_TRUSTED_PROXY"] == proxy
    assert "ports" not in scribe
    assert scribe["read_only"]
    assert scribe["cap_drop"] == ["ALL"]
    assert scribe["networks"]["outside"]["ipv4_address"] in (DEPLOY / "Caddyfile").read_text()


def test_the_image_copies_only_what_there_is_and_runs_as_nobody_special() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    copied = [line.split()[1:-1] for line in lines if line.startswith("COPY ") and "--from" not in line]
    assert all((ROOT / name).exists() for names in copied for name in names)
    assert "USER 10001:10001" in lines
    kept = (DEPLOY / "Dockerfile.dockerignore").read_text()
    assert all(f"!{name}" in kept for names in copied for name in names)
