import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asr.decoder import decode
from asr.diarizer import HISTORY, Diarizer, Part, Tuning
from asr.embedding import SpectralEmbedder
from asr.errors import ModelUnusable
from asr.metrics import diarization_error_rate, speaker_word_accuracy
from asr.testing import SteadyEmbedder
from asr.types import SAMPLE_RATE, Audio, SpeakerTurn, Word

SAMPLE = Path(__file__).parents[2] / "scribe" / "sample"
SHARED = Path(os.environ.get("SCRIBE_SHARED") or Path(__file__).parents[2].parent / "shared")
READERS = SHARED / "data" / "speakers" / "librispeech_train-clean-100"

Spoken = tuple[Audio, float, tuple[Word, ...]]
"""An utterance: audio, start, words."""

TONES = {"a": 300.0, "b": 1_100.0, "c": 2_300.0, "d": 3_300.0}


def tone(name: str, seconds: float, seed: int = 0) -> Audio:
    """A stand-in for a voice, for the embedder that tells tones apart."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    noise = 0.01 * np.random.default_rng(seed).standard_normal(len(time))
    return (0.2 * np.sin(2 * np.pi * TONES[name] * time) + noise).astype(np.float32)


def words_over(start: float, end: float, text: str = "w") -> tuple[Word, ...]:
    """A word of 0.2 s every 0.25 s."""
    return tuple(Word(text, at, at + 0.2, 1.0) for at in np.arange(start, end - 0.2, 0.25).tolist())


def label(diarizer: Diarizer, utterance: str, start: float, *said: tuple[str, float]) -> tuple[Part, ...]:
    """Label one utterance of the tones `said`, (name, seconds) each; words are the tone's name, a turn a sentence."""
    audio = np.concatenate([tone(name, seconds, seed) for seed, (name, seconds) in enumerate(said)])
    words: tuple[Word, ...] = ()
    at = start
    for name, seconds in said:
        spoken = words_over(at, at + seconds, name)
        words += spoken[:-1] + tuple(replace(word, text=f"{name}.") for word in spoken[-1:])
        at += seconds
    return diarizer.label(utterance, audio, start, words)


def steady(**arguments: Any) -> Diarizer:
    return Diarizer(SteadyEmbedder(), **arguments)


def test_the_first_voice_is_speaker_00_and_another_one_speaker_01() -> None:
    diarizer = steady()
    assert diarizer.current == "SPEAKER_00"
    assert [part.speaker for part in label(diarizer, "u0", 0.0, ("b", 3.0))] == ["SPEAKER_00"]
    assert [part.speaker for part in label(diarizer, "u1", 4.0, ("a", 3.0))] == ["SPEAKER_01"]
    assert diarizer.current == "SPEAKER_01"
    assert [part.speaker for part in label(diarizer, "u2", 8.0, ("b", 3.0))] == ["SPEAKER_00"]
    assert diarizer.current == "SPEAKER_00"


def test_a_change_of_voice_within_an_utterance_parts_it_at_the_words() -> None:
    parts = label(steady(), "u0", 10.0, ("a", 4.0), ("b", 5.0), ("a", 4.0))
    assert [part.id for part in parts] == ["u0", "u0.1", "u0.2"]
    assert [part.speaker for part in parts] == ["SPEAKER_00", "SPEAKER_01", "SPEAKER_00"]
    assert [{word.text.strip(".") for word in part.words} for part in parts] == [{"a"}, {"b"}, {"a"}]


def test_the_parts_hold_all_words_in_order() -> None:
    audio, words = tone("a", 7.3), words_over(2.0, 9.3)
    parts = steady().label("u0", audio, 2.0, words)
    assert tuple(word for part in parts for word in part.words) == words


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.39])
def test_a_scrap_too_short_for_a_voice_goes_to_the_speaker_heard_last(seconds: float) -> None:
    diarizer = steady()
    label(diarizer, "u0", 0.0, ("a", 3.0))
    label(diarizer, "u1", 4.0, ("b", 3.0))
    words = (Word("mhm", 8.0, 8.1, 1.0),)
    parts = diarizer.label("u2", tone("a", seconds), 8.0, words)
    assert parts == (Part("u2", "SPEAKER_01", words),)


