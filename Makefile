# `make help` lists the targets. Everything lives in .venv; nothing outside this folder is touched.

PORT ?= 8600
ARGS ?=
# Test processes side by side; `make test WORKERS=0` runs them in one.
WORKERS ?= 2
PYTHON ?= python3
py := .venv/bin/python
export PYTHON INSTALLER

# A stamp is named after what it was installed from, so it stands only while nothing has changed.
# The folder counts too: the project is installed in place.
stamp_of = .venv/stamps/$(1)-$(shell { cat $(2) pyproject.toml requirements.in tools/install.sh; pwd; } | cksum | tr ' ' '-')
run_stamp := $(call stamp_of,run,requirements.txt)
dev_stamp := $(call stamp_of,dev,requirements.txt requirements-dev.txt)

.DEFAULT_GOAL := help
.PHONY: help install install-dev run test check format bench lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

install: $(run_stamp) ## set up .venv with what OpsPilot needs to run
	@:

install-dev: $(dev_stamp) ## the same, with what tests and checks need
	@:

$(run_stamp):
	@tools/install.sh requirements.txt
	@mkdir -p .venv/stamps && rm -f .venv/stamps/* && touch '$@'

# Both stamps: what tests need holds all that running needs.
$(dev_stamp):
	@tools/install.sh requirements.txt requirements-dev.txt
	@mkdir -p .venv/stamps && rm -f .venv/stamps/* && touch '$@' '$(run_stamp)'

run: install ## open the workbench on the embedded account (PORT=8600)
	@$(py) -m opspilot demo --port $(PORT) $(ARGS)

test: install-dev ## run the tests (ARGS="-k name" chooses some)
	@$(py) -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: install-dev ## everything that CI checks: format, lint, imports, types, docs, tests
	$(py) -m ruff format --check .
	$(py) -m ruff check .
	.venv/bin/lint-imports
	$(py) -m pyright
	@if [ -e opspilot/entrypoints/docs.py ]; then echo '$(py) -m opspilot.entrypoints.docs --check'; \
		$(py) -m opspilot.entrypoints.docs --check; else echo 'docs drift: not checked, no generator yet'; fi
	$(py) -m pytest -n $(WORKERS) --dist worksteal

format: install-dev ## format the code and apply the safe lint fixes
	$(py) -m ruff format .
	$(py) -m ruff check --fix .

bench: install-dev ## measure quality and speed, beside rivals (ARGS="--only metrics --runs N --cold")
	@$(py) -m bench $(ARGS)

# `make lock UPGRADE=--upgrade` moves every pin to the newest release; without it pins stay where they can.
compile := uv pip compile --quiet --universal --python-version 3.11 --custom-compile-command 'make lock'
lock: ## compile requirements*.in to requirements*.txt (needs uv)
	$(compile) $(UPGRADE) requirements.in --output-file requirements.txt
	$(compile) $(UPGRADE) requirements-dev.in --output-file requirements-dev.txt

clean: ## remove caches and build output; .venv and local state stay
	rm -rf build dist *.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage
	find . -name .venv -prune -o -name __pycache__ -type d -exec rm -rf {} +
