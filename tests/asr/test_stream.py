"""One channel from audio to words in session time, with the real detector and known speech."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from asr.decoder import decode
from asr.recognizer import Hypothesis
from asr.ring import AudioRing
from asr.stream import ChannelState, ChannelStream, DecodeJob, Policy
from asr.testing import ScriptedRecognizer
from asr.types import VoiceActivity, Word
from asr.vad import VoiceActivityModel

SHARED = Path(os.environ.get("SCRIBE_SHARED", Path(__file__).parents[2].parent / "shared"))
JFK = SHARED / "data" / "speech" / "jfk.flac"
SECOND = 16_000

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def model() -> VoiceActivityModel:
    return VoiceActivityModel()


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    """2.2 s of speech that begins at 0.3 s, in silence: "And so, my fellow Americans"."""
    if not JFK.exists():
        pytest.skip(f"{JFK} is absent")
    with JFK.open("rb") as file:
        return np.concatenate(list(decode(file).blocks))[: round(2.5 * SECOND), 0].copy()


class Channel:
    """A stream with its ring."""

    def __init__(self, model: VoiceActivityModel, policy: Policy | None = None) -> None:
        self.ring = AudioRing(60, 1)
        self.stream = ChannelStream(0, self.ring, model, policy or Policy())

    def push(self, audio: np.ndarray) -> list[VoiceActivity]:
        self.ring.write(audio[:, None])
        return list(self.stream.listen())


def wanted(stream: ChannelStream) -> list[DecodeJob]:
    """All that is to be decoded now."""
    return list(iter(stream.next_job, None))


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * SECOND), dtype=np.float32)


def words(*texts: str, each: float = 0.4) -> Hypothesis:
    return Hypothesis(tuple(Word(text, i * each, (i + 1) * each, 0.9) for i, text in enumerate(texts)))


def test_speech_between_silences_is_one_utterance_and_one_final(model, speech):
    channel = Channel(model)
    found = channel.push(np.concatenate([silence(1.0), speech, silence(1.5)]))

    assert [(one.active, one.channel) for one in found] == [(True, 0), (False, 0)]
    assert found[0].at / SECOND == pytest.approx(1.15, abs=0.2)
    assert found[1].at / SECOND == pytest.approx(3.4, abs=0.3)
    (job,) = wanted(channel.stream)
    assert (job.kind, job.start, job.end) == ("final", found[0].at, found[1].at)
    assert job.utterance == f"u0-{job.start:09d}"
    assert np.array_equal(job.request.audio, channel.ring.read(0, job.start, job.end))
    assert channel.stream.next_job() is None


def test_words_are_moved_to_session_time_and_kept_within_the_utterance(model, speech):
    channel = Channel(model)
    channel.push(np.concatenate([silence(1.0), speech, silence(1.5)]))
    (job,) = wanted(channel.stream)

    heard = channel.stream.deliver(job, words("and", "so", *"x" * 20))

    assert heard is not None
    assert heard.is_final
    assert heard.words[1].start == pytest.approx(job.start / SECOND + 0.4)
    assert heard.words[-1].end == job.end / SECOND
    assert heard.start <= heard.words[0].start
    assert heard.end >= heard.words[-1].end


def test_the_settled_position_waits_for_the_words_and_then_moves_behind_them(model, speech):
    channel = Channel(model)
    channel.push(np.concatenate([silence(1.0), speech, silence(1.2)]))
    (job,) = wanted(channel.stream)
    assert channel.stream.settled.position <= job.start

    channel.stream.deliver(job, words("and"))

    assert channel.stream.settled.position == job.end


def test_the_settled_position_moves_on_through_silence(model):
    channel = Channel(model)
    channel.push(silence(20))

    assert 18 * SECOND < channel.stream.settled.position <= 20 * SECOND


def test_a_partial_is_given_for_each_stride_of_new_audio_and_never_twice(model, speech):
    channel = Channel(model)
    ends = []
    for start in range(0, len(speech), 1_600):
        channel.push(speech[start : start + 1_600])
        jobs = wanted(channel.stream)
        assert all(job.kind == "partial" for job in jobs)
        ends += [job.end for job in jobs]
        assert channel.stream.next_job() is None

    assert 3 <= len(ends) <= 4
    assert all(after - before >= Policy().stride * SECOND for before, after in pairwise(ends))


def test_a_partial_shows_agreed_and_tentative_words_and_counts_its_revisions(model, speech):
    channel = Channel(model)
    channel.push(speech[: round(1.3 * SECOND)])
    (first,) = wanted(channel.stream)
    channel.push(speech[round(1.3 * SECOND) : round(2.2 * SECOND)])
    (second,) = wanted(channel.stream)

    shown = channel.stream.deliver(first, words("and", "sew"))
    assert shown is not None
    assert ([word.text for word in shown.words], shown.revision, shown.is_final) == (["and", "sew"], 0, False)
    assert channel.stream.deliver(first, words("quite", "other")) is None, "the same audio again"
    shown = channel.stream.deliver(second, words("and", "so", "my"))
    assert shown is not None
    assert ([word.text for word in shown.words], shown.revision) == (["and", "so", "my"], 1)


def test_a_partial_that_comes_after_its_utterance_closed_is_ignored(model, speech):
    channel = Channel(model)
    channel.push(speech)
    (partial,) = wanted(channel.stream)
    channel.push(silence(1.0))

    assert channel.stream.deliver(partial, words("and")) is None


def in_a_pause(model, speech: np.ndarray) -> tuple[Channel, DecodeJob]:
    """A channel whose utterance is likely to end, and the job that foresees it."""
    channel = Channel(model)
    audio = np.concatenate([speech, silence(0.7)])
    for start in range(0, len(audio), 512):
        channel.push(audio[start : start + 512])
        for job in wanted(channel.stream):
            if job.request.kind == "final":
                return channel, job
    raise AssertionError("no final was foreseen")


def test_in_a_pause_the_final_is_decoded_before_the_utterance_ends(model, speech):
    channel, foreseen = in_a_pause(model, speech)
    assert foreseen.kind == "partial"
    channel.stream.deliver(foreseen, words("and", "so"))
    assert channel.stream.next_job() is None, "until more is said there is nothing else to hear"

    channel.push(silence(0.7))

    assert channel.stream.want is not None
    assert channel.stream.want.known
    (final,) = wanted(channel.stream)
    assert (final.kind, final.start, final.end) == ("final", foreseen.start, foreseen.end)
    assert final.known == words("and", "so")
    assert len(final.request.audio) == 0
    heard = channel.stream.deliver(final, final.known)
    assert heard is not None
    assert [word.text for word in heard.words] == ["and", "so"]
    assert (heard.is_final, heard.stable) == (True, 2)


def test_what_was_foreseen_wrongly_is_decoded_as_if_nothing_had_been(model, speech):
    channel, foreseen = in_a_pause(model, speech)
    channel.stream.deliver(foreseen, words("and", "so"))

    channel.push(np.concatenate([speech[5_000:], silence(1.2)]))

    final = wanted(channel.stream)[0]
    assert final.kind == "final"
    assert final.known is None
    assert final.end > foreseen.end
    assert len(final.request.audio) == final.end - final.start


def test_a_foreseen_final_that_comes_back_after_the_end_still_counts(model, speech):
    channel, foreseen = in_a_pause(model, speech)
    channel.push(silence(0.7))
    assert channel.stream.want is not None
    assert not channel.stream.want.known

    assert channel.stream.deliver(foreseen, words("and", "so")) is None

    assert channel.stream.want.known


def test_agreed_words_are_told_as_stable(model, speech):
    channel = Channel(model)
    stable = []
    for start in range(0, len(speech), 8_000):
        channel.push(speech[start : start + 8_000])
        for job in wanted(channel.stream):
            shown = channel.stream.deliver(job, words("and", "so", "my", each=0.3))
            if shown is not None:
                stable.append((shown.stable, len(shown.words)))

    assert stable[0] == (0, 3)
    assert stable[-1] == (3, 3)


def test_a_final_without_words_is_nothing_unless_a_partial_must_be_erased(model, speech):
    unseen = Channel(model)
    unseen.push(np.concatenate([speech, silence(1.0)]))
    (final,) = wanted(unseen.stream)
    assert unseen.stream.deliver(final, words()) is None

    seen = Channel(model)
    seen.push(speech)
    (partial,) = wanted(seen.stream)
    seen.stream.deliver(partial, words("and"))
    seen.push(silence(1.0))
    (final,) = wanted(seen.stream)
    erased = seen.stream.deliver(final, words())
    assert erased is not None
    assert (erased.words, erased.is_final, erased.revision) == ((), True, 1)


def test_finals_out_of_order_are_refused(model, speech):
    channel = Channel(model)
    channel.push(np.concatenate([speech, silence(1.0), speech, silence(1.0)]))
    first, second = wanted(channel.stream)

    with pytest.raises(ValueError, match="in the order in which"):
        channel.stream.deliver(second, words("late"))
    assert channel.stream.deliver(first, words("one")) is not None
    assert channel.stream.deliver(second, words("two")) is not None
    with pytest.raises(ValueError, match="in the order in which"):
        channel.stream.deliver(second, words("two"))


def test_flush_closes_the_open_utterance_at_the_last_sample(model, speech):
    channel = Channel(model)
    channel.push(speech[: round(2.0 * SECOND) + 100])

    (closed,) = channel.stream.flush()

    assert (closed.active, closed.at) == (False, round(2.0 * SECOND) + 100)
    (job,) = wanted(channel.stream)
    assert (job.kind, job.end) == ("final", round(2.0 * SECOND) + 100)
    assert channel.stream.flush() == []


def test_after_a_flush_the_same_audio_is_heard_as_from_a_fresh_stream(model, speech):
    audio = np.concatenate([silence(0.5), speech, silence(1.0)])
    fresh = Channel(model)
    expected = fresh.push(audio)

    channel = Channel(model)
    channel.push(speech[:12_345])
    channel.stream.flush()
    found = channel.push(audio)

    assert [(one.active, one.at - 12_345) for one in found] == [(one.active, one.at) for one in expected]


def test_a_stream_taken_up_ahead_of_the_ring_drops_what_it_has_already_decided(model, speech):
    ring = AudioRing(60, 1)
    stream = ChannelStream(0, ring, model, Policy(), state=ChannelState(3 * SECOND))
    ring.write(np.concatenate([speech, silence(0.2)])[:, None])

    assert stream.listen() == []
    assert stream.flush() == []
    assert stream.settled.position == 3 * SECOND

    ring.write(np.concatenate([silence(0.8), speech])[:, None])
    (opened,) = stream.listen()
    assert opened.at / SECOND == pytest.approx(3.6, abs=0.2)


def test_a_long_utterance_has_partials_of_bounded_length_and_loses_no_word(model, speech):
    talk = np.concatenate([speech[5_000:35_000]] * 12)  # 22 s without a long pause
    channel = Channel(model)
    recognizer = ScriptedRecognizer()
    longest = 0.0
    shown = None
    for start in range(0, len(talk), 1_600):
        channel.push(talk[start : start + 1_600])
        for job in wanted(channel.stream):
            if job.kind == "partial":
                longest = max(longest, (job.end - job.start) / SECOND)
                shown = channel.stream.deliver(job, recognizer.recognize([job.request])[0]) or shown

    assert shown is not None
    assert shown.end - shown.start > 15
    assert longest < 16
    starts = [word.start for word in shown.words]
    assert starts == sorted(starts)
    assert max(after - before for before, after in pairwise(starts)) < 0.81


def test_discard_forgets_what_is_open_and_what_waits(model, speech):
    channel = Channel(model)
    channel.push(np.concatenate([speech, silence(1.0), speech]))
    channel.stream.discard()

    assert channel.stream.next_job() is None
    assert channel.stream.settled.position == channel.ring.end


def test_a_ring_that_an_utterance_could_fill_is_refused():
    with pytest.raises(ValueError, match="at least 31"):
        Policy(ring_seconds=30.0)
