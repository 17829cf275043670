"""What the switch is asked and what it knows."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from alta.connectors.contract import Output, Params

Username = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", coerce_numbers_to_str=True)]
# Digits, as calls come in once the dial plan has taken the plus sign away.
Number = Annotated[
    str,
    Field(pattern=r"^\+?[0-9]{3,15}$", coerce_numbers_to_str=True),
    AfterValidator(lambda number: number.removeprefix("+")),
]


class Line(Params):
    """`username` is the name with which the customer's phone registers."""

    username: Username


class LineWithPassword(Line):
    password: SecretStr


class NewLine(LineWithPassword):
    number: Number | None = None


class LineWithNumber(Line):
    number: Number


class LineQuestion(Line):
    password: SecretStr | None = None


class LineState(Output):
    """`numbers` are those that ring at the line. `active` is false while it is suspended. `password_right` says
    whether a phone with the password asked about would be accepted; it is null where none was asked about."""

    username: str
    domain: str
    numbers: list[str]
    active: bool
    registered: bool
    contacts: list[str]
    password_right: bool | None
