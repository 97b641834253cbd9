"""Templates over REST."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from summarizer.templates import template_names

BODY = {
    "title": "Coaching note",
    "sections": [
        {"code": "STORY", "title": "Story", "instruction": "Symptoms and sleep as reported."},
        {"code": "STEPS", "title": "Steps", "instruction": "Plan.", "kinds": ["plan", "homework.assigned"]},
    ],
}


@pytest.fixture
def own(http: httpx.Client) -> Iterator[str]:
    """The path of a template that is deleted after the test."""
    path = "/v1/templates/coaching"
    yield path
    http.delete(path)


def test_a_template_is_put_listed_read_raised_and_deleted(http: httpx.Client, own: str) -> None:
    put = http.put(own, json=BODY)
    assert put.status_code == 201
    assert (put.json()["name"], put.json()["version"]) == ("coaching", 1)
    listed = {template["name"]: template for template in http.get("/v1/templates").json()["templates"]}
    assert set(listed) == {*template_names(), "coaching"}
    assert listed["coaching"]["own"]
    assert listed["coaching"]["sections"] == ["Story", "Steps"]
    assert not listed["soap"]["own"]
    again = http.get(own).json()
    assert http.put(own, json=again).json()["version"] == 2
    assert http.get(own, params={"version": 1}).json() == again
    assert http.delete(own).status_code == 204
    assert http.get(own).status_code == 404
    assert http.get(own, params={"version": 2}).status_code == 200


def test_a_template_may_be_toml(http: httpx.Client, own: str) -> None:
    toml = 'title = "T"\n[[sections]]\ncode = "A"\ntitle = "A"\ninstruction = "Sleep."\n'
    put = http.put(own, content=toml, headers={"content-type": "application/toml"})
    assert put.status_code == 201
    assert put.json()["sections"][0]["kinds"] == ["sleep"]


def test_a_note_is_drafted_with_a_template_of_ones_own(http: httpx.Client, own: str) -> None:
    http.put(own, json=BODY)
    text = "Client: I have been sleeping badly since March. I feel tired all the time. My work is long and hard, too."
    drafted = http.post("/v1/draft", json={"text": text, "template": "coaching"}).json()
    assert drafted["sections"][0]["title"] == "Story"
    assert "sleeping badly" in str(drafted["sections"][0]["statements"])


@pytest.mark.parametrize(
    ("name", "content", "kind", "code", "status"),
    [
        ("soap", b'{"title": "x"}', "application/json", "wrong_state", 409),
        ("Not a name!", b'{"title": "x"}', "application/json", "bad_request", 400),
        ("coaching", b"{", "application/json", "bad_request", 400),
        ("coaching", b"[]", "application/json", "bad_request", 400),
        ("coaching", b"\xff\xfe", "application/json", "bad_request", 400),
        ("coaching", b"title = ", "application/toml", "bad_request", 400),
        ("coaching", b'{"title": "x", "sections": 3}', "application/json", "bad_request", 400),
        ("coaching", b" " * 70_000, "application/json", "too_large", 413),
    ],
)
def test_what_is_no_template_is_refused_with_a_problem(
    http: httpx.Client, name: str, content: bytes, kind: str, code: str, status: int
) -> None:
    answer = http.put(f"/v1/templates/{name}", content=content, headers={"content-type": kind})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert http.get("/v1/templates/coaching").status_code == 404


def test_templates_that_ship_are_read_whole_and_not_deleted(http: httpx.Client) -> None:
    soap = http.get("/v1/templates/soap").json()
    assert [section["code"] for section in soap["sections"]] == [
        "SUBJECTIVE",
        "OBJECTIVE",
        "ASSESSMENT",
        "PLAN",
    ]
    assert http.delete("/v1/templates/soap").status_code == 409
    assert http.delete("/v1/templates/nowhere").status_code == 404
    birp = http.get("/v1/templates/birp").json()["version"]
    assert http.get("/v1/templates/birp", params={"version": 1}).json()["version"] == 1 < birp
