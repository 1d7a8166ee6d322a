# Everything a fresh machine needs is set up by the first target that needs it.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test soak fleet zoo year bench lint lock clean

demo: .venv/browser
	$(BIN)/harvester demo

# Slow files come first, or the last one would run alone.  Playwright's driver starts for nearly
# every test that harvests: compiled once, it takes a third less of a processor for that.
test: .venv/browser .venv/charts .venv/postgres
	NODE_COMPILE_CACHE=$(CURDIR)/.venv/compiled $(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder tests/fleet tests/chaos tests/test_*.py tests

# A hundred backfills that are killed and go on; `make test` does six.
soak: .venv/browser
	$(BIN)/python tests/chaos/soak.py --rounds 100

# A thousand members over five portals on three workers that are killed; `make test` does twelve.
fleet: .venv/browser .venv/postgres
	PYTHONPATH=tests $(BIN)/python tests/fleet/fleet.py --members 1000

# Every chart library by every strategy, and how long that takes; `make test` does a choice of them.
zoo: .venv/browser .venv/charts
	cd tests && ../$(BIN)/python -m charts.zoo

# A year of real nights by a clock that is driven; `make test` does ten of them.
year: .venv/browser
	PYTHONPATH=tests $(BIN)/python tests/night/year.py

# Every case beside its floor; exit code 2 of make if a goal is missed (see bench/README.md).
bench: .venv/browser
	$(BIN)/python -m bench
	$(BIN)/python -m bench.greenbutton
	$(BIN)/python -m bench.exports

lint: .venv/packages
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

lock: .venv/packages
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --custom-compile-command "make lock" --group dev --extra workers pyproject.toml -o requirements.lock

clean:
	rm -rf .venv

.venv/packages: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/browser: .venv/packages
	$(BIN)/python -m harvester.browser
	touch $@

# Chart libraries that tests draw with, where npm is; without it those tests say that they skip.
.venv/charts: tests/charts/package.json tests/charts/package-lock.json | .venv/packages
	mkdir -p $@
	cp tests/charts/package.json tests/charts/package-lock.json $@
	! command -v npm || (cd $@ && npm ci --ignore-scripts --legacy-peer-deps --no-audit --no-fund --loglevel=error) \
	  || rm -rf $@/node_modules
	touch $@

# The server that tests start for themselves; without it those tests say that they skip.
.venv/postgres: | .venv/packages
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb \
	  || test "$$(id -u)" != 0 || ! command -v apt-get \
	  || (apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql) || true
	touch $@
