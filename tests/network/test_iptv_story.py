"""Television through its whole life, as the set-top box sees it: a real nginx at the edge, and jobs of Alta's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest

from alta.catalog.models import Product
from alta.connectors.iptv.double import PACKAGES, IptvDouble
from alta.orders.rules import Action
from alta.refusal import Refusal
from alta.services.services import activate, create_service
from tests.house_of_data import item
from tests.network.edge import Edge, video_edge
from tests.network.shop import NOW, Shop

pytestmark = pytest.mark.network

BOX, OTHER = "STB-00001", "STB-00002"


@dataclass
class Television:
    shop: Shop
    middleware: IptvDouble
    edge: Edge

    def watch(self, box: str = BOX, package: str = "basic") -> int:
        return self.edge.watch(item(box).values["mac"], package)


@pytest.fixture
def television(shop: Shop) -> Iterator[Television]:
    with IptvDouble() as middleware, video_edge(middleware.base_url, PACKAGES) as edge:
        shop.use(middleware.environment())
        _connect_to_the_internet(123)
        yield Television(shop, middleware, edge)


def _connect_to_the_internet(customer: int) -> None:
    """Television is sold to whom has it."""
    fibre = Product.objects.get(slug="fibre-100")
    service = create_service(
        uuid=uuid4(),
        customer_id=customer,
        product_id=fibre.pk,
        service_type="internet",
        name="Internet",
        auto_renew=True,
        setup_price=0,
        recurring_price=2900,
        currency=fibre.currency,
        actor="agente",
        now=NOW,
    )
    activate(service.pk, actor="agente", now=NOW)


def test_television_is_sold_and_works_and_undone_and_does_not(television: Television) -> None:
    shop = television.shop
    assert television.watch() == 403
    job = shop.sell("iptv-home", {"set_top_box": BOX})
    assert job.state == "done"
    service = shop.service(job)
    assert (service.state, service.name) == ("active", f"IPTV - {BOX}")
    assert (item(BOX).state, item(BOX).holder) == ("assigned", service.uuid)
    assert (television.watch(), television.watch(package="sports")) == (200, 403)

    assert shop.undo(job).state == "undone"
    assert television.watch() == 403
    assert (television.middleware.accounts, item(BOX).holder) == ({}, None)


def test_without_internet_television_is_not_sold(television: Television) -> None:
    with pytest.raises(Refusal) as refused:
        television.shop.sell("iptv-home", {"set_top_box": BOX}, customer=456)
    assert refused.value.code == "catalog.product.needs_other_service"
    assert (item(BOX).holder, television.middleware.accounts) == (None, {})


def test_television_rests_wakes_and_ends(television: Television) -> None:
    shop = television.shop
    service = shop.service(shop.sell("iptv-home", {"set_top_box": BOX}))

    suspended = shop.change(service, Action.SUSPEND)
    service.refresh_from_db()
    assert (suspended.state, television.watch(), service.state) == ("done", 403, "suspended")
    assert shop.undo(suspended).state == "undone"
    assert television.watch() == 200
    shop.change(service, Action.SUSPEND)
    resumed = shop.change(service, Action.RESUME)
    service.refresh_from_db()
    assert (resumed.state, television.watch(), service.state) == ("done", 200, "active")
    assert shop.undo(resumed).state == "undone"
    assert television.watch() == 403

    assert shop.change(service, Action.TERMINATE).state == "done"
    service.refresh_from_db()
    assert (television.watch(), service.state, item(BOX).holder) == (403, "terminated", None)
    assert television.middleware.accounts == {}


def test_another_box_takes_the_place_of_the_first_and_back(television: Television) -> None:
    shop = television.shop
    service = shop.service(shop.sell("iptv-home", {"set_top_box": BOX}))
    swapped = shop.change(service, Action.SWAP, {"set_top_box": OTHER})
    assert swapped.state == "done"
    assert (television.watch(BOX), television.watch(OTHER)) == (403, 200)
    assert (item(BOX).holder, item(OTHER).holder) == (None, service.uuid)
    assert shop.undo(swapped).state == "undone"
    assert (television.watch(BOX), television.watch(OTHER)) == (200, 403)
    assert (item(BOX).holder, item(OTHER).holder) == (service.uuid, None)


def test_another_plan_changes_the_package_and_an_addon_stays(television: Television) -> None:
    shop = television.shop
    service = shop.service(shop.sell("iptv-home", {"set_top_box": BOX}))

    def watched() -> list[str]:
        return [name for name in PACKAGES if television.watch(package=name) == 200]

    added = shop.add(service, "iptv-sports")
    assert (added.state, watched()) == ("done", ["basic", "sports"])
    changed = shop.change_plan(service, "iptv-family")
    assert (changed.state, watched()) == ("done", ["family", "sports"])
    assert shop.undo(changed).state == "undone"
    assert watched() == ["basic", "sports"]
    assert shop.undo(added).state == "undone"
    assert watched() == ["basic"]
