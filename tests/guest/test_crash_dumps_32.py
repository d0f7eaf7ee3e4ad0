#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads Windows crash dumps of 32-bit guests with a reader of its own.

usage: test_crash_dumps_32.py

What the fixtures' texts say stands here as numbers.  VMSS_CLI, VMSS_FIXTURES,
VMSS_SAMPLES: dump_tests.py.
"""
import shutil
import struct
import subprocess
import sys
import zlib

from crash_dump_reader_32 import CONTEXT_AT, CONTEXT_SIZE, EXCEPTION_AT, CrashDump32
from dump_tests import (Skipped, check_memory, dump, fixture, main, pages_of_truth, run_dump,
                        sample)

MIB = 1 << 20
BLOCK = 0x80102140
BLOCK_SIZE = 0x290
GENERAL = "rax rcx rdx rbx rsp rbp rsi rdi rip rflags".split()
SEGMENTS = "cs ds es fs gs ss".split()


def dumped(folder, name, *options):
    path = folder / f"{name}.dmp"
    told = dump(fixture(name), path, "--format", "dmp", *options)
    assert told["format"] == "dmp-full", told
    return CrashDump32(path), told["remarks"]


def check_guest(name, crash):
    """What is the same in both guests: where the kernel's lists are, and all pages."""
    assert crash.u32(0x18) == 0x80104010, "PsLoadedModuleList"
    assert crash.u32(0x1C) == 0x80104020, "PsActiveProcessHead"
    assert crash.u32(0x14) == 0x80104050, "PfnDataBase"
    assert crash.u32(0x20) == 0x14C and crash.u32(0x24) == 1, "machine, processors"
    assert crash.u32(0x60) == BLOCK, "KdDebuggerDataBlock"
    assert crash.u64(0xFB8) == 0x123456789AB, "SystemUpTime"
    assert crash.u64(0xFC0) == 0x01DB2C115F3A9C40, "SystemTime"
    code, flags, _, address = struct.unpack_from("<4I", crash.bytes, EXCEPTION_AT)
    assert (code, flags, address) == (0x80000003, 1, 0x80101040), "exception"
    block = crash.virtual(BLOCK, BLOCK_SIZE)
    assert block[0x10:0x18] == b"KDBG" + struct.pack("<I", BLOCK_SIZE), block[:0x20].hex()
    assert struct.unpack_from("<Q", block, 0x18)[0] == 0xFFFFFFFF80100000, "KernBase"
    for head in (0x80104010, 0x80104020):
        assert crash.virtual(head, 8) == struct.pack("<II", head, head), "a list"
    assert crash.runs() == [(0, 1024), (2048, 512)], crash.runs()
    assert set(crash.frames) == pages_of_truth(name), "which pages are in the dump"
    check_memory(name, crash.physical)


def test_every_field_and_page_of_a_guest_with_pae_is_right(folder):
    crash, remarks = dumped(folder, "windows-pae")
    assert remarks == [], remarks
    assert crash.pae and crash.u32(0x10) == 0x1020, "DirectoryTableBase"
    assert crash.u32(0x08) == 0xF and crash.u32(0x0C) == 7601, "version"
    assert [crash.u32(0x28 + 4 * i) for i in range(5)] == [0x161, 0, 0, 0, 0], "BugCheckCode"
    check_guest("windows-pae", crash)


def test_a_guest_without_pae_tells_why_it_crashed(folder):
    crash, remarks = dumped(folder, "windows-32-bit")
    assert len(remarks) == 1 and "version block was not found" in remarks[0], remarks
    assert not crash.pae and crash.u32(0x10) == 0x1000, "DirectoryTableBase"
    assert [crash.u32(0x28 + 4 * i) for i in range(5)] == \
        [0x50, 0x11111111, 0x22222222, 0x33333333, 0x44444444], "BugCheckCode"
    check_guest("windows-32-bit", crash)


def test_the_context_has_every_register(folder):
    found = dumped(folder, "windows-pae")[0].context()
    assert found["flags"] == 0x10037, hex(found["flags"])
    assert [found[name] for name in GENERAL] == \
        [0xA0A1A2A3, 0xC0C1C2C3, 0xD0D1D2D3, 0xB0B1B2B3, 0x8000F000, 0x8000F080, 0xE0E1E2E3,
         0xF0F1F2F3, 0x80101040, 0x246]
    assert [found[name] for name in SEGMENTS] == [0x8, 0x23, 0x24, 0x30, 0x25, 0x10]
    assert [found[f"dr{i}"] for i in (0, 1, 2, 3, 6, 7)] == \
        [0x1111, 0x2222, 0x3333, 0x4444, 0xFFFF0FF0, 0x401]
    assert found["fcw"] == 0x27F and found["mxcsr"] == 0x1F80
    assert found["xmm"][0] == 0x0F0E0D0C0B0A09080706050403020100


def test_what_the_header_does_not_know_keeps_its_pattern(folder):
    crash = dumped(folder, "windows-pae")[0]
    behind_runs = 0x6C + 8 * len(crash.runs())
    for start, end in ((behind_runs, CONTEXT_AT), (0x8A0, 0xF88), (0xFC8, 0x1000)):
        assert crash.bytes[start:end] == b"PAGE" * ((end - start) // 4), hex(start)
    behind_context = crash.bytes[CONTEXT_AT + CONTEXT_SIZE:EXCEPTION_AT]
    assert behind_context == bytes(len(behind_context)), "room behind CONTEXT"


def test_a_bitmap_dump_of_a_32_bit_guest_is_refused(folder):
    done = run_dump(fixture("windows-pae"), folder / "x.dmp", "--format", "dmp-bitmap")
    assert done.returncode == 1 and "always full" in done.stderr, done.stderr
    assert not list(folder.iterdir())


def test_the_dump_of_a_sample_holds_its_memory_and_registers(folder):
    path, truth = sample("t3-tiny-pae")
    dump(path, folder / "x.dmp", "--format", "dmp", "--without-kernel")
    crash, registers = CrashDump32(folder / "x.dmp"), truth["vps"][0]["registers"]
    for part in truth["ram"]:
        for index, checksum in enumerate(part["crc32_per_mib"]):
            address = int(part["gpa"], 16) + index * MIB
            assert zlib.crc32(crash.physical(address, MIB)) == int(checksum, 16), hex(address)
    assert crash.pae and crash.u32(0x10) == int(registers["cr3"], 16) & ~0x1F
    found = crash.context()
    for name in GENERAL + "dr0 dr1 dr2 dr3 dr6 dr7 mxcsr fcw fsw".split():
        assert found[name] == int(registers[name], 16) & 0xFFFFFFFF, name
    for name in SEGMENTS:
        assert found[name] == int(registers[name]["selector"], 16), name
    assert found["xmm"] == [int(value, 16) for value in registers["xmm"][:8]]
    assert found["st"] == [int(value, 16) for value in registers["st"]]


def test_file_names_the_form_and_the_pages(folder):
    if shutil.which("file") is None:
        raise Skipped("file is not installed")
    for name, form in (("windows-pae", "PAE"), ("windows-32-bit", "no PAE")):
        dumped(folder, name)
        told = subprocess.run(["file", "-b", str(folder / f"{name}.dmp")], capture_output=True,
                              text=True, check=True).stdout.strip()
        assert told == f"MS Windows 32bit crash dump, {form}, full dump, 1536 pages", told


if __name__ == "__main__":
    sys.exit(main([test for name, test in sorted(globals().items())
                   if name.startswith("test_")]))
