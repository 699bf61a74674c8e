"""What the fixtures give, and what the markers say to them."""

from __future__ import annotations

from tests.plugin.authors import Author
from tests.tools import needs

pytest_plugins = ["pytester"]
pytestmark = needs("cc")


def test_modules_of_all_kinds(author: Author) -> None:
    author.write(
        "greets.py",
        """
        from mesibo_abi import Module, Result

        class Greets(Module):
            def on_message(self, message):
                self.send(self.config["greeting"], to=message.from_)
                return Result.CONSUMED
        """,
    )
    result = author.run("""
        GREETS = {"greeting": "hello"}

        class Passes(Module):
            def on_message(self, message):
                return Result.PASS

        def test_a_source(mesibo_host, mesibo_module):
            module = mesibo_module(MODULES / "echo.c")
            assert (module.name, module.isolated, module.revision) == ("echo", True, "doc2019")
            assert module.host is mesibo_host

        def test_a_library(mesibo_build, mesibo_module):
            library = mesibo_build(MODULES / "echo.c")
            assert library.name == "mesibo_mod_echo.so"
            module = mesibo_module(library)
            assert (module.name, module.path, module.isolated) == ("echo", library, True)

        def test_here(mesibo_module):
            assert not mesibo_module(MODULES / "echo.c", isolated=False).isolated

        def test_python(mesibo_host, mesibo_module):
            module = mesibo_module("greets.py", config=GREETS)
            assert (module.name, module.isolated) == ("greets", False)
            (sent,) = mesibo_host.process(Message("x", from_="bob")).sent
            assert (sent.payload, sent.to) == (b"hello", "bob")

        def test_classes(mesibo_host, mesibo_module):
            names = [mesibo_module(Passes).name, mesibo_module(Passes(), "other").name]
            assert names == ["passes", "other"]
            assert [module.name for module in mesibo_host.modules] == names

        def test_a_chain_is_new_in_each_test(mesibo_host):
            assert mesibo_host.modules == ()
    """)
    result.assert_outcomes(passed=6)


def test_options_of_load_and_of_the_host(author: Author) -> None:
    result = author.run("""
        @pytest.fixture
        def mesibo_host_options():
            return {"on_failure": "pass", "latencies": True}

        def test_it(mesibo_host, mesibo_module):
            module = mesibo_module(
                MODULES / "result.c", "label", extra_args=["-DRESULT=-1"], restart="never"
            )
            assert module.name == "label"
            verdict = mesibo_host.process(Message("x", to="bob"))
            assert mesibo_host.stats()[0].latency is not None
    """)
    result.assert_outcomes(passed=1)


def test_markers(author: Author) -> None:
    author.write(
        "tells.py",
        """
        from mesibo_abi import Module, Result

        class Tells(Module):
            def on_message(self, message):
                self.send(repr(sorted(self.config.items())), to="me")
                return Result.CONSUMED
        """,
    )
    result = author.run("""
        def told(mesibo_host):
            return eval(mesibo_host.process(Message("x")).sent[0].payload)

        @pytest.mark.mesibo_config({"a-key": "outer", "b": "outer"})
        class TestItems:
            @pytest.mark.mesibo_config(b="inner", c="inner")
            def test_closer_ones_win(self, mesibo_host, mesibo_module):
                mesibo_module("tells.py", config={"c": "said"})
                assert told(mesibo_host) == [("a-key", "outer"), ("b", "inner"), ("c", "said")]

            def test_outer(self, mesibo_host, mesibo_module):
                mesibo_module("tells.py")
                assert told(mesibo_host) == [("a-key", "outer"), ("b", "outer")]

        @pytest.mark.mesibo_revision("sdk2019")
        class TestRevision:
            def test_outer(self, mesibo_module):
                assert mesibo_module(MODULES / "sdk" / "echo.c").revision == "sdk2019"

            @pytest.mark.mesibo_revision(Revision.SDK2020)
            def test_closer(self, mesibo_build, mesibo_module):
                assert mesibo_module(MODULES / "sdk" / "echo.c").revision == "sdk2020"
                library = mesibo_build(MODULES / "sdk" / "echo.c")
                assert inspect(library).revision == "sdk2020"

            def test_said(self, mesibo_module):
                module = mesibo_module(MODULES / "sdk" / "echo.c", revision="sdk2020")
                assert module.revision == "sdk2020"
    """)
    result.assert_outcomes(passed=5)


