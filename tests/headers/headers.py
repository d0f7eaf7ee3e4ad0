#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles every header alone.

usage: headers.py gcc|clang|mingw REPOSITORY GENERATED

Public headers: as C11 and as C++17, in both ABIs.  Headers of src/: as C11.
Exits with 77, skipped, when the compiler is not installed.
"""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

COMPILERS = {
    "gcc": ("gcc", "g++"),
    "clang": ("clang", "clang++"),
    "mingw": ("x86_64-w64-mingw32-gcc", "x86_64-w64-mingw32-g++"),
}
WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Werror"]
ABIS = [[], ["-DVMSAVEDSTATE_ABI_17134"]]
SKIPPED = 77


def compiles(compiler, flags, header):
    """Compiles a file that includes the header, twice, and nothing else."""
    suffix = ".cpp" if compiler.endswith("++") else ".c"
    with tempfile.NamedTemporaryFile("w", suffix=suffix) as source:
        source.write(f'#include "{header}"\n' * 2)
        source.write("extern int not_empty;\n")
        source.flush()
        command = [compiler, *flags, *WARNINGS, "-fsyntax-only", source.name]
        result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        print(f"{header}: {' '.join(command)}\n{result.stderr}")
    return result.returncode == 0


def main():
    name, repository, generated = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    c, cxx = COMPILERS[name]
    if shutil.which(c) is None or shutil.which(cxx) is None:
        print(f"{c} and {cxx} are not both installed")
        return SKIPPED

    include, src = repository / "include", repository / "src"
    failures = 0
    public = sorted(include.glob("*.h"))
    for header in public:
        for abi in ABIS:
            for compiler, standard in ((c, "-std=c11"), (cxx, "-std=c++17")):
                flags = [standard, f"-I{include}", *abi]
                failures += not compiles(compiler, flags, header.name)
    private = sorted(src.rglob("*.h"))
    for header in private:
        flags = ["-std=c11", "-D_POSIX_C_SOURCE=200809L",
                 f"-I{src}", f"-I{include}", f"-I{generated}"]
        failures += not compiles(c, flags, header.relative_to(src))
    print(f"{len(public)} public and {len(private)} private headers, {failures} failures")
    return 1 if failures or not public or not private else 0


if __name__ == "__main__":
    sys.exit(main())
