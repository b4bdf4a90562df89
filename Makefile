# Needs make, git and Python ≥ 3.11; the rest goes into .venv. `make help` says what there is.

PYTHON ?= python3
JOBS ?= 2
VENV := .venv
BIN := $(VENV)/bin
INSTALL = $(BIN)/python -m pip install --disable-pip-version-check $(shell [ -t 2 ] || echo --quiet) -c constraints.txt

MAKEFLAGS += --no-print-directory
# Compiled once and not in every process, of which the tests start many.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.PHONY: help demo lint check test benchmark clean

help: ## say what there is
	@echo "make demo   train a small ensemble on handwritten digits, print the information budget, write runs/demo/report.html"
	@echo "make lint   linter and type checker"
	@echo "make check  linter, type checker and the quick tests, with fewer kills and replicates"
	@echo "make test   linter, type checker, tests and docstring examples; prints the slowest, and which lines were run"
	@echo "make benchmark  what watching and ensembles cost, peers beside them (some 30 minutes; needs MNIST)"
	@echo "make clean  remove .venv, the demo's record and caches (other records stay)"
	@echo
	@echo "PYTHON=python3.12 chooses the interpreter, JOBS=8 the number of test processes; pip's own variables apply."

demo: $(VENV)/installed ## the last line printed is the path of the report
	@$(BIN)/szilard run budget --data digits --out runs/demo --overwrite

# Every module's tests go to one process, in the order that tests/conftest.py gives them.
# What torch.compile has compiled is kept from run to run.
PYTEST = OMP_NUM_THREADS=1 TORCHINDUCTOR_CACHE_DIR=$(abspath $(VENV))/torchinductor \
	$(BIN)/python -m pytest -n $(JOBS) --dist loadscope --no-loadscope-reorder --durations=20

# What they write, some 100,000 small files, goes into memory where that is plentiful: disks can take longer over them
# than the tests do.
IN_MEMORY = free=$$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $$4 }'); \
	if [ "$${free:-0}" -gt 8000000 ] && [ "$$(awk '/^MemAvailable/ { print $$2 }' /proc/meminfo)" -gt 8000000 ]; then \
		TMPDIR=$$(mktemp -d /dev/shm/szilard.XXXXXX) && export TMPDIR; \
		trap 'rm -rf "$$TMPDIR"' EXIT; trap 'exit 130' INT TERM; \
	fi;

lint: $(VENV)/installed-for-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: export SZILARD_QUICK = 1
check: lint
	@$(IN_MEMORY) $(PYTEST) -m "not slow"

# Lines that tests run are counted by room and printed: tests/line_coverage.py.
test: lint
	@$(IN_MEMORY) PYTHONPATH=tests$${PYTHONPATH:+:$$PYTHONPATH} $(PYTEST) -p line_coverage

benchmark: $(VENV)/installed
	@$(INSTALL) --no-deps backpack-for-pytorch einops unfoldNd
	$(BIN)/python benchmarks/record_cost.py
	$(BIN)/python benchmarks/watching.py
	$(BIN)/python benchmarks/ensemble_training.py
	$(BIN)/python benchmarks/ensemble_scaling.py

clean:
	rm -rf $(VENV) runs/demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Each stamp is the time of an installation: a changed pyproject.toml or constraints.txt installs again, nothing else does.
$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "szilard needs Python 3.11 or newer: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "$(PYTHON) cannot make a virtual environment: install its venv module (Debian: python3-venv)." >&2; exit 1; }
	@touch $@

$(VENV)/installed: $(VENV)/made pyproject.toml constraints.txt
	@echo "Setting up $(VENV) (once; a few minutes, most of them for PyTorch)" >&2
	@$(INSTALL) -e .
	@touch $@

$(VENV)/installed-for-tests: $(VENV)/made pyproject.toml constraints.txt
	@echo "Setting up $(VENV) for the tests (once; a few minutes, most of them for PyTorch)" >&2
	@$(INSTALL) -e '.[test]'
	@touch $@ $(VENV)/installed
