"""Every error that `summarizer` raises on purpose.

    SummarizerError
    ├── UnknownTemplate         no template of that name
    ├── UnreadableTemplate      a template file that does not say what a template must
    ├── UnreadableTranscript    text or JSON that is no transcript
    ├── UnreadableForm          text or JSON that is no filled-in form
    └── EngineFailed            an engine gave nothing that can be used
        └── UnreadableReply     a model's reply is not of the form that was asked for

Messages are one sentence each and hold no clinical words.
"""


class SummarizerError(Exception):
    """Base of all errors of this package."""


class UnknownTemplate(SummarizerError):
    """No template of that name."""


class UnreadableTemplate(SummarizerError):
    """A template file misses something or says it wrongly."""


class UnreadableTranscript(SummarizerError):
    """The input is no transcript in any of the forms that are read."""


class UnreadableForm(SummarizerError):
    """The input is no filled-in form in any of the forms that are read."""


class EngineFailed(SummarizerError):
    """An engine gave nothing usable; the message says which and what to do."""


class UnreadableReply(EngineFailed):
    """A model's reply is not of the form that was asked for."""
