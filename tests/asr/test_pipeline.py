"""The whole of hearing: events, checkpoints, exact resumption, and that no audio stays behind."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from asr.decoder import decode
from asr.embedding import SpeakerEmbedder, SpectralEmbedder
from asr.errors import RingOverflow
from asr.neural_embedding import NeuralEmbedder
from asr.pipeline import Checkpoint, DecodeJob, Pipeline, Policy
from asr.recognizer import Hypothesis
from asr.segmenter import Boundaries
from asr.testing import OracleRecognizer, ScriptedRecognizer, SteadyEmbedder
from asr.types import AudioHealth, SpeakerRevision, Utterance, VoiceActivity, Word
from asr.vad import VoiceActivityModel
from scribe.sample import sample_audio, sample_mono, sample_truth

SHARED = Path(os.environ.get("SCRIBE_SHARED", Path(__file__).parents[2].parent / "shared"))
SPEECH = SHARED / "data" / "speech"
SECOND = 16_000


@cache
def model() -> VoiceActivityModel:
    return VoiceActivityModel()


def load(name: str) -> np.ndarray:
    path = SPEECH / name
    if not path.exists():
        pytest.skip(f"{path} is absent")
    with path.open("rb") as file:
        return np.concatenate(list(decode(file).blocks))


@cache
def dialogue() -> np.ndarray:
    """75 s of three voices, float32 [n, 1]; the recording's two channels are alike."""
    return load("clinic-dialogue.mp3")[: 75 * SECOND, :1].copy()


@cache
def two_sides() -> np.ndarray:
    """40 s: one side of the dialogue a second later than the other, float32 [n, 2]."""
    left = dialogue()[: 40 * SECOND, 0]
    right = np.roll(dialogue()[30 * SECOND : 70 * SECOND, 0], SECOND)
    return np.stack([left, right], axis=1)


@cache
def invented() -> np.ndarray:
    """30 s of a buzzing source that comes and goes in hiss, float32 [n, 1]."""
    rng = np.random.default_rng(4)
    t = np.arange(30 * SECOND) / SECOND
    pitch = 110 + 25 * np.sin(2 * np.pi * 0.7 * t)
    buzz = np.sign(np.sin(2 * np.pi * np.cumsum(pitch) / SECOND)) * 0.3
    out = np.zeros_like(t)
    for formant in (600, 1_100, 2_400):
        shift = formant * (1 + 0.25 * np.sin(2 * np.pi * 2.3 * t))
        out += buzz * np.sin(2 * np.pi * np.cumsum(shift) / SECOND)
    syllables = np.clip(np.sin(2 * np.pi * 3.1 * t) + 0.3, 0, 1)
    phrases = (np.sin(2 * np.pi * t / 5.0) > -0.3).astype(float)
    audio = out * syllables * phrases * 0.3 + rng.standard_normal(len(t)) * 0.002
    return np.clip(audio, -1, 1).astype(np.float32)[:, None]


def pipeline(
    channels: int, checkpoint: Checkpoint | None = None, embedder: SpeakerEmbedder | None = None, **arguments
) -> Pipeline:
    return Pipeline(
        channels=channels,
        vad=model(),
        embedder=embedder or SteadyEmbedder(),
        checkpoint=checkpoint,
        **arguments,
    )


def wanted(pipe: Pipeline) -> list[DecodeJob]:
    """All that is to be decoded now."""
    return list(iter(pipe.next_job, None))


@dataclass
class Store:
    """What survives a kill: events stored together with the checkpoint that covers them."""

    finals: list[Utterance] = field(default_factory=list)
    speakers: dict[str, str] = field(default_factory=dict)
    checkpoint: Checkpoint | None = None

    def commit(self, events, checkpoint: Checkpoint) -> None:
        for event in events:
            if isinstance(event, Utterance) and event.is_final:
                # How often a final was revised before depends on when partials were decoded.
                self.finals.append(replace(event, revision=0))
                self.speakers[event.id] = event.speaker
            elif isinstance(event, SpeakerRevision):
                self.speakers.update(event.speakers)
        self.checkpoint = checkpoint


