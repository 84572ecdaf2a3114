# Everything runs from a fresh clone: each target makes the virtual environment it needs.
# Needed beforehand: make and Python 3.11 or newer (another interpreter: make test PYTHON=python3.12).

PYTHON ?= python3
# Test processes; the suites are sized for two cores.
JOBS ?= 2

VENV := .venv
PEERS := .venv-peers
BIN := $(VENV)/bin
PIP_FLAGS := -qq --disable-pip-version-check

.DEFAULT_GOAL := help
# The steps of `test` are told apart by their order in the output.
.NOTPARALLEL:

.PHONY: help
help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

# ── environments ─────────────────────────────────────────────────────────────────────────────────

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else \
	  f"chainrule needs Python 3.11 or newer; {sys.executable} is {v.major}.{v.minor}. Try: make PYTHON=python3.12")'
	@echo "· creating $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run-stamp: pyproject.toml | $(BIN)/python
	@echo "· installing chainrule with its data and plot extras into $(VENV)"
	@$(BIN)/python -m pip install $(PIP_FLAGS) -e '.[data,plot]'
	@touch $@

$(VENV)/.dev-stamp: pyproject.toml | $(BIN)/python
	@echo "· installing chainrule and its development tools into $(VENV)"
	@$(BIN)/python -m pip install $(PIP_FLAGS) -e '.[dev]'
	@touch $@ $(VENV)/.run-stamp

# torch comes first and alone: a release asked for by name and version installs the CPU build where
# the machine offers one, and every later package finds its requirement of torch already met.
$(PEERS)/.stamp: pyproject.toml
	@echo "· creating $(PEERS)"
	@$(PYTHON) -m venv $(PEERS)
	@echo "· installing torch into $(PEERS)"
	@$(PEERS)/bin/python -m pip install $(PIP_FLAGS) 'torch==2.13.0'
	@echo "· installing chainrule and its other peers into $(PEERS)"
	@$(PEERS)/bin/python -m pip install $(PIP_FLAGS) -e '.[dev]' 'torch==2.13.0' jax autograd
	@touch $@

# ── the main job ─────────────────────────────────────────────────────────────────────────────────

.PHONY: run
run: $(VENV)/.run-stamp  ## train a network on handwritten digits and say what came out
	@$(BIN)/chainrule train digits

# ── checks ───────────────────────────────────────────────────────────────────────────────────────

.PHONY: test lint types unit test-peers check-figures docs-test
test: lint types unit  ## lint, types, all tests, doctests, documentation and examples

lint: $(VENV)/.dev-stamp  ## ruff: rules and formatting
	@echo "· ruff"
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo "run: $(BIN)/ruff format ."; exit 1; }

types: $(VENV)/.dev-stamp  ## mypy, strict, on src
	@echo "· mypy"
	@$(BIN)/mypy --no-error-summary

unit: $(VENV)/.dev-stamp  ## all tests: unit, generated, meta, properties, doctests, documentation, examples
	@echo "· pytest"
	@$(BIN)/python -m pytest -n $(JOBS) --doctest-modules src tests

docs-test: $(VENV)/.dev-stamp  ## only the doctests, the documentation's code blocks and the examples
	@$(BIN)/python -m pytest -n $(JOBS) --doctest-modules src tests/docs

test-peers: $(PEERS)/.stamp  ## compare every op and module with torch, jax and autograd
	@echo "· pytest, against torch, jax and autograd"
	@$(PEERS)/bin/python -m pytest -n $(JOBS) tests/peers

check-figures: $(VENV)/.dev-stamp  ## print the checker's figures: errors found, lines named, false alarms
	@$(BIN)/python -m benchmarks.checker

# ── speed ────────────────────────────────────────────────────────────────────────────────────────

.PHONY: bench
bench: $(PEERS)/.stamp  ## measure training speed beside torch, jax, scikit-learn and NumPy
	@$(PEERS)/bin/python -m benchmarks --group main --group conv --group float64
	@$(PEERS)/bin/python -m benchmarks.latency
	@$(PEERS)/bin/python -m benchmarks.threads

.PHONY: bench-all
bench-all: $(PEERS)/.stamp  ## the same for every optimiser, layer and shape (about half an hour)
	@$(PEERS)/bin/python -m benchmarks --group all
	@$(PEERS)/bin/python -m benchmarks.eager_overhead
	@$(PEERS)/bin/python -m benchmarks.sklearn_speed
	@$(PEERS)/bin/python -m benchmarks.kill_resume
	@$(PEERS)/bin/python -m benchmarks.watching

# ── housekeeping ─────────────────────────────────────────────────────────────────────────────────

.PHONY: clean
clean:  ## remove environments, caches and build outputs (runs/ stays: it is yours)
	rm -rf $(VENV) $(PEERS) build dist src/*.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
