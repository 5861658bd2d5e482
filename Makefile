# Two environments in one folder: "make run" installs what the exporter needs, everything else adds the development tools.
# Stamp files in .venv make a second call do nothing.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev
PACKAGES := exporter scoring simulator

PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: $(RUN_STAMP) ## Start the exporter on 127.0.0.1:9833 against the public sources
	@mkdir -p data
	@exec $(BIN)/python -m exporter --web.listen-address=127.0.0.1:9833 --storage.path=./data/btc-health.sqlite

.PHONY: venv
venv: $(DEV_STAMP) ## Create .venv with everything that development needs

$(BIN)/python:
	@$$(tools/python) -m venv $(VENV)

$(RUN_STAMP): requirements/build.txt requirements/run.txt pyproject.toml | $(BIN)/python
	@echo "installing what the exporter needs into $(VENV)"
	@$(PIP) install --require-hashes -r requirements/build.txt -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_STAMP): requirements/dev.txt $(RUN_STAMP)
	@echo "installing the development tools into $(VENV)"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@
