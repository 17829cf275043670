"""What the actions of payments take and give. Amounts are minor units of an ISO 4217 currency."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from alta.connectors.contract import Output, Params

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Minor = Annotated[int, Field(ge=0)]
State = Literal["nothing", "authorised", "captured", "voided", "refunded"]


class Method(Params):
    """How the customer pays. `token` is the provider's: at Stripe `pm_…`, or `cus_…:pm_…` where it belongs to a Stripe
    customer. `id` is Alta's own number of the method."""

    provider: str
    token: SecretStr
    id: int | None = None


class Demand(Params):
    """Money wanted. `reference` names this payment and no other in the world, in every attempt: use the service's UUID.

    `payment` is `customer.payment`."""

    payment: Method | None = None
    amount: Minor
    currency: Currency
    reference: Annotated[str, Field(min_length=1, max_length=120)]


class Payment(Output):
    """A payment at its provider. `state` is `nothing` where there was nothing to do; `ref` is the provider's own."""

    state: State
    provider: str = ""
    ref: str = ""
    amount: int = 0
    currency: str = ""
    reference: str = ""
    method: int | None = None


class OfPayment(Params):
    """`payment` is what `authorise` or `charge` gave; without one there is nothing to do."""

    payment: Payment | None = None


class TakeBack(Demand):
    """What `authorise` was asked, and what it gave back, where that is known."""

    given: Payment | None = None
