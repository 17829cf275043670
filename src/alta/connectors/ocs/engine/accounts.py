"""Accounts and their balances.

Kept as the engine does it, traps included: AddBalance and DebitBalance create an account that they don't
find, a repeated AddBalance adds again unless it overwrites, RemoveAccount says OK for an account that never
was.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from alta.connectors.ocs.engine.rpc import EngineError, method
from alta.connectors.ocs.engine.shapes import BOOL, NUMBER, TEXT, Free, ListOf, Struct
from alta.connectors.ocs.engine.state import State, Wire, ids_of, key, new_uuid
from alta.connectors.ocs.engine.values import NEVER, expired, expiry, number

ACCOUNT = Struct("utils.AttrGetAccount", {"Tenant": TEXT, "Account": TEXT, "ReloadScheduler": BOOL})
ACCOUNTS = Struct(
    "utils.AttrGetAccounts", {"Tenant": TEXT, "AccountIDs": ListOf(TEXT), "Offset": NUMBER, "Limit": NUMBER}
)
BALANCE = Struct(
    "utils.BalanceFilter",
    {
        "ID": TEXT,
        "Uuid": TEXT,
        "ExpiryTime": TEXT,
        "Weight": NUMBER,
        "RatingSubject": TEXT,
        "Disabled": BOOL,
        "Blocker": BOOL,
    },
)
CHANGE = Struct(
    "utils.AttrSetBalance",
    {
        "Tenant": TEXT,
        "Account": TEXT,
        "BalanceType": TEXT,
        "Value": NUMBER,
        "Balance": BALANCE,
        "Overwrite": BOOL,
        "Cdrlog": BOOL,
        "ActionExtraData": Free(),
    },
)


def new_account(tenant_account: str) -> Wire:
    return {
        "ID": tenant_account,
        "BalanceMap": None,
        "UnitCounters": None,
        "ActionTriggers": None,
        "AllowNegative": False,
        "Disabled": False,
        "UpdateTime": NEVER,
    }


def find_or_create(state: State, tenant_account: str) -> Wire:
    return state.accounts.setdefault(tenant_account, new_account(tenant_account))


def balances(account: Wire, kind: str) -> list[Wire]:
    """The balances of a kind, as a list to change."""
    if account["BalanceMap"] is None:
        account["BalanceMap"] = {}
    found: list[Wire] = account["BalanceMap"].setdefault(kind, [])
    account["BalanceMap"] = dict(sorted(account["BalanceMap"].items()))
    return found


def new_balance(given: Wire, value: float, sets: Any) -> Wire:
    """A balance; `sets` is how its empty sets look, which depends on the method that made it."""
    return {
        "Uuid": new_uuid(),
        "ID": given.get("ID", ""),
        "Value": number(value),
        "ExpirationDate": expiry(given.get("ExpiryTime", ""), datetime.now(UTC)),
        "Weight": number(given.get("Weight", 0)),
        "DestinationIDs": sets,
        "RatingSubject": given.get("RatingSubject", ""),
        "Categories": sets,
        "SharedGroups": sets,
        "Timings": None,
        "TimingIDs": sets,
        "Disabled": given.get("Disabled", False),
        "Factors": None,
        "Blocker": given.get("Blocker", False),
    }


def add(account: Wire, kind: str, given: Wire, value: float, *, reset: bool = False) -> None:
    """Adds to the balance of that id, or makes it. Of one that is there, nothing but the value changes."""
    now = datetime.now(UTC)
    given = {"ID": "*default"} | given
    all_of_kind = balances(account, kind)
    all_of_kind[:] = [each for each in all_of_kind if not expired(each["ExpirationDate"], now)]
    for balance in all_of_kind:
        if balance["ID"] == given["ID"]:
            balance["Value"] = number(value if reset else balance["Value"] + value)
            return
    all_of_kind.append(new_balance(given, value, {}))


@method("APIerSv2.GetAccount", ACCOUNT, "Account")
def get_account(state: State, arguments: Wire) -> Any:
    try:
        return state.accounts[key(arguments)]
    except KeyError:
        raise EngineError("NOT_FOUND") from None


@method("APIerSv1.GetAccount", ACCOUNT, "Account")
def get_account_v1(state: State, arguments: Wire) -> Any:
    account = get_account(state, arguments)
    return {
        "Id": f"*out:{account['ID']}",
        "BalanceMap": {
            f"{kind}*out": [_balance_v1(each) for each in found]
            for kind, found in (account["BalanceMap"] or {}).items()
        },
        "UnitCounters": [],
        "ActionTriggers": [],
        "AllowNegative": account["AllowNegative"],
        "Disabled": account["Disabled"],
    }


def _balance_v1(balance: Wire) -> Wire:
    return {
        "Uuid": balance["Uuid"],
        "Id": balance["ID"],
        "Value": balance["Value"],
        "ExpirationDate": balance["ExpirationDate"],
        "Weight": balance["Weight"],
        "DestinationIds": "",
        "RatingSubject": balance["RatingSubject"],
        "Category": "",
        "SharedGroup": "",
        "Timings": None,
        "TimingIDs": "",
        "Disabled": balance["Disabled"],
    }


@method("APIerSv2.GetAccounts", ACCOUNTS)
def get_accounts(state: State, arguments: Wire) -> Any:
    names = arguments.get("AccountIDs") or ids_of(arguments["Tenant"], state.accounts)
    keys = [f"{arguments['Tenant']}:{name}" for name in names]
    found = [state.accounts[each] for each in keys if each in state.accounts]
    first = int(arguments.get("Offset", 0))
    limit = int(arguments.get("Limit", 0))
    return found[first : first + limit] if limit else found[first:]


@method("APIerSv1.GetAccountsCount", ACCOUNTS)
def count_accounts(state: State, arguments: Wire) -> Any:
    return len(ids_of(arguments["Tenant"], state.accounts))


@method("APIerSv1.GetAccountIDs", ACCOUNTS)
def account_ids(state: State, arguments: Wire) -> Any:
    return ids_of(arguments["Tenant"], state.accounts)


@method("APIerSv1.RemoveAccount", ACCOUNT, "Account")
def remove_account(state: State, arguments: Wire) -> Any:
    state.accounts.pop(key(arguments), None)
    for plan in state.plans.values():
        plan["AccountIDs"].pop(key(arguments), None)
    return "OK"


@method("APIerSv1.AddBalance", CHANGE, "Account", "BalanceType")
def add_balance(state: State, arguments: Wire) -> Any:
    account = find_or_create(state, key(arguments))
    given, value = arguments.get("Balance", {}), arguments.get("Value", 0)
    add(account, arguments["BalanceType"], given, value, reset=arguments.get("Overwrite", False))
    return "OK"


@method("APIerSv1.DebitBalance", CHANGE, "Account", "BalanceType")
def debit_balance(state: State, arguments: Wire) -> Any:
    account = find_or_create(state, key(arguments))
    add(account, arguments["BalanceType"], arguments.get("Balance", {}), -arguments.get("Value", 0))
    return "OK"


@method("APIerSv1.SetBalance", CHANGE, "Account", "BalanceType")
def set_balance(state: State, arguments: Wire) -> Any:
    given = arguments.get("Balance", {})
    wanted = [(name, given[name]) for name in ("ID", "Uuid") if given.get(name)]
    if not wanted:
        raise EngineError("MANDATORY_IE_MISSING: [BalanceID or BalanceUUID]")
    all_of_kind = balances(find_or_create(state, key(arguments)), arguments["BalanceType"])
    found = [each for each in all_of_kind if any(each[name] == value for name, value in wanted)]
    if not found:
        all_of_kind.append(new_balance(given, arguments.get("Value", 0), None))
    for balance in found:
        balance |= {name: given[name] for name in ("RatingSubject", "Disabled", "Blocker") if name in given}
        if "Value" in arguments:
            balance["Value"] = number(arguments["Value"])
        if "Weight" in given:
            balance["Weight"] = number(given["Weight"])
        if "ExpiryTime" in given:
            balance["ExpirationDate"] = expiry(given["ExpiryTime"], datetime.now(UTC))
    return "OK"


@method("APIerSv1.RemoveBalances", CHANGE, "Account", "BalanceType")
def remove_balances(state: State, arguments: Wire) -> Any:
    account = state.accounts.get(key(arguments), {})
    wanted = arguments.get("Balance", {}).get("ID", "")
    all_of_kind = (account.get("BalanceMap") or {}).get(arguments["BalanceType"], [])
    found = [each for each in all_of_kind if each["ID"] == wanted]
    if not found:
        raise EngineError("PARTIALLY_EXECUTED")
    all_of_kind[:] = [each for each in all_of_kind if each not in found]
    return "OK"
