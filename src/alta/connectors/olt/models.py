"""What the actions of the OLT take and give."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr

from alta.connectors.contract import ConnectorSettings, Output, Params

# Four letters of the maker and eight hexadecimal digits, as ITU-T G.984.3 has it.
Serial = Annotated[
    str,
    BeforeValidator(lambda text: text.strip().upper() if isinstance(text, str) else text),
    Field(pattern=r"^[A-Z]{4}[0-9A-F]{8}$"),
]
Mbps = Annotated[int, Field(ge=1, le=100_000)]


class OltSettings(ConnectorSettings):
    """`host_key` is the OLT's public key in base64, as `ssh-keyscan` prints it; `any` accepts every key, which is for
    laboratories. One of `password` and `key_file` is needed."""

    concurrency: int | None = 4
    host: str
    port: int = 830
    username: str
    password: SecretStr | None = None
    key_file: str | None = None
    host_key: str


class OntParams(Params):
    serial: Serial


class SpeedParams(OntParams):
    """`profile` is the speed's name in the OLT: it is made, or corrected."""

    profile: str = Field(pattern=r"^[\w.-]{1,64}$")
    down_mbps: Mbps
    up_mbps: Mbps


class NewOnt(SpeedParams):
    """`circuit_id` names the line; the OLT writes it into option 82. `pon_port` is where it must be plugged in."""

    circuit_id: str = Field(min_length=1, max_length=63)
    vlan: int = Field(ge=2, le=4094)
    pon_port: str | None = Field(default=None, max_length=64)


class Removal(OntParams):
    """With `circuit_id` an ONT of another line is left alone."""

    circuit_id: str | None = None


class Replacement(OntParams):
    """`replacement` takes the place of `serial` on the line `circuit_id`."""

    replacement: Serial
    circuit_id: str


class OntState(Output):
    exists: bool
    enabled: bool = False
    circuit_id: str | None = None
    profile: str | None = None
    down_mbps: int | None = None
    up_mbps: int | None = None
    vlan: int | None = None
    pon_port: str | None = None
