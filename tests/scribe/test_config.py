"""Settings: read once, refused clearly, all documented."""

from __future__ import annotations

from pathlib import Path

import pytest

from scribe.config import Settings, read_settings
from scribe.errors import CannotStart

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented_with_its_meaning(name: str) -> None:
    row = next(
        line for line in PAGE.read_text().splitlines() if line.startswith(f"| `SCRIBE_{name.upper()}` |")
    )
    assert Settings.model_fields[name].description in row


def test_no_setting_is_documented_that_does_not_exist() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `SCRIBE_")]
    assert len(rows) == len(Settings.model_fields)


def test_an_option_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIBE_PORT", "9000")
    assert read_settings().port == 9000
    assert read_settings(port=9001).port == 9001
    assert read_settings(port=None).port == 9000


def test_the_server_listens_on_this_machine_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCRIBE_HOST", raising=False)
    assert read_settings().host == "127.0.0.1"


@pytest.mark.parametrize(
    ("name", "value"), [("port", "70000"), ("asr", "ears"), ("ring_seconds", "1"), ("max_streams", "none")]
)
def test_what_cannot_be_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"SCRIBE_{name.upper()}", value)
    with pytest.raises(CannotStart, match=f"SCRIBE_{name.upper()}"):
        read_settings()


def test_a_file_of_secrets_gives_what_the_environment_does_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "scribe_token").write_text("correct horse battery\n")
    (tmp_path / "scribe_port").write_text("9000")
    (tmp_path / "postgres_password").write_text("another's")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("SCRIBE_PORT", "9001")
    settings = read_settings()
    assert settings.token is not None
    assert (settings.token.get_secret_value(), settings.port) == ("correct horse battery", 9001)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "nowhere"))
    assert read_settings().token is None


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    assert "correct horse" not in repr(read_settings(token="correct horse battery", key="correct horse"))
