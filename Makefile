# Two commands for a new user, each doing its own set-up: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/pip install --quiet --disable-pip-version-check

.PHONY: help demo test lint format examples benchmark overhead judges dependencies pins programs clean

help:
	@echo "make demo       render the examples, show one, let real programs judge them, see traces (a minute)"
	@echo "make test       lint, then all tests"
	@echo "make format     format the code and fix what ruff can fix"
	@echo "make examples   write expected files, examples and shown outputs anew; then look at git diff"
	@echo "make benchmark  how quickly commands start, edited files beside copier, big systems beside helm"
	@echo "make overhead   what tracing costs a service in each language, which takes some minutes"
	@echo "make judges     long judges: sizes (docs/sizing.md), a real cluster, a real engine (docs/engine.md), 20 random samplings"
	@echo "make dependencies  tests with the lowest and the newest versions of what tracegen is made from, and its SBOM"
	@echo "make pins       how old the pinned versions are, asked through pip, npm, go, cargo and mvn (docs/versions.md)"
	@echo "make programs   build the real Jaeger and Collector, which takes Go and some minutes"
	@echo "make clean      remove what these made here"

$(STAMP): pyproject.toml requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "tracegen needs Python 3.11 or newer, as $(PYTHON) or named: make PYTHON=python3.12"; exit 1; }
	@echo "setting up $(VENV), once"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) has no working venv module; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(PIP) --requirement requirements-dev.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@# As an installed package is; where PYTHONDONTWRITEBYTECODE is set, each command would compile all anew.
	@$(BIN)/python -m compileall -q src
	@touch $@

demo: $(STAMP)
	@$(BIN)/python examples/demo.py

# One process for each core, each with whole files of tests; then what measures time, with nothing beside it.
test: lint
	$(BIN)/pytest -n auto --dist loadfile -m "not alone"
	$(BIN)/pytest -m alone

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The examples, the committed schema, the expected files of tests and what the documentation shows.
examples: $(STAMP)
	$(BIN)/pytest --regen -q -n auto --dist loadfile -m "not real and not alone" tests

benchmark: $(STAMP)
	@$(BIN)/python tests/benchmark.py
	@$(BIN)/python tests/benchmark_edits.py
	@$(BIN)/python tests/benchmark_systems.py

overhead: $(STAMP)
	@PYTHONPATH=src:tests $(BIN)/python tests/overhead.py --write

judges: $(STAMP)
	@PYTHONPATH=src:tests $(BIN)/python tests/sizes.py
	@PYTHONPATH=src:tests $(BIN)/python tests/cluster.py
	@PYTHONPATH=src:tests $(BIN)/python tests/cluster_work.py
	@PYTHONPATH=src:tests $(BIN)/python tests/judge_engine.py
	@PYTHONPATH=src:tests $(BIN)/python tests/safeties.py
	@TRACEGEN_RANDOM_SPECS=20 $(BIN)/pytest -q tests/real/test_real_rehearse.py -k counted_lies

dependencies:
	@$(PYTHON) tests/dependencies.py lowest
	@$(PYTHON) tests/dependencies.py newest
	@$(PYTHON) tests/dependencies.py sbom sbom.json

# Asks package registries, so no test does; a scheduled workflow runs it.
pins: $(STAMP)
	@$(BIN)/python scripts/pins.py

# `make test` builds them too when Go is there.
programs: $(STAMP)
	$(BIN)/python tests/programs/build.py

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
