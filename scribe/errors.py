"""Every error that `scribe` raises on purpose, with its HTTP status and WebSocket close code.

    ScribeError
    ├── BadRequest            400 / 4400   a message or body that is not of the contract
    ├── NotAuthenticated      401 / 4401   no token, or one that is wrong or has expired
    │   ├── NotConfirmed      401 / 4401   signing needs whoever is signed in to show anew who they are
    │   └── SignInRefused     401 / 4401   the organisation's provider did not vouch for somebody with a role here
    ├── NotAllowed            403 / 4403   the caller's roles do not cover this
    ├── NotConsented          403 / 4403   a participant's consent is missing, expired or revoked
    ├── NotFound              404 / 4404   no such session, note, utterance or statement
    ├── Idle                  408 / 4408   nothing came for too long
    ├── WrongState            409 / 4400   not possible in the session's present state
    │   ├── StreamBusy        409 / 4409   another stream of this session is open
    │   └── SigningRefused    409 / 4400   a blocking finding is open, or nothing to sign
    ├── TooLarge              413 / 4413   a frame or body over its limit
    ├── Misdirected           421 / 4400   a name or a scheme that this server does not answer to
    ├── UnusableAudio         422 / 4422   audio that cannot be decoded
    ├── TooMany               429 / 1013   more often than is allowed; try again later
    ├── Unavailable           503 / 1013   no capacity now
    │   ├── RecognizerStuck   503 / 1013   the recogniser does not come back; the server has to be restarted
    │   └── Restarting        503 / 1012   the server is going down; reconnect
    ├── StoreFailed           503 / 1011   the store could not keep what it was given
    ├── DraftFailed           503 / 1011   the note's engine gave nothing that can be used
    ├── NotSent               (command line only) a health record did not take the note
    └── CannotStart           (command line only) the settings, folder, port or model do not allow a start

`detail` is one sentence for whoever has to act: what was expected, what came, what to do. It holds ids and
figures, never names, transcript or note text.
"""

from __future__ import annotations

from typing import ClassVar


class ScribeError(Exception):
    """Base of all errors of this package; `code` is stable and part of the contract."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    close_code: ClassVar[int] = 1011
    title: ClassVar[str] = "Something went wrong on the server"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class BadRequest(ScribeError):
    """The message or body is not of the contract."""

    code = "bad_request"
    status = 400
    close_code = 4400
    title = "The request is not of the contract"


class NotAuthenticated(ScribeError):
    """No token came, or one that is wrong or has expired."""

    code = "not_authenticated"
    status = 401
    close_code = 4401
    title = "Sign in first"


class NotConfirmed(NotAuthenticated):
    """Signing needs whoever is signed in to show anew who they are."""

    code = "not_confirmed"
    title = "Show anew who you are"


class SignInRefused(NotAuthenticated):
    """The organisation's provider did not vouch for somebody who has a role here; `reason` is one fixed word."""

    code = "sign_in_refused"
    title = "The sign-in was refused"

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class NotAllowed(ScribeError):
    """Whoever called is known, and their roles do not cover this."""

    code = "not_allowed"
    status = 403
    close_code = 4403
    title = "Not allowed"


class NotConsented(ScribeError):
    """A participant's consent is missing, expired, too narrow or revoked."""

    code = "no_valid_consent"
    status = 403
    close_code = 4403
    title = "Consent is not complete"


class NotFound(ScribeError):
    """No such session, note, utterance or statement."""

    code = "not_found"
    status = 404
    close_code = 4404
    title = "Not found"


class Idle(ScribeError):
    """Nothing came for too long; the session stays and can be resumed."""

    code = "idle"
    status = 408
    close_code = 4408
    title = "Nothing came for too long"


class WrongState(ScribeError):
    """Not possible in the session's present state."""

    code = "wrong_state"
    status = 409
    close_code = 4400
    title = "Not possible in the session's present state"


class StreamBusy(WrongState):
    """Another stream of this session is open."""

    code = "stream_busy"
    close_code = 4409
    title = "Another stream of this session is open"


class SigningRefused(WrongState):
    """A blocking finding is open, or there is nothing to sign."""

    code = "signing_refused"
    title = "The note cannot be signed yet"


class TooLarge(ScribeError):
    """A frame or body over its limit."""

    code = "too_large"
    status = 413
    close_code = 4413
    title = "Too large"


class Misdirected(ScribeError):
    """The call was meant for another server, by its Host header or by coming in clear (RFC 9110, section 15.5.20)."""

    code = "misdirected"
    status = 421
    close_code = 4400
    title = "This server does not answer to that"


class UnusableAudio(ScribeError):
    """Audio that cannot be decoded as what it was said to be."""

    code = "audio_undecodable"
    status = 422
    close_code = 4422
    title = "The audio cannot be decoded"


class TooMany(ScribeError):
    """More often than is allowed; `retry_seconds` is when to try again."""

    code = "too_many_requests"
    status = 429
    close_code = 1013
    title = "Too many requests"

    def __init__(self, detail: str, retry_seconds: int) -> None:
        super().__init__(detail)
        self.retry_seconds = retry_seconds


class Unavailable(ScribeError):
    """No capacity now; try again later."""

    code = "no_capacity"
    status = 503
    close_code = 1013
    title = "No capacity now"


GOING_DOWN = "The server is going down; reconnect in a moment and resume."


class Restarting(Unavailable):
    """The server is going down; reconnect and resume."""

    code = "restarting"
    close_code = 1012
    title = "The server is restarting"


class RecognizerStuck(Unavailable):
    """The recogniser does not come back from what it was given; a thread cannot be ended but with its process."""

    code = "recognizer_stuck"
    title = "The recogniser does not answer"

    def __init__(self) -> None:
        super().__init__(
            "The recogniser does not come back from what it was given; restart the server, then reconnect and "
            "resume. Nothing that was acknowledged is lost."
        )


class StoreFailed(ScribeError):
    """The store could not keep what it was given: a full disk, a lock, a lost database."""

    code = "store_failed"
    status = 503
    title = "The store failed"


class DraftFailed(ScribeError):
    """The note's engine gave nothing that can be used; the transcript is safe and can be drafted again."""

    code = "draft_failed"
    status = 503
    title = "The note was not drafted"


class NotSent(ScribeError):
    """A health record was not reached, or did not take the note."""

    code = "not_sent"
    title = "The note was not sent"


class CannotStart(ScribeError):
    """The settings, data folder, port or model do not allow a start."""

    code = "cannot_start"
    title = "Cannot start"
