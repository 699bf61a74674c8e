"""The shared object of the package: the C core, and the bridge to it in several modules. And the
program that isolated modules run in: the same core, without Python."""

from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.modified import newer_group

BRIDGE = sorted(str(path) for path in Path("mesibo_abi/bridge").glob("*.pyx"))
CORE = [path for room in ("", "revisions", "isolation") for path in Path("csrc", room).glob("*.c")]
WORKER = Path("csrc/worker")
PROGRAM = "mesibo_abi/isolation/mesibo-abi-worker"
FLAGS = ["-std=c17", "-O2", "-fvisibility=hidden"]
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


class BuildExtensionAndWorker(build_ext):
    """Builds the worker program beside the extension, from the same objects."""

    def run(self) -> None:
        """Into the build folder, or where the package lies."""
        inplace = bool(self.inplace)  # setuptools takes it back meanwhile
        super().run()
        self.build_worker(Path(PROGRAM) if inplace else Path(self.build_lib, PROGRAM))

    def build_worker(self, program: Path) -> None:
        """Compiles what is its own, and links it with the objects of the core."""
        sources = sorted(map(str, [*WORKER.glob("*.c"), *CORE]))
        inputs = [*sources, *map(str, HEADERS)]
        if not self.force and not newer_group(inputs, str(program)):
            return
        objects = self.compiler.compile(
            sources,
            output_dir=self.build_temp,
            include_dirs=["csrc", "include"],
            extra_postargs=[*FLAGS, "-fPIC"],
        )
        program.parent.mkdir(parents=True, exist_ok=True)
        self.compiler.link_executable(
            objects,
            program.name,
            output_dir=str(program.parent),
            libraries=["dl", "pthread"],
            extra_postargs=["-rdynamic"],
        )

    def get_outputs(self) -> list[str]:
        """What is installed."""
        return [*super().get_outputs(), str(Path(self.build_lib, PROGRAM))]


setup(
    cmdclass={"build_ext": BuildExtensionAndWorker},
    ext_modules=[
        Extension(
            "mesibo_abi.bridge._bridge",
            [*map(translated, BRIDGE), *sorted(map(str, CORE))],
            depends=sorted(map(str, HEADERS)),
            include_dirs=["csrc", "include"],
            extra_compile_args=FLAGS,
        )
    ],
)
