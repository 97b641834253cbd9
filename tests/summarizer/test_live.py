"""Facts while they are found: whatever order turns come in, they end as those of the whole transcript."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import pytest

from summarizer.facts import extract_facts
from summarizer.live import Change, LiveFacts
from summarizer.types import Fact, Turn

LONG = 50
"""Turns of a dialogue that are read: beyond all that a fact depends on, and quick enough to be read at every push."""
Talk = Callable[[str], tuple[Turn, ...]]


def timed(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """The turns one second apart."""
    return tuple(replace(turn, start=float(i), end=i + 0.9) for i, turn in enumerate(turns))


class Listener:
    """What somebody knows who was told every change and nothing else."""

    def __init__(self) -> None:
        self.live = LiveFacts()
        self.known: dict[str, Fact] = {}

    def push(self, turns: Iterable[Turn], gone: Iterable[str] = ()) -> Change:
        return self._hear(self.live.push(turns, gone))

    def settle(self) -> None:
        self._hear(self.live.settle())

    def _hear(self, change: Change) -> Change:
        assert not {fact.id for fact in change.facts} & set(change.withdrawn)
        for name in change.withdrawn:
            del self.known[name]
        self.known |= {fact.id: fact for fact in change.facts}
        return change


def hold(listener: Listener, turns: Sequence[Turn]) -> None:
    """Known is what the whole transcript gives, before it is read as a whole and after."""
    whole = extract_facts(turns)
    assert {fact.id: fact for fact in listener.live.facts} == listener.known
    assert listener.live.turns == tuple(turns)
    assert listener.known == {fact.id: fact for fact in whole}
    listener.settle()
    assert listener.live.facts == whole
    assert listener.known == {fact.id: fact for fact in whole}


OTHER = {"client": "clinician", "clinician": "client"}


def pushed_in_any_order(turns: Sequence[Turn], seed: int) -> Listener:
    """Every turn, some with the wrong speaker or other words first, one of them taken back and given again."""
    chance = random.Random(seed)
    listener = Listener()
    late: list[Turn] = []
    for turn in chance.sample(turns, len(turns)):
        if chance.random() < 0.15:
            mistaken = replace(turn, role=OTHER.get(turn.role, "client"))
            listener.push([mistaken if chance.random() < 0.7 else replace(turn, text="Mm-hmm.")])
            late.append(turn)
        else:
            listener.push([turn])
    listener.push([], gone=[turns[len(turns) // 2].id])
    listener.push([*late, turns[len(turns) // 2]])
    return listener


@pytest.mark.data
def test_facts_of_turns_in_their_order_are_those_of_the_whole(
    therapy: list[tuple[Turn, ...]], visits: list[tuple[Turn, ...]]
) -> None:
    for dialogue in [*therapy[::31], *visits[::9]]:
        turns = timed(dialogue[:LONG])
        listener = Listener()
        for turn in turns:
            listener.push([turn])
        hold(listener, turns)


@pytest.mark.data
def test_facts_of_turns_in_any_order_with_revised_speakers_are_those_of_the_whole(
    therapy: list[tuple[Turn, ...]], visits: list[tuple[Turn, ...]]
) -> None:
    for seed, dialogue in enumerate([*therapy[5::31], *visits[3::9]]):
        turns = timed(dialogue[:LONG])
        hold(pushed_in_any_order(turns, seed), turns)


@pytest.mark.data
def test_twenty_pushes_late_in_a_session_cost_less_than_reading_it_all(
    therapy: list[tuple[Turn, ...]],
) -> None:
    hour = timed([replace(t, id=f"{n}-{t.id}") for n, said in enumerate(therapy[:8]) for t in said])
    live = LiveFacts()
    live.push(hour[:-20])
    began = time.process_time()
    for turn in hour[-20:]:
        live.push([turn])
    pushes = time.process_time() - began
    began = time.process_time()
    extract_facts(hour)
    assert len(hour) > 400
    assert pushes < time.process_time() - began, "twenty pushes cost less than reading the whole once"


def test_a_reason_asked_for_late_takes_the_place_of_the_first_complaint(talk: Talk) -> None:
    small = "\n".join("T: Let me write that down for a moment.\nC: Take your time." for _ in range(12))
    turns = timed(
        talk(f"""
            C: I feel anxious in crowded shops.
            {small}
            T: What brings you in today?
            C: I have been feeling depressed since March.
            T: I am sorry for your loss.
        """)
    )
    listener = Listener()
    for turn in turns[:-2]:
        listener.push([turn])
    reasons = [fact.text for fact in listener.known.values() if ("aspect", "reason") in fact.attributes]
    assert reasons == ["I feel anxious in crowded shops."]
    for turn in turns[-2:]:
        listener.push([turn])
    reasons = [fact.text for fact in listener.known.values() if ("aspect", "reason") in fact.attributes]
    assert reasons == ["I have been feeling depressed since March."]
    hold(listener, turns)


def test_a_question_about_a_plan_long_after_belongs_to_the_risk_that_was_followed_up(talk: Talk) -> None:
    asked = "\n".join(
        f"T: {question}\nC: {answer}\nT: I hear you.\nC: It is hard to say that."
        for question, answer in (
            ("Have you thought of killing yourself?", "Sometimes, late at night."),
            ("Do you have a plan?", "Not really."),
            ("How often do you have those thoughts?", "Twice this week."),
            ("What keeps you safe?", "My dog does."),
        )
    )
    turns = timed(talk(f"T: Hello again.\nC: Hello.\n{asked}"))
    listener = Listener()
    for turn in turns:
        listener.push([turn])
    risks = {fact.text for fact in listener.known.values() if fact.kind == "risk"}
    assert {"Sometimes, late at night.", "Not really.", "Twice this week."} <= risks
    hold(listener, turns)


def test_a_client_who_speaks_late_makes_a_dictated_summary_a_conversation(talk: Talk) -> None:
    turns = timed(
        talk("""
            T: Client reports poor sleep and low mood. Plan: continue weekly sessions.
            T: Let me ask you about that myself.
            C: I sleep about four hours a night.
        """)
    )
    listener = Listener()
    listener.push(turns[:2])
    assert any(("dictated", "yes") in fact.attributes for fact in listener.known.values())
    assert not listener.live.is_conversation
    listener.push(turns[2:])
    assert listener.live.is_conversation
    assert not any(("dictated", "yes") in fact.attributes for fact in listener.known.values())
    hold(listener, turns)


def test_what_was_pushed_before_changes_nothing(talk: Talk) -> None:
    turns = timed(talk("T: How do you sleep?\nC: I sleep four hours a night."))
    listener = Listener()
    assert listener.push(turns).facts
    assert listener.push(turns) == Change()
    assert listener.push([], gone=["nobody"]) == Change()


def test_a_turn_that_held_the_reason_and_is_joined_to_another_keeps_it(talk: Talk) -> None:
    turns = timed(
        talk("""
            T: What brings you in today?
            C: Well, it is hard to say.
            C: I have been feeling depressed since March.
            T: I am sorry to hear that.
        """)
    )
    listener = Listener()
    listener.push(turns)
    joined = replace(turns[1], text=f"{turns[1].text} {turns[2].text}")
    listener.push([joined], gone=["t3"])
    hold(listener, (turns[0], joined, turns[3]))


def test_a_turn_that_is_taken_back_takes_its_facts_along(talk: Talk) -> None:
    turns = timed(talk("T: How do you sleep?\nC: I sleep four hours a night.\nT: I see."))
    listener = Listener()
    listener.push(turns)
    told = tuple(listener.known)
    assert listener.push([], gone=["t2"]).withdrawn == told
    hold(listener, (turns[0], turns[2]))
