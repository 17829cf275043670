"""What the demo says once it runs."""

from __future__ import annotations

from alta.demo.networks import Networks
from alta.demo.people import PASSWORD, USERS

BANNER = """
  Alta  {url}

  Entrar / sign in    {users}
                      contraseña / password: {password}
  Para empezar        Productos → Móvil - Plan de 20GB → Asignar a Cliente → +1234567890
  First thing to try  Products → Mobile - 20GB Plan → Assign to Customer → +1234567890
  Ver un fallo        curl -X POST {control}/down   …y vuelve con /up
  See a failure       the same: the OCS is gone until /up; also /slow?seconds=3
  Correos / mails     {mails}
  HLR                 {hlr}

  Ctrl+C detiene todo / stops everything.
"""

HLR = {"osmo-hlr": "osmo-hlr, de verdad / the real one", "simulated": "simulado / simulated"}


def banner(url: str, networks: Networks) -> str:
    return BANNER.format(
        url=url,
        users=" · ".join(USERS),
        password=PASSWORD,
        control=f"http://127.0.0.1:{networks.control_port}",
        mails=networks.mails,
        hlr=HLR[networks.hlr],
    )
