# The targets a person needs; `make` alone lists them.
PYTHON ?= python3
PORT ?= 8866
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TEST_FLAGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup run lab test test-all test-real check bench docs lock clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name one with PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "Python lacks venv; on Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(READY) ## create .venv from requirements.lock

run: $(READY) ## simulate the city on first use, build and serve the dashboards (PORT=8866)
	@$(BIN)/ioc serve --demo --port $(PORT)

lab: $(READY) ## open the analysts' notebooks in JupyterLab
	IOC_LAKE=$${IOC_LAKE:-$(CURDIR)/data/lake} $(BIN)/jupyter lab --notebook-dir=notebooks

test: $(READY) ## run the tests, long suites shortened
	$(BIN)/python -m pytest $(TEST_FLAGS)

test-all: $(READY) ## run every test in full length
	IOC_FULL=1 $(BIN)/python -m pytest $(TEST_FLAGS)

test-real: $(READY) ## run the tests on the real files (fails where they are absent)
	IOC_REQUIRE_REAL=1 $(BIN)/python -m pytest -m real $(TEST_FLAGS)

check: $(READY) ## style, types and the floors of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py

bench: $(READY) ## measure against peers, side by side in one run
	$(BIN)/python -m benchmarks

docs: $(READY) ## regenerate the pages under docs/ that come from the code
	$(BIN)/python -m ioc_analytics.docs

lock: ## resolve requirements.lock anew from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --quiet --output-file requirements.lock

clean: ## remove the environment and everything computed
	rm -rf $(VENV) data/lake .pytest_cache .mypy_cache .ruff_cache tests/screenshots
