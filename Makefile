# The few verbs a person repeats. Needs git, make and Python 3.11 or newer, nothing else.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv/bin/python
WITH_SERVERS := $(VENV) -m embedded exec --
APPLICATION := $(VENV) -m embedded up --procfile platform/config/processes.py
ADMIN := env PANORAMA_LOGIN=admin $(VENV) manage.py
ARGS ?=
EMAIL ?=

.DEFAULT_GOAL := help
.PHONY: help install install-dev demo run stop code status psql test browser check lint types \
	check-django openapi openapi-check docs migrations pin soak mutants bench bench-auc \
	bench-scorers bench-identity bench-noisy bench-onboarding bench-online rabbitmq clean distclean
.NOTPARALLEL:

help: ## list these targets
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

install: ## make .venv and install the pinned requirements
	@"$(or $(PYTHON),python3)" scripts/bootstrap.py

install-dev: ## the same, with the tools for tests and checks
	@"$(or $(PYTHON),python3)" scripts/bootstrap.py --dev

demo: install ## everything on this machine: servers, web, workers and the story; Ctrl-C stops it
	@$(APPLICATION) --story

run: install ## the same without the story
	@$(APPLICATION)

stop: ## stop what demo or run left running
	@if [ -x $(VENV) ]; then $(VENV) -m embedded stop; fi

code: ## the one-time code of a demo login; EMAIL=analyst@aurora.example
	@$(WITH_SERVERS) $(VENV) manage.py one_time_code "$(EMAIL)"

status: ## what runs
	@$(VENV) -m embedded status || true

psql: install ## a database shell (the admin login)
	@$(VENV) -m embedded psql

test: install-dev browser ## the test suite with coverage; ARGS="tests/jobs -k lease" for a part
	$(WITH_SERVERS) $(VENV) -m pytest -n 2 --dist loadfile --junitxml=.run/tests.xml \
		--durations=20 --cov --cov-report=term:skip-covered --cov-report=xml:.run/coverage.xml $(ARGS)
	@$(VENV) scripts/skipped.py .run/tests.xml

soak: install-dev browser rabbitmq ## the promises in their long forms: hours of kills, trials and interleavings
	$(WITH_SERVERS) $(VENV) -m pytest -m soak --durations=20 $(ARGS)

rabbitmq: ## Debian's rabbitmq-server for the long fault tests, when root and absent
	@sh scripts/ensure_rabbitmq

mutants: install-dev ## small wrong changes to the code, and how many of them the tests notice; not in CI
	$(VENV) -m pip install -q cosmic-ray==8.7.0
	PYTHONPATH=.:platform $(WITH_SERVERS) $(VENV) -m scripts.mutants $(ARGS)

browser: ## Debian's chromium for the browser tests, when root and absent
	@sh scripts/ensure_browser

check: install-dev lint types check-django openapi-check docs ## every gate but the tests

lint:
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check .
	PYTHONPATH=.:platform .venv/bin/lint-imports

types:
	PYTHONPATH=.:platform $(VENV) -m mypy platform tenants scoring acquisition marketing

check-django:
	$(WITH_SERVERS) $(ADMIN) makemigrations --check --dry-run
	PANORAMA_ALLOWED_HOSTS=panorama.example $(WITH_SERVERS) $(VENV) manage.py check \
		--deploy --fail-level WARNING --settings config.settings.production

openapi: install-dev ## write the committed OpenAPI files anew
	$(WITH_SERVERS) sh scripts/openapi docs/api

openapi-check:
	@rm -rf .run/openapi
	$(WITH_SERVERS) sh scripts/openapi .run/openapi
	diff -ru docs/api .run/openapi --exclude='*.md'

docs: ## build the documentation into .run/site
	$(VENV) -m mkdocs build --strict --quiet --site-dir .run/site

migrations: install-dev ## write migrations for changed models
	$(WITH_SERVERS) $(ADMIN) makemigrations $(ARGS)

pin: ## write requirements*.txt from requirements*.in and what .venv holds
	$(VENV) scripts/pin.py

bench: bench-auc bench-scorers bench-identity bench-noisy bench-onboarding bench-online ## all measurements; each writes JSON under benchmarks/results

bench-auc: install-dev ## AUC and KS by cross-validation against the reference figures
	PYTHONPATH=.:platform $(VENV) -m benchmarks.reference_auc --cache .run/data $(ARGS)

bench-scorers: install-dev ## one row and a batch, against LightGBM on the same trees
	PYTHONPATH=.:platform OMP_NUM_THREADS=1 $(VENV) -m benchmarks.scorers --cache .run/data $(ARGS)

bench-identity: install-dev ## online, batch, stored and replayed answers, bit by bit
	PYTHONPATH=.:platform OMP_NUM_THREADS=1 $(VENV) -m benchmarks.identity $(ARGS)

bench-noisy: install-dev ## what one bank at ten times its load does to the others' p95
	PYTHONPATH=.:platform OMP_NUM_THREADS=1 $(VENV) -m benchmarks.noisy_bank $(ARGS)

bench-onboarding: install-dev ## a bank's onboarding among 1, 100 and 1,000 banks, against every migration
	PYTHONPATH=.:platform OMP_NUM_THREADS=1 $(VENV) -m benchmarks.onboarding $(ARGS)

bench-online: install-dev ## whole decisions over HTTP, beside a bare handler and MLflow
	PYTHONPATH=.:platform OMP_NUM_THREADS=1 $(VENV) -m benchmarks.online $(ARGS)

clean: stop ## remove the run folder (its databases too) and caches
	rm -rf .run .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage*

distclean: clean ## and the virtual environment
	rm -rf .venv
