# The course from the shell. `make` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
READY := $(VENV)/.installed
# All three are tested; the first one found is taken.
PYTHONS := $(or $(PYTHON),python3.12 python3.11 python3.13 python3 python)
BIN := $(VENV)/bin
PORT := 8000

# Quiet TensorFlow; two threads give the same run on most machines.
export TF_CPP_MIN_LOG_LEVEL ?= 3
export OMP_NUM_THREADS ?= 2
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Notebooks run in their own folder: a relative path would lead elsewhere from there.
ifneq ($(ECGLAB_DATA),)
export ECGLAB_DATA := $(abspath $(ECGLAB_DATA))
endif

.PHONY: help book serve pdf zip slides test test-real test-long test-all execute stale check-fresh results
.PHONY: site-test release grade colab linkcheck newest address lint mutants lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The first interpreter that runs and has the right version: a name on the PATH may be a shim
# that fails, or lack the modules that make an environment.
$(READY): requirements.txt pyproject.toml
	@set -e; \
	suits='import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'; \
	python=; \
	for candidate in $(PYTHONS); do \
	    if "$$candidate" -c "$$suits" >/dev/null 2>&1; then python="$$candidate"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "No suitable Python: tried $(PYTHONS)."; \
	    echo "The course needs Python 3.11, 3.12 or 3.13 with its venv module"; \
	    echo "(on Debian or Ubuntu: apt install python3-venv). If it is elsewhere: make PYTHON=/path/to/python3.12"; \
	    exit 1; \
	fi; \
	if ! $(BIN)/python -m pip --version >/dev/null 2>&1 || ! $(BIN)/python -c "$$suits" >/dev/null 2>&1; then \
	    echo "Making $(VENV) with $$python ($$("$$python" --version))"; \
	    rm -rf $(VENV); "$$python" -m venv $(VENV); \
	fi; \
	echo "Installing the packages of requirements.txt into $(VENV) (a few minutes, about 3 GB on disk)"; \
	$(BIN)/python -m pip install --quiet -r requirements.txt; \
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .; \
	touch $@

book: $(READY)  ## build the book and print where to open it
	@$(BIN)/python tools/book.py

serve: book  ## build the book and serve it at http://localhost:8000 until Ctrl-C
	@echo "http://localhost:$(PORT)/book/index.html  (stop with Ctrl-C)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

pdf: $(READY)  ## set the whole book as a PDF by XeLaTeX (says what to install), and offer it on the site
	@$(BIN)/python tools/pdf.py
	@$(BIN)/python tools/book.py

zip: $(READY)  ## pack the chapters as notebooks, ready to run
	@$(BIN)/python tools/archive.py

slides: $(READY)  ## make slides of each part from its chapters (PART=3: of one)
	@$(BIN)/python tools/slides.py $(PART)

test: $(READY) book  ## build the book, then run the tests (set ECGLAB_DATA for real recordings)
	@$(BIN)/python -m pytest -m "not long and not sweep" --ignore tests/test_chapters.py -n 2 --dist loadfile --durations 25
	@$(BIN)/python -m pytest -m "not long" -n 2 --maxschedchunk 1 tests/test_chapters.py

test-real: $(READY)  ## of the tests, those that real recordings change (set ECGLAB_DATA)
	@$(BIN)/python -m pytest -m "real and not long" --ignore tests/test_chapters.py -n 2 --dist loadfile
	@$(BIN)/python -m pytest tests/test_doctests.py
	@$(BIN)/python -m pytest -m "not long" -n 2 --maxschedchunk 1 --durations 12 tests/test_chapters.py

site-test: $(READY) book  ## test the built book alone, every page of it by axe, and the PDF; ends in a table (half an hour or more)
	@$(BIN)/python -m pytest -m "site or sweep" -s

test-long: $(READY)  ## the long tests, but for the chapters
	@$(BIN)/python -m pytest -m long --ignore tests/test_chapters.py -n 2 --maxschedchunk 1 --durations 12

test-all: $(READY) test-long  ## the long tests, and the chapters once more on simulated patients
	@$(BIN)/python -m pytest -m long tests/test_chapters.py

execute: $(READY)  ## run the stale chapters on real recordings and store their outputs
	@$(BIN)/python tools/notebooks.py execute

stale: $(READY)  ## list the chapters that are older than their code
	@$(BIN)/python tools/notebooks.py stale

check-fresh: $(READY)  ## fail if a chapter is older than its code (skipped where there are no recordings)
	@$(BIN)/python tools/notebooks.py check-fresh

results: $(READY)  ## write the results page from the recorded outcomes
	@$(BIN)/python tools/results.py

release: $(READY)  ## write the students' editions of the assignments (ASSIGNMENT=name: one of them)
	@$(BIN)/python coursework/tools/release.py $(ASSIGNMENT)

grade: $(READY)  ## grade a folder of notebooks (SUBMISSIONS=folder; UNSAFE=1: without a sandbox)
	@if [ -z "$(SUBMISSIONS)" ]; then echo "Which folder? make grade SUBMISSIONS=folder"; exit 1; fi
	@$(BIN)/python coursework/tools/grade.py "$(SUBMISSIONS)" \
	    $(if $(ASSIGNMENT),--assignment $(ASSIGNMENT)) $(if $(UNSAFE),--unsafe)

colab:  ## run every chapter in an environment like Colab's, from the notebook alone
	@$(or $(PYTHON),python3.13) tools/colab.py run

linkcheck: $(READY)  ## ask every address that the book links to (needs the internet)
	@$(BIN)/python tools/linkcheck.py

# What `make` finds in .venv it takes for ready, until requirements.txt or pyproject.toml changes.
newest:  ## put the newest version of every package into .venv, whatever requirements.txt pins
	$(or $(PYTHON),python3.12) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade --editable ".[tensorflow,notebooks,book,test,benchmark]"
	touch $(READY)

address: $(READY)  ## move the course to another repository: make address URL=https://github.com/OWNER/NAME
	@$(BIN)/python tools/move.py "$(URL)"

lint: $(READY)  ## check the code's style
	@$(BIN)/ruff check .

mutants: $(READY)  ## see whether tests notice small changes of a module (needs mutmut; MODULE=evaluate)
	@nice -n 10 $(BIN)/python tools/mutants.py $(MODULE)

# UPGRADE=1 asks for the newest of everything; otherwise only what pyproject.toml asks for changes.
LOCK := uv pip compile pyproject.toml --universal --fork-strategy fewest --python-version 3.11 \
    --no-header --no-annotate --quiet
lock:  ## pin in requirements.txt what pyproject.toml asks for (needs uv; UPGRADE=1: all anew)
	$(LOCK) --all-extras $(if $(UPGRADE),--upgrade) --output-file requirements.txt
	$(LOCK) --extra tensorflow --extra notebooks --constraint requirements.txt \
	    $(if $(UPGRADE),--upgrade) --output-file .binder/requirements.txt

clean:  ## remove the built book and the caches (.venv stays)
	rm -rf _build .pytest_cache .ruff_cache chapters/.ipynb_checkpoints
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -print0 | xargs -0 rm -rf