class Server:
    """Runs a session over a store; the recogniser answers as late as chance wants."""

    def __init__(self, channels: int, store: Store, seed: int, **arguments) -> None:
        self.rng = np.random.default_rng(seed)
        self.store = store
        self.pipeline = pipeline(channels, store.checkpoint, **arguments)
        self.recognizer = ScriptedRecognizer()
        self.waiting: deque[DecodeJob] = deque()
        self.events: list[object] = []

    def work(self, *, all_of_it: bool = False) -> None:
        self.waiting.extend(wanted(self.pipeline))
        while self.waiting and (all_of_it or self.rng.random() < 0.6):
            job = self.waiting.popleft()
            hypothesis = job.known or self.recognizer.recognize([job.request])[0]
            job.request.audio.fill(0.0)
            self.events += self.pipeline.deliver(job, hypothesis)
        if all_of_it or self.rng.random() < 0.5:
            checkpoint = self.pipeline.checkpoint()
            self.store.commit(self.events, checkpoint)
            self.events.clear()
            self.pipeline.release(checkpoint)

    def feed(self, audio: np.ndarray, until: int) -> None:
        """From where the pipeline is up to position `until`, in random cuts."""
        while self.pipeline.position < until:
            count = int(self.rng.choice([1, 80, 320, 1_600, 5_000, 40_000]) * self.rng.uniform(0.5, 1.5)) + 1
            start = self.pipeline.position
            self.events += self.pipeline.push(audio[start : min(start + count, until)])
            self.work()

    def end(self) -> None:
        self.events += self.pipeline.flush()
        self.work(all_of_it=True)
        self.events += self.pipeline.finish()
        self.work(all_of_it=True)


def run(audio: np.ndarray, seed: int = 0, kills: Sequence[int] = (), **arguments) -> Store:
    """What is stored of `audio` by servers that are killed where `kills` says, the last of which ends it."""
    store = Store()
    for kill in sorted(kills):
        Server(audio.shape[1], store, seed + int(kill), **arguments).feed(audio, int(kill))
    last = Server(audio.shape[1], store, seed, **arguments)
    last.feed(audio, len(audio))
    last.end()
    return store


@cache
def dialogue_uncut() -> Store:
    return run(dialogue())


@pytest.mark.data
@pytest.mark.parametrize("seed", range(2))
def test_how_audio_is_cut_and_when_words_come_back_does_not_change_the_transcript(seed):
    store = run(dialogue(), seed + 100)

    assert len(store.finals) >= 8
    assert store.finals == dialogue_uncut().finals
    assert store.speakers == dialogue_uncut().speakers


@pytest.mark.data
@pytest.mark.parametrize("seed", range(5))
def test_killed_at_any_moments_and_taken_up_from_the_store_the_transcript_is_that_of_an_uncut_run(seed):
    kills = np.random.default_rng(seed).integers(1, len(dialogue()), 4)

    store = run(dialogue(), seed, kills)

    assert store.finals == dialogue_uncut().finals
    assert store.speakers == dialogue_uncut().speakers


@pytest.mark.data
@pytest.mark.parametrize("seed", range(3))
def test_two_channels_killed_and_taken_up_give_the_uncut_transcript_too(seed):
    audio = two_sides()
    expected = run(audio)

    store = run(audio, seed, np.random.default_rng(seed).integers(1, len(audio), 3))

    assert {event.speaker for event in expected.finals} == {"SPEAKER_00", "SPEAKER_01"}
    for channel in (0, 1):  # between the channels the order is that of decoding
        assert [one for one in store.finals if one.channel == channel] == [
            one for one in expected.finals if one.channel == channel
        ]


@pytest.mark.parametrize("seed", range(3))
def test_invented_speech_killed_and_taken_up_gives_the_uncut_transcript(seed):
    audio = invented()
    # The buzz is no speech to the model, but it is likelier to be than the hiss between.
    policy = Policy(boundaries=Boundaries(start_threshold=0.1, end_threshold=0.05))
    expected = run(audio, policy=policy)

    store = run(audio, seed, np.random.default_rng(seed).integers(1, len(audio), 3), policy=policy)

    assert len(expected.finals) >= 5
    assert store.finals == expected.finals


