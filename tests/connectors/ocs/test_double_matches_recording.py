"""The double answers as a real CGRateS did: the recorded conversation is played again and compared.

Only what can't be the same twice is made comparable: a UUID, a node or a moment becomes the place of its
first appearance, so that whatever was equal in the recording has to be equal here too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from alta.connectors.ocs.double import OcsDouble

LINES = [json.loads(line) for line in Path(__file__).with_name("wire.jsonl").read_text().splitlines()]
EXCHANGES = [line for line in LINES if "req" in line]
TRANSPORT = {line["transport"]: line for line in LINES if "transport" in line}

NEVER = "0001-01-01T00:00:00Z"
MOMENTS = {"ExpirationDate", "NextExecTime", "NextRunTime"}
NAMES = {"Uuid", "ActionTimingUUID", "NodeID"}

PING = {"method": "CoreSv1.Ping", "params": [{}], "id": 1}
GET_GHOST = {"Tenant": "cgrates.org", "Account": "nobody-at-all"}
BODIES: dict[str, bytes] = {
    "unknown method": b'{"method":"ApierV9.Nope","params":[{}],"id":7}',
    "unknown method2": b'{"method":"ApierV1.Nope","params":[{}],"id":7}',
    "no dot": b'{"method":"Nope","params":[{}],"id":7}',
    "bad json": b'{"method":"CoreSv1.Ping","params":[{}',
    "empty": b"",
    "params object": b'{"method":"ApierV2.GetAccount","params":{"Account":"x"},"id":7}',
    "wrong type": b'{"method":"ApierV2.GetAccount","params":[{"Tenant":5,"Account":"x"}],"id":7}',
    "unknown field": json.dumps(
        {"method": "ApierV2.GetAccount", "params": [GET_GHOST | {"Nope": 1}], "id": 7}
    ).encode(),
    "jsonrpc 2.0 member, string id": json.dumps(PING | {"jsonrpc": "2.0", "id": "abc"}).encode(),
    "no id": b'{"method":"CoreSv1.Ping","params":[{}]}',
    "batch": json.dumps([PING]).encode(),
    "GET": b"",
    "other path": json.dumps(PING).encode(),
    "no ctype": json.dumps(PING).encode(),
    "two objects": json.dumps(PING).encode() + json.dumps(PING | {"id": 2}).encode(),
}


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as client:
        yield client


class Comparable:
    """Replaces what differs between two runs by the number of its first appearance."""

    def __init__(self) -> None:
        self.seen: dict[str, str] = {}

    def __call__(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {member: self(each, member) for member, each in value.items()}
        if isinstance(value, list):
            return [self(each, name) for each in value]
        if name in MOMENTS and value != NEVER:
            assert datetime.fromisoformat(value).tzinfo
            return self.seen.setdefault(value, f"moment {len(self.seen)}")
        if name in NAMES:
            assert value
            return self.seen.setdefault(value, f"name {len(self.seen)}")
        return value


def shape_of(status: dict[str, Any]) -> dict[str, type]:
    return {name: type(value) for name, value in status.items()}


def test_the_recorded_conversation_is_answered_the_same(double: OcsDouble, http: httpx.Client) -> None:
    assert len(EXCHANGES) == 74
    recorded, played = Comparable(), Comparable()
    for line in EXCHANGES:
        response = http.post(double.url, json=line["req"])
        assert (response.status_code, response.headers["content-type"]) == (line["http"], line["ctype"])
        assert response.text.endswith("}\n")
        reply = response.json()
        about = f"{line['req']['id']} {line['req']['method']}"
        if line["req"]["method"] == "CoreSv1.Status":
            assert shape_of(reply["result"]) == shape_of(line["rep"]["result"]), about
            continue
        assert played(reply) == recorded(line["rep"]), about
        assert list(reply) == list(line["rep"]), about


@pytest.mark.parametrize("case", TRANSPORT)
def test_transport_is_as_peculiar_as_recorded(double: OcsDouble, http: httpx.Client, case: str) -> None:
    line = TRANSPORT[case]
    url = double.url + "/other" if case == "other path" else double.url
    headers = {} if case == "no ctype" else {"Content-Type": "application/json"}
    response = http.request("GET" if case == "GET" else "POST", url, content=BODIES[case], headers=headers)
    assert response.status_code == line["http"]
    assert response.headers["content-type"] == line["ctype"]
    assert response.text == line["body"]


def test_every_recorded_transport_case_is_played() -> None:
    assert set(TRANSPORT) == set(BODIES)


def test_member_names_match_in_any_case(double: OcsDouble, http: httpx.Client) -> None:
    request = {"METHOD": "ApierV2.GetAccount", "Params": [{"tenant": "cgrates.org", "ACCOUNT": "x"}], "ID": 3}
    assert http.post(double.url, json=request).json() == {"id": 3, "result": None, "error": "NOT_FOUND"}


def test_answers_before_a_malformed_object_are_given(double: OcsDouble, http: httpx.Client) -> None:
    body = json.dumps(PING).encode() + b"{broken"
    assert http.post(double.url, content=body).text == '{"id":1,"result":"Pong","error":null}\n'


def test_a_connection_serves_many_requests(double: OcsDouble, http: httpx.Client) -> None:
    streams = {
        id(http.post(double.url, json=PING).extensions["network_stream"].get_extra_info("socket"))
        for _ in range(5)
    }
    assert len(streams) == 1
