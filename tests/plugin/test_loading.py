"""The plugin in runs of others: nothing is imported, nothing warned of, nothing changed."""

from __future__ import annotations

from tests.plugin.authors import Author

pytest_plugins = ["pytester"]

OTHERS = """
import sys

def loaded():
    return sorted(name for name in sys.modules if name.split(".")[0] == "mesibo_abi")

def test_others():
    assert loaded() == ["mesibo_abi", "mesibo_abi.pytest_plugin"]
    assert "asyncio" not in sys.modules
    assert "aiohttp" not in sys.modules
    assert "mesibo_abi" in sys.modules

class TestOthers:
    def test_in_a_class(self):
        assert len(loaded()) == 2
"""


def test_nothing_of_the_package_is_imported(author: Author) -> None:
    result = author.run(OTHERS, "-W", "error", "-p", "no:hypothesispytest", head="")
    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("*warning*")


def test_the_package_may_be_imported_before_pytest(author: Author) -> None:
    author.write("test_it.py", "def test_it(mesibo_host):\n    assert mesibo_host.modules == ()\n")
    path = author.write(
        "run.py",
        """
        import mesibo_abi, pytest, sys
        mesibo_abi.Host
        sys.exit(pytest.main(["-p", "no:cacheprovider", "-W", "error", "test_it.py"]))
        """,
    )
    result = author.script(path)
    assert result.ret == 0, result.stdout.str() + result.stderr.str()
    result.stdout.fnmatch_lines(["*1 passed*"])


def test_it_can_be_left_out(author: Author) -> None:
    result = author.run(
        """
        import sys

        def test_others():
            assert "mesibo_abi.pytest_plugin" not in sys.modules

        def test_fixture(mesibo_host):
            pass
        """,
        "-p",
        "no:mesibo_abi",
        head="",
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["E*fixture 'mesibo_host' not found"])


def test_the_fixtures_are_listed(author: Author) -> None:
    result = author.run("", "--fixtures")
    for name in ("build", "host", "module", "http_peer", "socket_peer", "fastcgi_peer"):
        result.stdout.fnmatch_lines([f"mesibo_{name}*"])
