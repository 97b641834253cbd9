"""Audio in, the probability of speech for each 32 ms window out; does not decide where an utterance is.

The model is Silero VAD v6 (MIT), the ONNX file that the faster-whisper wheel carries. It hears a window of 512
samples after the 64 before it and carries a recurrent state from window to window; the model's session is
shared and stateless, a detector holds one channel's state.
"""

from __future__ import annotations

import base64
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asr.errors import ModelNotFound
from asr.onnx import OnnxModel
from asr.types import Audio

WINDOW = 512
"""Samples a window: 512 / 16 000 = 32 ms."""

CONTEXT = 64
"""Samples before the window that the model hears again."""

GATE = 10.0 ** (-60 / 20)
"""Root mean square below which a window holds no speech: -60 dBFS, under the noise floor of any room.

The model was never taught digital near-silence and sometimes hears speech in dither.
"""

_STATE_SHAPE = (1, 1, 128)


@dataclass(frozen=True, slots=True, eq=False)
class DetectorState:
    """What the model carries from window to window: float32 [1, 1, 128] twice, never written to.

    It matters for minutes: begun anew, the model overlooks short words that it hears when it goes on.
    """

    h: NDArray[np.float32]
    c: NDArray[np.float32]

    @classmethod
    def fresh(cls) -> DetectorState:
        return cls(np.zeros(_STATE_SHAPE, dtype=np.float32), np.zeros(_STATE_SHAPE, dtype=np.float32))

    def encode(self) -> str:
        """Both as text, exact to the last bit."""
        return base64.b64encode(np.concatenate((self.h, self.c)).astype("<f4").tobytes()).decode("ascii")

    @classmethod
    def decode(cls, text: str) -> DetectorState:
        h, c = np.frombuffer(base64.b64decode(text), dtype="<f4").astype(np.float32).reshape(2, *_STATE_SHAPE)
        return cls(h, c)


def _model_path() -> Path:
    # find_spec does not import the package, which would cost a second and every one of its dependencies.
    spec = importlib.util.find_spec("faster_whisper")
    folders = (
        () if spec is None or spec.submodule_search_locations is None else spec.submodule_search_locations
    )
    for folder in folders:
        path = Path(folder) / "assets" / "silero_vad_v6.onnx"
        if path.is_file():
            return path
    raise ModelNotFound(
        "Expected the voice activity model silero_vad_v6.onnx inside the installed faster-whisper package, "
        "but it is not there; install faster-whisper 1.2 or later."
    )


class VoiceActivityModel:
    """The loaded model, shared by all sessions; safe to call from several threads.

    Raises ModelNotFound where the wheel does not hold it, ModelUnusable where it does not load.
    """

    def __init__(self, path: Path | None = None) -> None:
        found = path or _model_path()
        self._model = OnnxModel(
            found,
            sorry=f"Expected a voice activity model in {found.name}, but it does not load; reinstall faster-whisper.",
        )

    def run(
        self, windows: NDArray[np.float32], state: DetectorState
    ) -> tuple[NDArray[np.float32], DetectorState]:
        """Probabilities float32 [n] in [0, 1] of windows float32 [n, 576], and the state after the last."""
        probabilities, h, c = self._model.run({"input": windows, "h": state.h, "c": state.c})
        return probabilities.reshape(-1), DetectorState(h, c)


class VoiceActivityDetector:
    """One channel's state: audio pushed in any cut, one probability for each window that is complete."""

    def __init__(self, model: VoiceActivityModel) -> None:
        self._model = model
        # The context of the next window, then the samples that do not yet make one.
        self._heard = np.zeros(CONTEXT, dtype=np.float32)
        self.reset()

    @property
    def state(self) -> DetectorState:
        """The state after the last complete window."""
        return self._state

    def reset(self, state: DetectorState | None = None) -> None:
        """Forget the audio, and go on from `state` or as if nothing had been heard; the next sample begins a window.

        What is forgotten is overwritten.
        """
        self._state = state or DetectorState.fresh()
        self._heard.fill(0.0)
        self._heard = np.zeros(CONTEXT, dtype=np.float32)

    def discard(self) -> int:
        """Forget as `reset` does; the bytes of the audio that was kept that are not zero afterwards."""
        kept = self._heard
        self.reset()
        return int(np.count_nonzero(kept.view(np.uint8)))

    def push(self, audio: Audio) -> Sequence[float]:
        """The probability of speech in each window completed by float32 [n] more samples."""
        heard = np.concatenate((self._heard, audio))
        count = (len(heard) - CONTEXT) // WINDOW
        self._heard.fill(0.0)
        # Our own copy, so that nothing of what was judged stays with it.
        self._heard = heard[count * WINDOW :].copy()
        if count == 0:
            return ()
        windows = np.lib.stride_tricks.sliding_window_view(heard, CONTEXT + WINDOW)[: count * WINDOW : WINDOW]
        # Several windows in one run give bit for bit what one after the other gives (tested).
        probabilities, self._state = self._model.run(np.ascontiguousarray(windows), self._state)
        loudness = np.sqrt(np.mean(np.square(windows[:, CONTEXT:]), axis=1))
        heard.fill(0.0)
        return [
            0.0 if loud < GATE else float(probability)
            for loud, probability in zip(loudness, probabilities, strict=True)
        ]
