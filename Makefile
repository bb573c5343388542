# Each target sets up what it needs: a virtual environment in .venv with the locked dependencies.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# Tests start many processes, which then read each file compiled.
unexport PYTHONDONTWRITEBYTECODE

# A path, where setuptools would have each Python that starts import a finder: that took as long as the rest of its start,
# and Ctrl-C meanwhile is answered by Python's own traceback.
AS_PATH := --config-settings editable_mode=compat

.PHONY: demo demo-recording test lint format bench bench-memory corpus exam any-day lock clean

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "obs-check needs Python 3.11 or later, and '$(PYTHON)' is not one: make $(or $(MAKECMDGOALS),demo) PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation $(AS_PATH) -e .
	touch $@

demo: $(STAMP)
	$(BIN)/obs-check demo --keep evidence

# A recording of it for `asciinema play demo.cast`.
demo-recording: $(STAMP)
	$(BIN)/python docs/record_demo.py demo.cast

test: lint
	$(BIN)/pytest -n 6 --dist worksteal

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.diagnosis
	$(BIN)/python -m tests.bench.start
	$(BIN)/python -m tests.bench.kept
	$(BIN)/python -m tests.bench.load
	$(BIN)/python -m tests.bench.follow
	$(BIN)/python -m tests.bench.large

# Ten million lines: about 1.4 GB on the disk for as long as it runs.
bench-memory: $(STAMP)
	$(BIN)/python -m tests.bench.memory

corpus: $(STAMP)
	$(BIN)/python -m tests.corpus

# Ends, kills and outages at random moments: about an hour, most of it waiting.
exam: $(STAMP)
	$(BIN)/python -m tests.exam.outages
	$(BIN)/python -m tests.exam.endings
	$(BIN)/python -m tests.exam.kept_lines

# The suite in other conditions, three times; wants root and Linux.
any-day: $(STAMP)
	$(BIN)/python -m tests.exam.any_day

# Needs uv on PATH; everything else needs only Python, git, make and a compiler.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --all-extras pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
