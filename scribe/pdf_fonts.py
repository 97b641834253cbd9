"""Which font holds which characters of a PDF: text in, runs of one font each out.

The font that comes with reportlab (Bitstream Vera) is tried first, so a note in Latin letters looks the same on every
machine. What it lacks is looked for among this machine's own fonts, by the names in `OTHERS`. A character that none
has, and scripts that are written from right to left (reportlab would set them in the wrong order), are shown by
their code, `[U+05D0]`: never as an empty box, never left out.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from reportlab.lib.fonts import addMapping
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

REGULAR, BOLD = "Vera", "VeraBd"
OTHERS = (
    ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf"),
    ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
    ("arial.ttf", "arialbd.ttf"),
    ("Arial.ttf", "Arial Bold.ttf"),
    ("segoeui.ttf", "segoeuib.ttf"),
    ("Arial Unicode.ttf", ""),
    ("DroidSansFallbackFull.ttf", ""),
    ("wqy-zenhei.ttc", ""),
    ("wqy-microhei.ttc", ""),
    ("msyh.ttc", "msyhbd.ttc"),
    ("malgun.ttf", "malgunbd.ttf"),
    ("msgothic.ttc", ""),
)
"""Regular and bold files, with TrueType outlines (reportlab reads no others); without bold the regular one serves."""
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


def runs(text: str, *, bold: bool = False) -> Iterator[tuple[str, str]]:
    """The text as pairs of a registered font's name and characters that it has."""
    found, kept = "", ""
    for mark in text:
        name, shown = _set(mark, bold)
        if name != found and kept:
            yield found, kept
            kept = ""
        found, kept = name, kept + shown
    if kept:
        yield found, kept


def missing(texts: Iterable[str]) -> bool:
    """Whether a character of these is shown by its code."""
    return any(_font_of(mark, False) is None for text in texts for mark in text)


def _set(mark: str, bold: bool) -> tuple[str, str]:
    font = _font_of(mark, bold)
    return (font, mark) if font is not None else (BOLD if bold else REGULAR, f"[U+{ord(mark):04X}]")


@cache
def _font_of(mark: str, bold: bool) -> str | None:
    if unicodedata.bidirectional(mark) in _RIGHT_TO_LEFT:
        return None
    names = ((BOLD if bold else REGULAR), *_others(bold))
    return next((name for name in names if ord(mark) in _font(name).face.charToGlyph), None)


@cache
def _font(name: str) -> TTFont:
    """A font by its registered name; the first call for one of reportlab's own registers it."""
    if name in (REGULAR, BOLD):
        _register(name, f"{name}.ttf")
    return pdfmetrics.getFont(name)


@cache
def _others(bold: bool) -> tuple[str, ...]:
    """The names of the machine's fonts that were found and can be read."""
    here = _files()
    found = []
    for number, (regular, heavy) in enumerate(OTHERS):
        file = here.get(heavy if bold and heavy in here else regular)
        name = f"Other{number}{'Bold' if bold else ''}"
        try:
            if file is not None:
                _register(name, str(file))
                found.append(name)
        except (TTFError, OSError):
            continue  # another kind of outlines, or a damaged file
    return tuple(found)


def _register(name: str, file: str) -> None:
    pdfmetrics.registerFont(TTFont(name, file))
    for bold in (0, 1):
        for italic in (0, 1):
            addMapping(name, bold, italic, name)


@cache
def _files() -> dict[str, Path]:
    """The files of `OTHERS` in the folders where this system keeps fonts, by name."""
    wanted = {name for pair in OTHERS for name in pair if name}
    return {
        name: Path(folder) / name
        for top in _folders()
        for folder, _, names in os.walk(top)
        for name in sorted(wanted.intersection(names))
    }


def _folders() -> tuple[Path, ...]:
    home = Path.home()
    if sys.platform == "win32":
        return (Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts",)
    if sys.platform == "darwin":
        return (Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts")
    return (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts")
