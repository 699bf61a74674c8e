"""What ends a module fails the test that it happened in, and no other one."""

from __future__ import annotations

import pytest

from tests.plugin.authors import Author, shown
from tests.tools import needs

pytest_plugins = ["pytester"]
pytestmark = needs("cc")


def test_a_crash_is_a_failure_with_its_frames_and_what_was_given(author: Author) -> None:
    result = author.run("""
        def test_first(mesibo_host, mesibo_module):
            mesibo_module(BAD / "null_to.c")
            mesibo_host.process(Message("one", to="bob"))
            mesibo_host.process(Message("two", to=None))
            assert False, "not reached"

        def test_second(mesibo_host, mesibo_module):
            mesibo_module(BAD / "null_to.c")
            assert mesibo_host.process(Message("one", to="bob")).result is Result.PASS
    """)
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            ">       mesibo_host.process(Message(*two*, to=None))",
            "E       mesibo_abi.errors.ModuleCrashed: module 'null_to' ended its process in "
            "on_message: SIGSEGV",
            "E         expected it to return, found a read from a NULL pointer",
            "E         #* misbehave at null_to.c:5",
            "E         its message: Message(b'two', to=None, from_='')",
            "E         before that, since its process began, the host was given:",
            "E           host.process(Message(b'one', to='bob', from_=''))",
            "test_it.py:*: ModuleCrashed",
        ],
        consecutive=False,
    )
    assert "pytest_plugin" not in result.stdout.str()


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("abort", "SIGABRT"),
        ("exit0", "a call of exit with code 0"),
        ("exit_group", "that it ended itself, by a system call, with code 6"),
        ("kill_self", "SIGKILL from outside"),
        ("loop", "that it had not returned when its time was over"),
        ("stack_overflow", "a stack that is full"),
        ("execve", "ended its process in on_message"),
    ],
)
def test_ends_of_all_kinds(author: Author, module: str, words: str) -> None:
    result = author.run(f"""
        def test_first(mesibo_host, mesibo_module):
            mesibo_module(BAD / "{module}.c", deadline={2 if module == "loop" else 60})
            mesibo_host.process(Message("one", to="bob"))

        def test_second():
            pass
    """)
    result.assert_outcomes(failed=1, passed=1)
    assert words in shown(result)


@pytest.mark.parametrize(
    "module",
    ["kill_parent", "kill_group", "close_all", "close_std", "scribble_shared", "ignore_signals"],
)
def test_whatever_a_module_does_the_next_test_runs(author: Author, module: str) -> None:
    """Whether that fails the test is not asked here."""
    result = author.run(f"""
        @pytest.mark.mesibo_crashes
        def test_first(mesibo_host, mesibo_module):
            mesibo_module(BAD / "{module}.c")
            mesibo_host.process(Message("one", to="bob"))

        def test_second(mesibo_host, mesibo_module):
            mesibo_module(MODULES / "echo.c")
            assert mesibo_host.process(Message("one", to="bob")).result is not Result.FAIL
    """)
    result.assert_outcomes(passed=2)


def test_a_crash_that_is_expected(author: Author) -> None:
    result = author.run("""
        @pytest.fixture
        def module(mesibo_module):
            return mesibo_module(BAD / "null_to.c")

        def test_raises(mesibo_host, module):
            with pytest.raises(ModuleCrashed, match="a NULL pointer"):
                mesibo_host.process(Message("two", to=None))
            assert mesibo_host.process(Message("one", to="bob")).result is Result.PASS

        def test_direct(module):
            with pytest.raises(ModuleCrashed):
                module.on_message(Message("two", to=None))

        @pytest.mark.mesibo_crashes
        def test_marked(mesibo_host, module):
            assert isinstance(mesibo_host.process(Message("two", to=None)).error, ModuleCrashed)

        @pytest.mark.xfail(raises=ModuleCrashed, strict=True)
        def test_xfail(mesibo_host, module):
            mesibo_host.process(Message("two", to=None))
    """)
    result.assert_outcomes(passed=3, xfailed=1)


