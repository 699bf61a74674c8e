"""The shared object of the package: the C core, and the bridge to it in several modules. And the
programs that isolated modules run in, and that measure modules: the same core, without Python."""

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.modified import newer_group

BRIDGE = sorted(str(path) for path in Path("mesibo_abi/bridge").glob("*.pyx"))
CORE = [
    path
    for room in ("", "revisions", "isolation", "trial")
    for path in Path("csrc", room).glob("*.c")
]
PROGRAMS = {
    "mesibo_abi/isolation/mesibo-abi-worker": Path("csrc/worker"),
    "mesibo_abi/checking/mesibo-abi-probe": Path("csrc/probe"),
}
# For the lanes of the Makefile, as -fsanitize= takes them, into folders of their own.
SANITIZERS = os.environ.get("MESIBO_ABI_SANITIZE")
SANITIZED = [f"-fsanitize={SANITIZERS}", "-fno-sanitize-recover=all"] if SANITIZERS else []
FLAGS = ["-std=c17", "-O2", "-fvisibility=hidden", *SANITIZED]
if SANITIZERS:
    FLAGS += ["-g", "-O1", "-fno-omit-frame-pointer"]
HEADERS = [*Path("csrc").rglob("*.h"), *Path("include").rglob("*.h")]


def translated(source: str) -> str:
    """The C file of one module of the bridge."""
    name = source.removesuffix(".pyx").replace("/", ".")
    (extension,) = cythonize(
        Extension(name, [source], include_dirs=["csrc"]),
        compiler_directives={
            "language_level": 3,
            "embedsignature": True,
            "embedsignature.format": "clinic",
        },
        build_dir="build/cython",
    )
    return extension.sources[0]


class BuildExtensionAndPrograms(build_ext):
    """Builds the programs beside the extension, from the same objects."""

    def run(self) -> None:
        """Into the build folder, or where the package lies."""
        place = Path() if self.inplace else Path(self.build_lib)  # setuptools changes it meanwhile
        super().run()
        stale = {
            place / program: sorted(map(str, room.glob("*.c")))
            for program, room in PROGRAMS.items()
            if self.is_stale(place / program, room)
        }
        core = self.compiled(sorted(map(str, CORE))) if stale else []
        for program, sources in stale.items():
            self.link(program, [*self.compiled(sources), *core])

    def is_stale(self, program: Path, room: Path) -> bool:
        """Whether something that it is made of is newer."""
        inputs = [*room.glob("*.c"), *CORE, *HEADERS]
        return bool(self.force or newer_group([str(path) for path in inputs], str(program)))

    def compiled(self, sources: list[str]) -> list[str]:
        """The objects of sources."""
        objects: list[str] = self.compiler.compile(
            sources,
            output_dir=self.build_temp,
            include_dirs=["csrc", "include"],
            extra_postargs=[*FLAGS, "-fPIC"],
        )
        return objects

    def link(self, program: Path, objects: list[str]) -> None:
        """Modules find the host functions in it."""
        program.parent.mkdir(parents=True, exist_ok=True)
        self.compiler.link_executable(
            objects,
            program.name,
            output_dir=str(program.parent),
            libraries=["dl", "pthread"],
            extra_postargs=["-rdynamic", *SANITIZED],
        )

    def get_outputs(self) -> list[str]:
        """What is installed."""
        return [*super().get_outputs(), *(str(Path(self.build_lib, each)) for each in PROGRAMS)]


setup(
    cmdclass={"build_ext": BuildExtensionAndPrograms},
    ext_modules=[
        Extension(
            "mesibo_abi.bridge._bridge",
            [*map(translated, BRIDGE), *sorted(map(str, CORE))],
            depends=sorted(map(str, HEADERS)),
            include_dirs=["csrc", "include"],
            extra_compile_args=FLAGS,
            extra_link_args=SANITIZED,
        )
    ],
)