def test_half_a_second_is_enough_to_know_a_voice_again_but_not_to_open_a_new_one() -> None:
    diarizer = steady()
    label(diarizer, "u0", 0.0, ("a", 3.0))
    label(diarizer, "u1", 4.0, ("b", 3.0))
    assert label(diarizer, "u2", 8.0, ("a", 0.6))[0].speaker == "SPEAKER_00"
    assert label(diarizer, "u3", 9.0, ("d", 0.6))[0].speaker in {"SPEAKER_00", "SPEAKER_01"}


def test_an_utterance_without_words_is_one_part_of_its_longest_voice() -> None:
    audio = np.concatenate([tone("a", 2.0), tone("b", 6.0)])
    diarizer = steady()
    label(diarizer, "u0", 0.0, ("a", 3.0))
    assert diarizer.label("u1", audio, 4.0, ()) == (Part("u1", "SPEAKER_01", ()),)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_there_are_never_more_speakers_than_allowed(most: int) -> None:
    diarizer = steady(max_speakers=most)
    heard = {
        part.speaker
        for number, name in enumerate("abcdabcd")
        for part in label(diarizer, f"u{number}", 5.0 * number, (name, 4.0))
    }
    revision = diarizer.revise()
    assert len(heard) == most
    assert revision is None or {speaker for _, speaker in revision.speakers} <= heard


def test_revising_twice_or_with_nothing_heard_says_nothing() -> None:
    diarizer = steady()
    assert diarizer.revise() is None
    label(diarizer, "u0", 0.0, ("a", 3.0), ("b", 3.0))
    diarizer.revise()
    assert diarizer.revise() is None


def test_slots_stay_with_their_holders_though_the_first_was_heard_too_briefly_to_count() -> None:
    diarizer = steady()
    label(diarizer, "u0", 0.0, ("a", 1.0))
    label(diarizer, "u1", 2.0, ("b", 3.0))
    label(diarizer, "u2", 6.0, ("a", 3.0))
    assert diarizer.revise() is None
    assert label(diarizer, "u3", 10.0, ("b", 3.0))[0].speaker == "SPEAKER_01"


def between(one: Audio, other: Audio, share: float) -> Audio:
    return ((1 - share) * one + share * other).astype(np.float32)


def test_revising_names_only_the_parts_that_change_and_swaps_no_slots() -> None:
    # The voice drifts from a to b: each utterance is like the last, but both ends are heard again and again.
    diarizer, labels = steady(), {}
    shares = [0.0, 0.5, 1.0, 0.0, 1.0, 0.0, 1.0, 0.45, 0.0, 1.0]
    for number, share in enumerate(shares):
        audio = between(tone("a", 3.0), tone("b", 3.0), share)
        for part in diarizer.label(
            f"u{number}", audio, 4.0 * number, words_over(4.0 * number, 4.0 * number + 3)
        ):
            labels[part.id] = part.speaker
    before = dict(labels)
    revision = diarizer.revise()
    changed = () if revision is None else revision.speakers
    assert all(before[part] != speaker for part, speaker in changed)
    labels.update(changed)
    for clear in ("u0", "u2", "u3", "u4", "u5", "u6", "u8", "u9"):
        assert labels[clear] == before[clear]
    assert labels["u0"] != labels["u2"]


def test_revising_joins_a_voice_that_was_taken_for_two() -> None:
    # The second utterance is too unlike the first; all that follows lies between the two and joins them.
    diarizer, labels = steady(), {}
    for number, share in enumerate([0.0, 0.42, 0.245, 0.24, 0.25, 0.245, 0.24]):
        audio = between(tone("a", 3.0), tone("b", 3.0), share)
        for part in diarizer.label(
            f"u{number}", audio, 4.0 * number, words_over(4.0 * number, 4.0 * number + 3)
        ):
            labels[part.id] = part.speaker
    revision = diarizer.revise()
    assert len(set(labels.values())) == 2
    assert revision is not None
    labels.update(revision.speakers)
    assert len(set(labels.values())) == 1


