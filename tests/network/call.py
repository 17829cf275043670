"""A call, made and answered by sipp: INVITE, 200, ACK, BYE through the switch."""

from __future__ import annotations

import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.network.daemons import HOST, free_port, needed
from tests.network.kamailio import DOMAIN, Kamailio
from tests.network.phone import Phone

INVITE = """\
INVITE sip:+{number}@{domain} SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:{caller}@{domain}>;tag=[pid]x[call_number]
To: <sip:+{number}@{domain}>
Call-ID: [call_id]
CSeq: {sequence} INVITE
Contact: <sip:{caller}@[local_ip]:[local_port]>
{credentials}Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=u 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio 6000 RTP/AVP 0
"""
WITHIN = """\
{method} {where} SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
{route}
From: <sip:{caller}@{domain}>;tag=[pid]x[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: {sequence} {method}
Max-Forwards: 70
Content-Length: 0
"""
SCENARIO = """\
<?xml version="1.0" encoding="UTF-8"?>
<scenario name="call">
<send retrans="200"><![CDATA[
{first}
]]></send>
<recv response="100" optional="true"/>
<recv response="407" auth="true"/>
<send><![CDATA[
{refused_ack}
]]></send>
<send retrans="200"><![CDATA[
{second}
]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true" rrs="true"/>
<recv response="200" rrs="true"/>
<send><![CDATA[
{ack}
]]></send>
<send retrans="200"><![CDATA[
{bye}
]]></send>
<recv response="200"/>
</scenario>
"""


def call_number(switch: Kamailio, number: str, *, caller: str, password: str, callee: str) -> bool:
    """Whether a call from `caller` to the number is answered by the phone of `callee` and ended in order. Skips the
    test where there is no sipp."""
    [sipp] = needed("sipp")
    with tempfile.TemporaryDirectory(prefix="call-") as name, _answering(sipp, Path(name)) as port:
        Phone(switch.sip_port, DOMAIN, callee, password, contact_port=port).register()
        scenario = Path(name) / "call.xml"
        scenario.write_text(_scenario(number, caller, password))
        command = [sipp, f"{HOST}:{switch.sip_port}", "-sf", str(scenario), "-i", HOST]
        command += ["-p", str(free_port(socket.SOCK_DGRAM)), "-m", "1", "-timeout", "4", "-nostdin"]
        return subprocess.run(command, cwd=name, capture_output=True).returncode == 0


@contextmanager
def _answering(sipp: str, folder: Path) -> Iterator[int]:
    """A phone that answers calls."""
    port = free_port(socket.SOCK_DGRAM)
    command = [sipp, "-sn", "uas", "-i", HOST, "-p", str(port), "-nostdin"]
    with (folder / "answering.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        yield port
    finally:
        process.kill()
        process.wait()


def _scenario(number: str, caller: str, password: str) -> str:
    who = {"number": number, "domain": DOMAIN, "caller": caller}
    credentials = f"[authentication username={caller} password={password}]\n"

    def within(method: str, sequence: int, where: str, route: str) -> str:
        return WITHIN.format(method=method, sequence=sequence, where=where, route=route, **who)

    return SCENARIO.format(
        first=INVITE.format(sequence=1, credentials="", **who),
        refused_ack=within("ACK", 1, f"sip:+{number}@{DOMAIN}", "[last_Via:]").replace(
            "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n", ""
        ),
        second=INVITE.format(sequence=2, credentials=credentials, **who),
        ack=within("ACK", 2, "[next_url]", "[routes]"),
        bye=within("BYE", 3, "[next_url]", "[routes]"),
    )
