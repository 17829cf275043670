"""What playbooks can do with services."""

from __future__ import annotations

from alta.connectors.contract import Done, Output, Params
from alta.connectors.registry import Effect, effect
from alta.services.services import activate, resume, suspend, terminate


class ActivateParams(Params):
    service: int
    name: str = ""


class Activated(Output):
    id: int
    name: str
    state: str


class ServiceParams(Params):
    service: int


@effect("service.activate")
def activate_service(params: ActivateParams, effect: Effect) -> Activated:
    """Marks the service as working, and gives it its name. Idempotent: an active service stays as it is.

    Refuses (`service.wrong_state`) a service that has ended."""
    service = activate(params.service, actor=effect.actor, now=effect.now, name=params.name)
    return Activated(id=service.pk, name=service.name, state=service.state)


@effect("service.terminate")
def terminate_service(params: ServiceParams, effect: Effect) -> Done:
    """Marks the service as over. Idempotent: a terminated service stays as it is."""
    terminate(params.service, actor=effect.actor, now=effect.now)
    return Done()


@effect("service.suspend")
def suspend_service(params: ServiceParams, effect: Effect) -> Done:
    """Marks the service as suspended. Idempotent. Refuses (`service.wrong_state`) one that is not in use."""
    suspend(params.service, actor=effect.actor, now=effect.now)
    return Done()


@effect("service.resume")
def resume_service(params: ServiceParams, effect: Effect) -> Done:
    """Marks a suspended service as working again. Idempotent."""
    resume(params.service, actor=effect.actor, now=effect.now)
    return Done()
