"""What the middleware is asked and what it knows."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from alta.connectors.contract import Output, Params

# Accounts and packages become parts of addresses.
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Mac = Annotated[
    str,
    Field(pattern=r"^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$"),
    AfterValidator(lambda mac: mac.upper().replace("-", ":")),
]


class AccountParams(Params):
    account: Name


class NewAccount(AccountParams):
    """`mac` is the set-top box's, by which it is known. `number` is how the customer's account is called."""

    mac: Mac
    name: str = ""
    number: str = ""
    tariff: str | None = None
    password: SecretStr | None = None
    packages: list[Name] = []


class AccountUpdate(AccountParams):
    mac: Mac | None = None
    name: str | None = None
    tariff: str | None = None


class AccountQuestion(AccountParams):
    packages: list[Name] = []


class PackageChange(AccountParams):
    add: list[Name] = []
    remove: list[Name] = []


class AccountState(Output):
    """`packages` are in alphabetical order; `missing` are those that were asked about and aren't there. `active` says
    whether its set-top box may watch."""

    account: str
    number: str
    name: str
    mac: str
    tariff: str
    active: bool
    packages: list[str]
    missing: list[str] = []
