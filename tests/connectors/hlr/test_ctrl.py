"""The control protocol, against a server that says exactly what a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from alta.connectors.contract import Call
from alta.connectors.hlr import ctrl
from alta.connectors.hlr.ctrl import Ctrl, Garbled, Refused


@asynccontextmanager
async def hlr_that_sends(*chunks: bytes, call: Call | None = None) -> AsyncIterator[Ctrl]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ctrl.read_message(reader)
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(0.01)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server, asyncio.timeout(5):
        port = server.sockets[0].getsockname()[1]
        async with ctrl.connect("127.0.0.1", port, call or Call(key="test")) as hlr:
            yield hlr


def test_a_frame_has_the_length_of_what_follows_the_protocol() -> None:
    assert ctrl.frame("GET 1 a") == b"\x00\x08\xee\x00GET 1 a"


@pytest.mark.asyncio
async def test_traps_and_answers_to_others_are_skipped() -> None:
    noise = [ctrl.frame("TRAP 0 link up"), ctrl.frame("GET_REPLY 7 a wrong"), ctrl.frame("ERROR 7 wrong")]
    async with hlr_that_sends(*noise, ctrl.frame("GET_REPLY 1 a right")) as hlr:
        assert await hlr.get("a") == "right"


@pytest.mark.asyncio
async def test_link_management_between_messages_is_skipped() -> None:
    async with hlr_that_sends(b"\x00\x01\xfe\x00" + ctrl.frame("SET_REPLY 1 a OK")) as hlr:
        assert await hlr.set("a", "b") == "OK"


@pytest.mark.asyncio
async def test_an_answer_may_come_in_pieces() -> None:
    whole = ctrl.frame("GET_REPLY 1 a one two\nthree")
    async with hlr_that_sends(*(whole[i : i + 1] for i in range(len(whole)))) as hlr:
        assert await hlr.get("a") == "one two\nthree"


@pytest.mark.asyncio
async def test_an_error_without_our_id_is_ours_when_the_request_made_no_sense() -> None:
    async with hlr_that_sends(ctrl.frame("ERROR err Request malformed")) as hlr:
        with pytest.raises(Refused) as refused:
            await hlr.get("a")
    assert refused.value.text == "Request malformed"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "answer", [ctrl.frame("SET_REPLY 1 a 1"), ctrl.frame("GET_REPLY 1 b 1"), b"HTTP/1.1 400"]
)
async def test_an_answer_to_another_question_is_garbled(answer: bytes) -> None:
    async with hlr_that_sends(answer) as hlr:
        with pytest.raises(Garbled):
            await hlr.get("a")


@pytest.mark.asyncio
async def test_a_link_that_breaks_off_is_the_end_of_the_stream() -> None:
    async with hlr_that_sends(ctrl.frame("GET_REPLY 1 a right")[:-2]) as hlr:
        with pytest.raises(EOFError):
            await hlr.get("a")


@pytest.mark.asyncio
async def test_keys_are_masked_in_what_is_kept_of_both_directions() -> None:
    call = Call(key="test")
    answer = ctrl.frame("GET_REPLY 1 subscriber.by-id-1.aud3g MILENAGE,00,OPC,11,5")
    async with hlr_that_sends(answer, call=call) as hlr:
        assert await hlr.get("subscriber.by-id-1.aud3g") == "MILENAGE,00,OPC,11,5"
    assert call.wire == [
        {"sent": "GET 1 subscriber.by-id-1.aud3g"},
        {"received": "GET_REPLY 1 subscriber.by-id-1.aud3g MILENAGE,•••"},
    ]


@pytest.mark.parametrize("name", ["aud2g", "aud3g"])
def test_a_value_without_keys_is_kept_as_it_is(name: str) -> None:
    assert ctrl.masked(f"subscriber.by-id-1.{name}", "none") == "none"
