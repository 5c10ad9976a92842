# Everything a developer runs. `make` alone lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON := .venv/bin/python
PORT ?= 8000
# What to run instead of everything: make test PYTEST="tests/milestones -x"
PYTEST ?=
# make test JOURNEYS=no leaves the browser to `make journeys`
JOURNEYS ?= yes
# Programs of the virtual environment come first: its Node, where the machine has none.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet
MODERN_NODE := npm --version >/dev/null 2>&1 && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null
# Where rules and numbers live: what mypy reports on.
APPS := core accounts milestones risks board
TYPED = $(wildcard core/months.py core/ratings.py $(foreach part,models services figures permissions, \
	$(APPS:%=%/$(part).py) $(APPS:%=%/$(part)/*.py)))
TEMPLATES = $(shell find templates -name '*.html')
# A production configuration that starts nothing: for the checks that read it.
PRODUCTION = env --ignore-environment PATH="$$PATH" DEBUG=off SECRET_KEY="$$(head -c 48 /dev/urandom | base64)" \
	ALLOWED_HOSTS=portal.example.org DATABASE_URL=postgres://portal@localhost/portal REDIS_URL=redis://localhost:6379/0 \
	EMAIL_URL=smtp+tls://portal:secret@mail.example.org:587 DEFAULT_FROM_EMAIL=portal@example.org BEHIND_TLS_PROXY=on

.PHONY: help
help:  ## list these commands
	@sed -n 's/^\([a-z-]*\):.*##/\1\t/p' Makefile | column -t -s "$$(printf '\t')"

# --- Set up and run ---------------------------------------------------------------------------------------------------

.PHONY: setup
setup: .venv/.installed static/build/.built .env  ## virtual environment, locked packages, assets, settings, database
	@mkdir -p var
	@$(PYTHON) manage.py migrate --verbosity 0

.PHONY: demo
demo: setup  ## set-up, demo partnership, server on 127.0.0.1:$PORT (8000)
	@$(PYTHON) manage.py load_demo
	@echo "The portal is at http://127.0.0.1:$(PORT)/ (Ctrl-C stops it)"
	@$(PYTHON) manage.py runserver 127.0.0.1:$(PORT)

.venv/.installed: requirements-dev.txt
	@test -x $(PYTHON) || python3 -m venv .venv
	@echo "Installing the locked Python packages"
	@$(PYTHON) -m pip install --quiet --require-hashes --requirement requirements-dev.txt
	@touch $@

.venv/.node: requirements-node.txt .venv/.installed
	@if ! { $(MODERN_NODE); }; then \
		echo "Node 20 or later was not found: installing one into the virtual environment"; \
		$(PYTHON) -m pip install --quiet --require-hashes --requirement requirements-node.txt; \
	fi
	@touch $@

node_modules/.installed: package.json package-lock.json .npmrc .venv/.node
	@echo "Installing the locked page assets"
	@npm ci --silent
	@touch $@

static/build/.built: node_modules/.installed $(wildcard static/scss/*.scss)
	@mkdir -p static/build
	@npm run --silent build
	@touch $@

.env:
	@$(PYTHON) -c 'import secrets; print(f"DEBUG=on\nSECRET_KEY={secrets.token_urlsafe(50)}")' > $@
	@echo "Wrote .env for local work (.env.example lists every setting)"

.PHONY: assets
assets:  ## build the style sheet again
	@rm -f static/build/.built
	@$(MAKE) static/build/.built

.PHONY: lock
lock: .venv/.installed  ## bring the locked packages up to what pyproject.toml and package.json allow
	$(LOCK) --upgrade pyproject.toml --output-file requirements.txt
	$(LOCK) --upgrade pyproject.toml --group dev --constraint requirements.txt --output-file requirements-dev.txt
	$(LOCK) --upgrade --group node --output-file requirements-node.txt
	npm update --package-lock-only

.PHONY: audit
audit: .venv/.installed  ## known vulnerabilities in the locked packages
	pip-audit --require-hashes --disable-pip --requirement requirements.txt

# --- Test -------------------------------------------------------------------------------------------------------------

.PHONY: test
test: setup  ## everything this machine can run; says at the end what it left out and why
ifneq ($(PYTEST),)
	@$(PYTHON) -m pytest $(PYTEST)
else
	@status=0; \
	$(PYTHON) -m pytest -n auto -m "not services$(if $(filter no,$(JOURNEYS)), and not journey)" || status=1; \
	$(PYTHON) -m pytest -m services || status=1; \
	exit $$status
endif

.PHONY: journeys
journeys: setup  ## the journeys in Chromium
	@$(PYTHON) -m pytest -m journey

.PHONY: bench
bench: setup  ## ratios against hand-written baselines, side by side in one run
	@$(PYTHON) -m bench

# --- Check ------------------------------------------------------------------------------------------------------------

CHECKS := check-format check-lint check-layers check-templates check-types check-migrations check-deploy check-schema

.PHONY: check $(CHECKS)
check: setup  ## format, lint, layers, templates, types, migrations, production settings, API schema
	@$(MAKE) --keep-going $(CHECKS) && echo "All checks passed."
check-format:
	ruff format --check --quiet .
check-lint:
	ruff check --quiet .
check-layers:
	lint-imports --no-logo
check-templates:
	djade --check --target-version 5.2 $(TEMPLATES)
	djlint --lint --quiet $(TEMPLATES)
check-types:
	mypy $(TYPED)
check-migrations:
	$(PYTHON) manage.py makemigrations --check --dry-run
check-deploy:
	$(PRODUCTION) $(PYTHON) manage.py check --deploy --fail-level WARNING
check-schema:
	$(PYTHON) manage.py spectacular --validate --fail-on-warn --file var/openapi.yaml
	diff -u docs/openapi.yaml var/openapi.yaml || { echo "docs/openapi.yaml is out of date: make schema"; exit 1; }

.PHONY: format
format: .venv/.installed  ## format Python and templates, mend what the linter can mend
	ruff check --fix --quiet . || true
	ruff format --quiet .
	djade --target-version 5.2 $(TEMPLATES) || true

.PHONY: schema
schema: setup  ## write docs/openapi.yaml
	$(PYTHON) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml
