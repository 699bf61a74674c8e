"""Small programs, compiled and run: the proof of a tool."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Program:
    """Its source, and what it prints where all is well: of a sanitizer, its report."""

    name: str
    text: str
    prints: str


PLAIN_C = Program(
    "plain.c", '#include <stdio.h>\nint main(void) { return puts("works") < 0; }\n', "works"
)
PLAIN_CPP = Program(
    "plain.cpp", '#include <iostream>\nint main() { std::cout << std::string("works"); }\n', "works"
)
ADDRESS = Program(
    "address.c",
    """#include <stdlib.h>
int main(int count, char **words) {
    char *given = malloc(8);
    return given == NULL || words == NULL ? 0 : given[7 + count];
}
""",
    "heap-buffer-overflow",
)
UNDEFINED = Program(
    "undefined.c",
    """#include <limits.h>
int main(int count, char **words) {
    (void)words;
    return INT_MAX + count == 0;
}
""",
    "signed integer overflow",
)
THREAD = Program(
    "thread.c",
    """#include <pthread.h>
static int shared;
static void *run(void *unused) {
    shared++;
    return unused;
}
int main(void) {
    pthread_t one, other;
    if (pthread_create(&one, NULL, run, NULL) != 0 || pthread_create(&other, NULL, run, NULL) != 0)
        return 1;
    pthread_join(one, NULL);
    pthread_join(other, NULL);
    return 0;
}
""",
    "data race",
)
FUZZER = Program(
    "fuzzer.c",
    """#include <stddef.h>
int LLVMFuzzerRunDriver(int *count, char ***words, int (*run)(const unsigned char *, size_t));
static int run(const unsigned char *data, size_t size) { return data == NULL && size > 0; }
int main(void) {
    static char name[] = "fuzzer", runs[] = "-runs=0", *given[] = {name, runs, NULL};
    char **words = given;
    int count = 2;
    return LLVMFuzzerRunDriver(&count, &words, run);
}
""",
    "Done ",
)


def failure(program: Program, compiler: Sequence[str], *behind: str) -> str:
    """Compiles and runs it with a compiler and its arguments, those of `behind` behind the source.
    Gives what was wrong, in a line; empty: it printed what it should."""
    with tempfile.TemporaryDirectory(prefix="mesibo_doctor-") as folder:
        source, made = Path(folder, program.name), Path(folder, "program")
        source.write_text(program.text)
        status, said = _run([*compiler, str(source), *behind, "-o", str(made)])
        if status != 0 or not made.exists():
            return f"it does not compile a small program: {_gist(said)}"
        status, said = _run([str(made)])
    if program.prints in said:
        return ""
    return f"a small program ended with status {status} and {_gist(said)}"


def version_of(command: Sequence[str]) -> str:
    """What it says of its version: the first line with a number."""
    _, said = _run([*command, "--version"])
    return next((line.strip() for line in said.splitlines() if re.search(r"\d", line)), "")


def _run(command: Sequence[str]) -> tuple[int, str]:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="backslashreplace",
            check=False,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return -1, f"it was not done within {_SECONDS} s"
    except OSError as error:
        return -1, str(error)
    return done.returncode, done.stdout


def _gist(said: str) -> str:
    """The line that says what is wrong, else the last one."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower() or "FATAL" in line]
    return next(iter([*telling, *reversed(lines)]), "it said nothing")
