"""Train the speaker embedder: LibriSpeech readers in, `asr/embedder/` out; or only measure what lies there.

Every voice is also spoken faster or slower and through a longer or shorter throat, each of which counts as a voice of
its own; the crops of a voice come through different rooms, microphones and noise, so that the channel says nothing. The
net is a small convolutional one with attentive statistics pooling, learnt with an angular margin over all voices and a
contrast among the crops of a batch. The features are the product's own. Torch is needed here and nowhere else, so it
has a place of its own; an hour on two cores:

    python -m venv train && train/bin/pip install --index-url https://download.pytorch.org/whl/cpu torch==2.13.0
    train/bin/pip install -e . onnx onnxscript
    train/bin/python scripts/train_speaker_embedder.py --data DIR --work WORK            # goes on where it stopped
    python scripts/train_speaker_embedder.py --data DIR --measure                        # needs no torch
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from measuring.embedders import CONDITIONS as KINDS
from measuring.embedders import alike, equal_error_rate, equal_error_rates, table
from measuring.voices import Reader, noise, readers, response, room, telephone, through, with_noise
from numpy.typing import NDArray

from asr.catalogue import DESCRIPTION
from asr.embedding import SpeakerEmbedder, SpectralEmbedder
from asr.fbank import Fbank
from asr.neural_embedding import PACKAGED, NeuralEmbedder
from asr.types import SAMPLE_RATE, Audio

NAME = "librispeech-184"
MODEL_FILE = "voices.onnx"
SHARES = (0.0, 0.2, 0.35, 0.5)
"""Of `SpectralEmbedder` in the cosine; the one with the lowest error rates on development is written."""

SPEEDS = (0.82, 0.9, 1.0, 1.1, 1.21)
THROATS = (0.93, 1.0, 1.075)
VOICES_A_BATCH, CROPS_A_VOICE = 48, 3
CROP_SECONDS = (1.0, 2.4)
SHORTEST = 3 * SAMPLE_RATE
ROOMS = 400
FEATURES = Fbank(bands=80)
DIMENSION = 128


# --- voices -----------------------------------------------------------------------------------------------------------


def throat(audio: Audio, factor: float) -> Audio:
    """The same pitch from a throat whose resonances lie `factor` higher: the spectral envelope is stretched."""
    if factor == 1.0:
        return audio
    frame, hop = 512, 128
    window = np.hanning(frame + 1)[:frame].astype(np.float32)
    padded = np.pad(audio, (frame, 2 * frame))
    frames = np.lib.stride_tricks.sliding_window_view(padded, frame)[::hop] * window
    spectrum = np.fft.rfft(frames)
    cepstrum = np.fft.irfft(np.log(np.abs(spectrum) + 1e-4))
    # Up to 1.9 ms of quefrency is throat; what lies behind is pitch.
    cepstrum[:, 30:-29] = 0
    envelope = np.fft.rfft(cepstrum).real
    bins = np.arange(envelope.shape[1])
    at = np.minimum(bins / factor, bins[-1])
    low = np.minimum(at.astype(int), bins[-1] - 1)
    moved = envelope[:, low] + (at - low) * (envelope[:, low + 1] - envelope[:, low])
    shaped = np.fft.irfft(spectrum * np.exp(np.clip(moved - envelope, -4, 4))) * window
    out = np.zeros(len(padded) + frame, dtype=np.float32)
    for i, part in enumerate(shaped):
        out[i * hop : i * hop + frame] += part
    return out[frame : frame + len(audio)] / np.float32(1.5)


@dataclass(frozen=True)
class Material:
    """What crops are cut from: `voices[i]` is the audio of voice i at 16 kHz."""

    voices: list[Audio]
    talkers: list[Audio]
    rooms: list[NDArray[np.float32]]


def material(train: list[Reader]) -> Material:
    """Every reader at every speed and with every throat."""
    voices = []
    for reader in train:
        for factor in THROATS:
            spoken = throat(reader.audio, factor)
            # Stretched by 1 / speed and played at the old rate: tempo, pitch and resonances move together.
            for speed in SPEEDS:
                voice = soxr.resample(spoken, SAMPLE_RATE * speed, SAMPLE_RATE, quality="MQ")
                # The few short utterances are said again, or a long crop would not fit.
                voices.append(np.resize(voice, max(len(voice), SHORTEST)))
    rng = np.random.default_rng(7)
    return Material(voices, [reader.audio for reader in train], [room(rng) for _ in range(ROOMS)])


def heard(crop: Audio, stuff: Material, rng: np.random.Generator) -> Audio:
    """The crop through a channel drawn at random."""
    impulse = stuff.rooms[rng.integers(len(stuff.rooms))] if rng.random() < 0.6 else None
    gains = response(rng, 129) if rng.random() < 0.8 else None
    if impulse is not None or gains is not None:
        crop = through(crop, impulse, gains)
    if rng.random() < 0.7:
        crop = with_noise(crop, noise(rng, len(crop), stuff.talkers), rng.uniform(3, 30))
    if rng.random() < 0.1:
        peak = np.abs(crop).max() * rng.uniform(0.3, 0.8)
        crop = np.clip(crop, -peak, peak)
    if rng.random() < 0.25:
        crop = telephone(crop, rng.uniform(50, 350), rng.uniform(3_200, 4_000))
    return crop * np.float32(10 ** rng.uniform(-1.5, 0) / (np.abs(crop).max() + 1e-6))


def batch(stuff: Material, seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Features float32 [voices × crops, frames, bands] and the voice of each; the same for the same seed."""
    rng = np.random.default_rng(seed)
    # Multiples of 0.1 s, whose Fourier transforms are quick.
    length = round(rng.uniform(*CROP_SECONDS) * 10) * SAMPLE_RATE // 10
    chosen = rng.choice(len(stuff.voices), VOICES_A_BATCH, replace=False)
    crops, labels = [], []
    for voice in chosen:
        audio = stuff.voices[voice]
        for _ in range(CROPS_A_VOICE):
            begin = rng.integers(len(audio) - length)
            crops.append(FEATURES(heard(audio[begin : begin + length], stuff, rng)))
            if rng.random() < 0.3:
                band = rng.integers(FEATURES.bands - 10)
                crops[-1][:, band : band + rng.integers(1, 11)] = 0
            labels.append(voice)
    return np.stack(crops), np.array(labels)


