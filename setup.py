"""The one shared object of the package: the C core, and the bridge to it in several modules."""

from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

BRIDGE = sorted(str(path) for path in Path("mesibo_abi/bridge").glob("*.pyx"))
CORE = [*Path("csrc").glob("*.c"), *Path("csrc/revisions").glob("*.c")]
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


setup(
    ext_modules=[
        Extension(
            "mesibo_abi.bridge._bridge",
            [*map(translated, BRIDGE), *sorted(map(str, CORE))],
            depends=sorted(map(str, HEADERS)),
            include_dirs=["csrc", "include"],
            extra_compile_args=["-std=c17", "-O2", "-fvisibility=hidden"],
        )
    ]
)
