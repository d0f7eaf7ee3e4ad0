#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads Windows crash dumps with a reader of its own and compares every page and field.

usage: test_crash_dumps.py

The guests are fixtures that look like Windows to who searches for its kernel,
and a Linux sample, whose dump must be forced.  What a fixture's text says
stands here as numbers.  VMSS_CLI, VMSS_FIXTURES, VMSS_SAMPLES: dump_tests.py.
"""
import hashlib
import json
import shutil
import struct
import subprocess
import sys

from crash_dump_reader import CrashDump, context_registers
from dump_tests import (PAGE, Skipped, check_memory, dump, fixture, main, pages_of_truth, run_dump,
                        sample, truth_of_memory)

KERNEL = 0xFFFFF80000100000
BLOCK = 0xFFFFF80000102140
BLOCK_SIZE = 0x340
CONTEXTS = (0xFFFFF80000020E00, 0xFFFFF80000022000)     # of the saved VPs 0 and 1
CONTEXT_SIZE = 0x4D0
BLOCK_WORDS = {0x18: KERNEL, 0x48: 0xFFFFF80000104010, 0x50: 0xFFFFF80000104020,
               0x88: 0xFFFFF80000104100, 0xC0: 0xFFFFF80000104050, 0x218: 0xFFFFF80000104200,
               0x338: 0x5100}


def both_forms(source, folder, *options):
    """A full and a bitmap dump of one guest."""
    for form in ("dmp-full", "dmp-bitmap"):
        path = folder / f"{form}.dmp"
        dump(source, path, "--format", form, *options)
        yield CrashDump(path)


def check_windows_header(crash, pc):
    assert crash.u32(0x08) == 0xF and crash.u32(0x0C) == 19041, "version"
    assert crash.u64(0x10) == 0x1000, "DirectoryTableBase"
    assert crash.u64(0x18) == BLOCK_WORDS[0xC0], "PfnDataBase"
    assert crash.u64(0x20) == BLOCK_WORDS[0x48], "PsLoadedModuleList"
    assert crash.u64(0x28) == BLOCK_WORDS[0x50], "PsActiveProcessHead"
    assert crash.u32(0x30) == 0x8664 and crash.u32(0x34) == 2, "machine, processors"
    assert crash.u32(0x38) == 0x161, "BugCheckCode"
    assert crash.u64(0x80) == BLOCK, "KdDebuggerDataBlock"
    assert crash.u32(0xF00) == 0x80000003 and crash.u32(0xF04) == 1, "exception"
    assert crash.u64(0xF10) == pc, "address of the exception"
    assert crash.u64(0xFA0) == len(crash.bytes), "RequiredDumpSpace"
    assert crash.u64(0xFA8) == 0x01DB2C115F3A9C40, "SystemTime"
    assert crash.u64(0x1030) == 0x123456789AB, "SystemUpTime"
    assert crash.u32(0x1040) == 1 and crash.u32(0x1044) == 0x110, "product, suite"
    assert crash.bytes[0x104D] == 3, "KdSecondaryVersion"
    assert crash.u32(0x1050) == 0x20, "Attributes"
    assert crash.bytes[0x1060:0x2000] == b"PAGE" * ((0x2000 - 0x1060) // 4), "fill pattern"


def check_block(crash):
    block = crash.virtual(crash.u64(0x80), BLOCK_SIZE)
    assert block[0x10:0x18] == b"KDBG" + struct.pack("<I", BLOCK_SIZE), block[:0x20].hex()
    words = dict(zip(range(0, BLOCK_SIZE, 8), struct.unpack("<104Q", block)))
    for offset, word in words.items():
        if offset not in (0, 8, 0x10):
            assert word == BLOCK_WORDS.get(offset, 0), f"block + {offset:#x}: {word:#x}"


def check_contexts(crash, pcs):
    """Each VP's registers where a debugger looks for them: through KiProcessorBlock."""
    array = crash.pointer(crash.u64(0x80) + 0x218)
    pointer_at = struct.unpack("<H", crash.virtual(crash.u64(0x80) + 0x338, 2))[0]
    prcbs = [crash.pointer(array + 8 * i) for i in range(2)]
    for vp, prcb in enumerate(reversed(prcbs)):     # they are in the other order
        address = crash.pointer(prcb + pointer_at)
        assert address == CONTEXTS[vp], hex(address)
        found = context_registers(crash.virtual(address, CONTEXT_SIZE))
        assert found["rax"] == 0xA0 + vp and found["rip"] == pcs[vp], found
    first = context_registers(crash.bytes[0x348:0x348 + CONTEXT_SIZE])
    assert first == context_registers(crash.virtual(CONTEXTS[0], CONTEXT_SIZE))
    assert first["flags"] == 0x10001F and first["fcw"] == 0x27F and first["mxcsr"] == 0x1F80
    assert first["xmm"][0] == 0x0F0E0D0C0B0A09080706050403020100 and first["xmm"][15] == 0xF0


