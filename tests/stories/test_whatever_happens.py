"""Agents, failures, lapsing reservations, renewals and second thoughts in any order: the invariants hold after each step.

The same stories every time. `ALTA_STORIES=500 .venv/bin/pytest tests/stories` tells as many new ones, at random; one that
fails is shortened to the steps that matter and printed as a program."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from alta.catalog.models import Product
from alta.housekeeping import chores
from alta.inventory.models import Item
from alta.orders import services as orders
from alta.orders.models import Order
from alta.orders.rules import Action
from alta.refusal import Refusal
from alta.renewals import services as renewals
from alta.renewals.models import Renewal
from alta.runner.models import Job
from alta.runner.services import cancel_job, retry_job, undo_job
from alta.services.models import Service
from tests.stories.town import ADDON, CUSTOMERS, PRODUCTS, STOCK, Town

STORIES = int(os.environ.get("ALTA_STORIES", "0"))
MOST_DRAFTS = 3
LEAPS = {"a minute": timedelta(minutes=1), "a quarter": timedelta(minutes=16), "a month": timedelta(days=31)}
OPENINGS = (
    "sold",
    "wanted twice",
    "declined",
    "half done",
    "taken back",
    "resting",
    "renewed",
    "ending",
    "unpaid",
)
# What they come by.
EXPECTED = {
    *("Order draft", "Order held", "Order completed", "Order cancelled"),
    *("Service active", "Service suspended", "Service terminated"),
    *("Job done", "Job failed", "Job cancelled", "Job undone"),
    *("Renewal paid", "Renewal declined", "Renewal unpaid", "Renewal ended"),
}
which = st.integers(0, 5)  # one of those that there are, counted from the oldest
changes = st.sampled_from(
    [Action.SUSPEND, Action.RESUME, Action.SWAP, Action.SWAP, Action.MODIFY, Action.MODIFY, Action.TERMINATE]
)
usually = st.sampled_from([True, True, True, False])
trouble = st.sampled_from([*[""] * 9, "ocs", "hlr", "bank", "answers", "cards"])
inputs = st.sampled_from(sorted(STOCK))
customer_and_product = {"customer": st.sampled_from(CUSTOMERS), "product": st.sampled_from(PRODUCTS)}


class Story(RuleBasedStateMachine):
    """What people and time do. A refusal is an answer like any other; anything else that is raised is a bug."""

    def __init__(self, town: Town) -> None:
        super().__init__()
        self.town = town
        town.make_new()

    # --- agents

    @initialize(opening=st.sampled_from(OPENINGS))
    def begins(self, opening: str) -> None:
        """One service is in use, and something has happened to it or beside it."""
        self._sell(0, renew=opening != "ending")
        match opening:
            case "wanted twice":
                for customer in CUSTOMERS:
                    self.leaves_a_draft(customer, PRODUCTS[0], "sim", 1)
                    self.all_is_well()
            case "declined":
                self._sell(1, trouble="cards", cancel=True)
            case "half done":
                self._sell(1, trouble="ocs")
            case "taken back":
                self.takes_back(0, trouble="", work=True)
            case "resting":
                self.changes_a_service(0, Action.SUSPEND, "", 0, later=False, trouble="", work=True)
            case "renewed" | "ending":
                self.time_passes("a month", cards_are_good=True, work=True)
            case "unpaid":
                self.a_month_ends_and_the_cards_are_empty(tries=3)
                self.time_passes("a month", cards_are_good=False, work=True)

    def _sell(self, n: int, renew: bool = True, trouble: str = "", cancel: bool = False) -> None:
        about = {"sim": 0, "number": 0, "renew": renew, "trouble": trouble, "cancel": cancel}
        self.sells(customer=CUSTOMERS[n], product=PRODUCTS[n], work=True, **about)

    @rule(
        **customer_and_product,
        sim=which,
        number=which,
        renew=st.booleans(),
        trouble=trouble,
        work=usually,
        cancel=st.booleans(),
    )
    def sells(
        self,
        customer: int,
        product: str,
        sim: int,
        number: int,
        renew: bool,
        trouble: str,
        work: bool,
        cancel: bool,
    ) -> None:
        """The whole assignment, with stock that is free. One that is not done may be cancelled at once."""
        self._break(trouble)
        if order := self._begin(customer, product):
            self._choose_free(order, "sim", sim)
            self._choose_free(order, "number", number)
            self._may(orders.answer_renewal, order.uuid, renew)
            job = self._may(orders.confirm, order.uuid, **self._who())
            self._work(work)
            if job and cancel:
                self._may(cancel_job, job.pk, **self._who())
                self._work(work)

    @rule(**customer_and_product, name=inputs, item=which)
    def leaves_a_draft(self, customer: int, product: str, name: str, item: int) -> None:
        if order := self._begin(customer, product):
            self._choose(order, name, item)

    @precondition(lambda self: Item.objects.filter(holder__isnull=False).exists())
    @rule(**customer_and_product, n=which)
    def wants_what_another_has(self, customer: int, product: str, n: int) -> None:
        item = self._one(Item, n, holder__isnull=False)
        name = next(name for name, shelf in STOCK.items() if item.identifier in shelf)
        if order := self._begin(customer, product):
            self._may(orders.choose_item, order.uuid, name, item.pk, **self._who())

    @precondition(lambda self: Service.objects.filter(state__in=["active", "suspended"]).exists())
    @rule(
        n=which, action=changes, name=inputs, item=which, later=st.booleans(), trouble=trouble, work=usually
    )
    def changes_a_service(
        self, n: int, action: Action, name: str, item: int, later: bool, trouble: str, work: bool
    ) -> None:
        service = self._one(Service, n, state__in=["active", "suspended"])
        self._break(trouble)
        if order := self._may(orders.begin_change, service.pk, action, **self._who()):
            if action == Action.SWAP:
                self._choose(order, name, item)
            if action == Action.MODIFY:
                other = PRODUCTS[service.product.slug == PRODUCTS[0]]
                self._may(orders.choose_product, order.uuid, self._product(other), **self._who())
                orders.choose_when(order.uuid, later)
            self._may(orders.confirm, order.uuid, reason="asked for it", **self._who())
            self._work(work)

    @precondition(lambda self: Service.objects.filter(state="active").exists())
    @rule(n=which, trouble=trouble, work=usually)
    def adds_data(self, n: int, trouble: str, work: bool) -> None:
        self._break(trouble)
        about = {"service_id": self._one(Service, n, state="active").pk, "product_id": self._product(ADDON)}
        if order := self._may(orders.begin, **about, **self._who()):
            self._may(orders.confirm, order.uuid, **self._who())
            self._work(work)

    @precondition(lambda self: Order.objects.filter(state="draft").exists())
    @rule(n=which, name=inputs, item=which, product=st.sampled_from([None, *PRODUCTS]))
    def changes_a_draft(self, n: int, name: str, item: int, product: str | None) -> None:
        order = self._one(Order, n, state="draft")
        if product:
            self._may(orders.choose_product, order.uuid, self._product(product), **self._who())
        self._choose(order, name, item)

    @precondition(lambda self: Order.objects.exists())
    @rule(n=which, confirm=st.booleans(), work=usually)
    def confirms_or_gives_up(self, n: int, confirm: bool, work: bool) -> None:
        """Any order: also one that is confirmed, or over."""
        order = self._one(Order, n)
        self._may(orders.confirm if confirm else orders.give_up, order.uuid, **self._who())
        self._work(work)

    @precondition(lambda self: Job.objects.exists())
    @rule(n=which, what=st.sampled_from([retry_job, cancel_job]), work=usually)
    def has_second_thoughts(self, n: int, what: Callable[..., Any], work: bool) -> None:
        self._may(what, self._one(Job, n).pk, **self._who())
        self._work(work)

    @precondition(lambda self: Job.objects.filter(state="done").exists())
    @rule(n=which, trouble=trouble, work=usually)
    def takes_back(self, n: int, trouble: str, work: bool) -> None:
        self._break(trouble)
        self._may(undo_job, self._one(Job, n, state="done").pk, **self._who())
        self._work(work)

    @precondition(lambda self: Job.objects.filter(state="done", order__action="create").count() > 1)
    @rule(n=which, work=usually)
    def takes_a_sale_back(self, n: int, work: bool) -> None:
        """Not the last one, so that the story goes on."""
        job = self._one(Job, n, state="done", order__action="create")
        self._may(undo_job, job.pk, **self._who())
        self._work(work)

    @precondition(lambda self: Job.objects.filter(state="failed").exists())
    @rule(n=which, repair=usually, cancel=st.booleans())
    def sees_to_what_failed(self, n: int, repair: bool, cancel: bool) -> None:
        if repair:
            self.town.heal()
        self._may(cancel_job if cancel else retry_job, self._one(Job, n, state="failed").pk, **self._who())
        self.town.run_jobs()

    @precondition(lambda self: Service.objects.exists())
    @rule(n=which, renew=st.booleans(), ask=st.booleans())
    def speaks_about_renewals(self, n: int, renew: bool, ask: bool) -> None:
        service = self._one(Service, n)
        Service.objects.filter(pk=service.pk).update(auto_renew=renew)
        renewal = Renewal.objects.filter(service=service).last()
        if ask and renewal:
            self._may(renewals.retry_now, renewal.pk, **self._who())

    # --- systems

    @rule(what=trouble)
    def something_breaks(self, what: str) -> None:
        self._break(what)

    def _break(self, what: str) -> None:
        """Until somebody repairs it."""
        town = self.town
        match what:
            case "ocs":
                town.ocs.rude = "error"
            case "hlr":
                town.hlr.rude = True
            case "bank":
                town.bank.broken = True
            case "answers":
                town.bank.losing = 1
            case "cards":
                town.empty_the_cards()

    # --- time

    @rule(leap=st.sampled_from(sorted(LEAPS)), cards_are_good=usually, work=usually)
    def time_passes(self, leap: str, cards_are_good: bool, work: bool) -> None:
        """Somebody repairs what is broken, and the workers do their chores."""
        self._let_pass(LEAPS[leap], cards_are_good, work)

    @precondition(lambda self: Service.objects.filter(state="active", auto_renew=True).exists())
    @rule(tries=st.integers(0, 3))
    def a_month_ends_and_the_cards_are_empty(self, tries: int) -> None:
        self._let_pass(LEAPS["a month"], cards_are_good=False, work=True)
        for _ in range(tries):
            self._let_pass(timedelta(days=2), cards_are_good=False, work=True)

    def _let_pass(self, time: timedelta, cards_are_good: bool, work: bool) -> None:
        self.town.now += time
        self.town.heal()
        if not cards_are_good:
            self.town.empty_the_cards()
        for chore in chores():
            chore.work(self.town.now)
        self._work(work)
        self.all_is_well()

    @invariant()
    def all_is_well(self) -> None:
        self.town.check()
        self.town.remember()

    def _who(self) -> dict[str, Any]:
        return {"actor": "agente", "now": self.town.now}

    def _begin(self, customer: int, product: str) -> Order | None:
        if Order.objects.filter(state="draft").count() >= MOST_DRAFTS:
            return None
        about = {"product_id": self._product(product), "customer_id": customer}
        return self._may(orders.begin, **about, **self._who())

    def _choose(self, order: Order, name: str, n: int) -> None:
        identifier = STOCK[name][n % len(STOCK[name])]
        self._may(
            orders.choose_item, order.uuid, name, Item.objects.get(identifier=identifier).pk, **self._who()
        )

    def _choose_free(self, order: Order, name: str, n: int) -> None:
        if item := self._one(Item, n, identifier__in=STOCK[name], state__in=["new", "in_stock"]):
            orders.choose_item(order.uuid, name, item.pk, **self._who())

    def _work(self, now: bool) -> None:
        """A worker does what there is to do, or is not there at the moment."""
        if now:
            self.town.run_jobs()

    @staticmethod
    def _product(slug: str) -> int:
        return Product.objects.get(slug=slug).pk

    @staticmethod
    def _one(model: Any, n: int, **wanted: Any) -> Any:
        found = list(model.objects.filter(**wanted).order_by("pk"))
        return found[n % len(found)] if found else None

    @staticmethod
    def _may(what: Callable[..., Any], *args: Any, **more: Any) -> Any:
        try:
            return what(*args, **more)
        except Refusal:
            return None


@pytest.mark.django_db(transaction=True)
def test_the_openings_come_by_every_state(town: Town) -> None:
    for opening in OPENINGS:
        story = Story(town)
        story.begins(opening)
        story.all_is_well()
        story.leaves_a_draft(CUSTOMERS[0], PRODUCTS[0], "sim", 2)
        story.all_is_well()
        story.time_passes("a minute", cards_are_good=True, work=True)
        story.all_is_well()
    assert town.seen >= EXPECTED


@pytest.mark.django_db(transaction=True)
def test_whatever_happens_nobody_pays_for_nothing_and_nothing_is_in_two_hands(town: Town) -> None:
    run_state_machine_as_test(
        lambda: Story(town),
        settings=settings(
            max_examples=STORIES or 24,
            stateful_step_count=25,
            derandomize=not STORIES,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
        ),
    )
