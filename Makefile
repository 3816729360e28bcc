# Each line is a command that you can type yourself, with .venv/bin before it.
.DEFAULT_GOAL := help
.PHONY: help demo test build lint constraints
PYTHON ?= python3
BIN := .venv/bin

help:            ## this list
	@grep -E '^[a-z]+: .*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 22

demo: .venv/ready   ## build, apply to the embedded AWS, change, check, take down
	$(BIN)/python examples/demo.py

test: .venv/ready   ## every test, with line and branch coverage
	$(BIN)/python -m pytest -n auto --cov --cov-report=term

build: .venv/ready  ## write dist/
	$(BIN)/python build.py

lint: .venv/ready   ## style, types, stale dist/
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python build.py --check

constraints: .venv/ready ## renew constraints.txt
	$(BIN)/pip-compile --quiet --upgrade --all-extras --strip-extras --allow-unsafe --no-header --no-annotate --no-emit-options --output-file=constraints.txt setup.cfg

.venv/ready: setup.cfg constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[local,test]'
	touch $@
