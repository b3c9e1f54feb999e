# Two commands matter: `make up` and `make test`. The environment is .venv, the home is $APPLIANCE_HOME.
PYTHON_BIN := .venv/bin
SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help up down install install-dev model test check unit stack messages locks bench faults clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: install  ## install, build the base model, start the appliance, ask each scenario one question
	@$(PYTHON_BIN)/appliance up

down:  ## stop what `make up` started, and nothing else
	@if [ -x $(PYTHON_BIN)/appliance ]; then $(PYTHON_BIN)/appliance down; else echo "Not installed: nothing to stop."; fi

install:  ## install into .venv from the lock files (ACCELERATOR=cpu|gpu overrides what is found)
	@images/install.sh

install-dev:  ## install, and what the checks and tests need
	@images/install.sh --dev

model: install  ## build the base model's package without starting anything
	@$(PYTHON_BIN)/python images/models/build.py

test: check unit stack  ## everything that checks the project

check: install-dev  ## lint, format, types, layers
	$(PYTHON_BIN)/ruff check .
	$(PYTHON_BIN)/ruff format --check .
	$(PYTHON_BIN)/mypy
	$(PYTHON_BIN)/lint-imports

unit: install-dev  ## tests that need no running appliance
	OMP_NUM_THREADS=1 $(PYTHON_BIN)/pytest -m "not stack" -n logical --maxprocesses 4 --dist loadfile --durations=25

stack: install-dev  ## tests against the real stack: Ray, Serve, vLLM and the base model, started once, without a network
	@tests/stack.sh

messages: install-dev  ## collect the texts into the catalogues and compile them
	$(PYTHON_BIN)/python images/messages.py

locks: install  ## remake the lock files from pyproject.toml (needs uv on PATH; UPGRADE=1 takes newer versions)
	$(PYTHON_BIN)/python images/locks.py $(if $(UPGRADE),--upgrade)

bench: install  ## measure the gateway against vLLM's own server (about 20 minutes; stops what it starts)
	$(PYTHON_BIN)/python benchmarks/gateway.py

faults: install  ## make faults on a running appliance under load and print what held (about 30 minutes; ONLY=1,2 some)
	$(PYTHON_BIN)/python -m benchmarks.faults $(if $(ONLY),--only $(ONLY))

clean:  ## remove .venv and caches; the home folder with models, keys and documents stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis snapshot_report.html
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
