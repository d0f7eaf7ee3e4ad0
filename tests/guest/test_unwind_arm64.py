#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Unwinds real ARM64 compiler output at each of its instructions.

usage: test_unwind_arm64.py [RUN_ARM64]

RUN_ARM64 is the program built from run_arm64.c, which follows the code of
images as far as it concerns the stack.  The images are made here by clang and
lld.  Entries of the packed form, of which compilers write few, are compared
with llvm-readobj's listing of an image that was given one for each combination
of its fields.  Exits with 77 when a tool is missing.
"""
import itertools
import os
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from unwind_program import make_image, missing_tools, run

ASSEMBLY = """
	.text
	.globl __chkstk
__chkstk:
	ret
"""

VARIANTS = [["-O0"], ["-O1"], ["-O2"], ["-Os"], ["-O2", "-fno-omit-frame-pointer"],
            ["-O3", "-fno-inline"]]

NOTHING, ALLOCATE, SAVE, SAVE_FLOAT, _, SET_FRAME = range(6)
NO_REGISTER = 255


def packed_words():
    """Every combination of what is saved, with frames of several sizes.

    Left out is what llvm-readobj 14 does not know: signed return addresses (2),
    and one register saved together with the return address.
    """
    for floats, integers, homes, kind in itertools.product(range(8), range(11), (0, 1),
                                                           (0, 1, 3)):
        saved = 8 * (integers + (kind == 1) + (floats + 1 if floats else 0)) + 64 * homes
        saved = (saved + 15) // 16
        for more in (0, 1, 32, 33, 255, 256):
            # A frame pointer takes 16 bytes, and the field has nine bits.
            if saved + more > 511 or (kind == 3 and more == 0) or (kind, integers) == (1, 1):
                continue
            yield (1 | 200 << 2 | floats << 13 | integers << 16 | homes << 20 | kind << 21
                   | (saved + more) << 23)


def number(text):
    return {"fp": 29, "lr": 30, "xzr": 31}.get(text) or int(text.lstrip("xd"))


def parse_step(line):
    """An instruction of llvm-readobj's listing as run_arm64 prints steps."""
    if line.startswith("mov"):
        return (SET_FRAME, 0, NO_REGISTER, 0, 0)
    match = re.match(r"sub sp, (?:sp, )?#(\d+)", line)
    if match:
        return (ALLOCATE, 0, NO_REGISTER, 0, int(match[1]))
    match = re.match(r"st[pr] (\w+), (?:(\w+), )?\[sp(?:, #(-?\d+))?\](!?)", line)
    first, second, offset = match[1], match[2], int(match[3] or 0)
    size = -offset if match[4] else 0
    if first[0] == "d":
        return (SAVE_FLOAT, 0, 0, 0, size)
    if first[0] == "x" and number(first) < 8:
        return (ALLOCATE, 0, NO_REGISTER, 0, size) if size else (NOTHING, 0, NO_REGISTER, 0, 0)
    return (SAVE, number(first), number(second) if second else NO_REGISTER,
            0 if size else offset, size)


def listed_prologues(image):
    listing = run("llvm-readobj", "--unwind", image)
    for entry in listing.split("RuntimeFunction {")[1:]:
        lines = entry.split("Prologue [")[1].split("]\n    }")[0].split("\n")
        lines = [line.split(";")[-1].strip() for line in lines]
        yield [parse_step(line) for line in reversed(lines)
               if line and line != "end" and not line.startswith(("]", "}"))]


def plain(step):
    """What does not matter to unwinding left out."""
    kind, first, second, offset, size = step
    return (kind, 0, 0, 0, size) if kind in (NOTHING, SAVE_FLOAT, ALLOCATE) else step


def find_exceptions(data):
    """File offset and size of the exception directory, and where both sizes of it stand."""
    nt = struct.unpack_from("<I", data, 60)[0]
    sections, optional = struct.unpack_from("<H", data, nt + 6)[0], nt + 24
    at = optional + struct.unpack_from("<H", data, nt + 20)[0]
    directory = optional + 112 + 8 * 3
    rva = struct.unpack_from("<I", data, directory)[0]
    for index in range(sections):
        _, address, size, start = struct.unpack_from("<4I", data, at + 40 * index + 8)
        if address == rva:
            return start, size, (directory + 4, at + 40 * index + 8)
    raise ValueError("no exception directory")


def compare_packed(program, image, folder):
    words = list(packed_words())
    data = bytearray(image.read_bytes())
    start, size, size_fields = find_exceptions(data)
    room = size // 8
    compared = 0
    for begin in range(0, len(words), room):
        part = words[begin:begin + room]
        for index, word in enumerate(part):
            struct.pack_into("<II", data, start + 8 * index, 0x1000 + 4 * index, word)
        for field in size_fields:
            struct.pack_into("<I", data, field, 8 * len(part))
        (folder / "packed.exe").write_bytes(data)
        printed = run(program, "packed", *(f"{word:08X}" for word in part)).split("\n")
        for word, line, listed in zip(part, printed, listed_prologues(folder / "packed.exe")):
            own = [tuple(map(int, step.split(":"))) for step in line.split()[1:]]
            if [plain(step) for step in own] != [plain(step) for step in listed]:
                print(f"{word:08X}\n ours   {own}\n listed {listed}")
                return 0
            compared += 1
    return compared if compared == len(words) else 0


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else \
        Path(os.environ.get("VMSS_TEST_PROGRAMS", ".")) / "guest" / "run_arm64"
    if missing_tools():
        print("skipped: needs", ", ".join(missing_tools()))
        return 77
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for index, options in enumerate(VARIANTS):
            image = make_image(folder, index, "aarch64-pc-windows-msvc", options, ASSEMBLY,
                               ("/machine:arm64",))
            result = subprocess.run([str(program), str(image)], stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, text=True)
            print(" ".join(options), result.stdout.strip(), result.stderr.strip())
            if result.returncode != 0:
                return 1
        compared = compare_packed(program, image, folder)
        print(compared, "packed entries")
    return 0 if compared > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
