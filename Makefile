# Everything goes into .venv; the only thing needed first is Python 3.11, 3.12 or 3.13. `make` alone lists what there is.
# Another Python: make PYTHON=/path/to/python3.12 demo

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	  $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	    && { echo $$python; break; }; done)
BIN := .venv/bin

.PHONY: help demo demo-homophily test lint types docs bench browser clean
.DELETE_ON_ERROR:

help:
	@echo 'make demo    install into .venv and run the main job on the bundled data: a few minutes, no torch'
	@echo 'make demo-homophily    who acts alike: the same on a simulated discussion whose truth is known'
	@echo 'make test    install everything, then lint, types, import contracts, tests, doctests and the examples of the docs'
	@echo 'make lint    only ruff and the import contracts'
	@echo 'make docs    write again what the docs generate from the code'
	@echo 'make bench   run every benchmark and write its numbers into the README'

demo: .venv/.package
	$(BIN)/awase demo

demo-homophily: .venv/.homophily
	$(BIN)/awase homophily simulate -o awase-homophily/made --dirt
	$(BIN)/awase homophily awase-homophily/made/dump --stance awase-homophily/made/stance.csv -o awase-homophily/found

test: .venv/.everything browser lint types
	$(BIN)/python -m pytest

lint: .venv/.everything
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: .venv/.everything
	$(BIN)/pyright

docs: .venv/.everything
	$(BIN)/python docs/build.py

bench: .venv/.everything
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/table.py
	$(BIN)/python benchmarks/homophily_page.py

# The page of `awase serve` is tested in a real browser. Where there is none and none can be installed, that one test is skipped.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
	  || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -yqq --no-install-recommends chromium; } \
	  || { sudo -n apt-get update -qq && sudo -n apt-get install -yqq --no-install-recommends chromium; } 2>/dev/null \
	  || echo 'No chromium here, and installing it needs apt-get and root: the browser test will be skipped.'

.venv/.made:
	@test -n "$(PYTHON)" || { echo 'Python 3.11, 3.12 or 3.13 is needed; none was found. Name one: make PYTHON=... demo'; exit 1; }
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@touch $@

.venv/.package: .venv/.made pyproject.toml
	@echo 'Installing into .venv ...'
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

.venv/.homophily: .venv/.package
	@$(BIN)/python -m pip install --quiet --editable '.[homophily]'
	@touch $@

# torch first and alone: asked for by version, so that nothing after it brings a build for GPUs, which is gigabytes.
.venv/.everything: .venv/.made pyproject.toml
	@echo 'Installing torch and everything the tests use into .venv: some minutes the first time ...'
	@$(BIN)/python -m pip install --quiet torch==2.13.0
	@$(BIN)/python -m pip install --quiet --editable '.[ann,homophily,ja,mcp,plot,serve,torch,tune]' --group dev
	@touch $@ .venv/.package .venv/.homophily

clean:
	rm -rf .venv build dist awase-demo awase-homophily .pytest_cache .ruff_cache .import_linter_cache
