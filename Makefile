# "make run" installs only what the exporter needs; everything else adds the development tools to the same environment.
# Stamp files make a second call do nothing, so that both commands of the README start at once.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev
TOOLS_STAMP := tools/bin/.installed
OLDEST_STAMP := tools/bin/.installed-oldest

PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links
STEP := @tools/step

export PATH := $(CURDIR)/$(BIN):$(CURDIR)/tools/bin:$(PATH)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: $(RUN_STAMP) ## Start the exporter on 127.0.0.1:9833 against the public sources
	@mkdir -p data
	@exec $(BIN)/python -m exporter --web.listen-address=127.0.0.1:9833 --storage.path=./data/btc-health.sqlite

.PHONY: test
test: $(DEV_STAMP) ## Check everything that CI checks
	$(STEP) "everything" $(MAKE) --keep-going --jobs=1 tools lint pytest monitoring

.PHONY: demo
demo: $(RUN_STAMP) $(TOOLS_STAMP) ## Run simulator, exporter, Prometheus and Alertmanager on this machine until Ctrl-C
	@exec $(BIN)/python -m deploy.demo

.PHONY: drill
drill: $(RUN_STAMP) ## Start one incident on the running demo and say what will arrive: NAME=reorg, NAME=end
	@$(BIN)/python -m prometheus.drill $(NAME) --simulator=$(or $(SIMULATOR),http://127.0.0.1:9000)

.PHONY: backfill
backfill: $(DEV_STAMP) $(TOOLS_STAMP) ## Prometheus blocks of years: BLOCKS=DIR, from the sources' charts or HISTORY=DIR; OPTIONS=...
	@tools/backfill "$(BLOCKS)" $(if $(HISTORY),--history "$(HISTORY)") $(OPTIONS)

.PHONY: bench
bench: $(DEV_STAMP) $(TOOLS_STAMP) ## Measure speed and memory beside others, and write docs/performance.md (WRITE=FILE)
	@$(BIN)/python -m tests.bench --write "$(or $(WRITE),docs/performance.md)"

.PHONY: golden
golden: $(DEV_STAMP) ## Write the expected pages under tests/golden anew; read the difference before committing it
	@$(BIN)/pytest tests/golden --refresh-golden

# --- What "make test" is made of ---

.PHONY: pytest
pytest: $(DEV_STAMP) ## Run all tests with coverage
	$(STEP) "pytest" pytest --numprocesses=2 --dist=loadfile --durations=20 --cov --cov-report=term

.PHONY: torture
torture: $(DEV_STAMP) $(TOOLS_STAMP) oldest ## Proofs that take minutes: incidents on real servers, mutated rules, every panel shows data
	@$(BIN)/pytest -m torture

GATES := lint-ruff lint-format lint-types lint-imports lint-dependencies lint-unused lint-spelling lint-yaml lint-shell

.PHONY: lint $(GATES)
lint: $(GATES) ## Run every linter; all of them must find nothing

$(GATES): $(DEV_STAMP)

lint-ruff:
	$(STEP) "ruff check" ruff check --quiet .

lint-format:
	$(STEP) "ruff format" ruff format --quiet --diff .

lint-types:
	$(STEP) "mypy" mypy --no-error-summary

lint-imports:
	$(STEP) "import-linter" lint-imports --config pyproject.toml

lint-dependencies:
	$(STEP) "deptry" deptry --no-ansi .

lint-unused:
	$(STEP) "vulture" vulture

lint-spelling:
	$(STEP) "codespell" codespell

lint-yaml:
	$(STEP) "yamllint" yamllint --strict .

lint-shell:
	$(STEP) "shellcheck" shellcheck $(shell git grep --untracked -lE '^#!/usr/bin/env bash$$')

.PHONY: monitoring
monitoring: $(DEV_STAMP) ## Check and test the Prometheus rules and the Alertmanager configuration
	@tools/monitoring

.PHONY: oldest
oldest: $(DEV_STAMP) $(OLDEST_STAMP) ## Check and test the rules with the oldest Prometheus that they support, 2.42
	@tools/monitoring oldest

# --- Upkeep ---

.PHONY: format
format: $(DEV_STAMP) ## Format the code and mend what ruff can mend
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

.PHONY: lock
lock: | $(BIN)/uv ## Bring the lock files up to date with pyproject.toml
	@$(LOCK) --group build --output-file requirements/build.txt
	@$(LOCK) pyproject.toml --constraints requirements/build.txt --output-file requirements/run.txt
	@$(LOCK) pyproject.toml --group build --group test --group lint --group bench --group dashboards \
		--constraints requirements/run.txt --output-file requirements/dev.txt

.PHONY: clean
clean: ## Remove what make has made, except the data folder
	@rm -rf $(VENV) tools/bin build dist ./*.egg-info .coverage .coverage.* htmlcov
	@rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

# --- Environments ---

.PHONY: venv
venv: $(DEV_STAMP) ## Create .venv with everything that development needs

.PHONY: tools
tools: $(TOOLS_STAMP) ## Install Prometheus, Alertmanager, toxiproxy, Redis and Helm into tools/bin

$(BIN)/python:
	@"$$(tools/python)" -m venv $(VENV)

$(RUN_STAMP): requirements/build.txt requirements/run.txt pyproject.toml | $(BIN)/python
	@echo "installing what the exporter needs into $(VENV)"
	@$(PIP) install --require-hashes -r requirements/build.txt -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_STAMP): requirements/dev.txt $(RUN_STAMP)
	@echo "installing the development tools into $(VENV)"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

$(BIN)/uv:
	@$(MAKE) venv

$(TOOLS_STAMP): tools/install $(wildcard tools/*/go.mod tools/*/go.sum)
	$(STEP) "outside tools" tools/install

$(OLDEST_STAMP): tools/install $(wildcard tools/oldest/go.*)
	$(STEP) "promtool of the oldest Prometheus" tools/install oldest
