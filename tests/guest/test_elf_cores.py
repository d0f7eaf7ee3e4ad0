#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Opens ELF cores with the readers that people use and compares with the samples' truth.

usage: test_elf_cores.py

Readers are Debian's readelf, gdb, crash, makedumpfile and, by its own Python,
libkdumpfile and drgn; what is not installed is skipped by name.  VMSS_CLI,
VMSS_FIXTURES, VMSS_SAMPLES: dump_tests.py.
"""
import hashlib
import json
import pathlib
import re
import shutil
import struct
import subprocess
import sys

from dump_tests import (CLI, PAGE, Skipped, check_memory, dump, fixture, main, pages_of_truth,
                        run_dump, sample)

LINUX = "a1-x64-1cpu"
RELEASE = "6.1.0-56-amd64"
TEXT = 0xFFFFFFFF94400000       # of the kernel's image, at guest-physical 0x1000000
SYSTEM_PYTHON = "/usr/bin/python3"


class ElfCore:
    """The headers and notes of an ELF core, by the published layout."""

    def __init__(self, path):
        self.bytes = path.read_bytes()
        assert self.bytes[:4] == b"\x7fELF" and self.bytes[5] == 1
        self.is_64 = self.bytes[4] == 2
        layout = "<16xHHIQQQIHHHHHH" if self.is_64 else "<16xHHIIIIIHHHHHH"
        (self.type, self.machine, _, _, headers, sections, _, _, entry_size, count, _,
         section_count, _) = struct.unpack_from(layout, self.bytes)
        if count == 0xFFFF:
            assert section_count == 1
            count = struct.unpack_from("<I", self.bytes, sections + (44 if self.is_64 else 28))[0]
        self.segments = [self.segment(headers + entry_size * i) for i in range(count)]
        self.notes = list(self.read_notes())

    def segment(self, at):
        names = "type flags offset virtual physical file_size memory_size align".split()
        if self.is_64:
            return dict(zip(names, struct.unpack_from("<IIQQQQQQ", self.bytes, at)))
        names = "type offset virtual physical file_size memory_size flags align".split()
        return dict(zip(names, struct.unpack_from("<8I", self.bytes, at)))

    def read_notes(self):
        note = self.segments[0]
        assert note["type"] == 4, "the first segment is not PT_NOTE"
        at, end = note["offset"], note["offset"] + note["file_size"]
        while at < end:
            name_size, size, kind = struct.unpack_from("<III", self.bytes, at)
            name = self.bytes[at + 12:at + 11 + name_size].decode()
            start = at + 12 + (name_size + 3 & ~3)
            yield name, kind, self.bytes[start:start + size]
            at = start + (size + 3 & ~3)
        assert at == end

    def notes_of(self, name, kind):
        return [note for note_name, note_kind, note in self.notes
                if (note_name, note_kind) == (name, kind)]

    def loads(self):
        """Runs of memory; the mapping of a kernel's text has another virtual address."""
        return [segment for segment in self.segments[1:]
                if segment["physical"] == segment["virtual"]]

    def pages(self):
        return {page for load in self.loads()
                for page in range(load["physical"] // PAGE,
                                  (load["physical"] + load["file_size"]) // PAGE)}

    def physical(self, address, size):
        for load in self.loads():
            skip = address - load["physical"]
            if 0 <= skip and skip + size <= load["file_size"]:
                return self.bytes[load["offset"] + skip:][:size]
        return None


def needs(program):
    if shutil.which(program) is None:
        raise Skipped(f"{program} is not installed")


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False,
                          **more)


def core_of(name, folder, *options):
    path, truth = sample(name)
    core = folder / f"{name}.elf"
    dump(path, core, "--format", "elf", *options)
    return core, truth


def with_module(name, code, *arguments):
    """Runs code under the system's Python, which has Debian's modules."""
    if run(SYSTEM_PYTHON, "-c", f"import {name}").returncode != 0:
        raise Skipped(f"Debian's python3-{name.replace('kdump', 'libkdump')} is not installed")
    done = run(SYSTEM_PYTHON, "-c", code, *[str(argument) for argument in arguments])
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_readelf_finds_nothing_wrong_with_any_core(folder):
    needs("readelf")
    cores = [core_of(name, folder)[0]
             for name in (LINUX, "t1-tiny-long4", "t3-tiny-pae", "f1-real-reset",
                          "f3-prot-nopaging")]
    for name in ("arm64", "4-vp", "many-ranges"):
        cores.append(folder / f"{name}.elf")
        dump(fixture(name), cores[-1], "--format", "elf")
    for core in cores:
        done = run("readelf", "-aW", str(core))
        assert done.returncode == 0 and not done.stderr, (core.name, done.stderr)
        assert "Type:                              CORE" in done.stdout
        for word in ("Warning", "Error", "orrupt"):
            assert word not in done.stdout, (core.name, word)


def test_every_saved_page_is_in_a_segment_and_no_other(folder):
    for name in ("demo", "4-vp", "many-ranges", "every-record-kind", "gap-above-4gib", "arm64",
                 "partial-last-block"):
        dump(fixture(name), folder / name, "--format", "elf")
        core = ElfCore(folder / name)
        assert core.pages() == pages_of_truth(name), name
        check_memory(name, core.physical)
        for segment in core.segments:
            assert segment["align"] == 0 and segment["file_size"] == segment["memory_size"]


def test_missing_memory_is_not_in_a_core(folder):
    dump(fixture("missing-ram-block"), folder / "x.elf", "--format", "elf", status=3)
    core = ElfCore(folder / "x.elf")
    assert core.pages() == pages_of_truth("missing-ram-block")
    check_memory("missing-ram-block", core.physical)


def test_damaged_memory_fails_or_splits_the_segments(folder):
    path = folder / "x.elf"
    done = run_dump(fixture("bad-ram-xpress-page"), path, "--format", "elf")
    assert done.returncode == 1 and not list(folder.iterdir()), done.stderr
    told = dump(fixture("bad-ram-xpress-page"), path, "--format", "elf", "--keep-going", status=3)
    core = ElfCore(path)
    assert told["damaged_pages"] == 1 and len(core.loads()) == 2
    assert core.pages() == pages_of_truth("bad-ram-xpress-page")
    check_memory("bad-ram-xpress-page", core.physical)


def test_more_than_65534_segments_are_counted_in_section_header_0(folder):
    maker = pathlib.Path(CLI).with_name("mkvmrs")
    if not maker.exists():
        raise Skipped(f"{maker} is not there")
    ranges = 66000
    lines = ["default-state x64"]
    lines += [f"memory {2 * i} 1 {i % 256}" for i in range(ranges)]
    (folder / "x.txt").write_text("\n".join(lines + ["fill-blocks 0 1 fill 0x1122334455667788"]))
    done = run(str(maker), str(folder / "x.txt"), str(folder / "x.vmrs"))
    assert done.returncode == 0, done.stderr
    dump(folder / "x.vmrs", folder / "x.elf", "--format", "elf")
    core = ElfCore(folder / "x.elf")
    assert len(core.loads()) == ranges
    assert [load["physical"] for load in core.loads()] == [2 * i * PAGE for i in range(ranges)]
    assert core.physical(2 * (ranges - 1) * PAGE, 8) == bytes.fromhex("8877665544332211")
    needs("readelf")
    done = run("readelf", "-hW", str(folder / "x.elf"))
    assert f"65535 ({ranges + 1})" in done.stdout and not done.stderr, done.stdout


def test_qemu_notes_hold_what_elf2dmp_reads(folder):
    core, truth = core_of(LINUX, folder)
    registers = truth["vps"][0]["registers"]
    (note,) = ElfCore(core).notes_of("QEMU", 0)
    assert len(note) == 440 and struct.unpack_from("<II", note) == (1, 440)
    names = ("rax rbx rcx rdx rsi rdi rsp rbp r8 r9 r10 r11 r12 r13 r14 r15 rip rflags").split()
    for i, name in enumerate(names):
        assert struct.unpack_from("<Q", note, 8 + 8 * i)[0] == int(registers[name], 16), name
    for i, name in enumerate("cs ds es fs gs ss ldtr tr gdtr idtr".split()):
        selector, limit, flags, zero, base = struct.unpack_from("<IIIIQ", note, 152 + 24 * i)
        expected = {key: int(value, 16) for key, value in registers[name].items()}
        attributes = expected.get("attributes", 0)
        assert (selector, limit, base, zero) == (expected.get("selector", 0), expected["limit"],
                                                 expected["base"], 0), name
        assert flags == (attributes & 0xFF) << 8 | (attributes >> 12) << 20, name
    controls = struct.unpack_from("<6Q", note, 392)
    assert controls == tuple(int(registers[name], 16) if name != "0" else 0
                             for name in ("cr0", "0", "cr2", "cr3", "cr4", "0"))
    without = folder / "without.elf"
    dump(sample(LINUX)[0], without, "--format", "elf", "--no-qemu-notes")
    assert not ElfCore(without).notes_of("QEMU", 0)


def test_each_vp_has_its_registers_as_a_thread(folder):
    dump(fixture("4-vp"), folder / "x.elf", "--format", "elf")
    notes = ElfCore(folder / "x.elf").notes_of("CORE", 1)
    for vp, note in enumerate(notes):
        assert len(note) == 336
        assert struct.unpack_from("<I", note, 0x20)[0] == vp + 1, "pid"
        assert struct.unpack_from("<Q", note, 0x70 + 8 * 10)[0] == 0x100 * (vp + 1), "rax"
        assert struct.unpack_from("<Q", note, 0x70 + 8 * 16)[0] == 0xFFFFF80000010000 + \
            0x1000 * vp, "rip"
    assert len(notes) == 4


def test_an_arm64_guest_has_an_arm64_core(folder):
    dump(fixture("arm64"), folder / "x.elf", "--format", "elf")
    core = ElfCore(folder / "x.elf")
    assert core.machine == 183 and core.is_64
    (status,), (floats,) = core.notes_of("CORE", 1), core.notes_of("CORE", 2)
    assert len(status) == 392 and len(floats) == 528
    registers = struct.unpack_from("<34Q", status, 0x70)
    assert registers[0] == 0x1111111111111111 and registers[28] == 0x128
    assert registers[29] == 0xFFFF80000000F080 and registers[30] == 0xFFFF800000010040
    assert registers[31:] == (0xFFFF80000000F000, 0xFFFF800000010000, 0x3C5), "SP_EL1, PC, PSTATE"
    assert floats[:16] == bytes(range(16)) and floats[496] == 0xF1
    assert struct.unpack_from("<II", floats, 512) == (0x10, 0x20), "FPSR, FPCR"


def test_gdb_reads_memory_and_registers_equal_to_the_truth(folder):
    needs("gdb")
    core, truth = core_of(LINUX, folder)
    registers = truth["vps"][0]["registers"]
    names = ("rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip").split()
    commands = [f"core-file {core}", f"dump binary memory {folder}/memory 0 0x6000000"]
    commands += [f"printf \"{name}=%#lx\\n\", ${name}" for name in names]
    commands += ["printf \"fs=%#lx gs=%#lx\\n\", $fs_base, $gs_base",
                 "printf \"eflags=%#x mxcsr=%#x\\n\", $eflags, $mxcsr", "p/x $xmm3.uint128",
                 "p/x $xmm15.uint128", f"x/2gx {TEXT}", "x/2gx 0x1000000"]
    done = run("gdb", "-nx", "-batch", *[part for command in commands
                                         for part in ("-ex", command)])
    memory = hashlib.sha256((folder / "memory").read_bytes()).hexdigest()
    assert memory == truth["ram"][0]["sha256"], done.stderr
    for name in names:
        value = int(registers[name], 16)
        assert f"{name}={value:#x}\n" in done.stdout, (name, done.stdout)
    assert f"fs={registers['fs']['base']} gs={registers['gs']['base']}" in done.stdout
    assert f"eflags={registers['rflags']} mxcsr={registers['mxcsr']}" in done.stdout
    for index in (3, 15):
        assert f"= {registers['xmm'][index]}" in done.stdout, index
    lines = re.findall(r"^0x[0-9a-f]+:\t(.*)$", done.stdout, re.MULTILINE)
    assert len(lines) == 2 and lines[0] == lines[1], "the kernel's text by its own address"


def test_a_32_bit_guest_with_memory_above_4_gib_has_a_64_bit_file(folder):
    path, truth = core_of("t3-tiny-pae", folder)
    core = ElfCore(path)
    registers = truth["vps"][0]["registers"]
    assert core.machine == 3 and core.is_64
    (note,) = core.notes_of("CORE", 1)
    assert len(note) == 144
    order = "rbx rcx rdx rsi rdi rbp rax ds es fs gs orig rip cs rflags rsp ss".split()
    for name, value in zip(order, struct.unpack_from("<17I", note, 0x48)):
        if name.startswith("r"):
            assert value == int(registers[name], 16) & 0xFFFFFFFF, name
        elif name != "orig":
            assert value == int(registers[name]["selector"], 16), name


def test_gdb_reads_a_32_bit_guest(folder):
    needs("gdb")
    path, truth = core_of("f3-prot-nopaging", folder)
    core = ElfCore(path)
    assert core.machine == 3 and not core.is_64 and len(core.notes_of("LINUX", 0x46E62B7F)) == 1
    registers = truth["vps"][0]["registers"]
    names = "eax ebx ecx edx esi edi ebp esp eip".split()
    commands = [f"core-file {path}"] + [f"printf \"{name}=%u\\n\", ${name}" for name in names]
    done = run("gdb", "-nx", "-batch", *[part for command in commands
                                         for part in ("-ex", command)])
    for name in names:
        value = int(registers["r" + name[1:]], 16) & 0xFFFFFFFF
        assert f"{name}={value}\n" in done.stdout, (name, done.stdout, done.stderr)


LIBKDUMPFILE = f"""
import hashlib, json, sys, kdumpfile
dump = kdumpfile.kdumpfile(sys.argv[1])
memory = hashlib.sha256()
for at in range(0, 0x6000000, 0x100000):
    memory.update(dump.read(kdumpfile.KDUMP_MACHPHYSADDR, at, 0x100000))
print(json.dumps({{
    "release": dump.attr["linux.uts.release"],
    "memory": memory.hexdigest(),
    "text": dump.read(kdumpfile.KDUMP_KVADDR, {TEXT}, 4096).hex(),
    "physical": dump.read(kdumpfile.KDUMP_MACHPHYSADDR, 0x1000000, 4096).hex(),
    "rip": dump.attr["cpu.0.reg.rip"], "rsp": dump.attr["cpu.0.reg.rsp"]}}))
"""


def check_kdumpfile(path, truth):
    found = with_module("kdumpfile", LIBKDUMPFILE, path)
    registers = truth["vps"][0]["registers"]
    assert found["release"] == RELEASE and found["memory"] == truth["ram"][0]["sha256"]
    assert found["text"] == found["physical"], "through the kernel's page tables"
    assert found["rip"] == int(registers["rip"], 16) and found["rsp"] == int(registers["rsp"], 16)


def test_libkdumpfile_reads_memory_and_registers(folder):
    check_kdumpfile(*core_of(LINUX, folder))


DRGN = f"""
import hashlib, json, sys, drgn
program = drgn.Program()
program.set_core_dump(sys.argv[1])
memory = hashlib.sha256()
for at in range(0, 0x6000000, 0x100000):
    memory.update(program.read(at, 0x100000, physical=True))
print(json.dumps({{
    "kernel": bool(program.flags & drgn.ProgramFlags.IS_LINUX_KERNEL),
    "memory": memory.hexdigest(), "text": program.read({TEXT}, 4096).hex(),
    "physical": program.read(0x1000000, 4096, physical=True).hex()}}))
"""


def test_drgn_reads_memory_by_both_addresses(folder):
    core, truth = core_of(LINUX, folder)
    found = with_module("drgn", DRGN, core)
    assert found["kernel"] and found["memory"] == truth["ram"][0]["sha256"]
    assert found["text"] == found["physical"]


def test_crash_and_makedumpfile_know_the_kernel(folder):
    needs("crash")
    core, truth = core_of(LINUX, folder)
    assert run("crash", "--osrelease", str(core)).stdout.strip() == RELEASE
    needs("makedumpfile")
    packed = folder / "packed"
    done = run("makedumpfile", "-c", str(core), str(packed))
    assert done.returncode == 0, done.stdout + done.stderr
    assert packed.stat().st_size < core.stat().st_size / 2
    assert run("crash", "--osrelease", str(packed)).stdout.strip() == RELEASE
    check_kdumpfile(core, truth)


def test_equal_input_makes_equal_dumps(folder):
    first, _ = core_of(LINUX, folder)
    dump(sample(LINUX)[0], folder / "again.elf", "--format", "elf")
    assert first.read_bytes() == (folder / "again.elf").read_bytes()


if __name__ == "__main__":
    sys.exit(main([test for name, test in sorted(globals().items())
                   if name.startswith("test_")]))
