# Two commands for a new user, each doing its own set-up: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test lint format examples benchmark programs clean

$(STAMP): pyproject.toml requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

demo: $(STAMP)
	@$(BIN)/python examples/demo.py

test: lint
	$(BIN)/pytest

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Render the examples, the committed schema and the expected files of tests anew; then look at `git diff`.
examples: $(STAMP)
	$(BIN)/pytest --regen -q tests

benchmark: $(STAMP)
	$(BIN)/python tests/benchmark.py

# Build the real programs that judge the output; `make test` does so too when Go is there.
programs: $(STAMP)
	$(BIN)/python tests/programs/build.py

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
