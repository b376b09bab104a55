# Everything a person or a machine runs here. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Telemetry of the tools is off, and MLflow starts no job runners.
export DVC_NO_ANALYTICS := 1
export DO_NOT_TRACK := true
export MLFLOW_DISABLE_TELEMETRY := true
export MLFLOW_SERVER_ENABLE_JOB_EXECUTION := false
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export PYTHONUNBUFFERED := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PATH := $(CURDIR)/.venv/bin:$(PATH)

# PYTHON chooses the interpreter, PIP_FLAGS adds to pip's options (an index, a proxy).
PYTHON ?=
PIP_FLAGS ?=
# A worker that died is a failure: pytest-xdist may wait for ever for the one in its place.
TEST_FLAGS ?= -n 2 --dist loadgroup --max-worker-restart 0
# A stamp holds the path it was made for: a .venv does not survive being moved. All that the
# pipeline needs is there where everything is.
STAMP := .venv/.installed-dev
PIPELINE := $(firstword $(wildcard $(STAMP)) .venv/.installed-train)
STAMPS := .venv/.installed-dev .venv/.installed-train
.PHONY: $(foreach stamp,$(STAMPS),$(if $(filter $(CURDIR),$(shell cat $(stamp) 2>/dev/null)),,$(stamp)))

MINUTES ?= 3
TARGETS ?=
JOBS ?=

# Where the servers are, and where Prefect keeps its own: nothing goes to the home folder.
HOST ?= 127.0.0.1
deploy worker: export PREFECT_API_URL ?= http://127.0.0.1:4200/api
deploy worker: export PREFECT_HOME ?= $(CURDIR)/data/state/prefect
MLFLOW ?= http://127.0.0.1:5000

.PHONY: help setup run demo test test-fast fuzz check format docs mobile web bench peers gpu server deploy worker

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

setup: $(STAMP) ## make .venv and install lienet with the versions in constraints.txt

$(STAMPS): .venv/.installed-%: pyproject.toml constraints.txt
	@python="$(PYTHON)"
	for name in python3.11 python3.12 python3.13 python3; do
	  if [ -z "$$python" ] && "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
	  then python=$$name; fi
	done
	if [ -z "$$python" ]; then echo "make setup needs Python 3.11 or newer: install python3.11 (Debian: apt-get install python3)" >&2; exit 1; fi
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then echo "make setup needs Python's venv module: install python3-venv (Debian: apt-get install python3-venv)" >&2; exit 1; fi
	if ! command -v git >/dev/null; then echo "make setup needs git: install git (Debian: apt-get install git)" >&2; exit 1; fi
	if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import pip' 2>/dev/null; then
	  echo "making .venv with $$("$$python" --version)"
	  "$$python" -m venv --clear .venv
	fi
	echo "installing into .venv (minutes, the first time)"
	.venv/bin/python -m pip install $(PIP_FLAGS) --no-compile -c constraints.txt -e '.[$*]' \
	  | while read -r verb what rest; do case "$$verb $$what" in
	      Collecting*) printf '  %s\n' "$$what";;
	      "Installing collected") set -- $$rest; echo "unpacking $$(($$# - 1)) packages";;
	      "Successfully installed") echo "installed";;
	    esac; done
	pwd > $@

run: $(PIPELINE) ## what is stale, side by side on this machine's cores: JOBS=2 TARGETS=train
	@if [ ! -e .git ]; then git init --quiet; fi
	python -m flows.side_by_side $(if $(JOBS),--jobs $(JOBS)) $(TARGETS)

demo: run ## photographs to Table 1: run the pipeline on the active params
	@echo
	lienet report --show
	echo "The MLflow store is data/state/mlflow.db. To open it:"
	echo "  . .venv/bin/activate && mlflow ui --backend-store-uri sqlite:///data/state/mlflow.db"

test: $(STAMP) ## every test that needs no GPU, and which take longest
	@pytest $(TEST_FLAGS) --durations=20

test-fast: $(STAMP) ## the quick tests of what differs from the last commit
	@pytest $(TEST_FLAGS) -m "not slow and not services" $$(python -m tests.mirror)

fuzz: $(STAMP) ## broken files through every reader; MINUTES=3, TARGETS=pictures …
	@python -m tests.fuzzing --minutes $(MINUTES) $(TARGETS)

check: $(STAMP) ## format, lint, types, layers
	@ruff format --check .
	ruff check .
	mypy
	lint-imports

format: $(STAMP) ## put files into the form that `make check` asks for
	@ruff format .
	ruff check --fix .

docs: $(STAMP) ## the documentation as a site: site/index.html
	@NO_MKDOCS_2_WARNING=1 mkdocs build --quiet

mobile: $(STAMP) ## formats for phones: converters and runtimes into .venv, LiteRT's into .venv-litert
	@echo "installing into .venv and .venv-litert (about 2 GB)"
	.venv/bin/python -m pip install $(PIP_FLAGS) --quiet -c constraints.txt -c constraints-mobile.txt -e '.[mobile]'
	.venv/bin/python -m venv .venv-litert
	.venv-litert/bin/python -m pip install $(PIP_FLAGS) --quiet -c constraints-litert.txt torch litert-torch

web: $(STAMP) ## the page that enhances pictures in a browser: reports/web
	@lienet web -o reports/web

bench: $(STAMP) ## how fast, as ratios in one run: reports/bench.json
	@python -m bench

peers: $(STAMP) ## how fast against what one would take otherwise, which .venv-peers holds
	@.venv/bin/python -m venv .venv-peers
	site=$$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
	echo "$$site" > .venv-peers/$${site#*/.venv/}/lienet.pth
	.venv-peers/bin/python -m pip install $(PIP_FLAGS) --quiet -c constraints.txt -r constraints-peers.txt
	python -m bench peers

gpu: ## on a machine with a GPU, without a registry: its tests, step rates, a training; MINUTES=9
	@exec bench/gpu.sh "$(or $(FOLDER),reports/gpu)" "$(or $(MINUTES),9)"

server: $(STAMP) ## Prefect's and MLflow's servers, until Ctrl-C: docs/flows.md
	@LIENET_HOST=$(HOST) exec python -m flows.server

deploy: $(STAMP) ## tell the server of the work pool, the limits and the deployments
	@mkdir -p "$(PREFECT_HOME)"
	python -m flows.deploy

worker: $(STAMP) ## work off what is deployed, here
	@mkdir -p "$(PREFECT_HOME)"
	export MLFLOW_TRACKING_URI="$${MLFLOW_TRACKING_URI:-$(MLFLOW)}"
	exec python -m flows.worker
