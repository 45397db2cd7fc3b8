# `make demo` shows all of it on a real cluster; `make test` proves it. Both set up what they need.

PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/.cache/bin
RUN := $(VENV)/bin/python
export PATH := $(BIN):$(CURDIR)/$(VENV)/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help demo demo-down cluster-up cluster-down cluster-status tools test test-unit test-chart test-e2e test-slow test-damage test-attacks bench lint lock outdated clean

help: ## show this list
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

demo: $(VENV)/ready ## a cluster, credentials, the chart, a push, a Pod that pulls
	@$(RUN) -m tests.demo up

demo-down: $(VENV)/ready ## take the demo and its cluster away
	@$(RUN) -m tests.demo down

cluster-up: $(VENV)/ready ## a real Kubernetes for the demo and the tests
	@$(RUN) -m tests.cluster up

cluster-down: $(VENV)/ready ## end it
	@$(RUN) -m tests.cluster down

cluster-status: $(VENV)/ready ## say whether it is up, and where
	@$(RUN) -m tests.cluster status

tools: $(VENV)/ready ## build the programs that the tests use
	@$(RUN) -m tests.cluster tools

test: $(VENV)/ready tools lint ## everything: lint, then unit, chart and end-to-end tests
	@$(RUN) -m pytest -n 4 tests

test-unit: $(VENV)/ready tools ## the CLI and the programs in the chart
	@$(RUN) -m pytest -n 4 tests/unit

test-chart: $(VENV)/ready tools ## what the chart renders
	@$(RUN) -m pytest -n 4 tests/chart tests/gateway tests/token_mode

test-e2e: $(VENV)/ready tools ## the installed chart on a real cluster
	@$(RUN) -m pytest -n 3 tests/e2e

test-slow: $(VENV)/ready tools ## what takes minutes: a layer of 1.5 GB through the installed chart
	@$(RUN) -m pytest -m slow tests

test-attacks: $(VENV)/ready tools ## each attack on the gateway for PRIVREG_ATTACK_SECONDS (600): two hours, root for cgroups
	@$(RUN) -m tests.attacks

bench: $(VENV)/ready tools ## the speed of the gateway and of the delivery (bench/RESULTS.md, DELIVERY.md; 20 minutes)
	@$(RUN) -m bench
	@$(RUN) -m bench.delivery

test-damage: $(VENV)/ready tools ## damage what the README promises, one row at a time: each must be noticed (slow)
	@$(RUN) -m tests.damage

lint: $(VENV)/ready tools ## ruff, mypy, yamllint, shellcheck, helm lint
	@tests/lint.sh

lock: $(VENV)/ready ## pin the dependencies of pyproject.toml anew
	$(VENV)/bin/pip install --quiet uv
	$(VENV)/bin/uv pip compile --quiet --all-extras --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-header --python-version 3.11 --universal pyproject.toml -o requirements.lock

outdated: $(VENV)/ready ## every version that is pinned, and the newest there is
	@$(RUN) -m tests.cluster.outdated

clean: cluster-down ## remove what was built
	rm -rf .cache .venv dist

$(VENV)/ready: requirements.lock pyproject.toml
	@echo "[1/1] Python environment: about 0:40" >&2
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; set PYTHON=python3.x") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