def test_what_is_digital_silence_in_an_utterance_is_nobody_s_voice() -> None:
    diarizer = steady()
    label(diarizer, "u0", 0.0, ("a", 3.0))
    audio = np.concatenate([tone("a", 2.0), np.zeros(3 * SAMPLE_RATE, dtype=np.float32), tone("a", 2.0)])
    words = words_over(4.0, 6.0) + words_over(9.0, 11.0)
    assert diarizer.label("u1", audio, 4.0, words) == (Part("u1", "SPEAKER_00", words),)
    assert diarizer.label("u2", np.zeros(SAMPLE_RATE, dtype=np.float32), 12.0, ())[0].speaker == "SPEAKER_00"


def test_a_mix_of_two_that_was_taken_for_one_voice_gives_both_away_later() -> None:
    """Two tones in quick turns are one part at first; once each was heard alone, both are known again."""
    diarizer = steady(max_speakers=2, tuning=Tuning(within_utterance=-9.0))
    assert len(label(diarizer, "u0", 0.0, ("a", 6.0), ("b", 6.0), ("a", 6.0), ("b", 6.0))) == 1
    diarizer.revise()
    one, other = (label(diarizer, f"u{n}", 30.0 + 4 * n, (name, 3.0))[0] for n, name in enumerate("ab"))
    assert {one.speaker, other.speaker} == {"SPEAKER_00", "SPEAKER_01"}


def conversation(seed: int, utterances: int = 24) -> list[tuple[str, float, tuple[tuple[str, float], ...]]]:
    rng = np.random.default_rng(seed)
    said, at = [], 0.0
    for number in range(utterances):
        turns = tuple(
            (str(rng.choice(list("abc"))), float(rng.uniform(0.3, 5.0))) for _ in range(rng.integers(1, 4))
        )
        said.append((f"u{number}", at, turns))
        at += sum(seconds for _, seconds in turns) + 0.5
    return said


@pytest.mark.parametrize("seed", range(4))
def test_a_diarizer_made_from_a_state_goes_on_exactly_as_the_uncut_one(seed: int) -> None:
    uncut, cut = steady(), steady()
    for number, (name, start, turns) in enumerate(conversation(seed)):
        cut = steady(state=json.loads(json.dumps(cut.state())))
        assert cut.current == uncut.current
        assert label(cut, name, start, *turns) == label(uncut, name, start, *turns)
        if number % 7 == 6:
            assert cut.revise() == uncut.revise()
        assert cut.state() == uncut.state()


def test_the_same_conversation_gives_the_same_labels() -> None:
    one, other = steady(), steady()
    for name, start, turns in conversation(9):
        assert label(one, name, start, *turns) == label(other, name, start, *turns)


def test_a_state_of_another_embedder_is_refused_and_both_are_named() -> None:
    diarizer = steady()
    label(diarizer, "u0", 0.0, ("a", 3.0))
    with pytest.raises(ModelUnusable, match=r"'steady-1'.*'spectral-1'"):
        Diarizer(SpectralEmbedder(), state=diarizer.state())


def test_memory_is_bounded_and_a_forgotten_part_keeps_its_speaker_and_its_slot() -> None:
    diarizer = steady()
    label(diarizer, "u0", 0.0, ("a", 2.0))
    audio, words = tone("b", 1.5), words_over(0.0, 1.5)
    for number in range(HISTORY + 5):
        diarizer.label(f"v{number}", audio, 0.0, words)
    state = diarizer.state()
    assert len(state["heard"]) == HISTORY
    assert len(json.dumps(state)) < 200_000
    assert diarizer.revise() is None
    assert label(diarizer, "w", 0.0, ("c", 2.0))[0].speaker == "SPEAKER_02"
    assert label(diarizer, "x", 0.0, ("a", 2.0))[0].speaker == "SPEAKER_00"


def test_neither_words_nor_audio_are_in_the_state() -> None:
    diarizer = steady()
    audio = tone("a", 3.0)
    diarizer.label("u0", audio, 0.0, (Word("unmistakable", 0.5, 1.5, 1.0),))
    state = json.dumps(diarizer.state())
    assert "unmistakable" not in state
    assert len(state) < audio.nbytes / 100