@pytest.mark.data
def test_speakers_revised_on_the_way_are_the_same_after_a_kill():
    """With the embedder that ships and a look at all speakers after every second utterance."""
    arguments = {"policy": Policy(revise_every=2), "embedder": SpectralEmbedder()}
    expected = run(dialogue(), **arguments)

    store = run(dialogue(), 1, [17 * SECOND + 5, 43 * SECOND], **arguments)

    assert store.finals == expected.finals
    assert store.speakers == expected.speakers


@cache
def couple() -> np.ndarray:
    """75 s, float32 [n, 2]: nobody on the first channel, three voices on the second."""
    quiet = np.random.default_rng(3).standard_normal(len(dialogue())) * 1e-3
    return np.stack([quiet.astype(np.float32), dialogue()[:, 0]], axis=1)


@pytest.mark.data
@pytest.mark.parametrize("seed", range(2))
def test_several_voices_on_one_of_two_channels_are_told_apart_and_keep_their_labels_after_a_kill(seed):
    arguments = {"speakers": (1, 3), "embedder": SpectralEmbedder()}
    expected = run(couple(), **arguments)

    store = run(couple(), seed, [21 * SECOND + 9, 50 * SECOND], **arguments)

    # Of two channels the second has the odd numbers, so a label says its channel.
    assert {"SPEAKER_01", "SPEAKER_03"} <= {one.speaker for one in expected.finals if one.channel == 1}
    assert {int(one.speaker[-2:]) % 2 for one in expected.finals if one.channel == 1} == {1}
    assert store.finals == expected.finals
    assert store.speakers == expected.speakers


@pytest.mark.data
def test_a_channel_of_one_person_is_never_told_apart():
    store = run(couple(), speakers=(1, 1), embedder=SpectralEmbedder())

    assert {one.speaker for one in store.finals if one.channel == 1} == {"SPEAKER_01"}


def test_two_voices_of_one_microphone_keep_their_labels_after_a_kill_with_the_embedder_that_ships():
    audio = sample_mono()[: 60 * SECOND, None]
    arguments = {"speakers": (2,), "embedder": NeuralEmbedder()}
    expected = run(audio, **arguments)

    store = run(audio, 1, [11 * SECOND + 5, 33 * SECOND], **arguments)

    assert {one.speaker for one in expected.finals} == {"SPEAKER_00", "SPEAKER_01"}
    assert store.finals == expected.finals
    assert store.speakers == expected.speakers


