# Needs only make and Python >= 3.11. Every target installs what it needs first.
.DEFAULT_GOAL := help
.PHONY: help setup demo up down test simulate kills check build fonts labels lost-parcels marks webhooks catalogues console-test pictures renderer lock secrets
SHELL := /bin/bash
export SAM_CLI_TELEMETRY := 0

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## create .venv with the locked versions and install the project into it
	@tools/venv.sh .venv requirements/dev.txt --editable

demo: setup ## run a whole trading day on this machine and print its report and proof
	@.venv/bin/shipby demo $(ARGS)

up: setup ## serve the embedded stack and the Ozon simulator on 127.0.0.1 until stopped
	@.venv/bin/shipby up $(ARGS)

down: setup ## stop what `make up` started
	@.venv/bin/shipby down $(ARGS)

# In random order, whose seed the first lines name; ARGS="--randomly-seed=N" repeats it. The tests of the embedded stack
# run as they stand, those of one folder one after the other: each stack is a dozen processes.
test: setup ## run all tests; ARGS="tests/unit -k money" narrows them
ifdef ARGS
	@.venv/bin/pytest -n 2 --dist loadfile $(ARGS)
else
	@.venv/bin/pytest -n 2 --dist loadfile -m "not stack"
	@.venv/bin/pytest -p no:randomly -n 2 --dist loadgroup -m stack
endif

kills: setup ## kill the one-machine store 1,000 times, and cut it from power 100 times
	@SHIPBY_KILLS=1000 SHIPBY_CUTS=100 .venv/bin/pytest -q tests/one_machine/test_kills.py

SEEDS ?= 300
simulate: setup ## play seeded faults against the real use cases; SEEDS=10000 for the long run
	@.venv/bin/python -m tests.simulation --seeds $(SEEDS) $(ARGS)

check: setup ## formatting, lint, types, import rules, template, locks, scanners; ARGS="ruff mypy" runs some
	@.venv/bin/python -m tools.check $(ARGS)

build: setup ## build the deployable packages with SAM (needs python3.13) and check them
	@tools/build.sh

fonts: setup ## make the label fonts anew; ARGS="folder-of-noto-sans folder-of-noto-sans-sc" (unpacked npm packages)
	@.venv/bin/python -m tools.fonts $(ARGS)

labels: setup ## draw and read back every combination of label options (the long run behind the 300 of `make test`)
	@.venv/bin/python -m tests.labels.full $(ARGS)

catalogues: setup ## find the texts of the console's pages, bring its catalogues up to date and compile them
	@.venv/bin/python -m tools.catalogues

# Chromium and a Chinese font come from Debian; where they cannot be installed the tests say so and are skipped.
console-test: setup ## the console in Chromium with a scanner's key events (installs Chromium with apt-get, as root)
	@test -x /usr/bin/chromium && fc-list | grep -qi cjk || apt-get install -y chromium fonts-noto-cjk
	@CONSOLE_BROWSER=1 .venv/bin/pytest -p no:randomly tests/browser $(ARGS)

pictures: setup ## pictures of every page of the console, three languages, desk and phone; ARGS="folder [page]"
	@.venv/bin/python -m tests.browser $(or $(ARGS),.shipby/pictures)

lost-parcels: setup ## how soon 100,000 parcels of a simulated year are found lost, against a fixed 30 days; ARGS="--seed 2"
	@.venv/bin/python -m bench.lost_parcels $(ARGS)

webhooks: setup ## 100,000 webhooks to a receiver that is away for a day
	@.venv/bin/python -m bench.webhooks

marks: setup ## play 10,000 seeded scans of marks through the whole bench
	@SHIPBY_MARK_SCANS=10000 .venv/bin/python -m pytest -q -s -p no:randomly tests/unit/packing -k seeded

renderer: ## install an independent ZPL renderer for the tests (needs Node; they skip without it)
	@tools/zpl/install.sh

lock: setup ## lock requirements/*.in again
	@UV="$(CURDIR)/.venv/bin/uv" requirements/compile.sh

secrets: setup ## accept today's findings of detect-secrets (review the difference before committing)
	@tools/venv.sh .venv-gates requirements/gates.txt
	@.venv/bin/python -m tools.check_secrets --accept
