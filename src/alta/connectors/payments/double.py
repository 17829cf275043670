"""A double of Stripe: the part of its programming interface that Alta uses, in memory, with idempotency keys.

Every payment method whose name begins with `pm_` is good, but for those in `declining`, or with `declined`, `insufficient`
or `authenticate` in their name.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from alta.connectors.double import Double
from alta.connectors.ocs.http import HttpServer, Request, Response

DECLINES = {
    "declined": ("card_declined", "Your card was declined."),
    "insufficient": ("insufficient_funds", "Your card has insufficient funds."),
}
Answer = tuple[int, dict[str, Any]]


class StripeDouble(Double):
    """Besides `delay`, `down()` and `up()`: `broken` answers 500 to everything; `losing` does the next requests and
    never answers them. `intents` and `refunds` are what it knows; with a `state` file they outlive the process."""

    name = "payments"
    key = "sk_test_double"

    def __init__(self, host: str = "127.0.0.1", port: int = 0, state: Path | None = None) -> None:
        super().__init__(host, port)
        self.broken = False
        self.losing = 0
        self.declining: set[str] = set()
        self.intents: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, Answer] = {}
        self.requests: list[str] = []
        self._file = state
        self._server: HttpServer | None = None
        if state and state.exists():
            self.intents, self.refunds = json.loads(state.read_text())

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def environment(self) -> dict[str, str]:
        return {"ALTA_PAYMENTS_STRIPE_KEY": self.key, "ALTA_PAYMENTS_STRIPE_URL": self.url}

    def of_reference(self, reference: str) -> list[dict[str, Any]]:
        """The intents of one payment of Alta's."""
        return [one for one in self.intents.values() if one["metadata"].get("reference") == reference]

    async def open(self) -> None:
        if self._server is None:
            self._server = HttpServer(self._serve, self.host, self.port)
        await self._server.open()
        self.port = self._server.port

    async def shut(self) -> None:
        if self._server:
            await self._server.close()
        if self._file:
            self._file.write_text(json.dumps([self.intents, self.refunds]))

    async def _serve(self, request: Request) -> Response:
        target = urlsplit(request.target)
        self.requests.append(f"{request.method} {target.path}")
        await asyncio.sleep(self.delay)
        if self.broken:
            return _response(500, {"error": {"type": "api_error", "message": "Something went wrong"}})
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return _response(401, _refused("Invalid API Key provided"))
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        replayed = key in self.answers
        if key is not None and replayed:
            answer = self.answers[key]
        else:
            values = dict(parse_qsl(request.body.decode() if request.method == "POST" else target.query))
            answer = self._answer(request.method, target.path, values)
            answer = (answer[0], json.loads(json.dumps(answer[1])))
            if key is not None:
                self.answers[key] = answer
        if self.losing:
            self.losing -= 1
            raise ConnectionResetError
        return _response(*answer, replayed=replayed)

    def _answer(self, method: str, path: str, values: dict[str, str]) -> Answer:
        match method, path.removeprefix("/v1/").split("/"):
            case "GET", ["balance"]:
                return 200, {"object": "balance", "available": []}
            case "POST", ["payment_intents"]:
                return self._create(values)
            case "GET", ["payment_intents", ref] if ref in self.intents:
                return 200, self.intents[ref]
            case "POST", ["payment_intents", ref, verb] if ref in self.intents:
                return self._move(self.intents[ref], verb, values)
            case "GET", ["refunds"]:
                found = [
                    one for one in self.refunds.values() if one["payment_intent"] == values["payment_intent"]
                ]
                return 200, {"object": "list", "data": found, "has_more": False, "url": "/v1/refunds"}
            case "POST", ["refunds"] if values.get("payment_intent") in self.intents:
                return self._refund(self.intents[values["payment_intent"]])
        return 404, _refused(f"Unrecognized request URL or object: {method} {path}")

    def _create(self, values: dict[str, str]) -> Answer:
        token = values.get("payment_method", "")
        if not token.startswith("pm_"):
            return 404, _refused(f"No such PaymentMethod: '{token}'")
        intent: dict[str, Any] = {
            "id": f"pi_{uuid4().hex}",
            "object": "payment_intent",
            "amount": int(values["amount"]),
            "currency": values["currency"],
            "capture_method": values.get("capture_method", "automatic"),
            "payment_method": token,
            "metadata": {name[9:-1]: value for name, value in values.items() if name.startswith("metadata[")},
            "status": "requires_confirmation",
            "latest_charge": None,
            "last_payment_error": None,
        }
        self.intents[intent["id"]] = intent
        return self._move(intent, "confirm", {}) if values.get("confirm") == "true" else (200, intent)

    def _move(self, intent: dict[str, Any], verb: str, values: dict[str, str]) -> Answer:
        status = intent["status"]
        match verb:
            case "confirm" if status in ("requires_confirmation", "requires_payment_method"):
                return self._confirm(intent, values.get("payment_method", intent["payment_method"]))
            case "capture" if status == "requires_capture":
                intent["status"] = "succeeded"
                return 200, intent
            case "cancel" if status not in ("succeeded", "canceled"):
                intent["status"] = "canceled"
                return 200, intent
        text = f"You cannot {verb} this PaymentIntent because it has a status of {status}."
        return 400, _refused(text, "payment_intent_unexpected_state")

    def _confirm(self, intent: dict[str, Any], token: str) -> Answer:
        intent["payment_method"] = token
        intent["latest_charge"] = f"ch_{uuid4().hex}"
        if "authenticate" in token:
            intent["status"] = "requires_action"
            return 200, intent
        name = next(
            (name for name in DECLINES if name in token), "declined" if token in self.declining else ""
        )
        if name:
            code, message = DECLINES[name]
            intent["status"] = "requires_payment_method"
            intent["last_payment_error"] = {"code": code, "message": message}
            error = {"type": "card_error", "code": code, "message": message, "payment_intent": intent}
            return 402, {"error": error}
        intent["last_payment_error"] = None
        intent["status"] = "requires_capture" if intent["capture_method"] == "manual" else "succeeded"
        return 200, intent

    def _refund(self, intent: dict[str, Any]) -> Answer:
        if intent["status"] != "succeeded":
            return 400, _refused("This PaymentIntent does not have a successful charge to refund.")
        if any(one["payment_intent"] == intent["id"] for one in self.refunds.values()):
            return 400, _refused("Charge has already been refunded.", "charge_already_refunded")
        refund = {
            "id": f"re_{uuid4().hex}",
            "object": "refund",
            "payment_intent": intent["id"],
            "amount": intent["amount"],
            "currency": intent["currency"],
            "status": "succeeded",
        }
        self.refunds[refund["id"]] = refund
        return 200, refund


def _refused(message: str, code: str = "") -> dict[str, Any]:
    return {"error": {"type": "invalid_request_error", "message": message, "code": code or None}}


def _response(status: int, body: dict[str, Any], *, replayed: bool = False) -> Response:
    headers = (("Idempotent-Replayed", "true"),) if replayed else ()
    return Response(json.dumps(body).encode(), status, headers=headers)