def test_markers_that_are_used_in_a_wrong_way(author: Author) -> None:
    result = author.run("""
        @pytest.mark.mesibo_crashes(1)
        def test_crashes(): pass

        @pytest.mark.mesibo_config(log=1)
        def test_value(): pass

        @pytest.mark.mesibo_config
        def test_nothing(): pass

        @pytest.mark.mesibo_config("log", "1")
        def test_pair(): pass

        @pytest.mark.mesibo_revision("sdk2021")
        def test_revision(): pass

        @pytest.mark.mesibo_revison("sdk2020")
        def test_name(): pass

        def test_other(): pass
    """)
    result.assert_outcomes(errors=6, passed=1, warnings=1)
    hint = '  hint: such as mesibo_config(log="1"), or mesibo_config({"a-key": "its value"})'
    for found in ("(log=1)", "()", "('log', '1')"):
        result.stdout.fnmatch_lines(
            [
                "the marker mesibo_config is used in a wrong way",
                f"  expected items whose names and values are str, found {found}",
                hint.replace("[", "[[]"),
            ]
        )
    result.stdout.fnmatch_lines(
        [
            "the marker mesibo_revision is used in a wrong way",
            "  expected one of 'doc2019', 'sdk2019', 'sdk2020', found ('sdk2021')",
            '  hint: such as mesibo_revision("sdk2020")',
            "the marker mesibo_revison is used in a wrong way",
            "  expected one of mesibo_revision, mesibo_config, mesibo_crashes, "
            "found @pytest.mark.mesibo_revison",
            "  hint: look at its name",
        ]
    )


def test_markers_are_listed(author: Author) -> None:
    result = author.run("", "--markers")
    for name in ("mesibo_revision(name): ", "mesibo_config(items={}, ", "mesibo_crashes: "):
        result.stdout.fnmatch_lines([f"@pytest.mark.{name}*"])


def test_building_once(author: Author) -> None:
    """And anew for another revision, other arguments, and a source that changed."""
    author.write("empty.c", '#include "module.h"\nint number = 1;\n')
    result = author.run(
        """
        import os

        libraries = []

        @pytest.mark.filterwarnings("ignore::mesibo_abi.BuildWarning")
        class TestBuild:
            def test_first(self, mesibo_build):
                libraries.append(mesibo_build("empty.c"))

            def test_again(self, mesibo_build, monkeypatch):
                assert mesibo_build("empty.c") == libraries[0]
                others = [
                    mesibo_build("empty.c", extra_args=["-DX"]),
                    mesibo_build("empty.c", revision="sdk2020"),
                    mesibo_build("empty.c", name="other"),
                ]
                monkeypatch.setenv("CFLAGS", "-DY")
                others.append(mesibo_build("empty.c"))
                assert len({*libraries, *others}) == 5

            def test_changed(self, mesibo_build):
                path = pathlib.Path(__file__).with_name("empty.c")
                path.write_text(path.read_text() + "int more = 1;")
                assert mesibo_build("empty.c") != libraries[0]

            def test_cleared(self):
                assert libraries[0].exists()
        """
    )
    result.assert_outcomes(passed=4)


def test_peers(author: Author) -> None:
    result = author.run("""
        import socket
        import urllib.request

        def test_http(mesibo_http_peer):
            mesibo_http_peer.script("hello")
            with urllib.request.urlopen(mesibo_http_peer.url + "/x", timeout=60) as response:
                assert response.read() == b"hello"
            assert mesibo_http_peer.requests[0].target == "/x"

        def test_socket(mesibo_socket_peer):
            mesibo_socket_peer.until = b"\\n"
            mesibo_socket_peer.script("hello")
            address = (mesibo_socket_peer.host, mesibo_socket_peer.port)
            with socket.create_connection(address, timeout=60) as connection:
                connection.sendall(b"one\\n")
                assert connection.recv(5) == b"hello"

        def test_fastcgi(mesibo_fastcgi_peer):
            assert mesibo_fastcgi_peer.port > 0

        def test_websocket(mesibo_websocket_peer):
            assert mesibo_websocket_peer.url == f"ws://{mesibo_websocket_peer.address}"

        def test_more_than_is_scripted(mesibo_http_peer):
            with pytest.raises(OSError):
                urllib.request.urlopen(mesibo_http_peer.url, timeout=60)
    """)
    result.assert_outcomes(passed=5, errors=1)
    result.stdout.fnmatch_lines(["E*the HTTP peer was asked more than its script answers"])
