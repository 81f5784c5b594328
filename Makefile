# Two commands do everything: `make demo` and `make test`. Both set up .venv themselves.

PYTHON ?= python3
VENV := .venv
BIN := $(abspath $(VENV))/bin
STAMP := $(VENV)/.ready

BENCH := .venv-bench
BENCH_PYTHON := $(abspath $(BENCH))/reftrack/bin/python

.PHONY: demo test check format docs bench bench-quick clean

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("reftrack needs Python 3.11 or newer; say PYTHON=python3.12") if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $@

demo: $(STAMP) ## fetch the shipped sample (no network), list TBI papers, write a .bib
	@rm -rf demo && mkdir demo
	@echo '$$ reftrack init demo'
	@$(BIN)/reftrack init demo
	@echo; echo '$$ reftrack fetch --from sample'
	@cd demo && $(BIN)/reftrack --quiet fetch --from sample
	@echo; echo '$$ reftrack list --tag tbi --columns year,study,key,title'
	@cd demo && $(BIN)/reftrack list --tag tbi --columns year,study,key,title
	@echo; echo '$$ reftrack why 31494820 rct'
	@cd demo && $(BIN)/reftrack why 31494820 rct
	@echo; echo '$$ reftrack export -o papers.bib'
	@cd demo && $(BIN)/reftrack export -o papers.bib
	@echo; echo 'The workspace is in demo/; papers.bib in it compiles with BibTeX and biber.'

test: $(STAMP) ## every test; those on real records skip where ../shared is absent
	$(BIN)/python -m pytest

check: $(STAMP) ## format, lint, types, architecture, docs in step with --help
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py tests/test_docs.py

format: $(STAMP) ## what `check` would complain of, mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(STAMP) ## write docs/cli.md anew from --help, the README's screens, docs/story.md and docs/tour.md from what happens
	$(BIN)/python tests/make_docs.py
	$(BIN)/python tests/make_story.py
	$(BIN)/python tests/make_tour.py

bench: $(BENCH)/.installed $(BENCH)/.peers ## speed against peers and floors, some 20 minutes; writes docs/performance.md
	$(BENCH_PYTHON) benchmarks/bench.py

bench-quick: $(BENCH)/.installed $(BENCH)/.peers ## the same with less of everything, a minute; prints and writes nothing
	$(BENCH_PYTHON) benchmarks/bench.py --quick

# Installed as anybody installs it, so that no path of an editable install is looked for at every start.
$(BENCH)/.depends: pyproject.toml
	$(PYTHON) -m venv --clear $(BENCH)/reftrack
	$(BENCH_PYTHON) -m pip install --quiet --disable-pip-version-check .
	@touch $@

$(BENCH)/.installed: $(BENCH)/.depends $(shell find src queries -type f -not -name '*.pyc')
	$(BENCH_PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall .
	@touch $@

$(BENCH)/.peers: benchmarks/peers.txt
	$(PYTHON) -m venv --clear $(BENCH)/peers
	$(BENCH)/peers/bin/python -m pip install --quiet --disable-pip-version-check --requirement benchmarks/peers.txt
	@touch $@

clean:
	rm -rf $(VENV) $(BENCH) demo dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*
