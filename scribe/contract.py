"""Where the contract can be read: both documents for programs, and a page of them for people.

Open to everyone, as the probes are: they say what the software can do, nothing of anybody. The rules on host names
hold here too.
"""

from __future__ import annotations

from fastapi import FastAPI, Response

from scribe.asyncapi import stream_contract
from scribe.contract_page import contract_page
from scribe.page import HEADERS


def show_contract(app: FastAPI) -> None:
    """Add the calls; each document is made once, when it is first asked for."""
    stream = stream_contract()

    @app.get("/openapi.json", include_in_schema=False)
    def openapi() -> dict[str, object]:
        """The REST contract."""
        return app.openapi()

    @app.get("/asyncapi.json", include_in_schema=False)
    def asyncapi() -> dict[str, object]:
        """The stream's contract."""
        return stream

    @app.get("/docs", include_in_schema=False)
    def docs() -> Response:
        """Both, for people."""
        page = contract_page(app.openapi(), stream)
        return Response(page, media_type="text/html; charset=utf-8", headers=HEADERS)
