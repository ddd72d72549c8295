# The two doors: `make demo` and `make test`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup check test demo bench golden conformance docs

BIN := .venv/bin

help: ## Show these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Make the virtual environment and install what is missing
	@scripts/setup.sh dev

check: setup ## Format, lint, types, layers, generated files, mirror of the tests, overlaps of wheels
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/make_stubs.py --check
	$(BIN)/python scripts/check_mirror.py
	$(BIN)/python scripts/check_records.py

test: setup ## All tests, those beside the real Envoy included
	$(BIN)/python -m pytest

demo: ## Set up and run the demo
	@scripts/setup.sh run
	@$(BIN)/tulle demo $(ARGS)

bench: setup ## Cost beside Envoy, nginx and HAProxy: ARGS='--cases h1 --engines tulle,envoy' for a part
	$(BIN)/python -m bench $(ARGS)

conformance: setup ## The same bootstraps and requests to the real Envoy and to tulle, compared: ARGS='-k retries' for a part
	$(BIN)/python -m pytest tests/conformance -s $(ARGS)

golden: setup ## Make the generated files anew: the stubs of Envoy's API, and what the golden cases expect
	$(BIN)/python scripts/make_stubs.py
	$(BIN)/python -m pytest tests/golden --update-golden

docs: setup ## Check the links and names in the documentation
	$(BIN)/python scripts/check_docs.py
