"""Facts of stored lines, and the same facts as they are told while the lines come."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from scribe.fact_stream import FactStream, Found, Reading, chosen_ids, facts_of
from scribe.marking import FactMark, marked
from scribe.session import Participant
from scribe.wire import FactsMessage, TranscriptLine, WireFact

Said = tuple[TranscriptLine, ...]


def lines(*said: tuple[str, str]) -> Said:
    """Lines of (T or C, text), one after the other."""
    people = {"T": ("SPEAKER_00", "clinician"), "C": ("SPEAKER_01", "client")}
    return tuple(
        TranscriptLine.model_validate(
            {
                "id": f"u{n}",
                "speaker": people[who][0],
                "role": people[who][1],
                "start": float(n),
                "end": n + 0.9,
                "text": text,
                "words": (),
            }
        )
        for n, (who, text) in enumerate(said)
    )


TALK = lines(
    ("T", "Good morning. How have you been sleeping?"),
    ("C", "Not well."),
    ("C", "I sleep about four hours a night."),
    ("T", "And how is work?"),
    ("C", "I was late for work twice this month. I missed two doses of my sertraline."),
    ("T", "Have you had thoughts of killing yourself?"),
    ("C", "No, never."),
)


PEOPLE = (Participant(id="cl", role="clinician"), Participant(id="pt", role="client"))


class Known:
    """What a client knows that was told everything."""

    def __init__(self) -> None:
        self.facts: dict[str, WireFact] = {}
        self.heard = asyncio.Event()

    def tell(self, message: FactsMessage) -> None:
        if message.anew:
            self.facts.clear()
        self.take(message.facts, message.withdrawn)
        self.heard.set()

    def take(self, facts: Iterable[WireFact], withdrawn: Iterable[str]) -> None:
        for name in withdrawn:
            del self.facts[name]
        self.facts |= {fact.id: fact for fact in facts}


@asynccontextmanager
async def streamed(
    said: Said, marks: dict[str, FactMark] | None = None
) -> AsyncIterator[tuple[FactStream, Known]]:
    with ThreadPoolExecutor(1) as reader:
        known = Known()
        stream = FactStream("s1", PEOPLE, said, marks or {}, known.tell, reader)
        try:
            yield stream, known
        finally:
            await stream.let_go()


def by_id(facts: Iterable[WireFact]) -> dict[str, WireFact]:
    return {fact.id: fact for fact in facts}


def test_every_fact_quotes_the_utterances_it_stands_in() -> None:
    facts = facts_of(TALK, {})
    (sleep,) = [fact for fact in facts if "four hours" in fact.text]
    assert sleep.evidence[0].utterance == "u2"
    assert sleep.id == "u2.0.sleep", "two utterances are one turn, and the id names the second"
    text = {line.id: line.text for line in TALK}
    for fact in facts:
        assert all(text[e.utterance][e.start : e.end] == e.quote for e in fact.evidence)
    assert [fact.evidence[0].utterance for fact in facts] == sorted(
        fact.evidence[0].utterance for fact in facts
    )


def test_what_is_told_line_by_line_is_what_the_stored_lines_give() -> None:
    async def check() -> None:
        async with streamed(TALK[:1]) as (stream, known):
            for line in TALK[1:]:
                known.heard.clear()
                stream.push([line])
            await stream.settle()
            assert by_id(stream.facts) == known.facts == by_id(facts_of(TALK, {}))

    asyncio.run(check())


def test_lines_in_any_order_with_revised_speakers_give_the_facts_of_the_stored_lines() -> None:
    for seed in range(25):
        chance = random.Random(seed)
        reading, known = Reading(client_expected=True), Known()
        revised: list[TranscriptLine] = []
        for line in chance.sample(TALK, len(TALK)):
            other = "client" if line.role == "clinician" else "clinician"
            mistaken = line.model_copy(update={"speaker": f"SPEAKER_0{chance.randrange(2)}", "role": other})
            is_mistaken = chance.random() < 0.4
            revised += [line] * is_mistaken
            found = reading.push((mistaken if is_mistaken else line,), settle=False)
            known.take(found.facts, found.withdrawn)
        found = reading.push(revised, settle=False)
        known.take(found.facts, found.withdrawn)
        assert known.facts == by_id(facts_of(TALK, {}))


def test_facts_come_by_themselves_soon_after_their_line() -> None:
    async def check() -> None:
        async with streamed(()) as (stream, known):
            stream.push(TALK[:3])
            await known.heard.wait()
            assert "u2.0.sleep" in known.facts

    asyncio.run(check())


def test_who_asks_gets_the_facts_of_all_that_was_said_in_its_order() -> None:
    async def check() -> None:
        async with streamed(()) as (stream, _):
            stream.push(TALK[4:])
            await stream.caught_up()
            stream.push(TALK[:4])
            assert await stream.caught_up() == facts_of(TALK, {})

    asyncio.run(check())


def test_an_id_stays_when_a_speaker_turns_out_to_be_another() -> None:
    async def check() -> None:
        mistaken = TALK[1].model_copy(update={"speaker": "SPEAKER_00", "role": "clinician"})
        async with streamed((TALK[0], mistaken, *TALK[2:])) as (stream, known):
            await stream.settle()
            assert "u2.0.sleep" in known.facts
            stream.push([TALK[1]])
            await stream.settle()
            assert known.facts["u2.0.sleep"].text == "I sleep about four hours a night."
            assert known.facts == by_id(facts_of(TALK, {}))

    asyncio.run(check())


def test_what_the_clinician_alone_said_waits_for_the_client() -> None:
    opening = lines(("T", "Client reports low mood. Plan: continue weekly sessions, and call the school."))
    answer = lines(("T", ""), ("C", "I sleep about four hours a night."))[1:]
    reading = Reading(client_expected=True)
    assert reading.push(opening, settle=False) == Found()
    assert reading.push(answer, settle=False).facts == facts_of((*opening, *answer), {})[-1:]
    assert Reading(client_expected=False).push(opening, settle=False).facts
    assert Reading(client_expected=True).push(opening, settle=True).facts, "at the end it is a summary"


def test_a_mark_changes_the_status_that_is_told() -> None:
    async def check() -> None:
        async with streamed(TALK) as (stream, known):
            await stream.settle()
            marks = marked({}, stream.facts, known.facts["u2.0.sleep"], "pinned")
            stream.renew(marks)
            assert known.facts["u2.0.sleep"].status == "pinned"
            stream.renew({})
            assert known.facts["u2.0.sleep"].status == "found"

    asyncio.run(check())


def test_marks_of_before_hold_for_facts_that_are_found_now() -> None:
    async def check() -> None:
        whole = by_id(facts_of(TALK, {}))
        marks = marked({}, whole.values(), whole["u2.0.sleep"], "discarded")
        async with streamed(TALK, marks) as (stream, known):
            await stream.settle()
            assert known.facts["u2.0.sleep"].status == "discarded"
            stream.tell_anew()
            assert known.facts["u2.0.sleep"].status == "discarded"
            assert known.facts == by_id(facts_of(TALK, marks))

    asyncio.run(check())


def test_a_draft_is_asked_for_the_facts_by_their_turns() -> None:
    whole = by_id(facts_of(TALK, {}))
    late = next(fact for fact in whole.values() if "late for work" in fact.text)
    marks = marked({}, whole.values(), whole["u2.0.sleep"], "discarded")
    marks = marked(marks, whole.values(), late, "pinned")
    chosen = chosen_ids(TALK, marks)
    assert chosen.discarded == {"u1.10.sleep"}, "the turn is named by its first line, ten characters before"
    assert chosen.pinned == {late.id}
