"""A SIP phone, as far as registering goes: REGISTER over UDP with digest authentication (RFC 3261, RFC 2617)."""

from __future__ import annotations

import hashlib
import re
import socket
import uuid

from tests.network.daemons import HOST


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


class Phone:
    """`ha1` computes with that digest instead of the password's: what somebody does who found one. `name` is how the
    phone calls itself in its credentials, `contact_port` where it wants to be called."""

    def __init__(
        self,
        port: int,
        domain: str,
        username: str,
        password: str,
        *,
        ha1: str | None = None,
        name: str = "",
        contact_port: int | None = None,
    ) -> None:
        self._switch = (HOST, port)
        self._domain = domain
        self._username = username
        self._name = name or username
        self._ha1 = ha1 if ha1 is not None else _md5(f"{self._name}:{domain}:{password}")
        self._contact_port = contact_port
        self._call = uuid.uuid4().hex
        self._number = 0

    def register(self) -> int:
        """The status of the last answer: 200 where the switch takes the phone."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
            link.bind((HOST, 0))
            link.settimeout(2)
            status, answer = self._ask(link, "")
            if status != 401:
                return status
            nonce = re.search(r'nonce="([^"]+)"', answer)
            assert nonce
            uri = f"sip:{self._domain}"
            response = _md5(f"{self._ha1}:{nonce[1]}:{_md5(f'REGISTER:{uri}')}")
            return self._ask(
                link,
                f'Authorization: Digest username="{self._name}", realm="{self._domain}", nonce="{nonce[1]}",'
                f' uri="{uri}", response="{response}", algorithm=MD5\r\n',
            )[0]

    def _ask(self, link: socket.socket, authorization: str) -> tuple[int, str]:
        self._number += 1
        me, port = f"{self._username}@{self._domain}", link.getsockname()[1]
        link.sendto(
            (
                f"REGISTER sip:{self._domain} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {HOST}:{port};branch=z9hG4bK{uuid.uuid4().hex};rport\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:{me}>;tag={self._call[:8]}\r\nTo: <sip:{me}>\r\n"
                f"Call-ID: {self._call}\r\nCSeq: {self._number} REGISTER\r\n"
                f"Contact: <sip:{self._username}@{HOST}:{self._contact_port or port}>\r\nExpires: 600\r\n"
                f"{authorization}Content-Length: 0\r\n\r\n"
            ).encode(),
            self._switch,
        )
        while True:
            answer = link.recv(8192).decode()
            if (status := int(answer.split()[1])) >= 200:
                return status, answer
