"""Both engines that ship keep the promise of `Engine`."""

from __future__ import annotations

import asyncio

import pytest

from summarizer.engine import Engine
from summarizer.extractive import ExtractiveEngine
from summarizer.templates import load_template
from summarizer.testing import FakeEngine
from summarizer.types import Context, Style, Turn


@pytest.mark.parametrize("engine", [ExtractiveEngine(), FakeEngine()])
def test_an_engine_gives_the_templates_sections_in_order(engine: Engine) -> None:
    template = load_template("birp")
    turns = (Turn("1", "client", "I slept badly."),)
    body = asyncio.run(engine.write(template, turns, (), Style(), Context()))
    assert [section.code for section in body.sections] == [section.code for section in template.sections]
    assert all(section.status == "not_discussed" for section in body.sections)
    assert engine.info.engine
