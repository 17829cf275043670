"""Seen from the node itself: what a real NETCONF server has after each action, read in a session of its own."""

from __future__ import annotations

from typing import Any

import pytest
from ncclient import manager

from alta.connectors.contract import Call, Permanent, Transient
from alta.connectors.olt.models import NewOnt, OntParams, OntState, Removal, Replacement, SpeedParams
from tests.connectors.olt.conftest import connector
from tests.network.daemons import HOST
from tests.network.netconf_server import NetconfServer

pytestmark = [pytest.mark.asyncio, pytest.mark.network, pytest.mark.xdist_group("olt")]

ONT, FRESH, NEIGHBOUR = "ALTA0000A001", "ALTA0000A002", "ALTA0000A003"
LINE = "6f9619ff-8b86-4d11-b42d-00c04fc964ff"


def new(ont: str, line: str, **more: Any) -> NewOnt:
    speed = {"profile": "fibre-100", "down_mbps": 100, "up_mbps": 50}
    return NewOnt.model_validate({"serial": ont, "circuit_id": line, "vlan": 101, **speed, **more})


class Node:
    """Somebody else's session with the node, that stays open."""

    def __init__(self, server: NetconfServer) -> None:
        self.session = manager.connect_ssh(
            HOST,
            port=server.port,
            username="root",
            key_filename=server.key_file,
            hostkey_verify=False,
            allow_agent=False,
            look_for_keys=False,
        )

    def onts(self) -> dict[str, dict[str, str]]:
        data = self.session.get_config("running").data_ele
        found = {}
        for ont in data.iter("{urn:alta:olt}ont"):
            leaves = {str(leaf.tag).rpartition("}")[2]: leaf.text for leaf in ont}
            found[leaves.pop("serial")] = leaves
        return found


async def test_an_ont_comes_changes_and_goes_through_the_actions(real: NetconfServer) -> None:
    olt = connector(real.environment())
    node = Node(real)
    me = OntParams(serial=ONT)
    assert node.onts() == {}
    assert await olt.get_ont(me, Call(key="0")) == OntState(exists=False)

    await olt.provision_ont(new(ONT, LINE, pon_port="0/1/3"), Call(key="a"))
    provisioned = {
        "circuit-id": LINE,
        "speed-profile": "fibre-100",
        "service-vlan": "101",
        "pon-port": "0/1/3",
        "enabled": "true",
    }
    assert node.onts() == {ONT: provisioned}

    await olt.disable_ont(me, Call(key="b"))
    assert node.onts() == {ONT: provisioned | {"enabled": "false"}}
    await olt.enable_ont(me, Call(key="c"))
    assert node.onts() == {ONT: provisioned}

    faster = SpeedParams(serial=ONT, profile="fibre-500", down_mbps=500, up_mbps=250)
    await olt.set_profile(faster, Call(key="d"))
    faster_now = provisioned | {"speed-profile": "fibre-500"}
    assert node.onts() == {ONT: faster_now}

    with pytest.raises(Permanent) as error:
        await olt.provision_ont(new(NEIGHBOUR, LINE), Call(key="e"))
    assert error.value.params["reason"] == "operation-failed: unique-stmt test failed"
    assert node.onts() == {ONT: faster_now}

    await olt.replace_ont(Replacement(serial=ONT, replacement=FRESH, circuit_id=LINE), Call(key="f"))
    assert node.onts() == {FRESH: faster_now}
    odd = "</circuit-id><ont/>&\"'"
    await olt.provision_ont(new(ONT, odd), Call(key="g"))
    assert node.onts()[ONT]["circuit-id"] == odd

    for ont in (FRESH, ONT):
        await olt.remove_ont(Removal(serial=ont), Call(key="h"))
    assert node.onts() == {}
    assert (await olt.health()).detail == "NETCONF answers"


async def test_a_node_that_somebody_is_changing_is_waited_for(real: NetconfServer) -> None:
    olt = connector(real.environment())
    node = Node(real)
    target = "candidate" if ":candidate" in node.session.server_capabilities else "running"
    node.session.lock(target)
    with pytest.raises(Transient) as error:
        await olt.provision_ont(new(ONT, LINE), Call(key="a"))
    assert error.value.kind.code == "olt.busy"
    assert error.value.params["reason"].startswith("lock-denied")
    node.session.unlock(target)
    await olt.provision_ont(new(ONT, LINE), Call(key="a"))
    assert list(node.onts()) == [ONT]