def test_each_voice_that_comes_into_the_other_s_microphone_too_is_heard_on_its_own_channel_alone():
    """The sample with a leak of -15 dB, 20 ms late; a recogniser that hears a leak wherever it is not silenced."""
    clean = sample_audio()[: 60 * SECOND] * np.float32(4.0)
    hiss = np.random.default_rng(2).standard_normal(clean.shape) * 1e-3
    leaking = (clean + 0.18 * np.roll(clean[:, ::-1], SECOND // 50, axis=0) + hiss).astype(np.float32)
    turns = [turn for turn in sample_truth().turns if turn.end < 60]
    pipe = pipeline(2)
    found = []
    for start in range(0, len(leaking), 8_000):
        pipe.push(leaking[start : start + 8_000])
        found += _heard_in(pipe, turns)
        pipe.release(pipe.checkpoint())
    pipe.flush()
    found += _heard_in(pipe, turns)

    of_other = [word for channel, event in found for word in event.words if word.text != f"of-{channel}"]
    assert {event.speaker for channel, event in found if channel == 0} == {"SPEAKER_00"}
    assert {event.speaker for channel, event in found if channel == 1} == {"SPEAKER_01"}
    assert len(of_other) <= 1
    assert sum(len(event.words) for _, event in found) > 0.95 * sum(len(turn.words) for turn in turns)


def _heard_in(pipe: Pipeline, turns) -> list[tuple[int, Utterance]]:
    """What the finals hold of anybody's words, each named by the channel of who said it."""
    found = []
    for job in wanted(pipe):
        if job.kind != "final":
            continue
        words = []
        for turn in turns:
            for word in turn.words:
                start, end = word.start - job.start / SECOND, word.end - job.start / SECOND
                sound = job.request.audio[round(max(start, 0) * SECOND) : round(max(end, 0) * SECOND)]
                if len(sound) > SECOND // 20 and np.mean(sound == 0) < 0.5:
                    words.append(Word(f"of-{turn.channel}", start, end, 1.0))
        events = pipe.deliver(job, Hypothesis(tuple(sorted(words, key=lambda word: word.start))))
        found += [(job.channel, event) for event in events if isinstance(event, Utterance)]
    return found


@pytest.mark.data
def test_every_word_of_the_dialogue_is_in_exactly_one_final():
    """With a recogniser that knows the truth: what the segmenter leaves out or doubles would show."""
    audio = dialogue()[: 56 * SECOND]  # later on, the recording's word times are off by up to a second
    spoken = json.loads((SPEECH / "clinic-dialogue.json").read_text())["words"]
    truth = [Word(one["text"], one["start"], one["end"], 1.0) for one in spoken if one["end"] < 55.0]
    oracle = OracleRecognizer(audio[:, 0], truth)
    whole = pipeline(1)
    heard: list[Word] = []
    for start in range(0, len(audio), 8_000):
        whole.push(audio[start : start + 8_000])
        heard += _finals(whole, oracle)
    whole.flush()
    heard += _finals(whole, oracle)

    missing = [
        word for word in truth if word.text not in {w.text for w in heard if abs(w.start - word.start) < 0.05}
    ]
    assert len(heard) <= len(truth)
    assert len(missing) / len(truth) < 0.01


def _finals(pipe: Pipeline, recognizer) -> list[Word]:
    return [
        word
        for job in wanted(pipe)
        if job.kind == "final"
        for event in pipe.deliver(job, recognizer.recognize([job.request])[0])
        if isinstance(event, Utterance)
        for word in event.words
    ]


@pytest.mark.data
def test_jobs_are_finals_first_and_each_once_and_one_partial_a_channel():
    pipe = pipeline(2)
    pipe.push(two_sides()[: 22 * SECOND])
    jobs = wanted(pipe)

    kinds = [job.kind for job in jobs]
    assert kinds == sorted(kinds)  # "final" before "partial"
    finals = [job for job in jobs if job.kind == "final"]
    assert [job.end for job in finals] == sorted(job.end for job in finals)
    partials = [job.channel for job in jobs if job.kind == "partial"]
    assert len(partials) == len(set(partials))
    assert wanted(pipe) == []


@pytest.mark.data
def test_a_checkpoint_moves_only_when_finals_are_delivered_and_never_back():
    pipe = pipeline(1)
    recognizer = ScriptedRecognizer()
    audio = dialogue()
    positions = []
    for start in range(0, len(audio), 4_000):
        pipe.push(audio[start : start + 4_000])
        finals = [job for job in wanted(pipe) if job.kind == "final"]
        before = pipe.checkpoint().position
        for job in finals:
            assert pipe.checkpoint().position <= job.start
            pipe.deliver(job, recognizer.recognize([job.request])[0])
        assert not finals or pipe.checkpoint().position > before
        positions.append(pipe.checkpoint().position)

    assert positions == sorted(positions)
    assert len(set(positions)) > 5


def test_the_checkpoint_moves_on_through_minutes_of_silence_and_room_is_never_short():
    pipe = pipeline(1)
    minute = np.zeros((60 * SECOND, 1), dtype=np.float32)
    for _ in range(6):
        pipe.push(minute)
        checkpoint = pipe.checkpoint()
        assert pipe.position - checkpoint.position < 3 * SECOND
        pipe.release(checkpoint)
        assert pipe.room >= 117 * SECOND
    assert wanted(pipe) == []


@pytest.mark.data
def test_a_checkpoint_holds_no_audio_and_is_small_json():
    store = dialogue_uncut()
    assert store.checkpoint is not None
    state = json.loads(store.checkpoint.state)

    assert [one["position"] for one in state["channels"]] == [store.checkpoint.position] == [len(dialogue())]
    assert len(store.checkpoint.state) < 20_000


@pytest.mark.data
def test_a_checkpoint_is_always_of_this_moment_however_often_it_is_asked_for():
    pipe, quiet = pipeline(1), pipeline(1)
    recognizer = ScriptedRecognizer()
    for start in range(0, 60 * SECOND, 8_000):
        for one in (pipe, quiet):
            one.push(dialogue()[start : start + 8_000])
            for job in wanted(one):
                if job.kind == "final":
                    one.deliver(job, recognizer.recognize([job.request])[0])
        assert pipe.checkpoint() is pipe.checkpoint()
    pipe.finish()
    quiet.finish()

    assert pipe.checkpoint() == quiet.checkpoint()


def test_a_checkpoint_of_another_session_is_refused():
    checkpoint = pipeline(2).checkpoint()
    with pytest.raises(ValueError, match="with 1 channels, but it is of version 2 with 2"):
        pipeline(1, checkpoint)

    class Other(SteadyEmbedder):
        name = "other"

    with pytest.raises(ValueError, match="embedder other"):
        Pipeline(channels=1, vad=model(), embedder=Other(), checkpoint=pipeline(1).checkpoint())


def test_audio_of_another_shape_or_more_than_there_is_room_is_refused_and_not_taken():
    pipe = pipeline(1)
    with pytest.raises(ValueError, match=r"\[n, 1\], but it is \[5, 2\]"):
        pipe.push(np.zeros((5, 2), dtype=np.float32))
    with pytest.raises(RingOverflow):
        pipe.push(np.zeros((pipe.room + 1, 1), dtype=np.float32))
    assert pipe.position == 0


@pytest.mark.data
def test_flush_gives_the_words_still_in_the_air_and_pushing_goes_on_after_it():
    pipe = pipeline(1)
    pipe.push(dialogue()[: 5 * SECOND])
    assert not any(job.kind == "final" for job in wanted(pipe))

    events = pipe.flush()

    assert [event.active for event in events if isinstance(event, VoiceActivity)] == [False]
    (job,) = wanted(pipe)
    assert (job.kind, job.end) == ("final", 5 * SECOND)
    (final,) = pipe.deliver(job, ScriptedRecognizer().recognize([job.request])[0])
    assert isinstance(final, Utterance)
    assert final.words
    assert pipe.checkpoint().position == 5 * SECOND == pipe.position
    opened = [e for e in pipe.push(dialogue()[5 * SECOND : 7 * SECOND]) if isinstance(e, VoiceActivity)]
    assert opened[0].active


@pytest.mark.data
def test_vocabulary_and_language_reach_the_recogniser():
    pipe = pipeline(1, vocabulary=("Sertraline",), language="de")
    pipe.push(dialogue()[: 5 * SECOND])
    (job,) = wanted(pipe)

    assert (job.request.vocabulary, job.request.language) == (("Sertraline",), "de")


@pytest.mark.data
def test_released_audio_is_gone_and_discard_leaves_no_byte_of_any():
    pipe = pipeline(1)
    recognizer = ScriptedRecognizer()
    pipe.push(dialogue()[: 20 * SECOND])
    (job, *_) = wanted(pipe)
    pipe.deliver(job, recognizer.recognize([job.request])[0])
    pipe.release(pipe.checkpoint())
    held = np.count_nonzero(pipe._ring._samples)
    assert 0 < held < (20 * SECOND - job.end) + 1

    assert pipe.discard() == 0
    assert not pipe._ring._samples.any()
    assert wanted(pipe) == []
    assert pipe.position == 20 * SECOND


@pytest.mark.data
def test_what_is_wrong_with_the_sound_is_told_among_the_events():
    loud = np.clip(dialogue()[: 12 * SECOND] * 40, -1, 1)
    pipe = pipeline(2)
    events = pipe.push(np.repeat(loud, 2, axis=1))
    for job in wanted(pipe):
        events = [*events, *pipe.deliver(job, ScriptedRecognizer().recognize([job.request])[0])]

    assert {event.kind for event in events if isinstance(event, AudioHealth)} == {"clipping", "dual_mono"}


@pytest.mark.data
def test_partials_of_one_channel_carry_the_speaker_heard_last_and_of_two_their_channel():
    two = pipeline(2)
    two.push(two_sides()[: 6 * SECOND])
    speakers = {}
    for job in wanted(two):
        for event in two.deliver(job, ScriptedRecognizer().recognize([job.request])[0]):
            assert isinstance(event, Utterance)
            speakers[event.channel] = event.speaker
    assert speakers == {0: "SPEAKER_00", 1: "SPEAKER_01"}
