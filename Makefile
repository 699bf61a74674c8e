# At a developer's desk, in a virtual environment:  pip install -e '.[test,lint]' && make check

COMMA := ,
PYTHON ?= python
CC ?= cc
STUBS = $(patsubst mesibo_abi/bridge/%.pyx,mesibo_abi.bridge.%,$(wildcard mesibo_abi/bridge/*.pyx))
PEERS = $(wildcard bench/native/*.c bench/native/extension/*.c)
CORE = $(foreach room,. revisions isolation trial worker probe fuzz,$(wildcard csrc/$(room)/*.c))


# What the lanes of the sanitizers run: all that goes through the core, and not what only reads files, prints
# or compiles. Without the tests that are marked `unsanitized`.
SANITIZED = $(addprefix tests/,isolation sdk sdk_services services $(addsuffix .py,$(addprefix test_, \
	batch batch_passing chain host http json_extract libraries lifetime loading logging mailbox module \
	module_failures module_http native_threads reloading sending stats tables threads trace trial values)))
# Those of them with threads of their own.
THREADED = $(addprefix tests/,sdk/test_threads.py sdk_services/test_many.py services/test_thread.py \
	test_batch_passing.py test_native_threads.py test_threads.py)
TSAN = TSAN_OPTIONS=die_after_fork=0:exitcode=0:log_path=$(CURDIR)/build/tsan/report
FUZZ_SECONDS ?= 60
runtime = $(shell $(CC) -print-file-name=$(1))
# $(1): the lane, $(2): the sanitizers, $(3): their runtime, $(4): its options, $(5): the tests
define sanitized
	MESIBO_ABI_SANITIZE=$(2) $(PYTHON) setup.py --quiet build --build-base build/$(1) --build-lib build/$(1)/lib
	PYTHONPATH=$(CURDIR)/build/$(1)/lib PYTHONMALLOC=malloc $(4) \
		LD_PRELOAD="$(call runtime,$(3)) $(call runtime,libstdc++.so.6)" \
		$(PYTHON) -P -m pytest -q -n 2 -m "not unsanitized" $(5)
endef

.PHONY: check lint types core peers test ext bench bench-docs misbehaviours clean
.PHONY: asan tsan valgrind machines fuzz faults abi-snapshot

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

# The suite under AddressSanitizer and UndefinedBehaviorSanitizer.
asan:
	$(call sanitized,asan,address$(COMMA)undefined,libasan.so,ASAN_OPTIONS=detect_leaks=0,$(SANITIZED))

# The threaded tests under ThreadSanitizer.
tsan:
	rm -f build/tsan/report.*
	$(call sanitized,tsan,thread,libtsan.so,$(TSAN),$(THREADED))
	@! cat build/tsan/report.* 2>/dev/null

# The core by itself: under valgrind, on aarch64, and with every call of its failing in turn.
valgrind:
	$(PYTHON) -m pytest -q tests/core -k valgrind

machines:
	$(PYTHON) -m pytest -q tests/core -k aarch64

faults:
	$(PYTHON) -m pytest -q -n 2 tests/faults

# What reads foreign bytes, for FUZZ_SECONDS a target.
fuzz: ext
	FUZZ_SECONDS=$(FUZZ_SECONDS) $(PYTHON) -m pytest -q -n 2 tests/fuzz

# What tests/headers/test_snapshot.py compares the headers with: for a change that is meant.
abi-snapshot: ext
	$(PYTHON) -m tests.headers.snapshot

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
