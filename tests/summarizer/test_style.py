"""How a note is worded as its clinician chose: terms, person, tense, over every kind of sentence."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import get_args

import pytest

from summarizer.extractive import write_note
from summarizer.facts import extract_facts
from summarizer.grounding import check
from summarizer.person import narrated, reported
from summarizer.phrasing import worded
from summarizer.subject import Subject, client_of, clinician_of
from summarizer.templates import Template, load_template
from summarizer.types import Context, DetailLevel, Fact, NoteBody, Person, Style, Tense, Turn

Talk = Callable[[str], tuple[Turn, ...]]
Session = Callable[[str], tuple[Turn, ...]]
Dialogues = list[tuple[Turn, ...]]

PAST = Style(tense="past")
FIRST = Style(person="first")


def sentences_of(turns: Sequence[Turn], style: Style, *kinds: str) -> list[str]:
    by_id = {turn.id: turn for turn in turns}
    wordings = [worded(f, by_id, style) for f in extract_facts(turns) if not kinds or f.kind in kinds]
    return [wording.text for wording in wordings if wording is not None]


def bare(text: str) -> str:
    """A statement without what it quotes."""
    return re.sub(r"\"[^\"]*\"|“[^”]*”|«[^»]*»", '""', text)


@pytest.mark.parametrize(
    ("said", "present", "past"),
    [
        (
            "I've been sleeping badly since March",
            "Client reports sleeping badly since March",
            "Client reported sleeping badly since March",
        ),
        (
            "my mother is in hospital",
            "Client reports that their mother is in hospital",
            "Client reported that their mother is in hospital",
        ),
        (
            "I want to stop drinking",
            "Client wants to stop drinking",
            "Client reported wanting to stop drinking",
        ),
        (
            "I'd like to see my son again",
            "Client would like to see their son again",
            "Client reported that they would like to see their son again",
        ),
        (
            "I think my boss is avoiding me",
            "Client believes that their boss is avoiding them",
            "Client believed that their boss is avoiding them",
        ),
        (
            "I don't think my pills are working",
            "Client does not believe that their pills are working",
            "Client did not believe that their pills are working",
        ),
    ],
)
def test_what_the_client_reports_stands_in_the_notes_tense(said: str, present: str, past: str) -> None:
    assert reported(said, client_of(Style())) == present
    assert reported(said, client_of(PAST)) == past


@pytest.mark.parametrize(
    ("talked", "written"),
    [
        (
            "T: Have you had any thoughts of killing yourself?\nC: No, never.",
            "Client denied thoughts of killing themself "
            '(asked: "Have you had any thoughts of killing yourself?"; answered: "No, never.").',
        ),
        ("C: I want to die.", 'Client stated, "I want to die."'),
        ("T: Any chest pain?\nC: No.", "Client denied chest pain."),
        (
            "F: My son sleeps all day.",
            "Family member reported that their son sleeps all day.",
        ),
        ("I: I sleep badly.", "Client (through the interpreter) reported sleeping badly."),
        ("T: How many hours do you sleep?\nC: About four.", "Client reported sleeping about 4 hours."),
    ],
)
def test_denials_quotes_and_answers_follow_the_tense(talk: Talk, talked: str, written: str) -> None:
    assert written in sentences_of(talk(talked), PAST)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("I recommend that you see a dietitian.", "I recommended that client see a dietitian."),
        ("I will call your doctor about the dose.", "I will call client's doctor about the dose."),
        ("I want you to call me if it gets worse.", "Client to call me if it gets worse."),
        (
            "If it gets worse, I will call your sister this week.",
            "If it gets worse, I will call client's sister this week.",
        ),
    ],
)
def test_the_clinician_may_be_i_in_the_plan(talk: Talk, said: str, written: str) -> None:
    turns = talk(f"C: I feel bad today.\nT: {said}")
    assert sentences_of(turns, FIRST, "plan", "homework") == [written]


def test_what_the_clinician_saw_and_thinks_may_be_told_in_the_first_person(talk: Talk) -> None:
    seems = talk("C: I went home.\nT: You seem a little down today.")
    assert sentences_of(seems, FIRST, "observation") == ['I observed aloud, "You seem a little down today."']
    turns = talk(
        "C: My ankle hurts.\nT: The x-ray and your blood pressure are fine.\nT: I think you have a sprain."
    )
    assert "I believe that client has a sprain." in sentences_of(turns, FIRST, "observation")
    both = replace(FIRST, tense="past")
    assert "I believed that client has a sprain." in sentences_of(turns, both, "observation")


def test_techniques_are_told_of_whoever_writes(session: Session) -> None:
    turns = session("panic")
    third, first = (
        [s.text for s in note(turns, style).sections[1].statements]
        for style in (Style(clinician_term="Therapist"), FIRST)
    )
    assert third
    assert all(text.startswith("Therapist ") for text in third)
    assert [text.removeprefix("Therapist ") for text in third] == [text.removeprefix("I ") for text in first]


def test_a_name_keeps_its_capital_after_a_condition(talk: Talk) -> None:
    turns = talk("C: I feel bad today.\nT: If the thoughts get stronger, I want you to call your sister.")
    (text,) = sentences_of(turns, Style(client_term="Jordan", pronouns="she/her"), "plan", "homework")
    assert text == "If the thoughts get stronger, Jordan to call her sister."


def test_an_abbreviation_keeps_its_full_stop_before_what_follows(session: Session) -> None:
    told = [s.text for s in note(session("drinking"), Style(client_term="Pt.")).sections[1].statements]
    responded = [text for text in told if "; pt. responded" in text]
    assert responded
    assert not any("pt;" in text or "pt (" in text for text in told)


def test_an_abbreviation_ends_a_sentence_with_one_full_stop(talk: Talk) -> None:
    turns = talk("C: I hurt.\nT: I want you to walk every day.\nC: Okay, I'll try that.")
    assert sentences_of(turns, Style(client_term="Pt."), "homework", "plan") == [
        "Pt. to walk every day; pt. agreed."
    ]


@pytest.mark.parametrize(
    ("dictated", "third"),
    [
        ("I taught her box breathing.", "Clinician taught her box breathing."),
        ("We practised it together.", "Clinician and client practised it together."),
        ("Client told me that she slept.", "Client told clinician that she slept."),
        ('Client said "I want to leave" and left.', 'Client said "I want to leave" and left.'),
        ("I've reviewed my notes.", "Clinician has reviewed their notes."),
        ("Our plan is to meet weekly.", None),
        ("I see her pain and hear her.", None),
    ],
)
def test_a_dictated_first_person_is_turned_where_that_is_certain(dictated: str, third: str | None) -> None:
    assert narrated(dictated, clinician_of(Style()), client_of(Style())) == third


def test_a_dictated_sentence_that_cannot_be_turned_is_quoted(talk: Talk) -> None:
    turns = talk("T: Plan: Our next step is a weekly meeting with her sister.")
    assert sentences_of(turns, Style()) == [
        'Clinician stated, "Our next step is a weekly meeting with her sister."'
    ]
    assert sentences_of(turns, FIRST) == ["Our next step is a weekly meeting with her sister."]


def test_a_dictated_therapist_is_i_where_the_first_person_is_chosen(talk: Talk) -> None:
    turns = talk("T: Therapist taught box breathing to the client in session.")
    assert sentences_of(turns, FIRST) == ["I taught box breathing to the client in session."]


def test_the_subject_conjugates_for_itself() -> None:
    assert Subject("Client", "client", client_of(Style()).pronouns).does("deny") == "denies"
    assert clinician_of(FIRST).does("hear") == "hear"
    assert clinician_of(PAST).does("hear") == "heard"
    assert clinician_of(FIRST).object == "me"
    assert client_of(PAST).does_not("believe") == "did not believe"


# ── every combination, over dialogues that were not written for these tests ─────────────────────────────


def note(turns: Sequence[Turn], style: Style, name: str = "soap") -> NoteBody:
    return write_note(load_template(name), turns, extract_facts(turns), style, Context())


STYLES = [
    Style(client_term=term, pronouns=pronouns, detail=detail, person=person, tense=tense)
    for person, tense, (term, pronouns), detail in itertools.product(
        get_args(Person),
        get_args(Tense),
        (("Client", ""), ("Patient", "he/him"), ("Jordan", "she/her"), ("Pt.", "they/them")),
        get_args(DetailLevel),
    )
]
FIRST_PERSON = re.compile(r"\b(?:I|I'm|I've|me|my|mine|myself|we|our|us)\b")
OF_THE_CLIENTS = (
    r"(?:Client|Patient|Jordan|Pt\.|Family member|Another participant)(?: \(through the interpreter\))?"
)
PRESENT_FRAME = re.compile(
    rf"^{OF_THE_CLIENTS} (?:reports|states|denies|believes|does not believe|wants|hopes)\b"
)
PAST_FRAME = re.compile(
    rf"^{OF_THE_CLIENTS} (?:reported|stated|denied|believed|did not believe|wanted|hoped)\b"
)


def drafts(
    dialogues: Dialogues, names: Sequence[str], each: int
) -> Iterator[tuple[Sequence[Turn], Template, Sequence[Fact], list[Style]]]:
    """Each dialogue with a template, its facts and the next `each` of all styles."""
    styles = itertools.cycle(STYLES)
    for turns, name in zip(dialogues, itertools.cycle(names), strict=False):
        yield turns, load_template(name), extract_facts(turns), list(itertools.islice(styles, each))


def holds(style: Style, body: NoteBody) -> None:
    for section in body.sections:
        for statement in section.statements:
            text = bare(statement.text)
            assert text[0] == text[0].upper()
            assert not re.search(r"\.\.$", text)
            assert not (PAST_FRAME if style.tense == "present" else PRESENT_FRAME).search(text), text
            first = FIRST_PERSON.search(text)
            assert not first or (style.person == "first" and first.group() in ("I", "me")), statement.id
            if style.person == "first":
                assert not re.search(r"\b[Cc]linician\b", text), statement.id


@pytest.mark.data
def test_every_style_keeps_tense_and_person_over_therapy(therapy: Dialogues) -> None:
    for turns, template, facts, styles in drafts(therapy[::4], ("soap", "birp", "girpp", "intake", "dap"), 9):
        for style in styles:
            holds(style, write_note(template, turns, facts, style, Context()))


@pytest.mark.data
def test_every_style_keeps_tense_and_person_over_visits(visits: Dialogues) -> None:
    for turns, template, facts, styles in drafts(visits[::3], ("history_and_physical", "physical_soap"), 9):
        for style in styles:
            holds(style, write_note(template, turns, facts, style, Context()))


@pytest.mark.data
def test_the_check_finds_nothing_for_the_sake_of_a_style(therapy: Dialogues, visits: Dialogues) -> None:
    for turns, template, facts, styles in drafts([*therapy[::10], *visits[::6]], ("soap", "birp", "dap"), 2):
        found = []
        for style in (*styles, *(Style(detail=style.detail) for style in styles)):
            body = write_note(template, turns, facts, style, Context())
            findings = check(body, turns, facts, template=template, style=style)
            found.append(Counter(finding.kind for finding in findings if finding.severity == "blocking"))
        assert not found[0] - found[2]
        assert not found[1] - found[3]


@pytest.mark.data
def test_a_style_changes_words_and_never_what_is_told(therapy: Dialogues) -> None:
    for turns in therapy[::12]:
        told = [
            [
                {span for s in section.statements for span in s.evidence}
                for section in note(turns, style).sections
            ]
            for style in (Style(), PAST, FIRST, Style(client_term="Jordan", pronouns="she/her"))
        ]
        assert all(other == told[0] for other in told)
