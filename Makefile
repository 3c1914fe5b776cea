# `make` alone lists the targets. The first one that needs .venv makes it from the lock files.
PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest --numprocesses=auto --dist=worksteal
ifneq ($(or $(COVERAGE),$(CI)),)
PYTEST := $(PYTEST) --cov --cov-report=term --cov-fail-under=85
endif

.PHONY: help venv demo test lint lock bench clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' Makefile

venv:  ## make .venv with the locked packages (the others do it when needed)
	@$(PYTHON) scripts/bootstrap.py

demo: venv  ## run recipes/worldcup.py: load, clean, embed, export, copy into DuckDB
	@$(BIN)/python -m dreambolt_steps run recipes/worldcup.py

test: venv  ## run the test suite; COVERAGE=1 measures coverage
	@HF_HUB_OFFLINE=1 $(PYTEST) $(ARGS)

lint: venv  ## ruff, formatting and types
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
