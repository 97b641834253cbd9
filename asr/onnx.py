"""A model file in ONNX in, arrays in and out; the only file that imports onnxruntime.

Knows nothing of what a model is for. A loaded model is stateless and safe to call from several threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from asr.errors import ModelUnusable


class OnnxModel:
    """A loaded model; raises ModelUnusable with the sentence `sorry` where the file is no model that loads."""

    def __init__(self, path: Path, *, sorry: str) -> None:
        options = onnxruntime.SessionOptions()
        # One thread: our models are small, and a pool of threads spinning beside the recogniser costs far more.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        # A heap of its own would keep the last audio; what goes back to the process's is overwritten there.
        options.enable_cpu_mem_arena = False
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), sess_options=options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime raises its own types, which differ between versions
            raise ModelUnusable(sorry) from error

    @property
    def inputs(self) -> tuple[str, ...]:
        return tuple(one.name for one in self._session.get_inputs())

    def run(self, arrays: Mapping[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """The model's outputs, in its order, for its inputs by name."""
        return [np.asarray(array) for array in self._session.run(None, dict(arrays))]
