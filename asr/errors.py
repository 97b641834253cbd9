"""Every error that `asr` raises on purpose.

    AsrError
    ├── ModelNotFound       no model at any of the places that were searched
    ├── ModelUnusable       a model is there but does not load or does not verify
    ├── UndecodableAudio    bytes that are not the audio they were said to be
    ├── UnsupportedAudio    audio in an encoding, rate or shape that is not taken
    └── RingOverflow        more un-committed audio than the ring holds

Each message is one sentence for the person who has to act on it: what was expected, what came, what to do.
None holds audio or recognised words.
"""


class AsrError(Exception):
    """Base of all errors of this package."""


class ModelNotFound(AsrError):
    """No usable model at any of the places that were searched."""


class ModelUnusable(AsrError):
    """A model folder exists but does not load, or its checksum differs."""


class UndecodableAudio(AsrError):
    """The bytes are not audio of the declared encoding."""


class UnsupportedAudio(AsrError):
    """The encoding, sample rate or channel count is not one that is taken."""


class RingOverflow(AsrError):
    """More audio waits for its words than the ring holds; the caller must wait before it pushes more."""
