"""What a payment provider does for Alta, and the one that needs nobody: cash and bank transfers."""

from __future__ import annotations

from typing import ClassVar, Protocol

from alta.connectors.contract import Call, Health
from alta.connectors.payments.models import Demand, Method, Payment


class Provider(Protocol):
    """Every function may be repeated with the same call and then gives the same. Errors are ConnectorErrors;
    a card that is refused is `payments.declined`."""

    name: ClassVar[str]

    async def authorise(self, demand: Demand, method: Method, call: Call) -> Payment:
        """Holds the money."""

    async def charge(self, demand: Demand, method: Method, call: Call) -> Payment:
        """Takes the money at once, the customer being absent."""

    async def capture(self, payment: Payment, call: Call) -> Payment:
        """Takes money that is held. Taken already is well."""

    async def void(self, payment: Payment, call: Call) -> Payment:
        """Lets go of money that is held. Let go already is well."""

    async def refund(self, payment: Payment, call: Call) -> Payment:
        """Gives back money that was taken. Given back already is well."""

    async def find(self, demand: Demand, method: Method, call: Call) -> Payment:
        """The payment that `authorise` made, or would have made, for this demand. Holds no money that isn't held."""

    async def state(self, payment: Payment, call: Call) -> Payment:
        """The payment as it is now."""

    async def health(self) -> Health:
        """Asks something harmless."""

    async def close(self) -> None:
        """Closes connections."""


class Manual:
    """Cash and bank transfers: the agent sees the money, so it is always there. Nothing leaves the house."""

    name: ClassVar[str] = "manual"

    async def authorise(self, demand: Demand, method: Method, call: Call) -> Payment:
        return made(demand, method, f"manual:{demand.reference}", "authorised")

    async def charge(self, demand: Demand, method: Method, call: Call) -> Payment:
        return made(demand, method, f"manual:{demand.reference}", "captured")

    async def capture(self, payment: Payment, call: Call) -> Payment:
        return payment.model_copy(update={"state": "captured"})

    async def void(self, payment: Payment, call: Call) -> Payment:
        return payment.model_copy(update={"state": "voided"})

    async def refund(self, payment: Payment, call: Call) -> Payment:
        return payment.model_copy(update={"state": "refunded"})

    async def find(self, demand: Demand, method: Method, call: Call) -> Payment:
        return await self.authorise(demand, method, call)

    async def state(self, payment: Payment, call: Call) -> Payment:
        return payment

    async def health(self) -> Health:
        return Health(True, "cash and bank transfers")

    async def close(self) -> None:
        pass


def made(demand: Demand, method: Method, ref: str, state: str) -> Payment:
    """The payment of a demand."""
    return Payment(
        state=state,
        provider=method.provider,
        ref=ref,
        amount=demand.amount,
        currency=demand.currency,
        reference=demand.reference,
        method=method.id,
    )
