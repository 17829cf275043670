"""A town with two customers who buy, three SIMs and three numbers, and what must hold in it whatever happens."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from uuid import UUID

from django.db import connection
from django.db.models import Sum

from alta.billing.models import Charge, Payment, Posting
from alta.connectors.hlr.double import HlrDouble
from alta.connectors.ocs.double import OcsDouble
from alta.connectors.payments.double import StripeDouble
from alta.inventory.models import Item
from alta.orders.models import Order
from alta.renewals.models import Renewal
from alta.runner.engine import Engine
from alta.runner.models import Job, Task
from alta.runner.queries import forgotten_jobs
from alta.services.models import Service

CUSTOMERS = (123, 456)
PRODUCTS = ("mobile-20gb", "mobile-50gb")
ADDON = "data-boost-5gb"
STOCK = {
    "sim": ("SIM-00123", "SIM-00124", "SIM-00125"),
    "number": ("+44 7700 900123", "+44 7700 900124", "+44 7700 900125"),
}
GOING_ON = ("queued", "cancelling", "undoing")
OPEN_ORDERS = ("draft", "inProgress", "held")
EMPTY = """
TRUNCATE orders_order, services_service, runner_job, billing_account, billing_charge, billing_payment, billing_transaction,
    inventory_itemhistory CASCADE
