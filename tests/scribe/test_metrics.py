"""Figures for Prometheus: what a real session leaves in them, who may read them, and that they name nobody."""

from __future__ import annotations

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from in_process import in_process
from prometheus_client.parser import text_string_to_metric_families
from running import TOKEN, RunningServer, StartServer, consented, server
from scenario import sound
from websockets.sync.client import connect
from websockets.typing import Subprotocol
from whole_session import one_session, oracle

from scribe.access import KeyScope
from scribe.accounts import Accounts
from scribe.client import ClientError, ScribeClient
from scribe.database import Database
from scribe.keys import file_keys
from scribe.metrics import FINDINGS
from scribe.vault import Vault
from summarizer import grounding
from summarizer.testing import FakeEngine

DEPLOY = Path(__file__).parents[2] / "deploy"
CANARY = "marigoldxylophone"
SCRAPE = "a token for prometheus alone"


def read(running: RunningServer, token: str = SCRAPE) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.get(f"{running.url}/metrics", headers=headers, trust_env=False)


def figures(text: str) -> dict[str, dict[str, float]]:
    """Every sample by its name and by its labels as they stand."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[sample.name][labels] = sample.value
    return found


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with server(
        tmp_path_factory.mktemp("watched") / "data", asr="pocketsphinx", metrics_token=SCRAPE
    ) as running:
        yield running


def test_the_token_for_prometheus_opens_the_figures_and_nothing_else(watched: RunningServer) -> None:
    assert read(watched).status_code == 200
    assert read(watched, TOKEN).status_code == 200  # the person at this machine
    assert [read(watched, token).status_code for token in ("", "another", SCRAPE + "x")] == [401, 401, 401]
    headers = {"Authorization": f"Bearer {SCRAPE}"}
    for path in ("/v1/sessions", "/v1/audit", "/metrics/", "/v1/templates"):
        answer = httpx.get(f"{watched.url}{path}", headers=headers, trust_env=False)
        assert answer.status_code == 401, path


def test_in_an_organisation_a_platform_with_a_key_does_not_read_the_figures(
    start_server: StartServer,
) -> None:
    running = start_server(asr="pocketsphinx", access="organisation", metrics_token=SCRAPE)
    database = Database(f"sqlite:///{running.data_dir / 'scribe.db'}")
    accounts = Accounts(database, Vault(database, file_keys(running.data_dir)).open())
    now = datetime.now(UTC)
    key = accounts.create_key(accounts.add_platform("any", now), KeyScope, now)
    database.close()
    refused = read(running, key)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert read(running, TOKEN).status_code == 401
    assert read(running).status_code == 200


def test_hostile_names_reach_no_label(watched: RunningServer) -> None:
    with watched.http as http:
        session = http.post("/v1/sessions", json=consented(notes_markdown=CANARY).model_dump(mode="json"))
        session_id = session.json()["id"]
        for method, path in (
            ("GET", f"/v1/sessions/{CANARY}"),
            ("GET", f"/{CANARY}"),
            ("GET", f"/page/{CANARY}"),
            ("DELETE", f"/v1/templates/{CANARY}"),
            (CANARY.upper(), "/v1/sessions"),
            ("GET", f"/v1/sessions/{session_id}/transcript?{CANARY}=1"),
        ):
            assert http.request(method, path, headers={"User-Agent": CANARY}).status_code < 500
        foreign = http.get("/healthz", headers={"Host": f"{CANARY}.example"})
        assert foreign.status_code == 421
        handshake = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        handshake |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Host": f"{CANARY}.example"}
        assert http.get(f"/v1/sessions/{session_id}/stream", headers=handshake).status_code == 421
    ours = {"Authorization": f"Bearer {TOKEN}", "User-Agent": CANARY}
    url = f"{watched.url.replace('http', 'ws')}/v1/sessions/{session_id}/stream"
    with connect(url, additional_headers=ours, subprotocols=[Subprotocol("scribe.v1")], proxy=None) as socket:
        socket.close(4999, CANARY)
    text = read(watched).text
    assert CANARY not in text.lower()
    assert session_id not in text
    told = figures(text)
    asked = told["scribe_http_requests_total"]
    assert asked["method=GET,route=/v1/sessions/{session_id},status=404"] == 1
    assert asked["method=other,route=/v1/sessions,status=405"] == 1
    assert asked["method=GET,route=other,status=421"] == 2
    assert asked["method=POST,route=/v1/sessions,status=201"] == 1


def test_a_session_leaves_its_figures_and_none_of_its_words(tmp_path: Path) -> None:
    pcm = sound(2, 40)

    async def check() -> None:
        async with in_process(tmp_path / "data", recognizer=oracle(pcm)) as on:
            lines = await one_session(on.url, pcm)
            text = (await on.http.get("/metrics")).text
        told = figures(text)
        words = sum(len(line.words) for line in lines)
        assert words > 40
        assert told["scribe_words_total"][""] == words
        assert 0 < told["scribe_final_seconds_count"][""] <= len(lines)
        assert told["scribe_commit_seconds_count"][""] > told["scribe_final_seconds_count"][""] / 2
        assert told["scribe_gaps_total"]["reason=off_the_record"] == 1
        assert told["scribe_gaps_total"]["reason=recognizer_failed"] == 0
        assert told["scribe_drafts_total"] == {
            **{f"outcome={outcome}": 0 for outcome in ("insufficient", "failed", "called_off")},
            "outcome=ready": 1,
        }
        assert told["scribe_draft_seconds_count"][""] == 1
        assert 0 < told["scribe_recognized_seconds_total"][""] < 400
        assert (told["scribe_streams"][""], told["scribe_streams_max"][""]) == (0, 8)
        assert told["scribe_lag_seconds"][""] == 0
        said = {
            word.text.strip(".,?!").lower() for line in lines for word in line.words if len(word.text) > 6
        }
        shown = set(re.findall(r"[a-z]+", re.sub(r"(?m)^# .*$", "", text).lower()))
        assert len(said) > 10
        assert not said & shown

    asyncio.run(check())


def test_a_draft_that_fails_and_a_stream_that_is_refused_are_counted(tmp_path: Path) -> None:
    pcm = sound(2, 40)

    async def check() -> None:
        options: dict[str, Any] = {"recognizer": oracle(pcm), "note": FakeEngine(failure="It broke.")}
        async with in_process(tmp_path / "data", **options) as on:
            await one_session(on.url, pcm)
            await on.server.live.close()
            async with ScribeClient(on.url, TOKEN) as client:
                session = await client.create_session(consented(channels=2))
                with pytest.raises(ClientError):
                    async with client.stream(session, channels=2, patience_seconds=0):
                        pass
            told = figures((await on.http.get("/metrics")).text)
        assert told["scribe_drafts_total"]["outcome=failed"] == 1
        assert told["scribe_drafts_total"]["outcome=ready"] == 0
        assert told["scribe_streams_refused_total"]["reason=going_down"] >= 1
        assert told["scribe_draining"][""] == told["scribe_full"][""] == 1

    asyncio.run(check())


def test_every_kind_of_finding_has_a_label_of_its_own() -> None:
    told = re.findall(r"^    (\w+) +(?:blocking|advisory) ", grounding.__doc__ or "", re.MULTILINE)
    assert len(told) > 15
    assert set(told) <= FINDINGS


def test_the_dashboard_and_the_alerts_ask_for_figures_that_there_are(watched: RunningServer) -> None:
    families = text_string_to_metric_families(read(watched).text)
    known = {"up"}
    for family in families:
        ends = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",)}.get(family.type, ("",))
        known |= {family.name + end for end in ends}
    dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    rules = yaml.safe_load((DEPLOY / "prometheus-rules.yaml").read_text())
    asked += [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    named = {name for one in asked for name in re.findall(r"\b(?:scribe|process)_\w+\b", one)}
    assert len(named) > 25
    assert named <= known
    # And the other way about: every figure of ours is on the dashboard.
    ours = {re.sub(r"_(bucket|sum|count|total)$", "", name) for name in known if name.startswith("scribe_")}
    assert ours <= {re.sub(r"_(bucket|sum|count|total)$", "", name) for name in named}
