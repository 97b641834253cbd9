"""A public speaker embedder to measure ours against, where it is installed: Resemblyzer, behind our Protocol.

A yardstick only; it needs torch and ships with nothing. Its wheel carries its weights (a GE2E encoder trained on
VoxCeleb and LibriSpeech's `train-other-500`, 256 numbers).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asr.types import Audio


class ResemblyzerEmbedder:
    """The encoder on the processor, one thread. Raises ImportError where it is not installed."""

    name = "resemblyzer-0.1"
    dimension = 256
    same_speaker = 0.65

    def __init__(self) -> None:
        import torch
        from resemblyzer import VoiceEncoder
        from resemblyzer.audio import wav_to_mel_spectrogram

        torch.set_num_threads(1)
        self._torch = torch
        self._mel = wav_to_mel_spectrogram
        self._encoder = VoiceEncoder("cpu", verbose=False)

    def embed(self, audio: Audio) -> NDArray[np.float32]:
        """See `SpeakerEmbedder`; the level is brought to -30 dBFS, as its own preparation does."""
        level = float(np.sqrt(np.mean(np.square(audio, dtype=np.float64)))) + 1e-9
        mel = self._mel((audio * (10.0 ** (-30 / 20) / level)).astype(np.float32))
        with self._torch.no_grad():
            vector = self._encoder(self._torch.from_numpy(mel[None])).numpy()[0]
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)
