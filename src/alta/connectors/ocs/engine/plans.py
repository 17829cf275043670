"""Actions, the plans that run them, and the accounts that plans are attached to.

`*asap` actions of a plan run when it is attached and the scheduler is reloaded, at every repetition again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from alta.connectors.ocs.engine.accounts import ACCOUNT, add, find_or_create
from alta.connectors.ocs.engine.rpc import EngineError, method
from alta.connectors.ocs.engine.shapes import BOOL, NUMBER, TEXT, Free, ListOf, Shape, Struct
from alta.connectors.ocs.engine.state import State, Wire, key, new_uuid
from alta.connectors.ocs.engine.values import amount, next_run, wire_time

ASAP = "*asap"
DAYS = ("Years", "Months", "MonthDays", "WeekDays")


def _actions(version: str, units: Shape) -> Struct:
    action: dict[str, Shape] = {
        "Identifier": TEXT,
        "BalanceId": TEXT,
        "BalanceType": TEXT,
        "Units": units,
        "ExpiryTime": TEXT,
        "RatingSubject": TEXT,
        "BalanceWeight": units,
        "ExtraParameters": TEXT,
        "Weight": NUMBER,
    }
    return Struct(
        f"{version}.AttrSetActions",
        {"ActionsId": TEXT, "Overwrite": BOOL, "Actions": ListOf(Struct("utils.TPAction", action))},
    )


SET_PLAN = Struct(
    "v1.AttrSetActionPlan",
    {
        "Id": TEXT,
        "ActionPlan": ListOf(
            Struct(
                "v1.AttrActionPlan",
                {"ActionsId": TEXT, "Time": TEXT, "Weight": NUMBER} | dict.fromkeys(DAYS, TEXT),
            )
        ),
        "Overwrite": BOOL,
        "ReloadScheduler": BOOL,
    },
)
SET_ACCOUNT = Struct(
    "v2.AttrSetAccount",
    {
        "Tenant": TEXT,
        "Account": TEXT,
        "ActionPlanIDs": ListOf(TEXT),
        "ActionPlansOverwrite": BOOL,
        "ActionTriggerIDs": ListOf(TEXT),
        "ActionTriggerOverwrite": BOOL,
        "ExtraOptions": Struct("map[string]bool", {"AllowNegative": BOOL, "Disabled": BOOL}),
        "ReloadScheduler": BOOL,
        "APIOpts": Free(),
    },
)
EXECUTE = Struct("utils.AttrExecuteAction", {"Tenant": TEXT, "Account": TEXT, "ActionsId": TEXT})


@method("APIerSv1.SetActions", _actions("v1", NUMBER), "ActionsId", "Actions")
@method("APIerSv2.SetActions", _actions("v2", TEXT), "ActionsId", "Actions")
def set_actions(state: State, arguments: Wire) -> Any:
    if arguments["ActionsId"] in state.actions and not arguments.get("Overwrite"):
        raise EngineError("EXISTS")
    state.actions[arguments["ActionsId"]] = arguments["Actions"]
    return "OK"


@method("APIerSv1.SetActionPlan", SET_PLAN, "Id", "ActionPlan")
def set_plan(state: State, arguments: Wire) -> Any:
    name = arguments["Id"]
    if name in state.plans and not arguments.get("Overwrite"):
        raise EngineError("EXISTS")
    for step in arguments["ActionPlan"]:
        if step.get("ActionsId") not in state.actions:
            raise EngineError(f"BROKEN_REFERENCE:{step.get('ActionsId', '')}")
    attached = state.plans.get(name, {}).get("AccountIDs", {})
    timings = [_timing(step) for step in arguments["ActionPlan"]]
    state.plans[name] = {"Id": name, "AccountIDs": attached, "ActionTimings": timings}
    return "OK"


def _timing(step: Wire) -> Wire:
    days = {name: _numbers(step.get(name, "")) for name in DAYS}
    timing = {"ID": "", **days, "StartTime": step.get("Time", ""), "EndTime": ""}
    return {
        "Uuid": new_uuid(),
        "Timing": {"Timing": timing, "Rating": None, "Weight": 0},
        "ActionsID": step["ActionsId"],
        "ExtraData": None,
        "Weight": step.get("Weight", 0),
    }


def _numbers(text: str) -> list[int]:
    return [] if text in ("", "*any") else [int(each) for each in text.split(";")]


@method("APIerSv1.GetActionPlan", Struct("v1.AttrGetActionPlan", {"ID": TEXT}))
def get_plan(state: State, arguments: Wire) -> Any:
    names = [arguments["ID"]] if arguments.get("ID") else list(state.plans)
    if not all(name in state.plans for name in names):
        raise EngineError("NOT_FOUND")
    return [state.plans[name] | {"AccountIDs": state.plans[name]["AccountIDs"] or None} for name in names]


@method("APIerSv2.SetAccount", SET_ACCOUNT, "Account")
def set_account(state: State, arguments: Wire) -> Any:
    plans = arguments.get("ActionPlanIDs", [])
    if not all(name in state.plans for name in plans):
        raise EngineError("SERVER_ERROR: NOT_FOUND")
    account = find_or_create(state, key(arguments))
    account |= arguments.get("ExtraOptions", {})
    for name, plan in state.plans.items():
        if name in plans:
            plan["AccountIDs"][account["ID"]] = True
        elif arguments.get("ActionPlansOverwrite"):
            plan["AccountIDs"].pop(account["ID"], None)
    if arguments.get("ReloadScheduler"):
        for name in plans:
            for timing in state.plans[name]["ActionTimings"]:
                if _start(timing) == ASAP:
                    run(state, account, timing["ActionsID"])
    return "OK"


@method("APIerSv1.ExecuteAction", EXECUTE, "Account", "ActionsId")
def execute_action(state: State, arguments: Wire) -> Any:
    if arguments["ActionsId"] not in state.actions:
        raise EngineError("NOT_FOUND")
    run(state, find_or_create(state, key(arguments)), arguments["ActionsId"])
    return "OK"


def run(state: State, account: Wire, actions_id: str) -> None:
    """Runs an action set on an account. Actions other than top-ups and switches do nothing here."""
    for action in sorted(state.actions[actions_id], key=lambda each: -each.get("Weight", 0)):
        match action.get("Identifier"):
            case "*topup" | "*topup_reset" as identifier:
                given = {
                    "ID": action.get("BalanceId") or "*default",
                    "ExpiryTime": action.get("ExpiryTime", ""),
                    "Weight": amount(action.get("BalanceWeight") or 0),
                    "RatingSubject": action.get("RatingSubject", ""),
                }
                reset = identifier == "*topup_reset"
                add(account, action["BalanceType"], given, amount(action.get("Units") or 0), reset=reset)
            case "*disable_account":
                account["Disabled"] = True
            case "*enable_account":
                account["Disabled"] = False


@method("APIerSv1.GetAccountActionPlan", ACCOUNT, "Account")
def account_plans(state: State, arguments: Wire) -> Any:
    return [
        {
            "ActionPlanId": plan["Id"],
            "Uuid": timing["Uuid"],
            "ActionsId": timing["ActionsID"],
            "NextExecTime": moment,
        }
        for plan, timing, moment in _attached(state, key(arguments))
    ]


@method("APIerSv1.GetScheduledActions", ACCOUNT)
def scheduled(state: State, arguments: Wire) -> Any:
    return [
        {
            "NextRunTime": moment,
            "Accounts": len(plan["AccountIDs"]),
            "ActionPlanID": plan["Id"],
            "ActionTimingUUID": timing["Uuid"],
            "ActionsID": timing["ActionsID"],
        }
        for plan, timing, moment in _attached(state, key(arguments))
        if _start(timing) != ASAP
    ]


def _attached(state: State, tenant_account: str) -> list[tuple[Wire, Wire, str]]:
    """Plan, timing and next moment of everything that is attached to an account."""
    now = datetime.now(UTC)
    return [
        (plan, timing, wire_time(moment))
        for plan in state.plans.values()
        if tenant_account in plan["AccountIDs"]
        for timing in plan["ActionTimings"]
        if (moment := next_run(timing["Timing"]["Timing"], _start(timing), now))
    ]


def _start(timing: Wire) -> str:
    return str(timing["Timing"]["Timing"]["StartTime"])
