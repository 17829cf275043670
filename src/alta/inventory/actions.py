"""What playbooks can do with the stock. These run inside the transaction of their task."""

from __future__ import annotations

from uuid import UUID

from alta.connectors.contract import Done, Output, Params
from alta.connectors.registry import Effect, effect
from alta.inventory import services


class AssignParams(Params):
    item: int
    holder: UUID
    reserved_by: UUID | None = None


class Assigned(Output):
    identifier: str
    values: dict[str, str]


class ReleaseParams(Params):
    item: int
    holder: UUID
    used: bool = False


@effect("inventory.assign")
def assign(params: AssignParams, effect: Effect) -> Assigned:
    """Assigns an inventory item to `holder`, usually the service. The item may be free, or reserved by
    `holder` or by `reserved_by`, usually the order. Assigning it again to the same holder changes nothing.
    Gives its public values."""
    item = services.assign(
        params.item, params.holder, effect.now, reserved_by=params.reserved_by, actor=effect.actor
    )
    return Assigned(identifier=item.identifier, values=item.values)


class ReturnAllParams(Params):
    holder: UUID


class ReinstateParams(Params):
    item: int
    holder: UUID


@effect("inventory.return_all")
def return_all(params: ReturnAllParams, effect: Effect) -> Done:
    """Takes back everything that `holder`, usually a service that ends, has from stock: numbers rest in quarantine.
    Idempotent."""
    services.return_all(params.holder, effect.now, actor=effect.actor)
    return Done()


@effect("inventory.reinstate")
def reinstate(params: ReinstateParams, effect: Effect) -> Done:
    """Gives an item that went back to stock to the one who had it before. Idempotent. Refuses
    (`inventory.item.held`) one that another has by now."""
    services.reinstate(params.item, params.holder, effect.now, actor=effect.actor)
    return Done()


@effect("inventory.release")
def release(params: ReleaseParams, effect: Effect) -> Done:
    """Takes an inventory item back from `holder`. Not `used`, it is again as before, so a failed job's
    customer can have the same one; `used`, a number rests in quarantine. Does nothing where the holder hasn't
    got it."""
    services.return_to_stock(
        params.item, params.holder, effect.now, never_used=not params.used, actor=effect.actor
    )
    return Done()
