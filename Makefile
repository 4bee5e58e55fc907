# Needs python3 (3.11 or newer) with venv and pip, and make. pip's own configuration is used as it is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: run test lint bench clean venv venv-dev

run: venv
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py seed --demo
	@exec $(BIN)/python manage.py serve

test: venv-dev
	@$(BIN)/python -m pytest $(ARGS)

lint: venv-dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: venv-dev
	@$(BIN)/python benchmarks/run.py $(ARGS)

# var/ stays: it holds the data.
clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

venv:
	@$(call install,requirements.txt)

venv-dev:
	@$(call install,requirements-dev.txt requirements.txt)

# Installs the first file when what the files say has changed since the last time; asks nobody otherwise.
define install
set -e; \
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	{ echo "CRM Hub needs Python 3.11 or newer; \"$(PYTHON)\" is $$($(PYTHON) --version 2>&1 | head -1). Try: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 2; }; \
$(BIN)/python -c '' 2>/dev/null || { rm -rf $(VENV); $(PYTHON) -m venv $(VENV); }; \
want="$$(cat $(1) | cksum) $$($(BIN)/python --version)"; \
stamp="$(VENV)/installed-$(firstword $(1))"; \
if [ "$$(cat "$$stamp" 2>/dev/null)" != "$$want" ]; then \
	echo "Installing $(firstword $(1)) ..."; \
	$(BIN)/python -m pip install --quiet --quiet --requirement $(firstword $(1)); \
	printf '%s' "$$want" > "$$stamp"; \
fi
endef
