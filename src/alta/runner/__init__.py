"""Runs jobs: one playbook each, task by task, on any number of workers. See docs/runner.md."""
