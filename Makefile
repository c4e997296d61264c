# Every target makes its own environment in .venv first; nothing else on the machine is touched.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
JOBS ?= 3
MINING := .venv-mining
MINED := build/mining
# Tests write thousands of small databases, each synchronously: in memory where the machine offers that.
export PYTEST_DEBUG_TEMPROOT := $(shell test -w /dev/shm && echo /dev/shm)

# A test starts a thousand commands: each would compile the whole program anew.
unexport PYTHONDONTWRITEBYTECODE

# What of the use cases and commands `make test` also tries on PostgreSQL; `make postgresql` tries all.
ON_POSTGRESQL := tests/integration/test_bulk.py tests/integration/test_deliver.py

.DEFAULT_GOAL := help
.PHONY: help demo test postgresql drill attack mining check format docs bench clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "skede: needs Python 3.11 or later as '$(PYTHON)'; name another with: make PYTHON=python3.12" >&2; exit 2; }
	@echo "Preparing $(VENV) (once, a minute or so) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps \
		--config-settings editable_mode=compat -e . # a path in a .pth file, since a finder would be loaded by every start
	@touch $@

demo: $(READY) ## build a sandbox home from the programme's real calls in demo-home/, and show what happened
	@$(BIN)/skede demo demo-home

test: $(READY) ## run all tests; with FLOORS=1, also see that they reach enough of the code
ifdef FLOORS
	@rm -f .coverage .coverage.*
	@$(BIN)/coverage run -m pytest -n $(JOBS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report --fail-under=95
	@$(BIN)/coverage report --fail-under=100 --include='engine/core/*'
else
	@$(BIN)/pytest -n $(JOBS)
endif
	@$(BIN)/pytest -q -n $(JOBS) --postgresql $(ON_POSTGRESQL)

postgresql: $(READY) ## run all tests with their homes on PostgreSQL, which they start; SKEDE_TEST_POSTGRESQL=16 names a version
	@$(BIN)/pytest -n $(JOBS) --postgresql

attack: $(READY) ## change every cell of a small home, every row too, and see each found (some minutes)
	@SKEDE_ATTACK=full $(BIN)/pytest -n $(JOBS) tests/integration/test_attack_drill.py

drill: $(READY) ## the long form of the drills: outages, reminders of five hundred cases, five thousand mails, races, twenty failovers
	@DRILL=long FAILOVERS=20 $(BIN)/pytest -q --timeout=7200 tests/integration/test_failover.py tests/integration/test_races.py tests/integration/test_outage.py tests/integration/test_reminder_oracle.py tests/integration/test_smtp_drill.py

$(MINING)/.ready: requirements/mining.txt
	@echo "Preparing $(MINING) with pm4py (AGPL; used by this check alone; once, two minutes or so) ..."
	@$(PYTHON) -m venv $(MINING)
	@$(MINING)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/mining.txt
	@touch $@

mining: $(READY) $(MINING)/.ready ## let pm4py read the demo's event logs, and hold them against the machines and our own log
	@rm -rf $(MINED)
	@$(BIN)/skede --quiet demo $(MINED)/home > /dev/null
	@$(BIN)/python -m mining.declared $(MINED)/home $(MINED)/logs
	@$(MINING)/bin/python -I mining/check.py $(MINED)/logs

check: $(READY) ## format, lint, types, and who may import whom
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(READY) ## format the code and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: $(READY) ## write the pages of the reference that are made from the code
	@$(BIN)/python -m docs.generator

bench: $(READY) ## measure against floors taken in the same run
	@for file in bench/[a-z]*.py; do echo "== $$file"; $(BIN)/python "$$file" || exit 1; done

clean: ## remove the environment, the demo home and all caches
	@rm -rf $(VENV) $(MINING) demo-home build dist *.egg-info .coverage* \
		.pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
