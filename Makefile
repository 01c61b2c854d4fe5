# Everything goes into .venv; the only thing needed first is Python 3.11 to 3.14. `make` alone lists what there is.
# Another Python: make PYTHON=/path/to/python3.12 demo

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	  $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null \
	    && { echo $$python; break; }; done)
BIN := .venv/bin
TORCH := torch==2.13.0
# The versions that the tests install, on every Python and system.
PINNED := requirements/test.txt

.PHONY: help demo demo-homophily test lint types docs lock bench browser clean
.DELETE_ON_ERROR:

help:
	@echo 'make demo    install into .venv and run the main job on the bundled data: a few minutes, no torch'
	@echo 'make demo-homophily    who acts alike: the same on a simulated discussion whose truth is known'
	@echo 'make test    install everything, then lint, types, import contracts, tests, doctests and the examples of the docs'
	@echo 'make lint    only ruff and the import contracts'
	@echo 'make docs    write again what the docs generate from the code'
	@echo 'make lock    after a change of what is installed: pin it; UPGRADE=1 also takes the newest of everything'
	@echo 'make bench   run every benchmark and write its numbers into the docs'

demo: .venv/.package
	$(BIN)/awase demo

demo-homophily: .venv/.homophily
	$(BIN)/awase homophily simulate -o awase-homophily/made --dirt
	$(BIN)/awase homophily awase-homophily/made/dump --stance awase-homophily/made/stance.csv -o awase-homophily/found

test: .venv/.everything browser lint types
	$(BIN)/python -m pytest --durations=15

lint: .venv/.everything
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: .venv/.everything
	$(BIN)/pyright

docs: .venv/.everything
	$(BIN)/python docs/build.py

# Pins that still fit stay as they are, so that a new package changes nothing else.
lock: .venv/.made
	@$(BIN)/python -m pip install --quiet uv
	@echo $(TORCH) | $(BIN)/uv pip compile - pyproject.toml --all-extras --group pyproject.toml:dev --universal --python-version 3.11 \
	  --no-header --no-annotate --quiet $(if $(UPGRADE),--upgrade) -o $(PINNED)

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
	@test -n "$(PYTHON)" || { echo 'Python 3.11 to 3.14 is needed; none was found. Name one: make PYTHON=... demo'; exit 1; }
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
.venv/.everything: .venv/.made pyproject.toml $(PINNED)
	@echo 'Installing torch and everything the tests use into .venv: some minutes the first time ...'
	@$(BIN)/python -m pip install --quiet $(TORCH) -c $(PINNED)
	@$(BIN)/python -m pip install --quiet --editable '.[ann,homophily,ja,mcp,plot,serve,torch,tune]' --group dev -c $(PINNED)
	@touch $@ .venv/.package .venv/.homophily

clean:
	rm -rf .venv build dist awase-demo awase-homophily .pytest_cache .ruff_cache .import_linter_cache
