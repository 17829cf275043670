"""What the actions of the OCS take and give.

Units everywhere: data in bytes, voice in nanoseconds, SMS in messages, money in the engine's currency unit.
Names that CGRateS writes with a star (`*data`) are written without it here, because a star has a meaning of
its own in YAML.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints

from alta.connectors.contract import Output, Params

Name = Annotated[str, StringConstraints(min_length=1, max_length=128, strip_whitespace=True)]
BalanceType = Literal["data", "voice", "sms", "monetary"]

DATA_STEP = (
    "*zero1024ns"  # debits free data by the KiB; without it the engine takes seconds to count single bytes
)
UNLIMITED = datetime(1, 1, 1, tzinfo=UTC)  # how the engine writes that a balance never expires


class OcsParams(Params):
    """Accounts and SIMs are named by numbers, which may come as such."""

    model_config = ConfigDict(coerce_numbers_to_str=True)


class AccountParams(OcsParams):
    account: Name


class SetAccountParams(AccountParams):
    disabled: bool = False
    allow_negative: bool = False
    action_plans: list[Name] = []


class BalanceSpec(OcsParams):
    """A balance, whatever account it is in."""

    type: BalanceType
    value: int | float = Field(ge=0)
    expires: Literal["unlimited", "month"] | AwareDatetime = "unlimited"
    valid_days: int | None = Field(default=None, ge=1, description="days from now; wins over `expires`")
    weight: float = Field(default=10, description="the heaviest balance is used first")
    rating_subject: str | None = Field(default=None, description=f"for data {DATA_STEP} unless given")

    def wire(self, balance_id: str) -> dict[str, Any]:
        balance: dict[str, Any] = {"ID": balance_id, "ExpiryTime": self._expiry(), "Weight": self.weight}
        subject = DATA_STEP if self.rating_subject is None and self.type == "data" else self.rating_subject
        if subject:
            balance["RatingSubject"] = subject
        return {"BalanceType": f"*{self.type}", "Value": self.value, "Balance": balance}

    def _expiry(self) -> str:
        if self.valid_days is not None:
            return wire_time(datetime.now(UTC) + timedelta(days=self.valid_days))
        return f"*{self.expires}" if isinstance(self.expires, str) else wire_time(self.expires)


class BalanceParams(AccountParams, BalanceSpec):
    """A balance of an account."""


class SetBalanceParams(BalanceParams):
    id: Name


class OpeningBalance(BalanceSpec):
    id: Name


class OpenAccountParams(AccountParams):
    imsi: str | None = Field(default=None, pattern=r"^[0-9]{6,15}$")
    balances: list[OpeningBalance] = Field(default=[], max_length=20)


class CloseAccountParams(AccountParams):
    imsi: str | None = Field(default=None, pattern=r"^[0-9]{6,15}$")


class AddBalanceParams(BalanceParams):
    id: Name | None = None


class RemoveBalanceParams(AccountParams):
    type: BalanceType
    id: Name


class ExecuteActionParams(AccountParams):
    action: Name


class RemoveAttributeProfileParams(OcsParams):
    imsi: str = Field(pattern=r"^\d{6,15}$")


class SetAttributeProfileParams(RemoveAttributeProfileParams):
    msisdn: Name


class BalanceRef(Output):
    """Which balance was written: what `remove_balance` needs to take it away again."""

    account: str
    type: str
    id: str


class Balance(Output):
    """One balance of an account. `expires` is None when it never does."""

    id: str
    type: str
    value: int | float
    expires: datetime | None
    weight: float


class Account(Output):
    """An account as the engine has it."""

    account: str
    disabled: bool
    allow_negative: bool
    balances: list[Balance]

    def has(self, balance_type: str, balance_id: str) -> bool:
        return any(each.type == balance_type and each.id == balance_id for each in self.balances)


class AttributeProfile(Output):
    """The profile that makes the traffic of a SIM count for a number."""

    id: str


def read_account(account: str, wire: dict[str, Any]) -> Account:
    """The engine's account in our words. Raises KeyError, TypeError or ValueError for what isn't one."""
    return Account(
        account=account,
        disabled=wire["Disabled"],
        allow_negative=wire["AllowNegative"],
        balances=[
            _read_balance(kind, balance)
            for kind, balances in (wire["BalanceMap"] or {}).items()
            for balance in balances or []
        ],
    )


def _read_balance(kind: str, wire: dict[str, Any]) -> Balance:
    expires = datetime.fromisoformat(wire["ExpirationDate"])
    return Balance(
        id=wire["ID"],
        type=kind.removeprefix("*"),
        value=wire["Value"],
        expires=None if expires == UNLIMITED else expires,
        weight=wire["Weight"],
    )


def wire_time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
