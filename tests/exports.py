#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds the exports of a built library against exports.def and the headers.

usage: exports.py --def exports.def --include FOLDER [--objdump PROGRAM] LIBRARY

What the library exports, what exports.def lists and what the public headers
declare must be the same names.  A DLL may besides import from DLLs of Windows
alone.
"""
import argparse
import re
import subprocess
import sys
from pathlib import Path

# Exported by the original, declared in no header of any SDK: 26100 and before.
UNDECLARED = {
    "GetCrashDumpHeader",
    "GetWindowsCrashDumpHeader",
    "LoadKernelImage",
    "LocateKernelImage",
    "WriteCrashDumpFile",
    "WriteWindowsCrashDumpFile",
}
# Windows has this one itself.
ELSEWHERE_ONLY = {"LocalFree"}

ORIGINAL_COUNT = 49
EXTENSION_PREFIX = "VmSavedState"
EXTENSION_MARKER = "; extensions"

DLLS_OF_WINDOWS = {
    "advapi32.dll", "bcrypt.dll", "kernel32.dll", "msvcrt.dll", "ntdll.dll", "ole32.dll",
    "shell32.dll",
}


def listed(def_file):
    """Returns the original names and the extensions of exports.def, checked for form."""
    groups = [[], []]
    group = None
    for line in def_file.read_text(encoding="utf-8").splitlines():
        if line.strip() == EXTENSION_MARKER:
            group = groups[1]
        elif line.strip() == "EXPORTS":
            group = groups[0]
        elif group is not None and line.strip() and not line.strip().startswith(";"):
            group.append(line.strip())
    return groups


def form_of_list(original, extensions):
    if len(original) != ORIGINAL_COUNT:
        yield f"exports.def: {len(original)} original names instead of {ORIGINAL_COUNT}"
    for name, names in (("original names", original), ("extensions", extensions)):
        if names != sorted(set(names)):
            yield f"exports.def: {name} are not in alphabetical order, each once"
    for name in original:
        if name.startswith(EXTENSION_PREFIX):
            yield f"exports.def: {name} stands before the marker of the extensions"
    for name in extensions:
        if not name.startswith(EXTENSION_PREFIX):
            yield f"exports.def: the extension {name} lacks the prefix {EXTENSION_PREFIX}"


def without_blocks(text):
    """Drops what stands in braces, such as the members of a struct."""
    depth = 0
    kept = []
    for character in text:
        if character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
        elif depth == 0:
            kept.append(character)
    return "".join(kept)


def declared(include):
    """Returns the functions that the public headers declare."""
    names = set()
    for header in sorted(include.glob("*.h")):
        text = header.read_text(encoding="utf-8")
        text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.DOTALL)
        text = re.sub(r"\\\n", " ", text)
        text = re.sub(r"^[ \t]*#.*$", " ", text, flags=re.MULTILINE)
        text = re.sub(r'extern\s+"C"\s*\{', " ", text)
        for statement in without_blocks(text).split(";"):
            words = statement.split()
            match = re.search(r"(\w+)\s*\(", statement)
            if match and "typedef" not in words and "static" not in words:
                names.add(match.group(1))
    return names


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def exported_by_elf(objdump, library):
    names = set()
    for line in run(objdump, "-T", str(library)).splitlines():
        fields = line.split()
        if fields and "*UND*" not in fields and re.match(r"[0-9a-f]{8,}$", fields[0]):
            names.add(fields[-1])
    return names


def exported_by_dll(objdump, library):
    table = run(objdump, "-p", str(library)).split("[Ordinal/Name Pointer] Table", 1)
    if len(table) == 1:
        return set()
    # Ends at the empty line before the next table.
    body = table[1].split("\n\n", 1)[0]
    return set(re.findall(r"^\s+\[.*\]\s+(?:\+base\[.*?\]\s+)?(?:[0-9a-f]{4}\s+)?(\w+)$",
                          body, re.MULTILINE))


def imported_dlls(objdump, library):
    return {name.lower() for name in
            re.findall(r"DLL Name: (\S+)", run(objdump, "-p", str(library)))}


def differences(first, first_names, second, second_names):
    for name in sorted(first_names - second_names):
        yield f"{name}: in {first}, not in {second}"
    for name in sorted(second_names - first_names):
        yield f"{name}: in {second}, not in {first}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--def", dest="def_file", type=Path, required=True)
    parser.add_argument("--include", type=Path, required=True)
    parser.add_argument("--objdump", default="objdump")
    parser.add_argument("library", type=Path)
    arguments = parser.parse_args()

    original, extensions = listed(arguments.def_file)
    names = set(original) | set(extensions)
    complaints = list(form_of_list(original, extensions))

    promised = declared(arguments.include)
    complaints += differences("exports.def", names - UNDECLARED,
                              "the headers", promised - ELSEWHERE_ONLY)
    complaints += [f"{name}: declared, though the original declares it nowhere"
                   for name in sorted(promised & UNDECLARED)]

    if arguments.library.suffix == ".dll":
        exported = exported_by_dll(arguments.objdump, arguments.library)
        foreign = imported_dlls(arguments.objdump, arguments.library) - DLLS_OF_WINDOWS
        complaints += [f"imports {name}, which is not a part of Windows" for name in sorted(foreign)]
    else:
        exported = exported_by_elf(arguments.objdump, arguments.library)
        names = names | ELSEWHERE_ONLY
    complaints += differences("exports.def", names, arguments.library.name, exported)

    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
