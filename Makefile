# At a developer's desk, in a virtual environment:  pip install -e '.[test,lint]' && make check

PYTHON ?= python
CC ?= cc
STUBS = $(addprefix mesibo_abi.bridge.,batch columns failures host module requests tables values)
CORE = $(wildcard csrc/*.c csrc/revisions/*.c)

.PHONY: check lint types core test ext clean

check: lint types core test

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

ext:
	$(PYTHON) setup.py --quiet build_ext --inplace

test: ext
	$(PYTHON) -m pytest

clean:
	rm -rf build dist *.egg-info mesibo_abi/bridge/*.so