def unpatched(crash, folder, name):
    """Reads the dump with what the writer may change put back from a raw dump."""
    raw = folder / "memory.raw"
    dump(fixture(name), raw, "--force")
    original = raw.read_bytes()
    pages = {frame: bytearray(crash.page(frame)) for frame in crash.frames}
    for start, size in [(BLOCK, BLOCK_SIZE)] + [(at, CONTEXT_SIZE) for at in CONTEXTS]:
        end = start + size
        while start < end:
            at = crash.translate(start)
            part = min(end - start, PAGE - at % PAGE)
            pages[at // PAGE][at % PAGE:at % PAGE + part] = original[at:at + part]
            start += part

    def read(address, size):
        frames = range(address // PAGE, (address + size) // PAGE)
        return b"".join(pages[frame] for frame in frames) if frames[0] in pages else None
    return read


def check_windows_guest(folder, name, pcs):
    for crash in both_forms(fixture(name), folder):
        check_windows_header(crash, pcs[0])
        check_block(crash)
        check_contexts(crash, pcs)
        assert set(crash.frames) == pages_of_truth(name), "which pages are in the dump"
        check_memory(name, unpatched(crash, folder, name))
        assert crash.runs() == [(0, 1024), (2048, 512)], crash.runs()


def test_every_field_and_page_of_a_windows_guest_is_right(folder):
    check_windows_guest(folder, "windows-guest", (0xFFFFF80000101040, 0xFFFFF80000101080))


def test_an_encoded_debugger_block_is_decoded_in_the_dump_without_symbols(folder):
    check_windows_guest(folder, "windows-encoded", (0xFFFFF80000101040, 0xFFFFF80000101080))


def test_the_kernel_is_found_while_all_processors_are_in_user_mode(folder):
    check_windows_guest(folder, "windows-user-mode", (0x401000, 0x402000))


def test_the_context_of_the_dump_is_that_of_the_vp_asked_for(folder):
    dump(fixture("windows-guest"), folder / "vp1.dmp", "--format", "dmp", "--vp", "1")
    crash = CrashDump(folder / "vp1.dmp")
    assert context_registers(crash.bytes[0x348:0x348 + CONTEXT_SIZE])["rax"] == 0xA1
    assert crash.u64(0xF10) == 0xFFFFF80000101080


def test_a_guest_without_a_windows_kernel_is_refused_unless_forced(folder):
    path = folder / "refused.dmp"
    done = run_dump(fixture("demo"), path, "--format", "dmp")
    assert done.returncode == 1 and "0xC0370504" in done.stderr, done.stderr
    assert not list(folder.iterdir())
    told = dump(fixture("demo"), path, "--format", "dmp", "--without-kernel")
    assert any("no pointers to a kernel" in remark for remark in told["remarks"]), told
    crash = CrashDump(path)
    assert crash.u64(0x20) == crash.u64(0x28) == crash.u64(0x80) == 0
    assert crash.u64(0x10) == 0x1000
    check_memory("demo", crash.physical)


def test_missing_memory_is_in_no_form_of_dump(folder):
    for form in ("dmp-full", "dmp-bitmap"):
        path = folder / f"{form}.dmp"
        told = dump(fixture("missing-ram-block"), path, "--format", form, "--without-kernel",
                    status=3)
        missing = [entry for entry in truth_of_memory("missing-ram-block") if entry[2] is None]
        assert told["missing_pages"] * PAGE == sum(length for _, length, _ in missing)
        crash = CrashDump(path)
        assert set(crash.frames) == pages_of_truth("missing-ram-block")
        check_memory("missing-ram-block", lambda address, size: crash.physical(address, size)
                     if address // PAGE in crash.frames else None)


def test_damaged_memory_fails_or_is_left_out(folder):
    path = folder / "damaged.dmp"
    options = ("--format", "dmp", "--without-kernel")
    done = run_dump(fixture("bad-ram-xpress-page"), path, *options)
    assert done.returncode == 1 and "0xD0000001" in done.stderr, done.stderr
    assert not list(folder.iterdir())
    told = dump(fixture("bad-ram-xpress-page"), path, *options, "--keep-going", status=3)
    assert told["damaged_pages"] == 1
    crash = CrashDump(path)
    assert set(crash.frames) == pages_of_truth("bad-ram-xpress-page")
    check_memory("bad-ram-xpress-page", crash.physical)


def test_more_runs_than_the_header_holds_make_a_bitmap(folder):
    path = folder / "many.dmp"
    done = run_dump(fixture("many-ranges"), path, "--format", "dmp-full", "--without-kernel")
    assert done.returncode == 1 and "0x80004001" in done.stderr, done.stderr
    told = dump(fixture("many-ranges"), path, "--format", "dmp", "--without-kernel")
    assert told["format"] == "dmp-bitmap"
    crash = CrashDump(path)
    assert crash.runs() is None
    assert set(crash.frames) == {8 * i + j for i in range(50) for j in range(2)}
    check_memory("many-ranges", crash.physical)


def test_arm64_is_refused_with_a_sentence(folder):
    done = run_dump(fixture("arm64"), folder / "arm.dmp", "--format", "dmp", "--without-kernel")
    assert done.returncode == 1 and "ARM64" in done.stderr, done.stderr
    assert not list(folder.iterdir())


def test_the_dump_of_a_large_sample_holds_its_memory_and_registers(folder):
    path, truth = sample("a1-x64-1cpu")
    registers = truth["vps"][0]["registers"]
    for crash in both_forms(path, folder, "--without-kernel"):
        memory = hashlib.sha256(crash.physical(0, int(truth["ram"][0]["size"], 16)))
        assert memory.hexdigest() == truth["ram"][0]["sha256"]
        found = context_registers(crash.bytes[0x348:0x348 + CONTEXT_SIZE])
        for name in ("rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15 rip rflags "
                     "mxcsr dr0 dr1 dr2 dr3 dr6 dr7").split():
            assert found[name] == int(registers[name], 16), name
        for name in "cs ds es fs gs ss".split():
            assert found[name] == int(registers[name]["selector"], 16), name
        for name, key in (("xmm", "xmm"), ("st", "st")):
            assert found[name] == [int(value, 16) for value in registers[key]], name
        assert (found["fcw"], found["fsw"], found["ftw"]) == \
            tuple(int(registers[name], 16) for name in ("fcw", "fsw", "ftw"))


def test_file_names_the_form_and_the_pages(folder):
    if shutil.which("file") is None:
        raise Skipped("file is not installed")
    dump(fixture("windows-guest"), folder / "x.dmp", "--format", "dmp")
    told = subprocess.run(["file", "-b", str(folder / "x.dmp")], capture_output=True, text=True,
                          check=True).stdout
    assert told.strip() == "MS Windows 64bit crash dump, full dump, 1536 pages", told


REQUIRED = """rax rbx rcx rdx rsi rdi rip rsp rbp r8 r9 r10 r11 r12 r13 r14 r15 rflags tsc apic_base
sysenter_cs sysenter_esp sysenter_eip pat efer star lstar cstar sfmask kernel_gs_base tsc_aux fpcw
fpsw fptw fpop cr0 cr2 cr3 cr4 cr8 xcr0 dr0 dr1 dr2 dr3 dr6 dr7 mxcsr mxcsr_mask""".split()


def check_loadable(registers):
    """What a loader insists on."""
    for name in REQUIRED:
        assert registers[name].startswith("0x"), name
    for name in "es cs ss ds fs gs tr ldtr".split():
        segment = registers[name]
        attributes, limit = int(segment["attr"], 16), int(segment["limit"], 16)
        assert attributes >> 8 & 0xF == limit >> 16 & 0xF, name
        assert segment["present"] == bool(attributes & 0x80), name
    assert int(registers["tr"]["attr"], 16) & 0xF == 0xB, "TR must be a busy TSS"
    assert len(registers["fpst"]) == 8


def test_a_snapshot_is_a_dump_and_all_registers(folder):
    path, truth = sample("a1-x64-1cpu")
    told = dump(path, folder / "mem.dmp", "--format", "snapshot")
    crash = CrashDump(folder / "mem.dmp")
    assert len(crash.frames) == 24576
    registers = json.loads((folder / "regs.json").read_text())
    expected = truth["vps"][0]["registers"]
    check_loadable(registers)
    for name in REQUIRED:
        key = {"fpcw": "fcw", "fpsw": "fsw"}.get(name, name)
        if key in expected and key != "kernel_gs_base":     # which is not in the saved state
            assert int(registers[name], 16) == int(expected[key], 16), name
    assert registers["kernel_gs_base"] == "0x0"
    assert any("kernel_gs_base" in remark for remark in told["remarks"])
    # Registers 5 to 7 are full: 1, log2(e) and pi, all of them valid numbers.
    assert registers["fptw"] == "0x3ff"
    for name in "gdtr idtr".split():
        assert int(registers[name]["base"], 16) == int(expected[name]["base"], 16)
        assert int(registers[name]["limit"], 16) == int(expected[name]["limit"], 16)
    for value, stored in zip(registers["fpst"], expected["st"]):
        assert int(value["exp"], 16) << 64 | int(value["fraction"], 16) == int(stored, 16)


def test_a_snapshot_takes_the_model_specific_registers_that_are_saved(folder):
    dump(fixture("windows-user-mode"), folder / "mem.dmp", "--format", "snapshot", "--vp", "1")
    registers = json.loads((folder / "regs.json").read_text())
    check_loadable(registers)
    assert registers["tsc"] == "0x1122334466"
    assert registers["kernel_gs_base"] == "0xfffff80000180000"
    assert registers["apic_base"] == "0xfee00900"
    assert registers["cr3"] == "0xa000" and registers["rip"] == "0x402000"


def test_a_snapshot_that_fails_leaves_neither_file(folder):
    done = run_dump(fixture("bad-ram-xpress-page"), folder / "mem.dmp", "--format", "snapshot")
    assert done.returncode == 1, done.stderr
    assert not list(folder.iterdir())


if __name__ == "__main__":
    sys.exit(main([test for name, test in sorted(globals().items())
                   if name.startswith("test_")]))
