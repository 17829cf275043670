"""The XML of alta-olt.yang: what is written to the OLT, and what is read from it. The only module that knows the model."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from alta.connectors.olt.models import OntState

NAMESPACE = "urn:alta:olt"
NETCONF = "urn:ietf:params:xml:ns:netconf:base:1.0"
OPERATION = f"{{{NETCONF}}}operation"
LEAVES = {  # of an ONT, by their names in OntState
    "circuit_id": "circuit-id",
    "profile": "speed-profile",
    "vlan": "service-vlan",
    "pon_port": "pon-port",
    "enabled": "enabled",
}


def filter_of(serial: str) -> str:
    """A subtree filter for one ONT and the speeds."""
    access = Element("access", xmlns=NAMESPACE)
    SubElement(SubElement(access, "ont"), "serial").text = serial
    SubElement(access, "speed-profile")
    return tostring(access, encoding="unicode")


def read(data: Any, serial: str) -> OntState:
    """The ONT in the answer's data, an lxml element."""
    for ont in data.iter(f"{{{NAMESPACE}}}ont"):
        leaves = _leaves(ont)
        if leaves.get("serial") == serial:
            return _state(leaves, data)
    return OntState(exists=False)


def _state(leaves: dict[str, str], data: Any) -> OntState:
    speeds = (_leaves(profile) for profile in data.iter(f"{{{NAMESPACE}}}speed-profile") if len(profile))
    speed = next((one for one in speeds if one.get("name") == leaves.get("speed-profile")), {})
    return OntState(
        exists=True,
        enabled=leaves.get("enabled", "true") == "true",
        circuit_id=leaves.get("circuit-id"),
        profile=leaves.get("speed-profile"),
        down_mbps=int(speed["down-mbps"]) if "down-mbps" in speed else None,
        up_mbps=int(speed["up-mbps"]) if "up-mbps" in speed else None,
        vlan=int(leaves["service-vlan"]) if "service-vlan" in leaves else None,
        pon_port=leaves.get("pon-port"),
    )


def _leaves(parent: Any) -> dict[str, str]:
    return {str(child.tag).rpartition("}")[2]: (child.text or "").strip() for child in parent}


class Change:
    """One edit: everything in it comes to be, or nothing."""

    def __init__(self) -> None:
        self._config = Element(f"{{{NETCONF}}}config")
        self._access = SubElement(self._config, f"{{{NAMESPACE}}}access")

    def speed(self, name: str, down_mbps: int, up_mbps: int) -> Change:
        profile = self._add(self._access, "speed-profile")
        for leaf, value in (("name", name), ("down-mbps", down_mbps), ("up-mbps", up_mbps)):
            self._add(profile, leaf, value)
        return self

    def ont(self, serial: str, operation: str = "merge", **values: Any) -> Change:
        """`values` by their names in OntState; None is left out."""
        ont = self._add(self._access, "ont")
        ont.set(OPERATION, operation)
        self._add(ont, "serial", serial)
        for name, leaf in LEAVES.items():
            if values.get(name) is not None:
                self._add(ont, leaf, values[name])
        return self

    @staticmethod
    def _add(parent: Element, name: str, value: Any = None) -> Element:
        child = SubElement(parent, f"{{{NAMESPACE}}}{name}")
        if value is not None:
            child.text = str(value).lower() if isinstance(value, bool) else str(value)
        return child

    def xml(self) -> str:
        return tostring(self._config, encoding="unicode")