def run(utterances: list[Spoken], max_speakers: int | None = None) -> list[tuple[str, Word]]:
    """(speaker, word) in order of time after a whole session and a last revision, with the real embedder."""
    diarizer = Diarizer(SpectralEmbedder(), max_speakers=max_speakers)
    parts = [
        part
        for number, (audio, start, words) in enumerate(utterances)
        for part in diarizer.label(f"u{number}", audio, start, words)
    ]
    revision = diarizer.revise()
    changed = dict(revision.speakers) if revision else {}
    spoken = [(changed.get(part.id, part.speaker), word) for part in parts for word in part.words]
    return sorted(spoken, key=lambda pair: (pair[1].start, pair[1].end))


def accuracy(truth: list[tuple[str, Word]], found: list[tuple[str, Word]]) -> float:
    """Of words that are known beforehand, so the n-th found is the n-th said."""
    return speaker_word_accuracy(
        [(speaker, str(number)) for number, (speaker, _) in enumerate(truth)],
        [(speaker, str(number)) for number, (speaker, _) in enumerate(found)],
    )


def turns_of(spoken: list[tuple[str, Word]]) -> list[SpeakerTurn]:
    return [SpeakerTurn(speaker, word.start, word.end) for speaker, word in spoken]


@pytest.mark.parametrize(("pause", "noise"), [(0.3, 0.0), (0.6, 0.0), (1.3, 0.0), (0.6, 0.0014)])
def test_the_two_voices_of_the_sample_session_are_told_apart_on_one_microphone(
    pause: float, noise: float
) -> None:
    """`noise` is the root mean square of white noise: 0.0014 is 19 dB under the speech."""
    with (SAMPLE / "session.flac").open("rb") as file:
        mono = np.concatenate(list(decode(file).blocks)).mean(axis=1).astype(np.float32)
    mono += (noise * np.random.default_rng(1).standard_normal(len(mono))).astype(np.float32)
    truth = [
        (str(turn["role"]), Word(word["text"], word["start"], word["end"], 1.0))
        for turn in json.loads((SAMPLE / "session.json").read_text(encoding="utf-8"))["turns"]
        for word in turn["words"]
    ]
    truth.sort(key=lambda pair: (pair[1].start, pair[1].end))
    # Cut where nobody speaks for `pause` seconds; a long pause leaves several turns in one utterance.
    groups: list[list[Word]] = [[]]
    for _, word in truth:
        if groups[-1] and word.start - max(w.end for w in groups[-1]) > pause:
            groups.append([])
        groups[-1].append(word)
    utterances = []
    for group in groups:
        first = round((group[0].start - 0.1) * SAMPLE_RATE)
        last = round((max(word.end for word in group) + 0.1) * SAMPLE_RATE)
        utterances.append((mono[first:last], first / SAMPLE_RATE, tuple(group)))
    found = run(utterances)
    assert {speaker for speaker, _ in found} == {"SPEAKER_00", "SPEAKER_01"}
    assert accuracy(truth, found) > 0.98
    assert diarization_error_rate(turns_of(truth), turns_of(found)) < 0.02


@pytest.mark.data
def test_dialogues_of_two_unseen_readers_are_mostly_told_apart() -> None:
    if not READERS.is_dir():
        pytest.skip(f"needs the LibriSpeech readers at {READERS}")
    unseen = sorted(READERS.glob("*.flac"), key=lambda path: path.stem)[1::2]
    rng = np.random.default_rng(7)
    results = []
    for _ in range(12):
        readers = [unseen[index] for index in rng.choice(len(unseen), 2, replace=False)]
        left = []
        for path in readers:
            with path.open("rb") as file:
                audio = np.concatenate(list(decode(file).blocks))[:, 0]
            left.append(0.05 * audio / np.sqrt(np.mean(audio**2)))
        utterances: list[Spoken] = []
        truth: list[tuple[str, Word]] = []
        at, turn = 0.5, 0
        while len(left[turn % 2]) > 2 * SAMPLE_RATE:
            length = round(rng.uniform(2.0, 6.0) * SAMPLE_RATE)
            audio, left[turn % 2] = left[turn % 2][:length], left[turn % 2][length:]
            words = words_over(at, at + len(audio) / SAMPLE_RATE)
            utterances.append((audio, at, words))
            truth += [(str(turn % 2), word) for word in words]
            at += len(audio) / SAMPLE_RATE + 0.6
            turn += 1
        results.append(accuracy(truth, run(utterances, max_speakers=2)))
    assert np.mean(results) > 0.85
