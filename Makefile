# Every target sets up what it needs: a machine with Python >= 3.11 is enough.
PYTHON ?= python3
VENV   ?= .venv
RUN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help test lint types contracts docs models package sbom demo benchmark drill storm processes check clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(VENV)/.pip: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11 ...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	touch $@

$(VENV)/.demo: $(VENV)/.pip
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --editable ".[cli]"
	touch $@

$(VENV)/.test: $(VENV)/.demo
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --editable ".[cli,otel,postgres,procrastinate,redis,temporal,web]" --group test --group examples --group browser
	touch $@

$(VENV)/.lint: $(VENV)/.test
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --group lint
	touch $@

$(VENV)/.docs: $(VENV)/.test
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --group docs
	touch $@

$(VENV)/.benchmark: $(VENV)/.test
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --group benchmark
	touch $@

test: $(VENV)/.test  ## run the tests, with coverage
	$(RUN)/coverage erase
	$(RUN)/coverage run -m pytest -n auto --dist worksteal $(PYTEST_ARGS)
	$(RUN)/coverage combine --quiet
	rm -f .coverage.*  # half-written by processes that the tests killed
	$(RUN)/coverage report

lint: $(VENV)/.lint  ## check format and style
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .

types: $(VENV)/.lint  ## check types
	$(RUN)/mypy
	$(RUN)/pyright --pythonpath $(RUN)/python

contracts: $(VENV)/.lint  ## check that imports point down
	$(RUN)/lint-imports

$(VENV)/.package: $(VENV)/.test
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --group package
	touch $@

models: $(VENV)/.lint  ## write the models and calls of data resources from the schema
	$(RUN)/python -m tools.models

package: $(VENV)/.package  ## build the wheel and the sdist, and test them with old and new Pythons and dependencies
	rm -rf dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(RUN)/python -m build --quiet
	$(RUN)/python -m pytest release -rP

sbom: $(VENV)/.package  ## list what an installation of the built wheel brings along, as CycloneDX
	rm -rf build/installed
	$(PYTHON) -m venv build/installed
	build/installed/bin/python -m pip install --quiet --disable-pip-version-check "$$(echo dist/*.whl)[cli,otel,postgres,procrastinate,redis,temporal,web]"
	$(RUN)/cyclonedx-py environment --of JSON --output-file build/sbom.json build/installed/bin/python

docs: $(VENV)/.docs  ## build the documentation; a warning is an error
	$(RUN)/sphinx-build --nitpicky --fail-on-warning --keep-going --quiet docs docs/_build

demo: $(VENV)/.demo  ## update links on the embedded sandbox, and kill and resume a job
	$(RUN)/belvo-async demo

benchmark: $(VENV)/.benchmark  ## compare with bare aiohttp and other clients, and measure bulk jobs, challenges, permits, models and a fleet
	$(RUN)/python -m benchmarks.updates
	$(RUN)/python -m benchmarks.bulk
	$(RUN)/python -m benchmarks.challenges
	$(RUN)/python -m benchmarks.permits
	$(RUN)/python -m benchmarks.models
	$(RUN)/python -m benchmarks.fleet

drill: $(VENV)/.test  ## kill jobs of 2000 links thirty times each, for some minutes
	BELVO_DRILL=full $(RUN)/python -m pytest tests/bulk/test_drill.py -s

storm: $(VENV)/.test  ## send 300,000 requests through faults of every kind, and judge what the bank took
	$(RUN)/python -m tests.storm --requests 100000 --seed 1 --seed 2 --seed 3

processes: $(VENV)/.test  ## let processes share a backend for some hours of waiting, with faults, and judge them
	BELVO_PROCESSES=full $(RUN)/python -m pytest tests/processes -n 6 -m slow -rP

check: lint types contracts test docs  ## all of the above that CI runs

clean:  ## remove what the targets made
	rm -rf $(VENV) build dist docs/_build .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache mutants
