# Everything a stranger needs: `make demo`, `make test`, `make serve`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# A folder of speech models beside the checkout is used where there is one.
ifneq ($(wildcard ../shared/models),)
export SCRIBE_MODELS_DIR ?= $(abspath ../shared/models)
endif

.PHONY: demo serve test test-faults test-llm format sample screenshots bench bench-stream bench-note clean
.DEFAULT_GOAL := demo

demo: $(VENV)/installed
	@$(BIN)/scribe demo $(ARGS)

serve: $(VENV)/installed
	@$(BIN)/scribe serve $(ARGS)

test: $(VENV)/installed-dev
	@PATH="$(abspath $(BIN)):$$PATH" sh scripts/check $(ARGS)

# What must be neither lost nor kept, whatever is killed, cut or full: up to an hour, a line for each test and fault.
test-faults: $(VENV)/installed-dev
	@$(BIN)/python -m pytest -m faults -vv --capture=sys --durations=0 --durations-min=1 $(ARGS)

# The models of the extra `llm` need torch, so these tests have a folder of libraries of their own.
test-llm: $(VENV)-llm/installed
	@$(VENV)-llm/bin/python -m pytest tests/summarizer/test_transformers_engine.py tests/scribe/test_engines.py $(ARGS)

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

sample: $(VENV)/installed
	$(BIN)/python scripts/make_sample.py $(ARGS)

screenshots: $(VENV)/installed-dev
	$(BIN)/python scripts/screenshots.py $(ARGS)

bench: $(VENV)/installed-dev
	$(BIN)/python scripts/bench.py $(ARGS)

bench-stream: $(VENV)/installed-dev
	$(BIN)/python scripts/bench_stream.py $(ARGS)

bench-note: $(VENV)/installed-dev
	$(BIN)/python scripts/bench_note.py $(ARGS)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=…"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing the scribe into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

$(VENV)-llm/installed: pyproject.toml constraints.txt
	@$(PYTHON) -m venv $(VENV)-llm
	@echo "Installing the scribe with torch into $(VENV)-llm …"
	@$(VENV)-llm/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,llm]'
	@touch $@

clean:
	rm -rf $(VENV) $(VENV)-llm build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
