"""Fifty agents and one SIM."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from alta.audit.models import Entry
from alta.inventory.models import Item
from alta.orders import services as orders
from alta.orders.models import Order
from alta.refusal import Refusal
from alta.runner.models import Job
from alta.services.models import Service
from tests.house_of_data import draft, load_demo

AGENTS = 50


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("already_chosen", "rounds"),
    [(False, 10), (True, 4)],
    ids=["choosing and confirming", "confirming what ran out"],
)
def test_fifty_agents_confirm_the_same_last_sim_one_wins_and_nothing_is_half_done(
    already_chosen: bool, rounds: int
) -> None:
    load_demo()
    sims = Item.objects.filter(template__name="SIM Card").order_by("identifier")
    for round_number in range(rounds):
        last = sims[round_number]
        now = timezone.now()
        numbers = Item.objects.filter(template__name="Mobile Number", state="in_stock").order_by("identifier")
        drafts = [
            draft(now, sim=None, number=number.identifier, actor=f"agent-{index}")
            for index, number in enumerate(numbers[:AGENTS])
        ]
        if already_chosen:
            # All chose it at some time, and every reservation has run out.
            for one in drafts:
                Order.objects.filter(pk=one.pk).update(
                    selection={"sim": last.pk, "number": one.selection["number"]}
                )
            now += timedelta(minutes=1)
        before = Entry.objects.filter(action="order.confirmed").count()
        outcomes = _all_at_once(drafts, None if already_chosen else last.pk, now)

        assert outcomes == Counter({"won": 1, "inventory.item.held": AGENTS - 1})
        last.refresh_from_db()
        [winner] = Order.objects.filter(pk__in=[one.pk for one in drafts], state="inProgress")
        assert last.holder == winner.holder
        assert Service.objects.count() == Job.objects.count() == round_number + 1
        assert Entry.objects.filter(action="order.confirmed").count() == before + 1
        assert Order.objects.filter(pk__in=[one.pk for one in drafts], state="draft").count() == AGENTS - 1
        for loser in Order.objects.filter(pk__in=[one.pk for one in drafts], state="draft"):
            orders.give_up(loser.uuid, actor="test", now=now)


def _all_at_once(drafts: list[Order], sim: int | None, now: object) -> Counter[str]:
    gate = threading.Barrier(len(drafts))
    outcomes: Counter[str] = Counter()
    lock = threading.Lock()

    def agent(order: Order) -> None:
        try:
            connection.ensure_connection()
            gate.wait(30)
            if sim is not None:
                orders.choose_item(order.uuid, "sim", sim, actor=order.created_by, now=now)  # type: ignore[arg-type]
            orders.confirm(order.uuid, actor=order.created_by, now=now)  # type: ignore[arg-type]
            outcome = "won"
        except Refusal as refusal:
            outcome = refusal.code if str(refusal) else "a refusal without words"
        except Exception as error:
            outcome = repr(error)
        finally:
            connection.close()
        with lock:
            outcomes[outcome] += 1

    threads = [threading.Thread(target=agent, args=[order]) for order in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes
