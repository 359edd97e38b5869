# Trueup's commands. `make demo` and `make test` need Python 3.11 to 3.13, make and nothing else.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:
.SILENT:
.PHONY: help demo test fuzz lint format docs lock browser clean

VENV := $(CURDIR)/.venv
READY := .venv/.ready
# dbt looks for its own command on the path.
export PATH := $(VENV)/bin:$(PATH)
# Compiled modules halve the start of dbt.
unexport PYTHONDONTWRITEBYTECODE
unexport PIP_NO_COMPILE
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
export DO_NOT_TRACK := 1

help: ## this list
	grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS=$$'\t' read -r name what; do printf 'make %-8s %s\n' "$$name" "$$what"; done

demo: $(READY) ## the main job on sample data: ends with the month-start summary and its page
	trueup demo

# A module stays with one process, since its tests share books; the long ones come early, so that both end together.
test: $(READY) browser ## every test, browser tests included, a process a core
	python -m pytest --numprocesses auto --dist loadscope --no-loadscope-reorder

fuzz: $(READY) ## 100,000 damaged remittance files on two processes
	for half in 0 1; do
		TRUEUP_FUZZ_CASES=$${TRUEUP_FUZZ_CASES:-100000} python -m pytest -q --durations=1 tests/ingestion/era835/test_fuzz.py -k "[$$half]" &
		halves+=($$!)
	done
	for half in "$${halves[@]}"; do wait "$$half"; done

lint: $(READY) ## style, types, import contracts, SQL
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	sqlfluff lint dbt/models dbt/tests --processes 2 --disable-progress-bar
	sqlfluff lint dashboards/queries --templater placeholder --disable-progress-bar

format: $(READY) ## the formatter's spelling of the Python files
	ruff check --fix .
	ruff format .

docs: $(READY) ## the definitions in docs/finance.md, from the models' own descriptions
	python -m orchestration.finance_guide

lock: ## requirements.lock from pyproject.toml (needs uv), with hashes and without addresses
	uv pip compile --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --extra dev pyproject.toml -o requirements.lock

clean: ## removes the virtual environment and the caches, never .trueup
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis dbt/target dbt/logs

# A version manager's shim can exist and fail: what counts is that it runs, can make environments and is recent enough.
$(READY): requirements.lock pyproject.toml
	for python in python3.11 python3.12 python3.13 python3 python; do
		if "$$python" -c 'import ensurepip, sys, venv; raise SystemExit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
			found=$$python
			break
		fi
	done
	if [ -z "$${found:-}" ]; then
		echo 'Trueup needs Python 3.11, 3.12 or 3.13 with venv (on Debian the package python3-venv).' >&2
		exit 1
	fi
	echo "Setting up .venv with $$("$$found" --version) (once; 575 MB, some minutes)"
	rm -f $@
	"$$found" -m venv .venv
	python -m pip install -qq --no-deps --require-hashes -r requirements.lock
	python -m pip install -qq --no-deps --no-build-isolation -e .
	python -m ingestion.era835.warm
	touch $@

# The system's Chromium when there is one; else from the system's packages, else Playwright's own.
browser: $(READY)
	if command -v chromium chromium-browser google-chrome >/dev/null || [ -n "$${TRUEUP_CHROMIUM:-}" ]; then
		:
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		echo 'Installing Chromium for the browser tests'
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1 || echo 'Chromium could not be installed: the browser tests say so and are skipped.' >&2
	else
		playwright install chromium >/dev/null 2>&1 || echo 'Chromium could not be installed: the browser tests say so and are skipped.' >&2
	fi
