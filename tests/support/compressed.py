"""Compressed streams made in memory, as browsers and encoders send them live."""

from __future__ import annotations

import io

import av
import numpy as np
from numpy.typing import NDArray

FORMATS = {"opus_webm": ("webm", "libopus"), "opus_ogg": ("ogg", "libopus"), "flac": ("flac", "flac")}
LIVE = {"webm": {"live": "1"}, "ogg": {"page_duration": "200000"}, "flac": {}}
"""Of a WebM: clusters of unknown length and no index, as MediaRecorder writes them. Ogg pages of 200 ms."""


def compressed(
    encoding: str, audio: NDArray[np.float32], rate: int = 16_000, *, muxer: str = "", codec: str = ""
) -> bytes:
    """float32 [n, channels] at `rate` as a whole stream; `muxer` and `codec` make one that is not of the encoding."""
    container, usual = FORMATS[encoding]
    layout = "stereo" if audio.shape[1] == 2 else "mono"
    out = io.BytesIO()
    with av.open(out, "w", format=muxer or container, options=LIVE.get(muxer or container, {})) as writer:
        stream = writer.add_stream(codec or usual, rate=48_000 if usual == "libopus" else rate, layout=layout)
        context = stream.codec_context
        context.open()
        shaper = av.AudioResampler(
            context.format.name, layout, context.sample_rate, frame_size=context.frame_size or None
        )
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(audio.T), format="fltp", layout=layout)
        frame.sample_rate = rate
        for shaped in [*shaper.resample(frame), *shaper.resample(None)]:
            writer.mux(stream.encode(shaped))
        # The empty packet at the end of FLAC tells its own container the final header, and no other.
        writer.mux([packet for packet in stream.encode(None) if packet.size or not muxer])
    return out.getvalue()
