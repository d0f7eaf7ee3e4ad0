#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Unwinds real x64 compiler output after each of its instructions.

usage: test_unwind_x64.py [STEP_X64]

STEP_X64 is the program built from step_x64.c, which runs an image instruction
by instruction and compares every unwinding with what it saw on the way in.
The images are made here by clang and lld, at several levels of optimisation,
so that all kinds of prologues and epilogues occur; that they do is checked in
llvm-readobj's listing.  Exits with 77 when a tool is missing.
"""
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from unwind_program import make_image, missing_tools, run

# Written by hand: what compilers seldom emit.
ASSEMBLY = """
	.text
	.globl __chkstk
__chkstk:
	ret

	.def parted; .scl 2; .type 32; .endef
	.globl parted
	.seh_proc parted
parted:
	push %rbp
	.seh_pushreg %rbp
	sub $0x30, %rsp
	.seh_stackalloc 0x30
	lea 0x20(%rsp), %rbp
	.seh_setframe %rbp, 0x20
	movaps %xmm6, 0x10(%rsp)
	.seh_savexmm %xmm6, 0x10
	.seh_endprologue
	sub $0x100, %rsp
	mov $1, %ecx
	call leaf
	movaps -0x10(%rbp), %xmm6
	lea 0x10(%rbp), %rsp
	pop %rbp
	ret
	.seh_endproc
"""

VARIANTS = [
    ["-O0"], ["-O1"], ["-O2"], ["-Os"], ["-O2", "-fno-omit-frame-pointer"],
    ["-O2", "-mavx2"], ["-O3", "-fno-inline"],
]
CODES = {"PUSH_NONVOL", "ALLOC_LARGE", "ALLOC_SMALL", "SET_FPREG", "SAVE_XMM128"}


def main():
    step = sys.argv[1] if len(sys.argv) > 1 else \
        Path(os.environ.get("VMSS_TEST_PROGRAMS", ".")) / "guest" / "step_x64"
    if platform.machine() != "x86_64" or missing_tools():
        print("skipped: needs an x64 machine, clang, lld-link and llvm-readobj")
        return 77
    seen = set()
    with tempfile.TemporaryDirectory() as name:
        for number, options in enumerate(VARIANTS):
            image = make_image(Path(name), number, "x86_64-pc-windows-msvc", options, ASSEMBLY,
                               ("/fixed", "/base:0x20000000"))
            result = subprocess.run([str(step), str(image)], stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, text=True)
            if result.returncode == 77:
                print("skipped: processes cannot be traced here")
                return 77
            print(" ".join(options), result.stdout.strip(), result.stderr.strip())
            if result.returncode != 0:
                return 1
            listing = run("llvm-readobj", "--unwind", image)
            seen |= {code for code in CODES if code in listing}
    if seen != CODES:
        print("the images lack", CODES - seen)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
