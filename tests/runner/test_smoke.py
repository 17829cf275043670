import pytest
from tests.runner.conftest import *
from tests.lab_effects import notes

pytestmark = pytest.mark.django_db(transaction=True)


def test_smoke(start, run_jobs, lab_journal):
    job = start("""
      - id: a
        do: lab.ask
      - id: b
        do: lab.note
        with: {say: hello}
      - id: c
        do: lab.ask
        effect: {do: lab.note, with: {say: "{{ tasks.b.output.noted }}"}}
    """)
    run_jobs(job)
    assert state_of(job) == "done", job.error
    assert asked(lab_journal) == ["ask a", "ask c"]
    assert notes(job.pk) == ["hello", "hello"]
