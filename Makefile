# The two commands to know: `make repro` and `make test`. `make help` explains all of them.
# Nothing needs to be activated or installed before, but git, make and a Python from 3.11 to 3.13.

SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PYTHON ?= $(firstword $(foreach python,python3 python3.13 python3.12 python3.11 python,\
	$(shell $(python) -c '$(SUPPORTED)' 2>/dev/null && echo $(python))))
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONDONTWRITEBYTECODE := 1
# Two processes, each with whole files (fixtures are made once in each), in their order: the long tests of the pipeline
# come early. Bytecode of the tests is kept, outside the source tree: else their assertions are rewritten at every start.
PYTEST := PYTHONDONTWRITEBYTECODE= PYTHONPYCACHEPREFIX="$(CURDIR)/.pytest_cache/bytecode" \
	python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(PYTEST_OPTIONS)
PIP_INSTALL := .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes

.DEFAULT_GOAL := help
.PHONY: help setup repro serve check lint types checks test quick test-studies coverage bench study lock schema screenshots clean

help: ## Explain every target
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: .venv/.run ## Make .venv and install the locked packages (once; goes on where it stopped)

repro: setup check ## Run the pipeline: the first time on synthetic demo pictures, later only what changed
	@dvc repro
	@python -m app.results

serve: setup ## Web page for the trained model on http://127.0.0.1:8000 (repro first)
	@python -m app.serve

check: setup ## Check params.yaml, all mistakes at once
	@python -m lesions.params

lint: .venv/.dev ## Check style, spelling, the direction of imports, workflows and CITATION.cff
	@ruff check . && ruff format --check . && codespell && lint-imports --no-logo
	@check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@check-jsonschema --builtin-schema vendor.citation-file-format --default-filetype yaml CITATION.cff

types: .venv/.dev ## Check types
	@mypy

checks: .venv/.dev
	@$(MAKE) --no-print-directory --jobs 2 --output-sync check lint types

test: checks ## Lint, types and all tests but those of studies/
	@$(PYTEST) -m "not study"

quick: checks ## Lint, types and those tests of the code that need no TensorFlow, DVC or browser
	@$(PYTEST) -m "not tensorflow and not dvc and not study and not browser" tests/unit tests/web

test-studies: .venv/.dev ## Tests of studies/, which no user of the pipeline runs
	@$(PYTEST) -m study

coverage: .venv/.dev ## Coverage of each package by the tests of this process; stages that DVC runs do not count
	@python -m pytest -q -m "not study and not dvc" --cov=lesions --cov-branch --cov-report=json:tmp/coverage.json
	@python -m tests.coverage_by_package tmp/coverage.json

bench: setup check ## Measure training against the networks of the notebooks, and augmentation against Augmentor
	@python -m benchmarks.training
	@python -m benchmarks.augment

study: setup check ## Try what the write-ups claim (DATASET=folder LABELS=folder; hours): docs/study.md
	@test -n "$(DATASET)" || { echo "error: say where the pictures are: make study DATASET=folder LABELS=folder" >&2; exit 1; }
	@python -m studies.study --dataset "$(DATASET)" $(if $(LABELS),--labels "$(LABELS)")

lock: .venv/.dev ## Renew requirements.txt and requirements-dev.txt from pyproject.toml, with hashes
	uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 \
		--custom-compile-command 'make lock' --extra pretrained pyproject.toml --output-file requirements.txt
	uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 \
		--custom-compile-command 'make lock' --extra pretrained --extra dev --constraint requirements.txt pyproject.toml \
		--output-file requirements-dev.txt
	@$(PIP_INSTALL) --dry-run --ignore-installed -r requirements-dev.txt # uv reads fewer limits than pip

schema: setup ## Write the JSON schemas of the result files into docs/schema
	@python -m lesions.data.schema

screenshots: .venv/.dev ## Renew the screenshots in docs/, of the drawn demo (needs Chromium)
	@python -m tests.screenshots

clean: ## Remove .venv and the caches of tools; keeps data, models and experiments
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "error: no Python from 3.11 to 3.13 found (TensorFlow has no wheel for 3.14 yet):" \
		"install one, or name it: make PYTHON=/path/to/python3.13 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv

.venv/.run: requirements.txt | .venv/bin/python
	@echo "Installing the locked packages into .venv (a minute or two, the first time)"
	@$(PIP_INSTALL) -r requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt | .venv/.run
	@echo "Installing the tools for tests into .venv"
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@