def test_every_event_raises(author: Author) -> None:
    result = author.run("""
        EVENTS = {
            "process": lambda host: host.process(Message("x", to="bob")),
            "status": lambda host: host.status(Message("x", to="bob"), 1),
            "call": lambda host: host.call(),
            "call_status": lambda host: host.call_status(),
            "login": lambda host: host.login(User("bob")),
            "config": lambda host: host.config(1, b"x"),
            "batch": lambda host: host.process_batch([Message("x", to="bob")]),
        }

        CODE = '''
        #include "module.h"
        #include <stdlib.h>
        static mesibo_int_t message(mesibo_module_t *m, mesibo_message_params_t *p, char *t,
                                    mesibo_uint_t l) { abort(); }
        static mesibo_int_t status(mesibo_module_t *m, mesibo_message_params_t *p) { abort(); }
        static mesibo_int_t call(mesibo_module_t *m) { abort(); }
        static mesibo_int_t login(mesibo_module_t *m, mesibo_user_t *u) { abort(); }
        static mesibo_int_t config(mesibo_module_t *m, mesibo_int_t t, char *d, mesibo_int_t l) {
            abort();
        }
        mesibo_int_t mesibo_module_dies_init(mesibo_int_t v, mesibo_module_t *m, mesibo_int_t l) {
            m->on_message = message;
            m->on_message_status = status;
            m->on_call = (void *)call;
            m->on_call_status = (void *)call;
            m->on_login = (void *)login;
            m->on_config = (void *)config;
            return MESIBO_RESULT_OK;
        }
        '''

        @pytest.fixture(scope="session")
        def source(tmp_path_factory):
            path = tmp_path_factory.mktemp("source") / "dies.c"
            path.write_text(CODE)
            return path

        @pytest.mark.mesibo_revision("sdk2020")
        @pytest.mark.parametrize("event", EVENTS)
        def test_raises(mesibo_host, mesibo_module, source, event):
            mesibo_module(source)
            with pytest.raises(ModuleCrashed):
                EVENTS[event](mesibo_host)
    """)
    result.assert_outcomes(passed=7)


def test_a_crash_that_no_call_tells_of(author: Author) -> None:
    """Of a thread of the module's own: behind the test, as its failure, and in its report where it
    fails by itself."""
    result = author.run('''
        import time

        CODE = """
        #include "module.h"
        #include <pthread.h>
        #include <stdlib.h>
        #include <unistd.h>
        static void *run(void *unused) {
            (void)unused;
            while (access(getenv("GO"), F_OK) != 0)
                usleep(1000);
            abort();
        }
        int mesibo_module_later_init(mesibo_module_t *mod, mesibo_uint_t len) {
            (void)mod, (void)len;
            pthread_t thread;
            return pthread_create(&thread, NULL, run, NULL);
        }
        """

        @pytest.fixture
        def crash(tmp_path, monkeypatch, mesibo_module):
            monkeypatch.setenv("GO", str(tmp_path / "go"))
            source = tmp_path / "later.c"
            source.write_text(CODE)
            module = mesibo_module(source, restart="never")

            def crash():
                (tmp_path / "go").touch()
                end = time.monotonic() + 100
                while not module.crash_count and time.monotonic() < end:
                    time.sleep(0.01)

            return crash

        def test_passes(crash):
            crash()

        def test_fails(crash):
            crash()
            assert 1 == 2

        @pytest.mark.mesibo_crashes
        def test_marked(crash):
            crash()
    ''')
    result.assert_outcomes(failed=2, passed=1)
    text = shown(result)
    what = "module 'later' ended its process"
    passes, fails = text.index("_ test_passes _"), text.index("_ test_fails _")
    assert f"mesibo_abi.errors.ModuleCrashed: {what}" in text[passes:fails]
    assert "assert 1 == 2" in text[fails:]
    assert "- a module crashed -" in text[fails:]
    assert f"\n{what}" in text[fails:]


def test_a_crash_of_the_cleanup(author: Author) -> None:
    result = author.run("""
        def test_it(mesibo_host, mesibo_module):
            mesibo_module(BAD / "cleanup_crashes.c")
            mesibo_host.process(Message("x", to="bob"))
    """)
    result.assert_outcomes(passed=1, errors=1)
    assert "module 'cleanup_crashes' ended its process in cleanup: SIGSEGV" in shown(result)


def test_a_module_that_is_down(author: Author) -> None:
    result = author.run("""
        def test_it(mesibo_host, mesibo_module):
            mesibo_module(BAD / "null_to.c", restart="never")
            with pytest.raises(ModuleCrashed):
                mesibo_host.process(Message("x", to=None))
            mesibo_host.process(Message("x", to="bob"))
    """)
    result.assert_outcomes(failed=1)
    assert "mesibo_abi.errors.ModuleDown: module 'null_to' is down" in shown(result)


def test_only_the_last_of_many_are_said(author: Author) -> None:
    result = author.run("""
        def test_it(mesibo_host, mesibo_module):
            mesibo_module(BAD / "null_to.c")
            for number in range(15):
                mesibo_host.process(Message(f"{number}", to="bob"))
            mesibo_host.process(Message("x", to=None))
    """)
    text = shown(result)
    assert "before that, the last 10 of 15, the host was given:" in text
    assert "host.process(Message(b'5', " in text
    assert "host.process(Message(b'4', " not in text