"""
FREE = {"previous_state": None, "holder": None, "held_until": None, "quarantine_until": None}


@dataclass
class Town:
    now: datetime
    bank: StripeDouble
    hlr: HlrDouble
    ocs: OcsDouble
    begin: datetime = field(init=False)
    promised: dict[tuple[UUID, int], datetime] = field(default_factory=dict)  # until when
    seen: set[str] = field(default_factory=set)  # states that something was in after some step

    def __post_init__(self) -> None:
        self.begin = self.now

    def make_new(self) -> None:
        """Nothing has happened yet."""
        self.now = self.begin
        self.promised = {}
        self.heal()
        for known in (self.bank.intents, self.bank.refunds, self.bank.answers, self.hlr.subscribers):
            known.clear()
        self.ocs.engine.accounts.clear()
        with connection.cursor() as cursor:
            cursor.execute(EMPTY)
        Item.objects.update(state="in_stock", **FREE)
        Item.objects.filter(identifier__in=STOCK["sim"]).update(state="new")

    def heal(self) -> None:
        """Every system works."""
        self.bank.broken, self.bank.losing = False, 0
        self.bank.declining.clear()
        self.hlr.rude, self.ocs.rude = False, None

    def empty_the_cards(self) -> None:
        self.bank.declining |= {f"pm_demo_{customer}" for customer in CUSTOMERS}

    def run_jobs(self) -> None:
        """A worker does all there is to do, one job after the other: the same story ends the same way."""

        async def advance() -> None:
            engine = Engine("town", now=lambda: self.now)
            await engine.start()
            try:
                async with asyncio.timeout(30):
                    for job in await engine.in_database(self._jobs_to_do):
                        await engine.accept(job)
                        await engine.drain()
            finally:
                await engine.stop()

        asyncio.run(advance())

    def _jobs_to_do(self) -> list[int]:
        going_on = Job.objects.filter(state__in=GOING_ON).values_list("pk", flat=True)
        return sorted({*going_on, *forgotten_jobs(self.now, trust_queue=False)})

    def remember(self) -> None:
        for model in (Order, Service, Job, Renewal):
            states = model.objects.values_list("state", flat=True).distinct()  # type: ignore[attr-defined]
            self.seen |= {f"{model.__name__} {state}" for state in states}

    # --- what must hold

    def check(self) -> None:
        """What must hold between any two steps."""
        self._stock_is_where_it_belongs()
        self._what_was_promised_is_kept()
        self._orders_are_what_their_jobs_say()
        self._nobody_is_charged_for_nothing()
        self._the_ledger_balances()
        self._the_bank_took_what_the_books_say()
        self._the_network_is_what_the_services_say()

    def _stock_is_where_it_belongs(self) -> None:
        open_orders = set(Order.objects.filter(state__in=OPEN_ORDERS).values_list("holder", flat=True))
        for item in Item.objects.filter(state="reserved"):
            assert item.holder in open_orders, f"{item.identifier} is reserved for an order that is over"
        services = {one.uuid: one for one in Service.objects.prefetch_related("addons")}
        assigned = defaultdict(set)
        for item in Item.objects.filter(state="assigned"):
            service = services.get(item.holder)  # type: ignore[arg-type]
            assert service and (service.state != "terminated" or self._under_way(service)), (
                f"{item.identifier} is with {service}, which is over"
            )
            assigned[service.uuid].add(item.pk)
        for service in services.values():
            if service.state in ("active", "suspended") and not self._under_way(service):
                added = [one.items.values() for one in service.addons.all() if one.state == "active"]
                wanted = {*service.items.values(), *chain.from_iterable(added)}
                assert assigned[service.uuid] == wanted, f"{service} is {service.state} without its stock"

    def _what_was_promised_is_kept(self) -> None:
        """Nobody loses what is reserved for them before its time is over."""
        orders = {one.holder: one for one in Order.objects.filter(state__in=["draft", "inProgress"])}
        holders = dict(Item.objects.values_list("pk", "holder"))
        for (uuid, item), until in self.promised.items():
            if self.now < until and uuid in orders and item in orders[uuid].selection.values():
                assert holders[item] == uuid, f"{orders[uuid]} lost {item} before its time"
        reserved = Item.objects.filter(state="reserved")
        self.promised = {(one.holder, one.pk): one.held_until for one in reserved}  # type: ignore[misc]

    def _orders_are_what_their_jobs_say(self) -> None:
        for order in Order.objects.exclude(job=None).select_related("job", "service"):
            assert order.job and order.service
            sale = order.action == "create"
            match order.job.state:
                case "done":
                    assert order.state == "completed" and order.service.activated_at
                case "failed":
                    assert order.state == "held"
                case "cancelled" | "undone":
                    assert order.state == "cancelled" and (not sale or order.service.state == "terminated")
        unfinished = Task.objects.filter(state__in=["running", "waiting"])
        assert not unfinished.exclude(job__state__in=[*GOING_ON, "waiting"]).exists()

    def _nobody_is_charged_for_nothing(self) -> None:
        worked = set(Service.objects.exclude(activated_at=None).values_list("uuid", flat=True))
        charged = Charge.objects.values("service_uuid").annotate(total=Sum("amount")).exclude(total=0)
        assert {row["service_uuid"] for row in charged} <= worked
        never_was = Service.objects.filter(orders__action="create", orders__state="cancelled").values_list(
            "uuid", flat=True
        )
        assert not charged.filter(service_uuid__in=list(never_was)).exists()
        recurring = Charge.objects.filter(kind="recurring").values_list("service_uuid", "period_start")
        assert len(set(recurring)) == len(recurring)

    def _the_ledger_balances(self) -> None:
        assert not Posting.objects.values("transaction").annotate(total=Sum("amount")).exclude(total=0)
        for customer in CUSTOMERS:
            owed = Posting.objects.filter(account__customer=customer).aggregate(t=Sum("amount"))["t"] or 0
            charged = Charge.objects.filter(customer=customer).aggregate(t=Sum("amount"))["t"] or 0
            paid = (
                Payment.objects.filter(customer=customer, state="captured").aggregate(t=Sum("amount"))["t"]
                or 0
            )
            assert owed == charged - paid, (customer, owed, charged, paid)

    def _the_bank_took_what_the_books_say(self) -> None:
        given_back = {one["payment_intent"] for one in self.bank.refunds.values()}
        taken = [
            one["metadata"]["reference"]
            for one in self.bank.intents.values()
            if one["status"] == "succeeded" and one["id"] not in given_back
        ]
        assert len(taken) == len(set(taken)), "the bank took the same money twice"
        booked = set(Payment.objects.filter(state="captured").values_list("key", flat=True))
        for reference in set(taken) ^ booked:
            order = Order.objects.select_related("service").get(holder=reference.split(".")[0])
            assert order.service and self._under_way(order.service), (
                f"the bank and the books do not agree about {reference}"
            )

    def _the_network_is_what_the_services_say(self) -> None:
        connected: dict[str, bool] = defaultdict(bool)
        for service in Service.objects.all():
            account = f"cgrates.org:{service.uuid}" in self.ocs.engine.accounts
            works = service.state in ("active", "suspended", "inactive")
            sims = Item.objects.filter(pk=service.items["sim"])
            if self._under_way(service):
                works = True  # or not: it may be in the middle of it, with any SIM
                sims = Item.objects.filter(identifier__in=STOCK["sim"])
            else:
                assert account == works, f"{service} is {service.state}; in the OCS: {account}"
            for sim in sims:
                connected[sim.values["imsi"]] |= works
        for sim, expected in connected.items():
            assert expected or sim not in self.hlr.subscribers, f"nobody has {sim}, but the HLR does"
        numbers = [one.msisdn for one in self.hlr.subscribers.values() if one.msisdn]
        assert len(numbers) == len(set(numbers)), "two phones with one number"

    @staticmethod
    def _under_way(service: Service) -> bool:
        """Whether a job of the service is not over, so that its parts need not agree yet."""
        return service.jobs.exclude(state__in=["done", "cancelled", "undone"]).exists()
