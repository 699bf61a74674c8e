"""The examples break no memory and leak none: AddressSanitizer watches them in a busy host."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import mesibo_abi

EXAMPLES = Path(__file__).parents[1] / "examples"
SOURCES = ("filter.c", "chatbot.c", "translator.cpp")

# A program for the sanitizer: the modules get what a busy server has for them.
DRIVER = """
import ctypes, sys
from mesibo_abi import Host, HttpResponse, Message

def answer(request):
    if request.url.endswith("to=xx"):
        raise OSError("down")
    if request.url.endswith("to=long"):
        return HttpResponse(body=b"ok" + bytes(1 << 20))
    return HttpResponse(body=b"ok\\n" + request.body)

mapped = [ctypes.CDLL(path) for path in sys.argv[1:]]  # named in reports until the end
with Host(http=answer) as host:
    for path in sys.argv[1:]:
        host.load(path.rpartition("mesibo_mod_")[2][:-3], path)
    for text in ("spam", "hello", "x" * 5000, "", "\\0", "/translate es hello", "/translate es",
                 "/translate xx a", "/translate long a", "/translate es " + "y" * 5000):
        for to in ("bob", "chatbot", None):
            for sender in ("alice", None):
                host.process(Message(text, to=to, from_=sender, groupid=1))
    assert host.wait_idle(30)
    host.process(Message("/translate es at the end", to="bob", from_="alice"))
print(len(list(host.sent)), "sent")
"""

LEAKING = """
#include "module.h"
#include <stdlib.h>
static int on_message(mesibo_module_t *mod, mesibo_message_params_t *p, const char *m,
                      mesibo_uint_t n) {
    (void)mod, (void)p, (void)m, (void)n;
    return malloc(4321) == NULL;
}
MESIBO_EXPORT int mesibo_module_leaking_init(mesibo_module_t *mod, mesibo_uint_t len) {
    (void)len;
    mod->on_message = on_message;
    return 0;
}
"""


def sanitized(folder: Path, *libraries: Path) -> str:
    """Runs the driver on the libraries under AddressSanitizer; returns what that reports."""
    runtime = subprocess.run(
        ["cc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, *map(str, libraries)],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(mesibo_abi.__file__).parent.parent),
            "PYTHONMALLOC": "malloc",
            "LD_PRELOAD": runtime,
            # Python leaks at its end: only what names a module counts.
            "ASAN_OPTIONS": "detect_leaks=1:fast_unwind_on_malloc=1",
            "LSAN_OPTIONS": "exitcode=0",
        },
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    assert "sent" in done.stdout
    return done.stderr


def has_sanitizer() -> bool:
    name = ["cc", "-print-file-name=libasan.so"]
    return shutil.which("cc") is not None and "/" in subprocess.check_output(name, text=True)


@pytest.mark.skipif(not has_sanitizer(), reason="needs libasan")
def test_no_memory_is_broken_or_leaked(tmp_path: Path) -> None:
    flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]
    made = [
        mesibo_abi.build(EXAMPLES / source, output=tmp_path, debug=True, extra_args=flags)
        for source in SOURCES
    ]
    report = sanitized(tmp_path, *made)
    assert "ERROR: AddressSanitizer" not in report
    assert [name for name in ("mesibo_mod_", *SOURCES) if name in report] == []


@pytest.mark.skipif(not has_sanitizer(), reason="needs libasan")
def test_a_leak_would_be_found(tmp_path: Path) -> None:
    source = tmp_path / "leaking.c"
    source.write_text(LEAKING)
    made = mesibo_abi.build(source, output=tmp_path, extra_args=["-fsanitize=address"])
    report = sanitized(tmp_path, made)
    assert "leaking.c" in report or "mesibo_mod_leaking.so" in report