def test_what_is_refused_is_said_without_the_insides(author: Author) -> None:
    result = author.run("""
        def test_load(mesibo_module):
            mesibo_module(BAD / "init_crashes.c")

        def test_build(mesibo_build):
            mesibo_build("broken.c")

        def test_missing(mesibo_module):
            mesibo_module("none.so")
    """)
    result.assert_outcomes(failed=3)
    text = result.stdout.str()
    assert "mesibo_abi.errors.BuildError: " not in text  # there is no such file
    author.write("broken.c", "int broken(void) { return nothing; }")
    author.write("warned.c", "int warned(void) { int unused; return 1; }")
    again = author.run("""
        def test_build(mesibo_build):
            mesibo_build("broken.c")

        @pytest.mark.filterwarnings("error")
        def test_warning(mesibo_build):
            mesibo_build("warned.c")
    """)
    again.assert_outcomes(failed=2)
    assert "E       mesibo_abi.errors.BuildError: " in again.stdout.str()
    assert "E       mesibo_abi.compiler.BuildWarning: " in again.stdout.str()
    for each in (result, again):
        each.stdout.no_fnmatch_line("*mesibo_abi/*.py:*")


def test_a_warning_of_the_compiler_is_said_of_the_line_of_the_test(author: Author) -> None:
    author.write("warned.c", "int warned(void) { int unused; return 1; }")
    author.write("more.c", "int more(void) { int unused; return 1; }")
    result = author.run("""
        def test_build(mesibo_build):
            mesibo_build("warned.c")

        def test_module(mesibo_host, mesibo_module):
            with pytest.raises(LoadError):
                mesibo_module("more.c")
    """)
    result.assert_outcomes(passed=2, warnings=4)
    text = result.stdout.str()
    lines = (author.folder / "test_it.py").read_text().splitlines()
    for call in ('mesibo_build("warned.c")', 'mesibo_module("more.c")'):
        number = next(n for n, line in enumerate(lines, 1) if call in line)
        assert f"test_it.py:{number}: BuildWarning: " in text
    assert "mesibo_abi/pytest_plugin" not in text


HYPOTHESIS = """
from hypothesis import given, settings, strategies as st

CODE = '''
#include "module.h"
#include <string.h>
static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    if (len > 2 && message[2] == '!')
        return *(volatile int *)NULL;
    return MESIBO_RESULT_PASS;
}
int mesibo_module_third_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
'''

@pytest.fixture
def module(tmp_path, mesibo_module):
    source = tmp_path / "third.c"
    source.write_text(CODE)
    return mesibo_module(source)

@settings(
    database=None,
    derandomize=True,
    max_examples=300,
)
@given(payload=st.text("ab!", max_size=20).map(str.encode))
def test_any(mesibo_host, module, payload):
    mesibo_host.process(Message(payload, to="bob"))
"""


def test_hypothesis_makes_it_smaller(author: Author) -> None:
    result = author.run(HYPOTHESIS)
    result.assert_outcomes(failed=1)
    text = shown(result)
    assert "payload=b'aa!'," in text
    assert "its message: Message(b'aa!', to='bob', from_='')" in text
    assert "#0 on_message at third.c:7" in text
    assert "before that" not in text


FIXTURES = """
from hypothesis import HealthCheck, given, settings, strategies as st

@pytest.fixture
def echo(mesibo_module):
    return mesibo_module(MODULES / "echo.c")

@pytest.fixture
def echoing(mesibo_host, echo):
    return mesibo_host

@pytest.fixture
def other():
    return 1

class TestMethods:
    @given(number=st.integers(0, 9))
    def test_ours(self, mesibo_host, echo, number):
        assert mesibo_host.process(Message(f"{number}", to="echo")).error is None

@settings(max_examples=3)
@given(number=st.integers(0, 9))
def test_made_of_ours(echoing, number):
    assert echoing.process(Message(f"{number}", to="echo")).error is None

@settings(deadline=1234567)
@given(st.just(1))
def test_a_deadline_of_its_own(mesibo_host, number):
    pass

@given(number=st.integers(0, 9))
def test_of_others(mesibo_host, other, number):
    pass

def test_what_is_set():
    kept = test_a_deadline_of_its_own._hypothesis_internal_use_settings
    assert kept.deadline.total_seconds() == 1234.567
    assert test_made_of_ours._hypothesis_internal_use_settings.deadline is None
    assert test_made_of_ours._hypothesis_internal_use_settings.max_examples == 3
    assert test_of_others._hypothesis_internal_use_settings.suppress_health_check == ()
"""


def test_hypothesis_takes_our_fixtures_and_what_is_made_of_them(author: Author) -> None:
    result = author.run(FIXTURES)
    result.assert_outcomes(passed=4, failed=1)
    assert "test_of_others' uses a function-scoped fixture" in result.stdout.str()


def test_with_xdist(author: Author) -> None:
    result = author.run(
        """
        @pytest.mark.parametrize("to", ["bob", None] * 3)
        def test_it(mesibo_host, mesibo_module, to):
            mesibo_module(BAD / "null_to.c")
            mesibo_host.process(Message("x", to=to))
    """,
        "-n",
        "2",
    )
    result.assert_outcomes(failed=3, passed=3)
    assert shown(result).count("found a read from a NULL pointer") == 3
