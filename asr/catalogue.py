"""The models that go by a name: where they are published, at which commit, with which weights.

Data only; `models` finds and fetches them. The recognisers are CTranslate2 conversions of OpenAI's Whisper or of the
distillations of it; the speaker embedders are ONNX files on log-mel frames.
"""

from __future__ import annotations

from dataclasses import dataclass

DESCRIPTION = "embedder.json"
"""The file of a speaker embedder's folder that says how the model is used (see `neural_embedding`)."""


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """A model that can be pulled by name; `revision` is a commit, `weights_sha256` that of the file `weights`.

    `described` is what a pull writes to a speaker embedder's `embedder.json`; a recogniser has none.
    """

    name: str
    repository: str
    revision: str
    weights_sha256: str
    bytes: int
    licence: str
    note: str
    weights: str = "model.bin"
    described: str = ""


CATALOGUE = (
    CatalogueModel(
        "small.en",
        "Systran/faster-whisper-small.en",
        "d1d751a5f8271d482d14ca55d9e2deeebbae577f",
        "62b2a45b05ee59acb4a5341b33ee35e041395d378d418a18acfe4c9e768ee37a",
        486_100_000,
        "MIT",
        "the default: English, keeps up with a conversation on four cores",
    ),
    CatalogueModel(
        "large-v3-turbo",
        "deepdml/faster-whisper-large-v3-turbo-ct2",
        "4df90f75321148c3a29a9e2351b7ddf8f5b115a8",
        "e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da",
        1_621_700_000,
        "MIT",
        "the best that runs live, on a GPU",
    ),
    CatalogueModel(
        "distil-large-v3",
        "Systran/faster-distil-whisper-large-v3",
        "c3058b475261292e64a0412df1d2681c06260fab",
        "b79368e19b6623813609431a6e5ee309a71506701ebc49fd7820e692dec7c5f5",
        1_516_500_000,
        "MIT",
        "English, on a GPU with little memory",
    ),
    CatalogueModel(
        "medium.en",
        "Systran/faster-whisper-medium.en",
        "a29b04bd15381511a9af671baec01072039215e3",
        "11b220779aea4c6f3ce9d2549c8a95ea869ed84066864b999531ef53e594fe5b",
        1_530_500_000,
        "MIT",
        "English, for recordings on a fast processor",
    ),
    CatalogueModel(
        "base.en",
        "Systran/faster-whisper-base.en",
        "3d3d5dee26484f91867d81cb899cfcf72b96be6c",
        "2a166925539a16005f14ff328359f9b9adb9dc4fb631bb3b227526862e93e2ef",
        147_800_000,
        "MIT",
        "English, for two cores",
    ),
    CatalogueModel(
        "small",
        "Systran/faster-whisper-small",
        "536b0662742c02347bc0e980a01041f333bce120",
        "3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671",
        486_200_000,
        "MIT",
        "other languages than English",
    ),
    CatalogueModel(
        "tiny.en",
        "Systran/faster-whisper-tiny.en",
        "0d3d19a32d3338f10357c0889762bd8d64bbdeba",
        "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
        78_100_000,
        "MIT",
        "English, for trying things out",
    ),
)
"""In the order in which one is preferred where several are installed and none was named."""

EMBEDDERS = (
    CatalogueModel(
        "wespeaker-resnet34-lm",
        "Wespeaker/wespeaker-voxceleb-resnet34-LM",
        "f0c48c298fd835726c27956a5d617bad7115627e",
        "7bb2f06e9df17cdf1ef14ee8a15ab08ed28e8d0ef5054ee135741560df2ec068",
        26_530_309,
        "CC BY 4.0",
        "speaker embedder of WeSpeaker (Wang et al., ICASSP 2023), learnt from 5,994 voices of VoxCeleb 2",
        "voxceleb_resnet34_LM.onnx",
        """{
  "name": "wespeaker-resnet34-lm",
  "model": "voxceleb_resnet34_LM.onnx",
  "sample_rate": 16000,
  "dimension": 256,
  "same_speaker": 0.35,
  "features": {
    "type": "fbank", "bands": 80, "low_hz": 20, "high_hz": 8000, "window": "hamming", "scale": 32768,
    "subtract_mean": true
  }
}
""",
    ),
)
"""Speaker embedders to use in place of the one in the package; none is used unless it is named."""


def catalogued(name: str) -> CatalogueModel | None:
    """The recogniser of that name."""
    return next((model for model in CATALOGUE if model.name == name), None)


def pullable(name: str) -> CatalogueModel | None:
    """The model of that name, whatever it is for."""
    return next((model for model in CATALOGUE + EMBEDDERS if model.name == name), None)
