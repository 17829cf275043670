"""The control panel of the double, to show a failure while it happens: plain HTTP, on this machine only.

GET / says how it is; POST /down, /up, /slow?seconds=2, /rude?mode=error|empty|garbage&every=3 (without a
mode: polite).
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl, urlsplit

from alta.connectors.ocs.http import Handler, Request, Response

if TYPE_CHECKING:
    from alta.connectors.ocs.double import OcsDouble, Rudeness

MODES = ("error", "empty", "garbage")
LONGEST_DELAY = 600.0


def control(double: OcsDouble) -> Handler:
    async def handle(request: Request) -> Response:
        target = urlsplit(request.target)
        query = dict(parse_qsl(target.query))
        if (request.method, target.path) != ("GET", "/"):
            if request.method != "POST":
                return _said(405, error="use POST")
            try:
                await _command(double, target.path, query)
            except LookupError:
                return _said(404, error="there is GET /, and POST /down, /up, /slow?seconds=, /rude?mode=")
            except ValueError as error:
                return _said(400, error=str(error))
        return _said(
            200,
            up=double.is_up,
            url=double.url,
            slow=double.delay,
            rude=double.rude,
            every=double.fail_every,
            accounts=len(double.engine.accounts),
            peak_per_second=double.peak_per_second(),
        )

    return handle


async def _command(double: OcsDouble, path: str, query: dict[str, str]) -> None:
    match path:
        case "/down":
            await asyncio.to_thread(double.down)
        case "/up":
            await asyncio.to_thread(double.up)
        case "/slow":
            seconds = float(query.get("seconds", "0"))
            if not 0 <= seconds <= LONGEST_DELAY:
                raise ValueError(f"seconds: from 0 to {LONGEST_DELAY:g}")
            double.delay = seconds
        case "/rude":
            mode, every = query.get("mode"), int(query.get("every", "1"))
            if mode not in (None, *MODES):
                raise ValueError(f"mode: {', '.join(MODES)}")
            if every < 1:
                raise ValueError("every: 1 or more")
            double.rude, double.fail_every = cast("Rudeness | None", mode), every
        case _:
            raise LookupError(path)


def _said(status: int, **values: object) -> Response:
    return Response(json.dumps(values).encode() + b"\n", status)
