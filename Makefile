# Two commands to know: `make demo` and `make test`. Everything is made in .venv and var; `make clean` removes .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
COMPILE := $(BIN)/uv pip compile --upgrade --quiet --generate-hashes --python-version 3.11 --no-emit-index-url \
	--custom-compile-command "make lock"
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo serve test lint format bench lock docs clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime ## Start Larrey with demo accounts and patients on http://127.0.0.1:8000
	@exec $(BIN)/larrey demo

serve: $(VENV)/.runtime ## Start Larrey on the data in ./var
	@exec $(BIN)/larrey serve

test: $(VENV)/.dev ## Run every test, browser included
	@scripts/prerequisites.sh browser
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

lint: $(VENV)/.dev ## Check style, types, storeys, translations, generated pages
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-cache
	LARREY_SECRET_KEY=for-the-type-checker-of-django-only $(BIN)/mypy
	$(BIN)/python scripts/check_translations.py
	$(BIN)/python scripts/make_reference.py --check
	$(BIN)/python scripts/check_docs.py

format: $(VENV)/.dev ## Format the code
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

docs: $(VENV)/.dev ## Renew the generated reference pages
	$(BIN)/python scripts/make_reference.py

bench: $(VENV)/.runtime ## Measure, beside floors measured in the same run
	@$(BIN)/larrey bench

lock: $(VENV)/.dev ## Renew the locked requirements
	$(COMPILE) requirements/runtime.in --output-file requirements/runtime.txt
	$(COMPILE) requirements/dev.in --constraint requirements/runtime.txt --output-file requirements/dev.txt

clean: ## Remove the virtual environment and caches (not the data in ./var)
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@PYTHON=$(PYTHON) scripts/prerequisites.sh
	@echo "Making the virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what Larrey runs on (hash-locked)"
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements/runtime.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "Installing what the tests need (hash-locked)"
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements/dev.txt
	@touch $@
