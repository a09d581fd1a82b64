# Everything runs in $(VENV), made by venv and pip; nothing here needs root.
#
#   make demo               the report on data that scikit-learn bundles
#   make test               the suite, with the light extras
#   make test EXTRAS=all    the suite, with every extra
#   make docs               the documentation, its links checked; make notebooks runs the gallery's notebooks
#   make picture            the README's picture
#   make lint | dist | clean

PYTHON ?= python3
VENV   ?= .venv
EXTRAS ?= light
BIN    := $(VENV)/bin

# Where the real data are, if anywhere: beside the clone, unless it is set.
CONJAC_DATA ?= $(abspath $(wildcard ../shared/data))
export CONJAC_DATA

# What EXTRAS stands for; any other word is the extra of that name.
extras-light := arrow,polars,pandas
extras-all   := all,test-backends

# What each job installs, by the stem of its stamp.
wants-demo           := .
wants-test-$(EXTRAS) := .[test,$(or $(extras-$(EXTRAS)),$(EXTRAS))]
wants-lint           := .[lint]
wants-docs           := .[docs,all]
wants-dist           := .[dist]

.PHONY: demo test lint docs notebooks picture dist clean
.DEFAULT_GOAL := test

demo: $(VENV)/.ready-demo
	@$(BIN)/conjac demo

# A thread a worker, or they wait for each other.
test: $(VENV)/.ready-test-$(EXTRAS)
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

lint: $(VENV)/.ready-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/.ready-docs
	$(BIN)/sphinx-build -E -W --keep-going -b html docs docs/_build/html
	$(BIN)/python docs/check_links.py docs/_build/html

notebooks: $(VENV)/.ready-docs
	$(BIN)/python docs/notebooks.py

picture: $(VENV)/.ready-docs
	$(BIN)/python docs/picture.py

dist: $(VENV)/.ready-dist
	rm -rf dist
	$(BIN)/python -m build

clean:
	rm -rf $(VENV) dist build docs/_build docs/auto_gallery docs/generated docs/sg_execution_times.rst conjac-demo
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis

# A stamp outlives its job until what it was made from changes.
$(VENV)/.ready-%: pyproject.toml constraints.txt src/conjac/_version.py | $(BIN)/python
	@echo "installing $(wants-$*) in $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '$(wants-$*)'
	@touch $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
