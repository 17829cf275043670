"""JSON-RPC 1.0 as the engine speaks it, and the register of its methods."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from alta.connectors.ocs.engine.shapes import ANY, KINDS, TEXT, Shape, Struct, WrongType, bind
from alta.connectors.ocs.engine.state import State

Handler = Callable[[State, dict[str, Any]], Any]
Listener = Callable[[str, Any], None]

REQUEST = Struct("serverRequest", {"method": TEXT, "params": ANY, "id": ANY})
DEFAULT_TENANT = "cgrates.org"

_methods: dict[str, tuple[Handler, Shape, tuple[str, ...]]] = {}


class EngineError(Exception):
    """An error of the engine: the text is what the client gets to see."""


def method(name: str, shape: Struct, *mandatory: str) -> Callable[[Handler], Handler]:
    """Registers a handler, which gets the state and the parameters in the names of `shape`."""

    def register(handler: Handler) -> Handler:
        _methods[name] = (handler, shape, mandatory)
        return handler

    return register


def answer(state: State, body: bytes, heard: Listener = lambda name, params: None) -> bytes:
    """The engine's answer to the body of a request.

    Several objects may follow each other. The engine works on them at once and answers in any order; here
    always in the least convenient one, so that a client that forgets to match ids is found out.
    """
    replies = [_reply(state, request, heard) for request in _requests(body)]
    return b"".join(json.dumps(each, separators=(",", ":")).encode() + b"\n" for each in reversed(replies))


def _requests(body: bytes) -> Iterator[dict[str, Any]]:
    """The requests in a body, up to the first thing that isn't one."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return
    decoder = json.JSONDecoder()
    while text := text.lstrip():
        try:
            value, end = decoder.raw_decode(text)
            yield bind(value, REQUEST)
        except (ValueError, WrongType):
            return
        text = text[end:]


def _reply(state: State, request: dict[str, Any], heard: Listener) -> dict[str, Any]:
    name, params = request.get("method", ""), request.get("params")
    heard(name, params[0] if isinstance(params, list) and params else params)
    result, error = None, None
    try:
        handler, shape, mandatory = _find(name)
        arguments = _arguments(params, shape)
        if missing := [each for each in mandatory if arguments.get(each, "") in ("", [])]:
            raise EngineError(f"MANDATORY_IE_MISSING: [{' '.join(missing)}]")
        result = handler(state, arguments)
    except (EngineError, WrongType) as refused:
        error = str(refused)
    return {"id": request.get("id"), "result": result, "error": error}


def _find(name: str) -> tuple[Handler, Shape, tuple[str, ...]]:
    service, dot, verb = name.rpartition(".")
    if not dot:
        raise EngineError(f"rpc: service/method request ill-formed: {name}")
    service = service.replace("ApierV", "APIerSv", 1)
    for candidate in (service, service.replace("APIerSv2", "APIerSv1")):  # version 2 has what version 1 has
        if found := _methods.get(f"{candidate}.{verb}"):
            return found
    if any(known.startswith(f"{service}.") for known in _methods):
        raise EngineError(f"rpc: can't find method {name}")
    raise EngineError(f"rpc: can't find service {name}")


def _arguments(params: Any, shape: Shape) -> dict[str, Any]:
    if params is None:
        raise EngineError("jsonrpc: request body missing params")
    if not isinstance(params, list):
        kind = KINDS[type(params)]
        raise EngineError(f"json: cannot unmarshal {kind} into Go value of type [1]{ANY}")
    arguments: dict[str, Any] = bind(params[0], shape) if params and params[0] is not None else {}
    if not arguments.get("Tenant"):
        arguments["Tenant"] = DEFAULT_TENANT
    return arguments
