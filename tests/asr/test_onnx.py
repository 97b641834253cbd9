from pathlib import Path

import numpy as np
import pytest

from asr.errors import ModelUnusable
from asr.neural_embedding import PACKAGED
from asr.onnx import OnnxModel


def test_a_model_takes_arrays_by_name_and_gives_its_outputs() -> None:
    model = OnnxModel(PACKAGED / "voices.onnx", sorry="not expected")
    assert model.inputs == ("frames",)
    (vectors,) = model.run({"frames": np.zeros((2, 60, 80), dtype=np.float32)})
    assert vectors.shape == (2, 128)
    assert vectors.dtype == np.float32


@pytest.mark.parametrize("content", [None, b"", b"no model"])
def test_what_is_no_model_is_refused_with_the_callers_sentence(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "model.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelUnusable, match=r"^a plain sentence$"):
        OnnxModel(path, sorry="a plain sentence")
