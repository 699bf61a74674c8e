# At a developer's desk, in a virtual environment:  pip install -e '.[test,lint]' && make check

PYTHON ?= python
CC ?= cc
STUBS = $(patsubst mesibo_abi/bridge/%.pyx,mesibo_abi.bridge.%,$(wildcard mesibo_abi/bridge/*.pyx))
PEERS = $(wildcard bench/native/*.c bench/native/extension/*.c)
CORE = $(foreach room,. revisions isolation trial worker probe,$(wildcard csrc/$(room)/*.c))

.PHONY: check lint types core peers test ext bench bench-docs misbehaviours clean

check: lint types core peers test

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types: ext
	$(PYTHON) -m mypy
	$(PYTHON) -m mypy.stubtest --allowlist tests/stubtest.allow $(STUBS)

# The core by itself: no Python, and no warning.
core:
	@for source in $(CORE); do \
		$(CC) -std=c17 -O2 -Wall -Wextra -Werror -fvisibility=hidden -fPIC -Iinclude \
			-fsyntax-only $$source || exit 1; \
	done

# The benchmark's own C, as strictly.
peers:
	@include=$$($(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("include"))'); \
	for source in $(PEERS); do \
		$(CC) -std=c17 -O2 -Wall -Wextra -Werror -fPIC -Iinclude/doc2019 -I$$include \
			-fsyntax-only $$source || exit 1; \
	done

ext:
	$(PYTHON) setup.py --quiet build_ext --inplace

test: ext
	$(PYTHON) -m pytest -n 4

# All of the benchmark, for example  make bench BENCH='--quick --only call'
bench: ext
	$(PYTHON) -m mesibo_abi.cli bench $(BENCH)

# The tables and the picture in the documents, from the results in docs/benchmark.
bench-docs:
	$(PYTHON) -m mesibo_abi.bench.report.pages docs/benchmark README.md docs/benchmark.md

# What comes of each misbehaviour, observed again.
misbehaviours: ext
	$(PYTHON) -m tests.misbehaving.page docs/misbehaviours.md

clean:
	rm -rf build dist *.egg-info mesibo_abi/bridge/*.so
