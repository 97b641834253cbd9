"""The style that an example note shows, and that nothing else of it is taken."""

from __future__ import annotations

import asyncio

import pytest

from summarizer.content import content_stems
from summarizer.example import Likeness, likeness
from summarizer.extractive import ExtractiveEngine
from summarizer.summarize import summarize
from summarizer.templates import load_template, parse_template, template_names
from summarizer.transcript import read_transcript
from summarizer.types import Style

TEMPLATES = tuple(map(load_template, template_names()))
SOAP = """S: Pt. reported quarrels with a landlord. Pt. denied panic. "I am at my wits' end."
O: I used CBT. I reviewed the budget.
A: Pt. is improving.
P: Return in one week.
"""
DAP = """## Data
- Client reports low mood since the funeral.
- Therapist provided psychoeducation on grief.
- Client states, "I was ok."
**Assessment**
- Client is progressing.
Plan:
- Client to visit the cemetery.
"""
BIRP = """Behaviour: Marisol stated that she slept. She described nightmares. She said it was noisy. She went out.
She endorsed low mood. She expressed hope. She discussed her harp. She denied panic.
Intervention: This writer used exposure. Writer taught breathing. Writer gave a sheet. Writer led a walk.
Writer reviewed it. Writer set a goal. Writer met her sister. Writer made a list.
Response: She stated that it helped. She reported calm. She said so twice. She described the walk. She felt warm.
She wanted more. She shared a poem. She explained it.
Plan: Weekly. Harp daily. Walk daily. Sheet daily. Call her sister. Call the clinic. Sleep by ten. No coffee.
"""


@pytest.mark.parametrize(
    ("example", "shown"),
    [
        (SOAP, Likeness("Pt.", None, "first", "past", "sentences", "brief", "soap")),
        (DAP, Likeness("Client", "Therapist", "third", "present", "bullets", "brief", "dap")),
        (BIRP, Likeness(None, "Writer", "third", "past", "sentences", "detailed", "birp")),
        ("hello", Likeness()),
        ("", Likeness()),
    ],
)
def test_form_is_read_off_an_example(example: str, shown: Likeness) -> None:
    assert likeness(example, TEMPLATES) == shown


def test_what_the_example_does_not_show_stays_as_it_was() -> None:
    before = Style(client_term="Member", tense="past", detail="detailed")
    assert Likeness(person="first").over(before) == Style(
        client_term="Member", tense="past", detail="detailed", person="first"
    )


def test_a_clients_name_or_pronoun_is_never_taken_from_an_example() -> None:
    shown = likeness(BIRP, TEMPLATES).over(Style(pronouns="he/him"))
    assert (shown.client_term, shown.pronouns) == ("Client", "he/him")


def test_words_that_the_example_quotes_do_not_count() -> None:
    example = (
        'Therapist used CBT. Client reports calm. She wrote: "I used it. I taught it. I led it. I gave up."'
    )
    assert likeness(example, TEMPLATES).person == "third"


def test_a_template_of_ones_own_is_found_by_its_headings() -> None:
    own = parse_template(
        'name = "mine"\nversion = 1\ntitle = "Mine"\n'
        '[[sections]]\ncode = "WEATHER"\ntitle = "Inner weather"\ninstruction = "Mood."\n'
        '[[sections]]\ncode = "STEPS"\ntitle = "Next steps"\ninstruction = "Plan."\n'
    )
    example = "Inner weather\nClient reports calm.\nNext steps:\nClient to rest."
    assert likeness(example, (*TEMPLATES, own)).template == "mine"


@pytest.mark.parametrize("example", [SOAP, DAP, BIRP])
def test_no_content_word_of_an_example_gets_into_a_draft(example: str) -> None:
    said = (
        "Therapist: How have you been sleeping since we last met?\n"
        "Client: I have been sleeping badly since March. I feel tired at work.\n"
        "Therapist: What's the evidence that you will be fired?\nClient: There is none, really.\n"
        "Therapist: I want you to keep a sleep log every day.\nClient: Okay, I will.\n"
    )
    shown = likeness(example, TEMPLATES)
    turns = read_transcript(said)

    def words(style: Style) -> set[str]:
        template = load_template(shown.template or "soap")
        draft = asyncio.run(summarize(turns, template=template, engine=ExtractiveEngine(), style=style))
        return {
            stem for part in draft.body.sections for s in part.statements for stem in content_stems(s.text)
        }

    forms = content_stems("client clinician pt therapist writer reports reported reporting stated denied i")
    styled, plain = words(shown.over(Style())), words(Style())
    assert styled
    assert styled - plain <= set(forms)
