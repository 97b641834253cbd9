"""From what came with a call to who calls: the machine's token, an API key, a page cookie, a stream token.

The one place that knows the two modes. Every method blocks on the store; in local mode all callers are the one person.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from scribe.access import LOCAL, Caller
from scribe.accounts import KEY_PREFIX, Accounts
from scribe.auth import Auth, StreamOpener, StreamToken
from scribe.errors import NotAuthenticated, NotConfirmed
from scribe.sign_ins import SignIns

CONFIRMED_FOR = timedelta(minutes=5)
"""How long after showing anew who they are somebody may sign."""

Mode = Literal["local", "organisation"]


class Identity:
    """Knows everybody who may call; shared by all calls."""

    def __init__(
        self, mode: Mode, auth: Auth, accounts: Accounts, sign_ins: SignIns, clock: Callable[[], datetime]
    ) -> None:
        self.mode = mode
        self.accounts = accounts
        self.sign_ins = sign_ins
        self._auth = auth
        self._clock = clock

    def by_bearer(self, given: str | None) -> Caller:
        """Who sent this in `Authorization: Bearer`; raises NotAuthenticated."""
        if self.mode == "local":
            self._auth.check_token(given)
            return LOCAL
        if given is not None and given.startswith(KEY_PREFIX):
            return self.accounts.by_key(given, self._clock())
        raise NotAuthenticated(
            "This server is in organisation mode, where the machine's token opens nothing: "
            "send `Authorization: Bearer sk_…` with an API key, or sign in on its page."
        )

    def by_cookie(self, cookie: str) -> Caller:
        """Whose page cookie this is; raises NotAuthenticated."""
        found = self.sign_ins.check(cookie, self._clock())
        if self.mode == "local":
            _require_local(found.account_id)
            return LOCAL.at_page(found.id, found.until)
        return self.accounts.caller(
            found.account_id, sign_in=found.id, confirmed_at=found.confirmed_at, until=found.until
        )

    def new_stream_token(self, session_id: str, who: Caller) -> StreamToken:
        """A token with which `who` opens the stream of this session."""
        return self._auth.new_stream_token(session_id, StreamOpener(who.actor, who.key), self._clock())

    def by_stream_token(self, given: str, session_id: str) -> Caller:
        """Who asked for this token, if they would get in now; raises NotAuthenticated.

        A person's sign-in may have ended meanwhile: a session that is being recorded is not lost to an idle page.
        """
        opener = self._auth.check_stream_token(given, session_id)
        if self.mode == "local":
            _require_local(opener.actor)
            return LOCAL
        if opener.key:
            return self.accounts.by_key_id(opener.key, self._clock())
        return self.accounts.caller(opener.actor)

    def require_confirmed(self, who: Caller, token: str | None) -> None:
        """Raise NotAuthenticated unless whoever signs has just shown who they are.

        Local mode asks for the token again, organisation mode for a sign-in at the provider a moment ago.
        """
        if self.mode == "local":
            self._auth.check_token(token)
        elif self.confirmed_until(who) is None:
            raise NotConfirmed(
                f"To sign, show your organisation's sign-in anew who you are and sign within "
                f"{CONFIRMED_FOR.seconds // 60} minutes: open /v1/oidc/login?purpose=sign."
            )

    def confirmed_until(self, who: Caller) -> datetime | None:
        """Until when they may sign without showing again who they are; None where they may not."""
        if who.confirmed_at is None:
            return None
        end = who.confirmed_at + CONFIRMED_FOR
        return end if end > self._clock() else None


def _require_local(actor: str) -> None:
    """Raise NotAuthenticated for somebody who got in while the server was in organisation mode."""
    if actor != LOCAL.actor:
        raise NotAuthenticated(
            "This server is in local mode; sign in with the link that `scribe token` prints."
        )
