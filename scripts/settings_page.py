"""Writes docs/settings.md from the settings themselves; a test holds the page against the code."""

from __future__ import annotations

from pathlib import Path

from scribe.config import Settings

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"


def page() -> str:
    """The page as it should be."""
    lines = [
        "# Settings",
        "",
        "Each setting is an environment variable. `scribe serve` takes the commonest as options too"
        " (`scribe serve --help`). A secret can be a file instead, named as its setting in lower case"
        " (`scribe_key`), in the folder that `CREDENTIALS_DIRECTORY` names: systemd and containers give it so."
        " Written by `python scripts/settings_page.py`.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        factory = field.default_factory is not None
        default = (
            {"data_dir": "the user's data folder", "models_dir": "`models` in the user's data folder"}[name]
            if (factory)
            else ("" if field.default in (None, "") else f"`{field.default}`")
        )
        lines.append(f"| `SCRIBE_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
