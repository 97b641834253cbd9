"""The parts of the streaming bench that need no server: accounting, the yardstick's policy, recordings, the wire."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from running import MODELS, whisper_is_here

from asr.recognizer import Request
from asr.types import SAMPLE_RATE, Word
from scribe.local import Address

SCRIPTS = Path(__file__).parents[1] / "scripts"


def script(name: str):
    """A module of scripts/, which is no package: its files find each other where they lie."""
    if str(SCRIPTS) not in sys.path:
        sys.path.append(str(SCRIPTS))
    return importlib.import_module(name)


latency, yardstick, recordings = (
    script("measuring.latency"),
    script("measuring.yardstick"),
    script("measuring.recordings"),
)
benching, bench_stream = script("measuring.benching"), script("bench_stream")


def told(at: float, text: str, stable: int | None = None):
    return latency.Told(at, tuple(text.split()), stable)


# --- when words were stable ------------------------------------------------------------------------------


def test_a_word_is_stable_from_the_first_partial_that_called_it_so():
    partials = [told(1.0, "we can", 0), told(2.0, "we can go", 2), told(3.0, "we can go on", 3)]

    final = told(4.0, "We can go on.")

    assert latency.stable_moments(partials, final) == [2.0, 2.0, 3.0, 4.0]
    assert latency.changes(partials, final) == (0, 0)


def test_without_that_a_word_is_stable_from_when_it_stood_there_for_good():
    partials = [
        told(1.0, "we can't"),
        told(2.0, "we can go"),
        told(3.0, "we ken go on"),
        told(4.0, "we can go on"),
    ]

    assert latency.stable_moments(partials, told(5.0, "we can go on")) == [1.0, 4.0, 2.0, 3.0]


def test_a_word_that_no_partial_had_is_stable_with_its_final():
    assert latency.stable_moments([told(1.0, "we", 1)], told(2.0, "we all")) == [1.0, 2.0]


def test_stable_words_that_change_are_counted_by_what_changed_them():
    partials = [told(1.0, "the lipid panel", 3), told(2.0, "the limpid panel", 3)]

    assert latency.changes(partials, told(3.0, "the limpid panel")) == (1, 0)
    assert latency.changes(partials, told(3.0, "a limpid channel")) == (1, 2)
    assert latency.changes(partials, told(3.0, "The limpid, panel!")) == (1, 0)
    assert latency.changes([], told(3.0, "the lipid panel")) == (0, 0)


def test_a_word_ends_where_its_reference_does_and_an_invented_one_where_it_was_heard():
    heard = [Word("Good", 0.0, 0.3, 1.0), Word("uh", 0.3, 0.4, 1.0), Word("morning.", 0.4, 0.9, 1.0)]
    reference = [Word("good", 0.0, 0.2, 1.0), Word("morning", 0.4, 1.0, 1.0)]

    assert latency.reference_ends(heard, reference) == [0.2, 0.4, 1.0]
    assert latency.reference_ends(heard, []) == [0.3, 0.4, 0.9]


def test_a_reference_far_away_is_another_words():
    heard = [Word("yes", 10.0, 10.3, 1.0)]

    assert latency.reference_ends(heard, [Word("yes", 3.0, 3.3, 1.0)]) == [10.3]


def test_a_drift_shows_in_the_offsets_of_words_that_were_heard_right():
    reference = [Word("one", 1.0, 1.2, 1.0), Word("two", 2.0, 2.2, 1.0)]
    heard = [Word("one", 1.1, 1.3, 1.0), Word("too", 2.5, 2.7, 1.0)]

    assert latency.offsets(heard, reference) == [pytest.approx(0.1)]


def test_a_moment_is_that_of_the_frame_with_the_words_last_sample():
    run = benching.Run(frame=1_600, speed=1.0, sent=[10.0, 11.0, 12.0])

    assert [run.sent_at(seconds) for seconds in (0.0, 0.1, 0.101, 0.2, 9.0)] == [10.0, 10.0, 11.0, 11.0, 12.0]


# --- the yardstick's policy ------------------------------------------------------------------------------


def spoken_every_half_second(count: int) -> list[Word]:
    return [Word(f"w{index}", index / 2, index / 2 + 0.4, 1.0) for index in range(count)]


def perfect(words: Sequence[Word], seconds: float, begins: list[float] | None = None):
    """A recogniser that takes `seconds`, hears every whole word of the buffer, and five words a segment."""

    def hear(buffer, begin: float):
        if begins is not None:
            begins.append(begin)
        end = begin + len(buffer) / SAMPLE_RATE
        inside = [
            Word(word.text, word.start - begin, word.end - begin, 1.0)
            for word in words
            if word.start >= begin - 1e-6 and word.end <= end + 1e-6
        ]
        return [inside[first : first + 5] for first in range(0, len(inside), 5)], seconds

    return hear


def test_two_hypotheses_have_to_agree_before_a_word_is_out():
    words = spoken_every_half_second(8)

    outcome = yardstick.simulate(np.zeros(4 * SAMPLE_RATE, dtype=np.float32), perfect(words, 0.0))

    assert [word.text for word, _ in outcome.words] == [word.text for word in words]
    assert [at for _, at in outcome.words] == [2.0, 2.0, 3.0, 3.0, 4.0, 4.0, 4.0, 4.0]
    assert outcome.calls == 4


def test_what_a_transcription_takes_passes_on_the_clock_and_the_next_one_hears_more():
    words = spoken_every_half_second(8)

    outcome = yardstick.simulate(np.zeros(4 * SAMPLE_RATE, dtype=np.float32), perfect(words, 1.5))

    # Heard up to 1.0 at 1.0, to 2.5 at 2.5, to 4.0 at 4.0.
    assert outcome.calls == 3
    assert outcome.computed == pytest.approx(4.5)
    assert [at for _, at in outcome.words] == [4.0, 4.0, *[5.5] * 6]


def test_a_buffer_longer_than_fifteen_seconds_is_cut_at_a_finished_segment_and_no_word_is_lost_or_doubled():
    words = spoken_every_half_second(120)
    begins: list[float] = []

    outcome = yardstick.simulate(np.zeros(60 * SAMPLE_RATE, dtype=np.float32), perfect(words, 0.1, begins))

    assert [word.text for word, _ in outcome.words] == [word.text for word in words]
    assert begins[-1] > 40.0
    # A segment's end, five words of half a second each.
    assert all((begin + 0.1) % 2.5 == pytest.approx(0.0, abs=1e-6) for begin in begins if begin > 0)


def test_words_that_a_shifted_hypothesis_says_again_are_dropped():
    agreement = yardstick.LocalAgreement()
    first = [Word("no", 0.0, 0.4, 1.0), Word("major", 0.5, 0.9, 1.0), Word("issues", 1.0, 1.4, 1.0)]
    agreement.push(first, 0.0)
    assert [word.text for word in agreement.push(first, 0.0)] == ["no", "major", "issues"]

    # The same two words again, heard a little later than they were.
    shifted = [Word("major", 1.35, 1.4, 1.0), Word("issues", 1.4, 1.5, 1.0), Word("here", 1.6, 1.9, 1.0)]
    agreement.push(shifted, 0.0)

    assert [word.text for word in agreement.push(shifted, 0.0)] == ["here"]


# --- recordings ------------------------------------------------------------------------------------------


def test_a_stretch_of_a_recording_has_its_own_clock_and_only_whole_words():
    whole = recordings.sample()
    part = whole.until(30.0)

    assert 20.0 < part.seconds <= 30.0
    assert all(word.end <= part.seconds for channel in part.words for word in channel)
    later = whole.between(part.seconds, 60.0)
    (first, *_), _ = later.words[0], later.words[1]
    assert first.text in {word.text for word in whole.words[0]}
    assert 0.0 <= first.start < 30.0
    assert np.array_equal(later.audio[:100], whole.audio[len(part.audio) : len(part.audio) + 100])


def test_a_rotated_recording_says_the_same_words_from_another_one_on():
    whole = recordings.sample(mono=True).followed_by(4.0)
    turned = whole.rotated(40.0)

    assert len(turned.audio) == len(whole.audio)
    assert sorted(word.text for word in turned.words[0]) == sorted(word.text for word in whole.words[0])
    assert (
        turned.words[0][0].text != whole.words[0][0].text
        or turned.words[0][0].start < whole.words[0][0].start
    )


def test_speech_without_pauses_keeps_every_word_at_its_sound():
    whole = recordings.sample(mono=True)
    dense = whole.dense()

    assert [word.text for word in dense.words[0]] == [word.text for word in whole.words[0]]
    gaps = [b.start - a.end for a, b in zip(dense.words[0], dense.words[0][1:], strict=False)]
    assert max(gaps) <= recordings.DENSE_PAUSE + 1e-3
    for word, before in list(zip(dense.words[0], whole.words[0], strict=True))[::40]:
        at, was = round(word.start * SAMPLE_RATE), round(before.start * SAMPLE_RATE)
        assert np.array_equal(dense.audio[at : at + 800], whole.audio[was : was + 800])


def test_the_oracle_of_a_looped_recording_hears_over_its_seam():
    oracle_server = script("oracle_server")
    recording = recordings.sample(mono=True)
    oracle = oracle_server.oracle([recording], edge=0.0)
    looped = benching.as_heard(recording.followed_by(recordings.LOOP_PAUSE).twice().audio)[:, 0]

    start = len(recording.audio) - 2 * SAMPLE_RATE
    (hypothesis,) = oracle.recognize([Request(looped[start : start + 10 * SAMPLE_RATE].copy(), "final")])

    assert hypothesis.words[-1].end > 2.0 + recordings.LOOP_PAUSE


def test_a_recording_that_is_not_there_is_named_with_what_to_do(tmp_path):
    assert "--data" in recordings.missing("clinic", tmp_path)
    assert recordings.missing("sample", tmp_path) is None


# --- the wire, and the table -----------------------------------------------------------------------------


def test_a_cut_wire_resets_its_connections_and_carries_new_ones():
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(100):
                writer.write(data)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def check() -> None:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        wire = benching.Wire()
        async with server, wire.to(Address(f"http://127.0.0.1:{port}", "", 0)) as url:
            there = int(url.rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", there)
            writer.write(b"one")
            assert await reader.readexactly(3) == b"one"

            wire.cut()
            try:
                rest = await reader.read(100)
            except ConnectionError:
                rest = b""
            assert rest == b""
            again_reader, again = await asyncio.open_connection("127.0.0.1", there)
            again.write(b"two")
            assert await again_reader.readexactly(3) == b"two"
            for one in (writer, again):
                one.close()
                with suppress(ConnectionError):
                    await one.wait_closed()

    asyncio.run(check())


def test_the_table_says_which_targets_are_held():
    shown = bench_stream.table(
        [("tails", "stops", 0.0, "words_lost"), ("latency", "clinic", 1.3, "stable_median_seconds")]
    ).splitlines()

    assert shown[1].endswith("held")
    assert shown[2].endswith("missed")


@pytest.mark.whisper
@pytest.mark.skipif(not whisper_is_here(), reason="needs a Whisper model's tokenizer in SCRIBE_MODELS_DIR")
def test_a_model_with_random_weights_loads_and_finds_what_it_is_told_to_at_its_own_cost(tmp_path):
    random_model, scripted = script("random_model"), script("measuring.scripted")
    tokenizer = next(MODELS.glob("*/model.bin")).parent
    random_model.write("tiny", tokenizer, tmp_path / "tiny")
    model = scripted.ScriptedWhisper(
        str(tmp_path / "tiny"), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True
    )
    audio = np.random.default_rng(0).uniform(-0.1, 0.1, 3 * SAMPLE_RATE).astype(np.float32)

    scripted.say_next([Word("good", 0.0, 1.0, 1.0), Word("morning", 1.0, 2.0, 1.0)])
    segments, _ = model.transcribe(audio, language="en", word_timestamps=True)
    said = [word.word.strip() for segment in segments for word in segment.words or ()]

    assert said == ["good", "morning"]
    assert (tmp_path / "tiny" / random_model.MARK).exists()
    with pytest.raises(FileExistsError):
        random_model.write("tiny", tokenizer, tmp_path / "tiny")
