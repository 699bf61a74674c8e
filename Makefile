# At a developer's desk, in a virtual environment:  pip install -e '.[test,lint]' && make check

COMMA := ,
PYTHON ?= python
CC ?= cc
STUBS = $(patsubst mesibo_abi/bridge/%.pyx,mesibo_abi.bridge.%,$(wildcard mesibo_abi/bridge/*.pyx))
PEERS = $(wildcard bench/native/*.c bench/native/extension/*.c)
CORE = $(foreach room,. revisions isolation trial worker probe fuzz,$(wildcard csrc/$(room)/*.c))

# What ThreadSanitizer runs: where several threads meet, Python's, the modules' own, and those of services, of
# answers, of the listener beside a module's process, and of a trace. Left out is what has one thread (values, tables,
# the host functions themselves); the other tests of isolation, since ThreadSanitizer delivers signals late, and
# its worker can tell neither where it hangs nor what lies around a fault; what moves megabytes with one thread
# or two (`large`); a child of fork(2), in which it allows for no threads, and test_lifetime.py, which is about
# children, and about sixty threads that log without a pause; and polars, which does not start under it. Not one
# report is suppressed: of CPython, which is not instrumented, none comes. A thread ends what hangs, since a signal
# would come when that is over.
THREADED = $(addprefix tests/,$(addsuffix .py, \
	$(addprefix isolation/test_,batch requests_many requests_synchronous restart) \
	sdk/test_threads $(addprefix sdk_services/test_,fastcgi http many sockets) \
	$(addprefix services/test_,handler thread turns) $(addprefix test_,batch_passing http logging \
	mailbox module_http native_threads reloading stats threads trace))) -k "not polars and not large and not fork" \
	--timeout-method=thread
# A report is a file, as that of a worker would go by unseen: the worker is started again. What malloc may
# refuse it has to refuse here, too: the line that says so is no report.
ASAN = ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:log_path=$(CURDIR)/build/asan/report \
	UBSAN_OPTIONS=print_stacktrace=1:log_path=$(CURDIR)/build/asan/report
# A report is no end here, so that each run tells of all. It does not look for locks taken in the wrong order:
# for that it has room for so many that one thread holds, and before a fork pyarrow's allocator takes more,
# which ends the process.
TSAN = TSAN_OPTIONS=die_after_fork=0:detect_deadlocks=0:exitcode=0:log_path=$(CURDIR)/build/tsan/report
REFUSED = AddressSanitizer failed to allocate
FUZZ_SECONDS ?= 60
runtime = $(shell $(CC) -print-file-name=$(1))
# $(1): the lane, $(2): the sanitizers, $(3): their runtime, $(4): its options, $(5): the tests. They may all
# pass: a report fails the lane.
define sanitized
	rm -f build/$(1)/report.*
	MESIBO_ABI_SANITIZE=$(2) $(PYTHON) setup.py --quiet build --build-base build/$(1) --build-lib build/$(1)/lib
	@PYTHONPATH=$(CURDIR)/build/$(1)/lib PYTHONMALLOC=malloc $(4) \
		LD_PRELOAD="$(call runtime,$(3)) $(call runtime,libstdc++.so.6)" \
		$(PYTHON) -P -m pytest -q -n 4 -m "not unsanitized" $(5); \
	status=$$?; \
	for report in $$(grep -lsv '$(REFUSED)' build/$(1)/report.*); do cat $$report; status=1; done; \
	exit $$status
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

# The core by itself: no Python, and no warning. Compiled to the end, as some come from what is known of values.
core:
	@for source in $(CORE); do \
		$(CC) -std=c17 -O2 -Wall -Wextra -Werror -fvisibility=hidden -fPIC -Iinclude \
			-c $$source -o /dev/null || exit 1; \
	done

# The benchmark's own C, as strictly.
peers:
	@include=$$($(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("include"))'); \
	for source in $(PEERS); do \
		$(CC) -std=c17 -O2 -Wall -Wextra -Werror -fPIC -Iinclude/doc2019 -I$$include \
			-c $$source -o /dev/null || exit 1; \
	done

ext:
	$(PYTHON) setup.py --quiet build_ext --inplace

test: ext
	$(PYTHON) -m pytest -n 4

# The suite under AddressSanitizer and UndefinedBehaviorSanitizer: all tests but those that are marked
# `unsanitized`, most of them in tests/conftest.py.
asan:
	$(call sanitized,asan,address$(COMMA)undefined,libasan.so,$(ASAN),)

# The threaded tests under ThreadSanitizer: a report fails it, and is shown.
tsan:
	$(call sanitized,tsan,thread,libtsan.so,$(TSAN),$(THREADED))

# The core by itself: under valgrind, on aarch64, and with every call of its failing in turn.
valgrind:
	$(PYTHON) -m pytest -q tests/core -k valgrind

machines:
	$(PYTHON) -m pytest -q tests/core -k aarch64

faults:
	$(PYTHON) -m pytest -q -n 2 tests/faults

# What reads foreign bytes: in C for FUZZ_SECONDS a target, in Python with so many examples for each second. What
# a long run has reached in C is where the next goes on from.
fuzz: ext
	FUZZ_SECONDS=$(FUZZ_SECONDS) FUZZ_KEPT=$(CURDIR)/build/fuzz $(PYTHON) -m pytest -q -n 2 tests/fuzz

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