def development_windows(
    data: Path, stuff: Material
) -> dict[str, tuple[list[NDArray[np.float32]], NDArray[np.int64]]]:
    """Features of windows of 1.5 s of the development readers, as they are and each through its own channel."""
    rng = np.random.default_rng(11)
    kinds: dict[str, tuple[list[NDArray[np.float32]], NDArray[np.int64]]] = {}
    for kind in ("clean", "channels"):
        features, labels = [], []
        for reader in readers(data, "development"):
            for begin in range(0, len(reader.audio) - 24_000, 24_000):
                window = reader.audio[begin : begin + 24_000]
                features.append(FEATURES(window if kind == "clean" else heard(window, stuff, rng)))
                labels.append(reader.number)
        kinds[kind] = (features, np.array(labels))
    return kinds


class Batches:
    """What torch's loader takes: the batch of each step, made in another process."""

    def __init__(self, stuff: Material, first: int, last: int) -> None:
        self._stuff, self._first, self._last = stuff, first, last

    def __len__(self) -> int:
        return self._last - self._first

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        return batch(self._stuff, self._first + index)


def train(data: Path, work: Path, steps: int, keep_every: int) -> None:
    """Learn for `steps` steps, going on from the last checkpoint in `work`; every `keep_every` steps one is kept."""
    import torch
    from speaker_net import Learner

    torch.set_num_threads(1)
    stuff = material(readers(data, "train"))
    windows = development_windows(data, stuff)
    learner = Learner(FEATURES.bands, DIMENSION, len(stuff.voices), CROPS_A_VOICE)
    checkpoint = work / "checkpoint.pt"
    if checkpoint.exists():
        learner.load(checkpoint)
    print(f"{len(stuff.voices)} voices, from step {learner.step}", flush=True)
    loader = torch.utils.data.DataLoader(
        Batches(stuff, learner.step, steps), batch_size=None, num_workers=1, prefetch_factor=6
    )
    begun = time.monotonic()
    for frames, labels in loader:
        losses = learner.learn(frames, labels, steps)
        if learner.step % 20 == 0:
            print(
                f"step {learner.step} voices {losses[0]:.2f} crops {losses[1]:.2f} "
                f"{time.monotonic() - begun:.0f} s",
                flush=True,
            )
        if learner.step % keep_every == 0 or learner.step == steps:
            learner.save(checkpoint)
            for kind, (features, numbers) in windows.items():
                vectors = learner.embed([torch.from_numpy(one) for one in features]).numpy()
                rate, _ = equal_error_rate(*alike(vectors, numbers))
                print(f"step {learner.step} development {kind} EER {100 * rate:.1f} %", flush=True)


