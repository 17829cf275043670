# Everything a person runs. `make` alone lists it.
SHELL := /bin/bash
PYTHON ?= python3.11
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
MO := src/alta/locale/es/LC_MESSAGES/django.mo
TABLER := src/alta/web/static/vendor/tabler.min.css

.PHONY: help demo test check bench lock screenshots clean
help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 22

demo: $(VENV)/.installed $(MO) $(TABLER) ## start everything with demo data on http://localhost:8000 (PORT=)
	@exec $(BIN)/alta demo --port $(PORT)

test: $(VENV)/.installed-dev $(MO) $(TABLER) ## install what the tests need and run them all
	@scripts/install-test-tools
	$(BIN)/pytest -n 2 --dist loadgroup tests

check: $(VENV)/.installed-dev $(MO) ## style, types, import direction, migrations, translations
	$(BIN)/ruff check src tests bench
	$(BIN)/ruff format --check src tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/check_migrations.py
	$(BIN)/python scripts/translations.py check

bench: $(VENV)/.installed-dev $(MO) ## measure against the floor; writes var/bench.json
	$(BIN)/python -m bench

screenshots: $(VENV)/.installed-dev $(MO) $(TABLER) ## make the README's pictures from the running product
	@scripts/install-test-tools
	$(BIN)/python scripts/screenshots.py

lock: $(VENV)/.installed-dev ## pin the dependencies of pyproject.toml again, with hashes
	scripts/lock

clean: ## remove the environment, the demo's data and what was built
	rm -rf $(VENV) var src/alta/web/static/vendor $(MO) frontend/node_modules

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements/base.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/base.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements/dev.txt $(VENV)/.installed
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

$(MO): src/alta/locale/es/LC_MESSAGES/django.po $(VENV)/.installed
	@$(BIN)/python scripts/translations.py compile

$(TABLER): frontend/package-lock.json $(VENV)/.installed
	@scripts/frontend
