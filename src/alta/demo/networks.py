"""The outside systems of the demo: simulated OCS and mail server, real osmo-hlr where there is one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from alta.commands.ports import is_taken
from alta.connectors.database import database_beside
from alta.connectors.dhcp.double import KeaDouble
from alta.connectors.double import Double
from alta.connectors.hlr.double import HlrDouble
from alta.connectors.iptv.double import IptvDouble
from alta.connectors.ocs.control import control
from alta.connectors.ocs.double import OcsDouble
from alta.connectors.ocs.http import HttpServer
from alta.connectors.olt.double import OltDouble
from alta.connectors.payments.double import StripeDouble
from alta.connectors.radius.double import RadiusDouble
from alta.connectors.servicenow.double import ServiceNowDouble
from alta.connectors.voip.double import VoipDouble
from alta.demo.children import Child
from alta.demo.mail import MailSink

HOST = "127.0.0.1"
VTY, CTRL, GSUP = 4258, 4259, 4222  # osmo-hlr's own; it takes no others

HLR_CONFIGURATION = f"""\
log stderr
 logging filter all 1
 logging color 0
 logging level main notice
line vty
 bind {HOST}
ctrl
 bind {HOST}
hlr
 gsup
  bind ip {HOST}
"""


class ControlPanel(Double):
    """Where the OCS can be told to be down, slow or rude."""

    name = "ocs-control"

    def __init__(self, ocs: OcsDouble) -> None:
        super().__init__()
        self._server = HttpServer(control(ocs), self.host, 0)

    async def open(self) -> None:
        await self._server.open()
        self.port = self._server.port

    async def shut(self) -> None:
        await self._server.close()


@dataclass
class Networks:
    """`environment` makes Alta use them; `children` are those in processes of their own."""

    control_port: int
    mails: Path
    hlr: str
    environment: dict[str, str] = field(default_factory=dict)
    children: list[Child] = field(default_factory=list)


@contextmanager
def networks(folder: Path) -> Iterator[Networks]:
    """Runs them. What they know is kept in `folder`."""
    with ExitStack() as stack:
        ocs = OcsDouble(state=folder / "ocs.json")
        mail = MailSink(folder / "mail")
        panel = ControlPanel(ocs)
        simulated: list[Double] = [
            ocs,
            mail,
            StripeDouble(state=folder / "stripe.json"),
            RadiusDouble(database_beside("alta_demo_radius")),
            KeaDouble(state=folder / "dhcp.json"),
            OltDouble(state=folder / "olt.json"),
            VoipDouble(database_beside("alta_demo_kamailio")),
            IptvDouble(state=folder / "iptv.json"),
            ServiceNowDouble(state=folder / "servicenow.json"),
        ]
        for one in [*simulated, panel]:
            stack.enter_context(one)
        environment = {name: value for one in simulated for name, value in one.environment().items()}
        found = Networks(panel.port, mail.folder, "osmo-hlr", environment)
        if child := _osmo_hlr(folder):
            found.children.append(child)
            found.environment |= {"ALTA_HLR_HOST": HOST, "ALTA_HLR_PORT": str(CTRL)}
        else:
            hlr: HlrDouble = stack.enter_context(HlrDouble(state=folder / "hlr.json"))
            found.hlr = "simulated"
            found.environment |= hlr.environment()
        yield found


def _osmo_hlr(folder: Path) -> Child | None:
    """The real one, unless it isn't installed, somebody else runs it, or the demo began without it.

    ALTA_DEMO_HLR=simulated begins without."""
    binary = shutil.which("osmo-hlr")
    if binary is None or os.environ.get("ALTA_DEMO_HLR") == "simulated" or (folder / "hlr.json").exists():
        return None
    if any(is_taken(HOST, port) for port in (VTY, CTRL, GSUP)):
        return None
    configuration = folder / "osmo-hlr.cfg"
    configuration.write_text(HLR_CONFIGURATION)
    command = [*_dies_with_us(), binary, "-c", str(configuration), "-l", str(folder / "hlr.db")]
    return Child("osmo-hlr", command, folder / "osmo-hlr.log", {}, folder)


def _dies_with_us() -> list[str]:
    """osmo-hlr can't watch its parent; Linux does it for whoever asks."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL"] if setpriv else []
