# `make` alone lists the targets. The first one that needs .venv makes it from the lock files.
PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest --numprocesses=auto --dist=worksteal
ifneq ($(or $(COVERAGE),$(CI)),)
PYTEST := $(PYTEST) --cov --cov-report=term --cov-fail-under=85
endif

.PHONY: help venv dev demo test test-fast lint lock bench clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' Makefile

venv:  ## make .venv with the locked packages it runs with (the others do it when needed)
	@$(PYTHON) scripts/bootstrap.py

dev:  ## the same with what tests and linters need
	@$(PYTHON) scripts/bootstrap.py --dev

demo: venv  ## run recipes/worldcup.py: load, clean, embed, export, copy into DuckDB
	@$(BIN)/python -m dreambolt_steps run recipes/worldcup.py

test: dev  ## run the test suite; COVERAGE=1 measures coverage
	@HF_HUB_OFFLINE=1 $(PYTEST) $(ARGS)

test-fast: dev  ## run the tests that take least, for daily work
	@HF_HUB_OFFLINE=1 $(PYTEST) -m "not slow" $(ARGS)

lint: dev  ## ruff, formatting and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

lock:  ## write the lock files from pyproject.toml; UPGRADE=1 takes newer releases
	@$(PYTHON) scripts/lock.py $(if $(UPGRADE),--upgrade)

bench:  ## run the benchmarks, with polars and dlt to compare with
	@$(PYTHON) scripts/bootstrap.py --bench
	@$(BIN)/python -m benchmarks $(ARGS)

clean:  ## remove .venv and every build and cache folder
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
