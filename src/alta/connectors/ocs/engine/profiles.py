"""Profiles: attributes (who is charged), chargers (whether sessions are), thresholds; and destinations."""

from __future__ import annotations

from typing import Any

from alta.connectors.ocs.engine.core import EVENT
from alta.connectors.ocs.engine.rpc import EngineError, method
from alta.connectors.ocs.engine.shapes import ANY, BOOL, NUMBER, TEXT, ListOf, Shape, Struct
from alta.connectors.ocs.engine.state import State, Wire, ids_of, key

ONE = Struct("utils.TenantIDWithAPIOpts", {"Tenant": TEXT, "ID": TEXT})
REQUEST_FIELD = "*string:~*req."


def _profile(name: str, members: dict[str, Shape]) -> Struct:
    common: dict[str, Shape] = {"Tenant": TEXT, "ID": TEXT, "FilterIDs": ListOf(TEXT), "Weight": NUMBER}
    return Struct(name, common | members)


ATTRIBUTE = Struct(
    "engine.ExternalAttribute", {"FilterIDs": ListOf(TEXT), "Path": TEXT, "Type": TEXT, "Value": TEXT}
)
ATTRIBUTES = _profile(
    "engine.AttributeProfileWithAPIOpts",
    {"Contexts": ListOf(TEXT), "ActivationInterval": ANY, "Attributes": ListOf(ATTRIBUTE), "Blocker": BOOL},
)
CHARGER = _profile("engine.ChargerProfileWithAPIOpts", {"RunID": TEXT, "AttributeIDs": ListOf(TEXT)})
THRESHOLD = _profile(
    "engine.ThresholdProfileWithAPIOpts",
    {"MaxHits": NUMBER, "MinHits": NUMBER, "ActionIDs": ListOf(TEXT), "Async": BOOL, "Blocker": BOOL},
)
DESTINATION = Struct("utils.AttrSetDestination", {"Id": TEXT, "Prefixes": ListOf(TEXT), "Overwrite": BOOL})


@method("APIerSv2.SetAttributeProfile", ATTRIBUTES, "ID", "Attributes")
def set_attributes(state: State, arguments: Wire) -> Any:
    state.attributes[key(arguments, "ID")] = {
        "Tenant": arguments["Tenant"],
        "ID": arguments["ID"],
        "Contexts": arguments.get("Contexts", []),
        "FilterIDs": arguments.get("FilterIDs", []),
        "ActivationInterval": arguments.get("ActivationInterval"),
        "Attributes": [
            each | {"Value": [{"Rules": each.get("Value", "")}]} for each in arguments["Attributes"]
        ],
        "Blocker": arguments.get("Blocker", False),
        "Weight": arguments.get("Weight", 0),
    }
    return "OK"


@method("APIerSv1.GetAttributeProfile", ONE, "ID")
def get_attributes(state: State, arguments: Wire) -> Any:
    try:
        return state.attributes[key(arguments, "ID")]
    except KeyError:
        raise EngineError("NOT_FOUND") from None


@method("APIerSv1.GetAttributeProfileIDs", ONE)
def attribute_ids(state: State, arguments: Wire) -> Any:
    found = ids_of(arguments["Tenant"], state.attributes)
    if not found:
        raise EngineError("NOT_FOUND")
    return found


@method("APIerSv1.RemoveAttributeProfile", ONE, "ID")
def remove_attributes(state: State, arguments: Wire) -> Any:
    if state.attributes.pop(key(arguments, "ID"), None) is None:
        raise EngineError("NOT_FOUND")
    return "OK"


@method("AttributeSv1.ProcessEvent", EVENT)
def process_event(state: State, arguments: Wire) -> Any:
    """Applies the heaviest profile that matches, as the network's events pass through it."""
    event = dict(arguments.get("Event", {}))
    options = arguments.get("APIOpts", {})
    profile = _matching(state, arguments["Tenant"], event, options.get("*context", "*sessions"))
    if profile is None:
        raise EngineError("NOT_FOUND")
    for attribute in profile["Attributes"]:
        event[attribute["Path"].removeprefix("*req.")] = attribute["Value"][0]["Rules"]
    return {
        "MatchedProfiles": [f"{profile['Tenant']}:{profile['ID']}"],
        "AlteredFields": [attribute["Path"] for attribute in profile["Attributes"]],
        "Tenant": arguments["Tenant"],
        "ID": arguments.get("ID", ""),
        "Time": None,
        "Event": event,
        "APIOpts": options,
    }


def _matching(state: State, tenant: str, event: Wire, context: str) -> Wire | None:
    candidates = [
        profile
        for profile in state.attributes.values()
        if profile["Tenant"] == tenant
        and {"*any", context} & set(profile["Contexts"])
        and all(_passes(event, each) for each in profile["FilterIDs"])
    ]
    return max(candidates, key=lambda profile: profile["Weight"], default=None)


def _passes(event: Wire, condition: str) -> bool:
    """Only `*string` conditions on a field of the event are understood; anything else never matches."""
    if not condition.startswith(REQUEST_FIELD):
        return False
    name, _, values = condition.removeprefix(REQUEST_FIELD).partition(":")
    return str(event.get(name)) in values.split(";")


@method("APIerSv1.SetChargerProfile", CHARGER, "ID")
def set_charger(state: State, arguments: Wire) -> Any:
    state.chargers[key(arguments, "ID")] = arguments
    return "OK"


@method("APIerSv1.SetThresholdProfile", THRESHOLD, "ID")
def set_threshold(state: State, arguments: Wire) -> Any:
    state.thresholds[key(arguments, "ID")] = arguments
    return "OK"


@method("APIerSv1.SetDestination", DESTINATION, "Id", "Prefixes")
def set_destination(state: State, arguments: Wire) -> Any:
    if arguments["Id"] in state.destinations and not arguments.get("Overwrite"):
        raise EngineError("EXISTS")
    state.destinations[arguments["Id"]] = arguments["Prefixes"]
    return "OK"
