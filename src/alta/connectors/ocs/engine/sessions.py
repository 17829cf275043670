"""Sessions: what the network asks while a customer uses the service. They are the proof of provisioning.

There are no tariffs: a session gets what the balances of its kind hold, and no more.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from alta.connectors.ocs.engine.profiles import process_event
from alta.connectors.ocs.engine.rpc import EngineError, method
from alta.connectors.ocs.engine.shapes import BOOL, TEXT, Free, Struct
from alta.connectors.ocs.engine.state import State, Wire, ids_of
from alta.connectors.ocs.engine.values import NEVER, amount, expired, number

SESSION = Struct(
    "sessions.V1Args",
    {
        "Tenant": TEXT,
        "ID": TEXT,
        "Event": Free(),
        "APIOpts": Free(),
        "GetMaxUsage": BOOL,
        "GetAttributes": BOOL,
        "InitSession": BOOL,
        "TerminateSession": BOOL,
    },
)


@method("SessionSv1.AuthorizeEvent", SESSION)
def authorize(state: State, arguments: Wire) -> Any:
    event = _event(state, arguments)
    usage = amount(event.get("Usage", 0))
    _check_credit(_account(state, event), event["ToR"], usage)
    return {"MaxUsage": usage}


@method("SessionSv1.InitiateSession", SESSION)
def initiate(state: State, arguments: Wire) -> Any:
    event = _event(state, arguments)
    usage = amount(event.get("Usage", 0))
    account = _account(state, event)
    _check_credit(account, event["ToR"], usage)
    debit(account, event["ToR"], usage)
    state.sessions[_session_id(event)] = _session(state, event, usage)
    return {"MaxUsage": usage}


@method("SessionSv1.TerminateSession", SESSION)
def terminate(state: State, arguments: Wire) -> Any:
    """Ends a session and debits what it used beyond what was debited at its beginning."""
    event = _event(state, arguments)
    session = state.sessions.pop(_session_id(event), None)
    paid = session["Usage"] if session else 0
    debit(_account(state, event), event["ToR"], amount(event.get("Usage", paid)) - paid)
    return "OK"


@method("SessionSv1.GetActiveSessions", Struct("utils.SessionFilter", {"Tenant": TEXT}))
def active(state: State, arguments: Wire) -> Any:
    found = [each for each in state.sessions.values() if each["Tenant"] == arguments["Tenant"]]
    if not found:
        raise EngineError("NOT_FOUND")
    return found


@method("SessionSv1.ProcessCDR", SESSION)
def process_cdr(state: State, arguments: Wire) -> Any:
    state.cdrs.append(arguments.get("Event", {}))
    return "OK"


def _event(state: State, arguments: Wire) -> Wire:
    """The event to charge: in the name of the attribute profile where that is asked for."""
    event: Wire = {"ToR": "*voice", "OriginID": "", "OriginHost": ""} | arguments.get("Event", {})
    event = {"Tenant": arguments["Tenant"]} | event
    if arguments.get("GetAttributes"):
        event = process_event(state, {"Tenant": arguments["Tenant"], "Event": event})["Event"]
    if not ids_of(event["Tenant"], state.chargers):
        raise EngineError("CHARGERS_ERROR:NOT_FOUND")
    return event


def _account(state: State, event: Wire) -> Wire:
    account = state.accounts.get(f"{event['Tenant']}:{event.get('Account', '')}")
    if account is None:
        raise EngineError("RALS_ERROR:ACCOUNT_NOT_FOUND")
    if account["Disabled"]:
        raise EngineError("RALS_ERROR:ACCOUNT_DISABLED")
    return account


def _usable(account: Wire, kind: str) -> list[Wire]:
    now = datetime.now(UTC)
    usable = [
        each
        for each in (account["BalanceMap"] or {}).get(kind, [])
        if not each["Disabled"] and not expired(each["ExpirationDate"], now)
    ]
    return sorted(usable, key=lambda each: -each["Weight"])


def _check_credit(account: Wire, kind: str, usage: float) -> None:
    if sum(max(each["Value"], 0) for each in _usable(account, kind)) < usage:
        raise EngineError("RALS_ERROR:RATING_PLAN_NOT_FOUND")


def debit(account: Wire, kind: str, usage: float) -> None:
    """Takes `usage` from the balances of a kind, the heaviest first, as far as they reach."""
    for balance in _usable(account, kind):
        taken = min(max(balance["Value"], 0), usage)
        balance["Value"] = number(balance["Value"] - taken)
        usage -= taken


def _session_id(event: Wire) -> str:
    origin = f"{event['OriginID']}{event['OriginHost']}"
    return hashlib.sha1(origin.encode(), usedforsecurity=False).hexdigest()


def _session(state: State, event: Wire, usage: float) -> Wire:
    copied = (
        "RequestType",
        "Tenant",
        "Category",
        "Account",
        "Subject",
        "Destination",
        "SetupTime",
        "AnswerTime",
    )
    return {
        "CGRID": _session_id(event),
        "RunID": "*default",
        "ToR": event["ToR"],
        "OriginID": event["OriginID"],
        "OriginHost": event["OriginHost"],
        "Source": "SessionS_",
        **{name: event.get(name, "") for name in copied},
        "Usage": usage,
        "ExtraFields": {},
        "NodeID": state.node_id,
        "LoopIndex": 1,
        "DurationIndex": usage,
        "MaxRate": 0,
        "MaxRateUnit": 0,
        "MaxCostSoFar": 0,
        "DebitInterval": 0,
        "NextAutoDebit": NEVER,
    }
