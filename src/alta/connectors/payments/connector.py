"""Money of customers: held before a service is provisioned, taken when it works, given back when it is undone."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr

from alta.connectors.contract import (
    NOT_CONFIGURED,
    Call,
    Connector,
    ConnectorSettings,
    Health,
    Permanent,
    action,
)
from alta.connectors.payments.models import Demand, Method, OfPayment, Payment, TakeBack
from alta.connectors.payments.provider import Manual, Provider
from alta.connectors.payments.refusals import NO_METHOD, UNKNOWN_PROVIDER
from alta.connectors.payments.stripe import StripeProvider

NOTHING = Payment(state="nothing")


class PaymentsSettings(ConnectorSettings):
    """`stripe_key` is the secret key of the Stripe account; without one only cash and bank transfers work.
    `without_method` says what becomes of a customer without a payment method: `refuse` stops before provisioning,
    `invoice` goes on, and the customer owes the amount."""

    stripe_key: SecretStr | None = None
    stripe_url: str = "https://api.stripe.com"
    without_method: Literal["refuse", "invoice"] = "refuse"


class Payments(Connector):
    name = "payments"
    title = "payments"
    Settings = PaymentsSettings
    settings: PaymentsSettings

    def __init__(self, settings: PaymentsSettings) -> None:
        super().__init__(settings)
        self._providers: dict[str, Provider] = {Manual.name: Manual()}
        if settings.stripe_key is not None:
            self._providers[StripeProvider.name] = StripeProvider(
                settings.stripe_key,
                settings.stripe_url,
                self.unreachable,
                self.timed_out,
                lambda reason, detail: self.rejected(reason, detail),
            )

    @action()
    async def authorise(self, params: Demand, call: Call) -> Payment:
        """Holds the amount (minor units) on the customer's payment method; nothing is taken yet.

        An amount of 0 is nothing to do. Refused by `payments.declined`, with the bank's reason, and by
        `payments.no_method`. Repeating it with the same `reference` gives the same payment; after a refusal
        it asks the bank again.
        """
        method = self._method(params)
        if method is None:
            return NOTHING
        return await self._of(method.provider).authorise(params, method, call)

    @action()
    async def charge(self, params: Demand, call: Call) -> Payment:
        """Holds and takes the amount at once, while the customer isn't there: renewals.

        An amount of 0 is nothing to do. Refused and repeated as `authorise` is.
        """
        method = self._method(params)
        if method is None:
            return NOTHING
        return await self._of(method.provider).charge(params, method, call)

    @action()
    async def capture(self, params: OfPayment, call: Call) -> Payment:
        """Takes the money that is held. One that was taken already counts as taken; without a payment there is nothing
        to do. Refused where the payment was voided or has expired."""
        payment = params.payment
        if payment is None or payment.state == "nothing":
            return NOTHING
        return await self._of(payment.provider).capture(payment, call)

    @action()
    async def void(self, params: OfPayment, call: Call) -> Payment:
        """Lets go of money that is held. One that was voided already counts as voided; refused for money that was
        taken: that is refunded."""
        payment = params.payment
        if payment is None or payment.state == "nothing":
            return NOTHING
        return await self._of(payment.provider).void(payment, call)

    @action()
    async def refund(self, params: OfPayment, call: Call) -> Payment:
        """Gives back all the money that was taken. One that was refunded already counts as refunded."""
        payment = params.payment
        if payment is None or payment.state == "nothing":
            return NOTHING
        return await self._of(payment.provider).refund(payment, call)

    @action()
    async def take_back(self, params: TakeBack, call: Call) -> Payment:
        """Undoes an `authorise`: money that is held is let go, money that was taken is given back.

        Where the answer of `authorise` was lost (`given` is nothing), the payment is looked for by what was
        asked. Without a payment there is nothing to do. Repeating it changes nothing.
        """
        payment = params.given
        if payment is None:
            if not params.amount or params.payment is None:
                return NOTHING
            payment = await self._of(params.payment.provider).find(params, params.payment, call)
        if payment.state == "nothing":
            return NOTHING
        provider = self._of(payment.provider)
        now = await provider.state(payment, call)
        if now.state == "captured":
            return await provider.refund(payment, call)
        return await provider.void(payment, call) if now.state != "voided" else now

    async def health(self) -> Health:
        """Asks every provider that is set up something harmless."""
        answers = [await provider.health() for provider in self._providers.values()]
        times = [one.milliseconds for one in answers if one.milliseconds is not None]
        return Health(
            all(one.ok for one in answers),
            "; ".join(one.detail for one in answers),
            max(times, default=None),
        )

    async def close(self) -> None:
        for provider in self._providers.values():
            await provider.close()

    def _method(self, demand: Demand) -> Method | None:
        """The method to ask; none where there is nothing to pay, or the customer is billed later."""
        if demand.amount == 0:
            return None
        if demand.payment is None and self.settings.without_method == "refuse":
            raise Permanent(NO_METHOD)
        return demand.payment

    def _of(self, provider: str) -> Provider:
        if provider == StripeProvider.name and self.settings.stripe_key is None:
            raise Permanent(NOT_CONFIGURED, system="Stripe", variable="ALTA_PAYMENTS_STRIPE_KEY")
        if provider not in self._providers:
            raise Permanent(UNKNOWN_PROVIDER, provider=provider)
        return self._providers[provider]
