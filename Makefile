# Everything a stranger needs: `make demo`, `make test`, `make serve`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# A folder of speech models beside the checkout is used where there is one.
ifneq ($(wildcard ../shared/models),)
export SCRIBE_MODELS_DIR ?= $(abspath ../shared/models)
endif

.PHONY: demo serve test test-faults test-llm format sample screenshots bench bench-load bench-stream bench-note \
	bench-diarization fuzz autobahn audit-dependencies secrets sbom clean
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

bench-load: $(VENV)/installed-dev
	$(BIN)/python scripts/bench_load.py $(ARGS)

bench: $(VENV)/installed-dev
	$(BIN)/python scripts/bench.py $(ARGS)

bench-stream: $(VENV)/installed-dev
	$(BIN)/python scripts/bench_stream.py $(ARGS)

bench-note: $(VENV)/installed-dev
	$(BIN)/python scripts/bench_note.py $(ARGS)

bench-diarization: $(VENV)/installed-dev
	$(BIN)/python scripts/bench_diarization.py $(ARGS)

# More than a million inputs; a line for each target with its rate.
fuzz: $(VENV)/installed-dev
	@$(BIN)/python -m pytest tests/faults/test_fuzz.py tests/faults/test_contract.py -m faults -s $(ARGS)

# ARGS is where the suite is; the head of the script says how it is installed.
autobahn: $(VENV)/installed-dev
	@$(BIN)/python scripts/autobahn.py $(ARGS)

audit-dependencies: $(VENV)-supply/installed
	@$(VENV)-supply/bin/python scripts/audit_dependencies.py

secrets: $(VENV)-supply/installed
	@$(VENV)-supply/bin/python scripts/scan_secrets.py $(ARGS)

# Everything that is installed, as CycloneDX, in build/sbom.json.
sbom: $(VENV)/installed $(VENV)-supply/installed
	@mkdir -p build
	@$(VENV)-supply/bin/cyclonedx-py environment --pyproject pyproject.toml --output-format JSON \
		--output-file build/sbom.json $(BIN)/python
	@echo "Written to build/sbom.json."

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

$(VENV)-supply/installed: scripts/supply-chain.txt
	@$(PYTHON) -m venv $(VENV)-supply
	@$(VENV)-supply/bin/python -m pip install --quiet --disable-pip-version-check -r scripts/supply-chain.txt
	@touch $@

clean:
	rm -rf $(VENV) $(VENV)-llm $(VENV)-supply build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
