"""A client for the scribe's API: REST calls, and a stream that loses nothing when a connection does.

    async with ScribeClient(url, token) as client:
        session = await client.create_session(new_session)
        async with client.stream(session, sample_rate=16_000, channels=1) as stream:
            await stream.send(pcm)          # as it is spoken; waits when the server is behind
            await stream.stop()
            async for message in stream:    # until `ended`
                ...

Audio stays in memory until the server says that its words are stored; after a cut the stream reconnects with
back-off and replays from where the server wants it.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from scribe.client_stream import ClientError, Refused, SessionStream, Unreachable
from scribe.session import Consent, NewSession
from scribe.wire import (
    POSITION_RATE,
    ChecklistView,
    Encoding,
    FactList,
    FactStatus,
    NoteView,
    Problem,
    Receipt,
    SessionList,
    SessionView,
    Start,
    TranscriptView,
    WireFact,
)

__all__ = ["ClientError", "Refused", "ScribeClient", "SessionStream", "Unreachable"]


class ScribeClient:
    """REST calls of one server with one access token; `verify` is what to believe of a server with TLS.

    Without `verify` a server's certificate must be signed by one of the usual authorities.
    """

    def __init__(
        self, url: str, token: str, *, timeout_seconds: float = 60.0, verify: ssl.SSLContext | None = None
    ) -> None:
        self.url = url.rstrip("/")
        self._token = token
        self._verify = verify
        self._http = httpx.AsyncClient(
            base_url=self.url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=timeout_seconds,
            trust_env=False,
            verify=True if verify is None else verify,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def ready(self) -> dict[str, Any]:
        """What the server runs."""
        answer: dict[str, Any] = (await self._call("GET", "/readyz", accept=(200, 503))).json()
        return answer

    async def create_session(self, new: NewSession) -> SessionView:
        """Begin a session."""
        body = new.model_dump(mode="json")
        return SessionView.model_validate_json((await self._call("POST", "/v1/sessions", json=body)).content)

    async def sessions(self) -> SessionList:
        """All sessions, the newest first."""
        return SessionList.model_validate_json((await self._call("GET", "/v1/sessions")).content)

    async def session(self, session_id: str) -> SessionView:
        """One session, with a fresh stream token while it may be recorded."""
        return SessionView.model_validate_json(
            (await self._call("GET", f"/v1/sessions/{session_id}")).content
        )

    async def shred(self, session_id: str) -> None:
        """Destroy the session's key, transcript and note."""
        await self._call("DELETE", f"/v1/sessions/{session_id}")

    async def add_consent(self, session_id: str, consent: Consent) -> SessionView:
        """Record a consent."""
        path = f"/v1/sessions/{session_id}/consents"
        return SessionView.model_validate_json(
            (await self._call("POST", path, json=consent.model_dump(mode="json"))).content
        )

    async def revoke_consent(self, session_id: str, participant_id: str, *, purge: bool = False) -> None:
        """Revoke a consent; capture stops at once."""
        path = f"/v1/sessions/{session_id}/consents/{participant_id}"
        await self._call("DELETE", path, params={"purge": purge})

    async def end(self, session_id: str) -> SessionView:
        """End a session whose stream is gone."""
        return SessionView.model_validate_json(
            (await self._call("POST", f"/v1/sessions/{session_id}/end")).content
        )

    async def transcript(self, session_id: str) -> TranscriptView:
        """Who said what when."""
        path = f"/v1/sessions/{session_id}/transcript"
        return TranscriptView.model_validate_json((await self._call("GET", path)).content)

    async def facts(self, session_id: str) -> FactList:
        """The facts as they stand, in the order in which they were said."""
        path = f"/v1/sessions/{session_id}/facts"
        return FactList.model_validate_json((await self._call("GET", path)).content)

    async def set_fact(self, session_id: str, fact_id: str, status: FactStatus) -> WireFact:
        """Pin or discard a fact, or leave it to the draft again."""
        path = f"/v1/sessions/{session_id}/facts/{quote(fact_id, safe='')}"
        answer = await self._call("PATCH", path, json={"status": status})
        return WireFact.model_validate_json(answer.content)

    async def note(self, session_id: str) -> NoteView:
        """The note, draft or signed."""
        path = f"/v1/sessions/{session_id}/note"
        return NoteView.model_validate_json((await self._call("GET", path)).content)

    async def checklist(self, session_id: str) -> ChecklistView:
        """What payers look for in the note: what is there, what lacks, and what the time supports."""
        path = f"/v1/sessions/{session_id}/note/checklist"
        return ChecklistView.model_validate_json((await self._call("GET", path)).content)

    async def sign(self, session_id: str, *, name: str, credentials: str) -> NoteView:
        """Sign with the attestation that the server asks for; the client's own token re-authenticates."""
        body = {
            "name": name,
            "credentials": credentials,
            "attestation": (await self.note(session_id)).attestation,
            "token": self._token,
        }
        path = f"/v1/sessions/{session_id}/note/sign"
        return NoteView.model_validate_json((await self._call("POST", path, json=body)).content)

    async def export(self, session_id: str, form: str = "markdown", *, draft: bool = False) -> str:
        """The note as a file's text."""
        return (await self.export_file(session_id, form, draft=draft)).decode()

    async def export_file(
        self, session_id: str, form: str, *, draft: bool = False, evidence: bool = False
    ) -> bytes:
        """The note as a file's bytes, for PDF and Word too; `evidence` puts quotes into the FHIR form."""
        path = f"/v1/sessions/{session_id}/note/export"
        params = {"format": form, "draft": draft, "evidence": evidence}
        return (await self._call("GET", path, params=params)).content

    async def receipt(self, session_id: str) -> Receipt:
        """What became of the audio."""
        path = f"/v1/sessions/{session_id}/receipt"
        return Receipt.model_validate_json((await self._call("GET", path)).content)

    def stream(
        self,
        session: SessionView,
        *,
        encoding: Encoding = "pcm_s16le",
        sample_rate: int = POSITION_RATE,
        channels: int = 1,
        resume: bool = False,
        facts: bool = False,
        patience_seconds: float = 60.0,
    ) -> SessionStream:
        """The stream of a session; `patience_seconds` is how long it tries to reconnect after a cut.

        A compressed `encoding` is sent as it is read from a file or a pipe, cut anywhere. `sample_rate` is then
        that of a FLAC stream's header, and of no meaning for Opus. With `facts` the server tells facts as they are
        found (`FactsMessage`); where one says `anew`, what was told before it is void.
        """
        if session.stream is None:
            raise Refused(
                "no_stream", 409, f"The session is {session.state.value}; it has no stream to open."
            )
        start = Start.model_validate(
            {
                "type": "start",
                "encoding": encoding,
                "sample_rate": sample_rate,
                "channels": channels,
                "resume": resume,
                "facts": facts,
            }
        )
        url = "ws" + self.url.removeprefix("http") + session.stream.url
        return SessionStream(url, session.stream.token, start, patience_seconds, self._verify)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        accept: tuple[int, ...] = (),
    ) -> httpx.Response:
        try:
            response = await self._http.request(method, path, json=json, params=params)
        except httpx.TransportError as error:
            raise Unreachable(
                f"No server answers at {self.url} ({type(error).__name__}); is it running?"
            ) from None
        if response.is_success or response.status_code in accept:
            return response
        try:
            problem = Problem.model_validate_json(response.content)
        except ValueError:
            raise Refused(
                "http_error", response.status_code, f"HTTP status {response.status_code}."
            ) from None
        raise Refused(problem.code, problem.status, problem.detail)
