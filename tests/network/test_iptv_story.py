"""Television through its whole life, as the set-top box sees it: a real nginx at the edge, and jobs of Alta's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from alta.connectors.iptv.double import IptvDouble
from alta.runner.services import undo_job
from tests.house_of_data import item
from tests.network.conftest import NOW, Shop
from tests.network.edge import Edge, video_edge

pytestmark = pytest.mark.network

BOX = "STB-00001"


@dataclass
class Television:
    shop: Shop
    middleware: IptvDouble
    edge: Edge

    def watch(self, box: str = BOX, package: str = "basic") -> int:
        return self.edge.watch(item(box).values["mac"], package)


@pytest.fixture
def television(shop: Shop) -> Iterator[Television]:
    with IptvDouble() as middleware, video_edge(middleware.base_url, ("basic", "sports")) as edge:
        shop.use(middleware.environment())
        yield Television(shop, middleware, edge)


def test_television_is_sold_and_works_and_undone_and_does_not(television: Television) -> None:
    shop = television.shop
    assert television.watch() == 403
    job = shop.sell("iptv-home", {"set_top_box": BOX})
    assert job.state == "done"
    service = shop.service(job)
    assert (service.state, service.name) == ("active", f"IPTV - {BOX}")
    assert (item(BOX).state, item(BOX).holder) == ("assigned", service.uuid)
    assert (television.watch(), television.watch(package="sports")) == (200, 403)

    undo_job(job.pk, actor="agente", now=NOW)
    shop.run(job)
    assert job.state == "undone"
    assert television.watch() == 403
    assert (television.middleware.accounts, item(BOX).holder) == ({}, None)
