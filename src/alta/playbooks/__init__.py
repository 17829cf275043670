"""The playbook language: what has to be done, as data. See docs/playbooks.md."""
