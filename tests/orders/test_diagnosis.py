"""«El aprovisionamiento tiene éxito pero el servicio no funciona»: every system is asked what it has of a service."""

from __future__ import annotations

from typing import Any

from alta.orders.rules import Action
from alta.runner.diagnosis import Diagnosis, diagnose
from alta.runner.models import Task
from alta.services.models import Service
from tests.conftest import RunJobs
from tests.orders.conftest import NOW, Outside
from tests.orders.test_changes import boost, change, sold


def verdicts(seen: Diagnosis) -> dict[str, bool]:
    return {one.question.system: one.right for one in seen.answers}


def differing(seen: Diagnosis) -> list[tuple[str, Any, Any]]:
    return [
        (field.name, field.wanted, field.found)
        for one in seen.answers
        for field in one.fields
        if not field.right
    ]


def test_a_service_that_works_has_everywhere_what_it_should(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    boost(run_jobs, service)
    seen = diagnose(service)
    assert verdicts(seen) == {"HLR": True, "OCS": True}
    assert seen.right
    assert [one.verified_at for one in seen.answers] == [NOW, NOW]


def test_a_subscriber_that_the_network_lost_is_found_out(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    outside.hlr.subscribers.clear()
    seen = diagnose(service)
    assert verdicts(seen) == {"HLR": False, "OCS": True}
    [lost] = [one for one in seen.answers if one.question.system == "HLR"]
    assert lost.problem is not None and not lost.is_silent


def test_what_was_changed_in_the_network_is_shown_beside_what_it_should_be(
    outside: Outside, run_jobs: RunJobs
) -> None:
    service = sold(run_jobs)
    (subscriber,) = outside.hlr.subscribers.values()
    subscriber.ps = False
    outside.ocs.engine.accounts[f"cgrates.org:{service.uuid}"]["Disabled"] = True
    assert sorted(differing(diagnose(service))) == [("disabled", False, True), ("ps", True, False)]


def test_a_system_that_does_not_answer_is_said_to_be_silent(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    outside.ocs.down()
    [silent] = [one for one in diagnose(service).answers if not one.right]
    assert (silent.question.system, silent.is_silent) == ("OCS", True)


def test_the_last_change_says_what_is_expected(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    change(run_jobs, service, Action.SUSPEND)
    assert diagnose(service).right
    (subscriber,) = outside.hlr.subscribers.values()
    subscriber.cs = True
    assert differing(diagnose(service)) == [("cs", False, True)]


def test_a_swapped_card_is_asked_for_and_the_old_one_is_not(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    change(run_jobs, service, Action.SWAP, sim="SIM-00124", number="+44 7700 900124")
    service = Service.objects.get()
    seen = diagnose(service)
    assert (verdicts(seen), differing(seen)) == ({"HLR": True, "OCS": True}, [])
    assert len(seen.answers) == 2


def test_what_was_taken_back_is_not_expected(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    Task.objects.filter(job__service=service).update(state="done")
    service.jobs.update(state="undone")
    assert diagnose(service).answers == ()


def test_a_task_that_was_left_out_is_named(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    Task.objects.filter(key="welcome_mail").update(state="ignored")
    assert [one.key for one in diagnose(service).left_out] == ["welcome_mail"]
