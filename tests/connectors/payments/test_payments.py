"""Holding, taking and giving back money, at both Stripes and at the counter."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest

from alta.connectors.contract import Call, Permanent, Transient
from alta.connectors.payments.connector import Payments, PaymentsSettings
from alta.connectors.payments.double import StripeDouble
from alta.connectors.payments.models import Demand, OfPayment, Payment, TakeBack
from tests.connectors.payments.conftest import Server

pytestmark = pytest.mark.asyncio


def demand(token: str, amount: int = 1500, provider: str = "stripe", **more: Any) -> dict[str, Any]:
    method = {"provider": provider, "token": token, "id": 7}
    return {"payment": method, "amount": amount, "currency": "GBP", "reference": uuid.uuid4().hex} | more


def of(payment: Payment | None) -> OfPayment:
    return OfPayment(payment=payment)


async def status(server: Server, payment: Payment) -> str:
    async with httpx.AsyncClient(trust_env=False) as http:
        url = f"{server.url}/v1/payment_intents/{payment.ref}"
        headers = {"Authorization": f"Bearer {StripeDouble.key}"}
        return str((await http.get(url, headers=headers)).json()["status"])


async def test_money_is_held_and_then_taken(payments: Payments, server: Server, call: Call) -> None:
    asked = demand(server.card("good"))
    held = await payments.authorise(Demand(**asked), call)
    assert held == Payment(
        state="authorised",
        provider="stripe",
        ref=held.ref,
        amount=1500,
        currency="GBP",
        reference=asked["reference"],
        method=7,
    )
    assert await status(server, held) == "requires_capture"
    taken = await payments.capture(of(held), call)
    assert (taken.state, taken.ref) == ("captured", held.ref)
    assert await status(server, held) == "succeeded"
    assert await payments.capture(of(held), call) == taken


async def test_held_money_is_let_go_and_twice_is_once(payments: Payments, server: Server, call: Call) -> None:
    held = await payments.authorise(Demand(**demand(server.card("good"))), call)
    for _ in range(2):
        assert (await payments.void(of(held), call)).state == "voided"
    assert await status(server, held) == "canceled"
    with pytest.raises(Permanent) as refused:
        await payments.capture(of(held), call)
    assert refused.value.kind.code == "payments.refused"


async def test_taken_money_is_given_back_once(payments: Payments, server: Server, call: Call) -> None:
    held = await payments.authorise(Demand(**demand(server.card("good"))), call)
    await payments.capture(of(held), call)
    for key in ("a", "a", "b"):
        assert (await payments.refund(of(held), Call(key=key))).state == "refunded"
    async with httpx.AsyncClient(trust_env=False) as http:
        url = f"{server.url}/v1/refunds?payment_intent={held.ref}"
        headers = {"Authorization": f"Bearer {StripeDouble.key}"}
        assert len((await http.get(url, headers=headers)).json()["data"]) == 1


async def test_taken_money_is_not_voided(payments: Payments, server: Server, call: Call) -> None:
    held = await payments.authorise(Demand(**demand(server.card("good"))), call)
    await payments.capture(of(held), call)
    with pytest.raises(Permanent) as refused:
        await payments.void(of(held), call)
    assert refused.value.kind.code == "payments.refused"


@pytest.mark.parametrize("action", ["authorise", "charge"])
async def test_a_declined_card_is_a_clear_no_with_the_banks_words(
    payments: Payments, server: Server, call: Call, action: str
) -> None:
    with pytest.raises(Permanent) as refused:
        await getattr(payments, action)(Demand(**demand(server.card("declined"))), call)
    assert refused.value.kind.code == "payments.declined"
    assert refused.value.params == {"reason": "the card was declined by its bank."}
    assert not refused.value.transient


async def test_a_charge_holds_and_takes_at_once(payments: Payments, server: Server, call: Call) -> None:
    taken = await payments.charge(Demand(**demand(server.card("good"))), call)
    assert taken.state == "captured"
    assert await status(server, taken) == "succeeded"


@pytest.mark.parametrize(("captured", "after"), [(False, "voided"), (True, "refunded")])
async def test_taking_back_does_what_is_needed(
    payments: Payments, server: Server, call: Call, captured: bool, after: str
) -> None:
    asked = demand(server.card("good"))
    held = await payments.authorise(Demand(**asked), call)
    if captured:
        await payments.capture(of(held), call)
    for _ in range(2):
        assert (await payments.take_back(TakeBack(**asked, given=held), call)).state == after


async def test_an_amount_of_nothing_is_nothing_to_do(
    lone: Payments, double: StripeDouble, call: Call
) -> None:
    nothing = Payment(state="nothing")
    free = demand("pm_good", amount=0)
    assert await lone.authorise(Demand(**free), call) == nothing
    assert await lone.authorise(Demand(**free | {"payment": None}), call) == nothing
    assert await lone.charge(Demand(**free), call) == nothing
    for given in (nothing, None):
        assert await lone.capture(of(given), call) == nothing
        assert await lone.void(of(given), call) == nothing
        assert await lone.refund(of(given), call) == nothing
        assert await lone.take_back(TakeBack(**free, given=given), call) == nothing
    assert double.requests == []


async def test_repeating_a_call_holds_the_money_once(
    lone: Payments, double: StripeDouble, call: Call
) -> None:
    asked = demand("pm_good")
    assert await lone.authorise(Demand(**asked), call) == await lone.authorise(Demand(**asked), call)
    assert len(double.intents) == 1
    charged = demand("pm_good")
    assert await lone.charge(Demand(**charged), call) == await lone.charge(Demand(**charged), call)
    assert len(double.intents) == 2


@pytest.mark.parametrize("lost", [1, 2])
async def test_a_lost_answer_is_found_again(
    lone: Payments, double: StripeDouble, call: Call, lost: int
) -> None:
    asked = demand("pm_good")
    double.losing = lost
    for _ in range(lost):
        with pytest.raises(Transient):
            await lone.authorise(Demand(**asked), call)
    held = await lone.authorise(Demand(**asked), call)
    assert [one["id"] for one in double.of_reference(asked["reference"])] == [held.ref]


async def test_a_payment_whose_answer_was_lost_is_taken_back(
    lone: Payments, double: StripeDouble, call: Call
) -> None:
    asked = demand("pm_good")
    await lone.authorise(Demand(**asked), call)
    assert (await lone.take_back(TakeBack(**asked), call)).state == "voided"
    assert [one["status"] for one in double.of_reference(asked["reference"])] == ["canceled"]


async def test_taking_back_what_never_happened_charges_nobody(
    lone: Payments, double: StripeDouble, call: Call
) -> None:
    asked = demand("pm_good")
    await lone.take_back(TakeBack(**asked), call)
    [intent] = double.of_reference(asked["reference"])
    assert (intent["status"], intent["latest_charge"]) == ("canceled", None)


@pytest.mark.parametrize("action", ["authorise", "charge"])
async def test_after_a_decline_the_bank_is_asked_again(
    lone: Payments, double: StripeDouble, call: Call, action: str
) -> None:
    asked = demand("pm_poor")
    double.declining.add("pm_poor")
    for _ in range(2):
        with pytest.raises(Permanent):
            await getattr(lone, action)(Demand(**asked), call)
    double.declining.clear()
    paid = await getattr(lone, action)(Demand(**asked), call)
    assert [one["id"] for one in double.of_reference(asked["reference"])] == [paid.ref]


async def test_a_card_that_asks_its_holder_is_declined(lone: Payments, call: Call) -> None:
    with pytest.raises(Permanent) as refused:
        await lone.authorise(Demand(**demand("pm_authenticate")), call)
    assert refused.value.kind.code == "payments.declined"


async def test_cash_is_always_there(lone: Payments, double: StripeDouble, call: Call) -> None:
    asked = demand("counter", provider="manual")
    held = await lone.authorise(Demand(**asked), call)
    assert (held.state, held.provider) == ("authorised", "manual")
    taken = await lone.capture(of(held), call)
    assert taken.state == "captured"
    assert (await lone.refund(of(taken), call)).state == "refunded"
    assert (await lone.take_back(TakeBack(**asked, given=held), call)).state == "voided"
    assert double.requests == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"payment": None}, "payments.no_method"),
        ({"payment": {"provider": "barter", "token": "goat"}}, "payments.unknown_provider"),
        ({"payment": {"provider": "stripe", "token": "unheard"}}, "connector.rejected"),
    ],
)
async def test_what_cannot_pay_is_refused(
    lone: Payments, call: Call, change: dict[str, Any], code: str
) -> None:
    with pytest.raises(Permanent) as refused:
        await lone.authorise(Demand(**demand("pm_good") | change), call)
    assert refused.value.kind.code == code


async def test_a_customer_without_method_can_be_billed_later(call: Call) -> None:
    payments = Payments(PaymentsSettings(without_method="invoice"))
    assert (await payments.authorise(Demand(**demand("x") | {"payment": None}), call)).state == "nothing"


async def test_stripe_without_its_key_says_what_to_set(call: Call) -> None:
    with pytest.raises(Permanent) as refused:
        await Payments(PaymentsSettings()).authorise(Demand(**demand("pm_good")), call)
    assert refused.value.params["variable"] == "ALTA_PAYMENTS_STRIPE_KEY"


async def test_trouble_is_transient_and_health_sees_it(
    lone: Payments, double: StripeDouble, call: Call
) -> None:
    assert (await lone.health()).ok
    double.broken = True
    with pytest.raises(Transient):
        await lone.authorise(Demand(**demand("pm_good")), call)
    assert not (await lone.health()).ok
    double.broken = False
    double.down()
    with pytest.raises(Transient) as gone:
        await lone.authorise(Demand(**demand("pm_good")), call)
    assert gone.value.kind.code == "connector.unreachable"
    double.up()
    assert (await lone.health()).ok


async def test_neither_the_key_nor_the_card_is_on_the_wire_log(lone: Payments, call: Call) -> None:
    params = Demand(**demand("pm_secretcard"))
    await lone.authorise(params, call)
    assert call.wire and "pm_secretcard" not in f"{call.wire}{params!r}{params.model_dump(mode='json')}"
    assert StripeDouble.key not in str(call.wire)
