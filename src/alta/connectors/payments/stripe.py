"""Stripe, through its official library.

A payment is a PaymentIntent. It is made and confirmed in two steps: the first holds no money and is found again by its
Idempotency-Key, so a payment whose answer was lost can be looked up and taken back without charging anybody.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import stripe
from django.utils.translation import override
from pydantic import SecretStr

from alta.connectors.contract import OVERLOADED, Call, ConnectorError, Health, Permanent, Transient
from alta.connectors.payments.models import Demand, Method, Payment
from alta.connectors.payments.provider import made
from alta.connectors.payments.refusals import DECLINED, PENDING, REASONS, REFUSED

STATES = {"requires_capture": "authorised", "succeeded": "captured", "canceled": "voided"}
UNPAID = ("requires_payment_method", "requires_confirmation", "requires_action")
REQUEST_SECONDS = 20.0  # seconds for one request, whatever the task allows
HEALTH_SECONDS = 4.0
Failure = Callable[[str], ConnectorError]


class StripeProvider:
    name: ClassVar[str] = "stripe"

    def __init__(
        self,
        key: SecretStr,
        url: str,
        unreachable: Failure,
        timed_out: Failure,
        rejected: Callable[[str, str], ConnectorError],
    ) -> None:
        self._key = key
        self._url = url.rstrip("/")
        self._unreachable, self._timed_out, self._rejected = unreachable, timed_out, rejected
        self._stripe: stripe.StripeClient | None = None
        self._http: stripe.HTTPXClient | None = None

    @property
    def _api(self) -> Any:
        if self._stripe is None:
            self._http = stripe.HTTPXClient(timeout=REQUEST_SECONDS)
            self._stripe = stripe.StripeClient(
                self._key.get_secret_value(),
                base_addresses={"api": self._url},
                http_client=self._http,
                max_network_retries=0,  # the runner repeats, with the same keys
            )
        return self._stripe.v1

    async def authorise(self, demand: Demand, method: Method, call: Call) -> Payment:
        intent = await self._create(demand, method, call, capture_method="manual")
        if intent.status in UNPAID:
            intent = await self._confirm(intent, method, call)
        return self._paid(demand, method, intent, call)

    async def charge(self, demand: Demand, method: Method, call: Call) -> Payment:
        try:
            intent = await self._create(
                demand, method, call, capture_method="automatic", confirm=True, off_session=True
            )
            if intent.status in UNPAID:
                intent = await self._confirm(intent, method, call, off_session=True)
        except _Replayed as declined:
            # Stripe repeats its old answer for a day; whoever asks again wants the card to be asked again.
            found = await self._intent(declined.ref, call)
            if found.status in UNPAID:
                found = await self._confirm(found, method, call, off_session=True)
            intent = found
        return self._paid(demand, method, intent, call)

    async def capture(self, payment: Payment, call: Call) -> Payment:
        intent = await self._intent(payment.ref, call)
        if intent.status == "requires_capture":
            intent = await self._ask(
                call,
                f"POST /v1/payment_intents/{payment.ref}/capture",
                lambda options: self._api.payment_intents.capture_async(payment.ref, {}, options),
                key=f"{call.key}.{payment.ref}",
            )
        if intent.status != "succeeded":
            raise Permanent(REFUSED, reason=str(intent.status), detail=payment.ref)
        return payment.model_copy(update={"state": "captured"})

    async def void(self, payment: Payment, call: Call) -> Payment:
        intent = await self._intent(payment.ref, call)
        if intent.status not in ("canceled", "succeeded"):
            intent = await self._ask(
                call,
                f"POST /v1/payment_intents/{payment.ref}/cancel",
                lambda options: self._api.payment_intents.cancel_async(payment.ref, {}, options),
                key=f"{call.key}.{payment.ref}",
            )
        if intent.status != "canceled":
            raise Permanent(REFUSED, reason=str(intent.status), detail=payment.ref)
        return payment.model_copy(update={"state": "voided"})

    async def refund(self, payment: Payment, call: Call) -> Payment:
        params = {"payment_intent": payment.ref}
        found = await self._ask(
            call,
            f"GET /v1/refunds?payment_intent={payment.ref}",
            lambda options: self._api.refunds.list_async(params, options),
        )
        if not any(refund.status in ("succeeded", "pending") for refund in found.data):
            await self._ask(
                call,
                f"POST /v1/refunds payment_intent={payment.ref}",
                lambda options: self._api.refunds.create_async(params, options),
                key=f"{call.key}.{payment.ref}",
            )
        return payment.model_copy(update={"state": "refunded"})

    async def find(self, demand: Demand, method: Method, call: Call) -> Payment:
        intent = await self._create(demand, method, call, capture_method="manual")
        return made(demand, method, intent.id, STATES.get(intent.status, "authorised"))

    async def state(self, payment: Payment, call: Call) -> Payment:
        intent = await self._intent(payment.ref, call)
        return payment.model_copy(update={"state": STATES.get(intent.status, "authorised")})

    async def health(self) -> Health:
        begin = time.perf_counter()
        call = Call(key="health", timeout=HEALTH_SECONDS)
        try:
            await self._ask(
                call, "GET /v1/balance", lambda options: self._api.balance.retrieve_async({}, options)
            )
        except ConnectorError as error:
            return Health(False, f"stripe: {error.detail or error}")
        return Health(True, "stripe answers", (time.perf_counter() - begin) * 1000)

    async def close(self) -> None:
        http, self._http, self._stripe = self._http, None, None
        if http is not None:
            await http.close_async()  # type: ignore[no-untyped-call]

    # --- one request each

    async def _create(self, demand: Demand, method: Method, call: Call, **more: Any) -> Any:
        """The intent of the demand: a new one, or as it is now the one that was made before."""
        customer, _, token = method.token.get_secret_value().rpartition(":")
        params: dict[str, Any] = {
            "amount": demand.amount,
            "currency": demand.currency.lower(),
            "payment_method": token,
            "metadata": {"reference": demand.reference},
            **more,
        }
        if customer:
            params["customer"] = customer
        asked = f"{token} {demand.amount} {demand.currency} {more}"
        intent = await self._ask(
            call,
            f"POST /v1/payment_intents {demand.amount} {demand.currency} {demand.reference}",
            lambda options: self._api.payment_intents.create_async(params, options),
            key=f"{demand.reference}.{hashlib.sha256(asked.encode()).hexdigest()[:16]}",
        )
        return await self._intent(intent.id, call) if _replayed(intent.last_response) else intent

    async def _confirm(self, intent: Any, method: Method, call: Call, **more: Any) -> Any:
        """Asks the bank. Asked again after a refusal, the bank decides again: hence the charge in the key."""
        if intent.status == "requires_action":
            raise Permanent(DECLINED, reason=_plain("authentication_required", "", call), detail=intent.id)
        params: dict[str, Any] = dict(more)
        if intent.status == "requires_payment_method":
            params["payment_method"] = method.token.get_secret_value().rpartition(":")[2]
        return await self._ask(
            call,
            f"POST /v1/payment_intents/{intent.id}/confirm",
            lambda options: self._api.payment_intents.confirm_async(intent.id, params, options),
            key=f"{intent.id}.confirm.{intent.latest_charge or 'first'}",
        )

    async def _intent(self, ref: str, call: Call) -> Any:
        return await self._ask(
            call,
            f"GET /v1/payment_intents/{ref}",
            lambda options: self._api.payment_intents.retrieve_async(ref, {}, options),
        )

    def _paid(self, demand: Demand, method: Method, intent: Any, call: Call) -> Payment:
        if intent.status == "processing":
            raise Transient(PENDING, detail=intent.id)
        if intent.status not in ("requires_capture", "succeeded"):
            raise Permanent(DECLINED, reason=_reason(intent, call), detail=intent.id)
        return made(demand, method, intent.id, STATES[intent.status])

    async def _ask(
        self, call: Call, line: str, send: Callable[[dict[str, Any]], Awaitable[Any]], *, key: str = ""
    ) -> Any:
        """Sends a request; what Stripe says of it is noted without the card's token, its errors become ours."""
        call.sent(f"{line} [{key}]" if key else line)
        try:
            answer = await send({"idempotency_key": key} if key else {})
        except stripe.CardError as error:
            call.received({"status": error.http_status, "code": error.code, "message": error.user_message})
            if _replayed(error) and (ref := _ref_of(error)):
                raise _Replayed(DECLINED, ref, reason=_words(error, call), detail=ref) from error
            raise Permanent(DECLINED, reason=_words(error, call), detail=str(error.code)) from error
        except stripe.StripeError as error:
            call.received({"status": error.http_status, "message": str(error)[:500]})
            raise self._failure(error) from error
        call.received({"id": getattr(answer, "id", None), "status": getattr(answer, "status", None)})
        return answer

    def _failure(self, error: stripe.StripeError) -> ConnectorError:
        status, text = error.http_status or 0, str(error.user_message or error)[:300]
        if isinstance(error, stripe.APIConnectionError):
            timed_out = "timeout" in repr(error.__cause__ or error).lower()
            return self._timed_out(text) if timed_out else self._unreachable(text)
        if status == 429 or status == 409:
            return Transient(OVERLOADED, detail=text, system="Stripe")
        if status >= 500 or not status:
            return self._unreachable(f"HTTP {status} {text}")
        return self._rejected(text, f"HTTP {status}")