def export(data: Path, work: Path, folder: Path) -> None:
    """Write the average of the last checkpoint as ONNX, with the share and threshold that the development readers give.

    Weights are stored in 16 bits and widened when the model is loaded: half the size, and no figure changes.
    """
    import onnx
    import torch
    from speaker_net import Learner

    learner = Learner(FEATURES.bands, DIMENSION, 1, CROPS_A_VOICE)
    learner.average.load_state_dict(torch.load(work / "checkpoint.pt", weights_only=True)["average"])
    folder.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        learner.average,
        (torch.zeros(2, 150, FEATURES.bands),),
        folder / MODEL_FILE,
        input_names=["frames"],
        output_names=["vectors"],
        dynamic_shapes=({0: "windows", 1: "frames"},),
        opset_version=18,
        external_data=False,
        dynamo=True,
    )
    model = onnx.load(folder / MODEL_FILE)
    for described in (model, model.graph, *model.graph.node, *model.graph.value_info):
        # Where on the training machine each line of the net lies.
        described.doc_string = ""
        del described.metadata_props[:]
    _in_sixteen_bits(model)
    onnx.save(model, folder / MODEL_FILE)
    says: dict[str, Any] = {
        "name": NAME,
        "model": MODEL_FILE,
        "sample_rate": SAMPLE_RATE,
        "dimension": DIMENSION,
        "same_speaker": 0.5,
        "features": {"type": "fbank"} | asdict(FEATURES),
    }
    tried: dict[float, dict[str, float]] = {}
    for share in SHARES:
        _describe(folder, says | {"spectral_share": share})
        tried[share] = equal_error_rates(NeuralEmbedder(folder), data, "development", (1.5,))
    print(table({f"spectral share {share}": rates for share, rates in tried.items()}))
    best = min(SHARES, key=lambda share: sum(tried[share][f"1.5 s, {kind}, all pairs"] for kind in KINDS))
    threshold = np.mean([tried[best][f"1.5 s, {kind}, threshold"] for kind in KINDS])
    _describe(folder, says | {"spectral_share": best, "same_speaker": round(float(threshold), 2)})
    print(f"spectral share {best}, same_speaker {threshold:.2f}")


def _describe(folder: Path, described: dict[str, Any]) -> None:
    (folder / DESCRIPTION).write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")


def _in_sixteen_bits(model: Any) -> None:
    """Every large weight of the graph as float16 behind a cast, which onnxruntime folds away when it loads."""
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for weight in model.graph.initializer:
        if weight.data_type != TensorProto.FLOAT or np.prod(weight.dims) < 1_000:
            continue
        name, narrow = weight.name, f"{weight.name}.half"
        weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight).astype(np.float16), narrow))
        casts.append(helper.make_node("Cast", [narrow], [name], to=TensorProto.FLOAT))
    nodes = casts + list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def measure(data: Path, folder: Path) -> None:
    """Print the figures on the held-out readers: the model in `folder` beside the baseline without training."""
    embedders: list[SpeakerEmbedder] = [NeuralEmbedder(folder), SpectralEmbedder()]
    print(table({embedder.name: equal_error_rates(embedder, data) for embedder in embedders}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds `speakers`")
    parser.add_argument("--work", type=Path, help="where the checkpoint lies")
    parser.add_argument("--steps", type=int, default=1_800)
    parser.add_argument("--keep-every", type=int, default=60, help="steps between checkpoints")
    parser.add_argument("--folder", type=Path, default=PACKAGED, help="the model's folder")
    parser.add_argument("--export", action="store_true", help="only write the last checkpoint to the folder")
    parser.add_argument("--measure", action="store_true", help="only measure what lies in the folder")
    asked = parser.parse_args()
    if asked.measure:
        return measure(asked.data, asked.folder)
    if asked.work is None:
        parser.error("training needs --work, the folder of its checkpoint")
    asked.work.mkdir(parents=True, exist_ok=True)
    if not asked.export:
        train(asked.data, asked.work, asked.steps, asked.keep_every)
    return export(asked.data, asked.work, asked.folder)


if __name__ == "__main__":
    main()
