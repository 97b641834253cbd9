"""What the law of a place asks of a consent beyond that of all parties, as data: a code in, a rule out.

The table that ships has a version and names its statutes; an organisation's own file replaces entries of it. It is
no legal advice and not complete: a place that is not in it gets the rule that holds everywhere.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from pydantic import Field, ValidationError

from scribe.errors import CannotStart
from scribe.session import Method, Strict

DISCLAIMER = "Not legal advice: the table is not complete, and laws change."


class Rule(Strict):
    """What one jurisdiction asks; as a default, nothing more than is asked everywhere."""

    methods: frozenset[Method] = frozenset({"written", "electronic", "verbal"})
    assent_required: bool = False
    laws: tuple[str, ...] = ()


class _Table(Strict):
    """A file of rules."""

    version: str = Field(min_length=1, max_length=64)
    jurisdictions: dict[str, Rule]


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules by jurisdiction; shared by all sessions."""

    version: str = "none"
    by_code: Mapping[str, Rule] = field(default_factory=dict)

    def of(self, codes: Iterable[str]) -> Rule:
        """The strictest of what these places ask together; places that are not in the table ask nothing more."""
        found = [rule for code in sorted(set(map(_plain, codes))) if (rule := self.by_code.get(code))]
        methods = Rule().methods.intersection(*(rule.methods for rule in found))
        laws = tuple(law for rule in found for law in rule.laws)
        return Rule(methods=methods, assent_required=any(rule.assent_required for rule in found), laws=laws)


def load_rules(own: Path | None = None) -> Rules:
    """The rules that ship, with an organisation's own file over them; raises CannotStart where that holds none."""
    shipped = _read(files("scribe").joinpath("jurisdictions.toml").read_text(encoding="utf-8"))
    if own is None:
        return Rules(shipped.version, _by_code(shipped))
    try:
        table = _read(own.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise CannotStart(
            f"The file {own} of SCRIBE_CONSENT_RULES holds no consent rules ({type(error).__name__}); expected "
            'TOML with `version` and [jurisdictions."US-XX"] tables of methods, assent_required and laws.'
        ) from None
    return Rules(f"{shipped.version} + {table.version}", {**_by_code(shipped), **_by_code(table)})


def _read(text: str) -> _Table:
    return _Table.model_validate(tomllib.loads(text))


def _by_code(table: _Table) -> dict[str, Rule]:
    return {_plain(code): rule for code, rule in table.jurisdictions.items()}


def _plain(code: str) -> str:
    return code.strip().upper()