class _Replayed(Permanent):
    """A refusal that Stripe repeats from memory."""

    def __init__(self, kind: Any, ref: str, /, **params: Any) -> None:
        super().__init__(kind, **params)
        self.ref = ref


def _replayed(answer: Any) -> bool:
    headers = {
        str(name).lower(): value for name, value in dict(getattr(answer, "headers", None) or {}).items()
    }
    return str(headers.get("idempotent-replayed", "")).lower() == "true"


def _ref_of(error: stripe.CardError) -> str:
    body = error.json_body if isinstance(error.json_body, dict) else {}
    intent = body.get("error", {}).get("payment_intent")
    return str(intent.get("id", "")) if isinstance(intent, dict) else str(intent or "")


def _words(error: stripe.CardError, call: Call) -> str:
    """The bank's reason: in the language of the call where we know it, else as the bank says it."""
    detail = getattr(error.error, "decline_code", None) if error.error else None
    return _plain(str(detail or error.code or "card_declined"), str(error.user_message or ""), call)


def _plain(code: str, message: str, call: Call) -> str:
    with override(call.language):
        return str(REASONS.get(code) or message or code)


def _reason(intent: Any, call: Call) -> str:
    if intent.status == "requires_action":
        return _plain("authentication_required", "", call)
    problem = intent.last_payment_error
    message = str(getattr(problem, "message", None) or "") if problem else ""
    return _plain(str(getattr(problem, "code", None) or intent.status), message, call)
