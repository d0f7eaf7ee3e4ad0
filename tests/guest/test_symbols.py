#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Asks the library about images, symbols, types and stacks of guests made here.

usage: test_symbols.py

One guest holds the sample program that Microsoft's tools built; what Windows'
own reader says of it is the truth.  Another holds a program that clang and lld
make here, stopped in the middle, with the registers and the stack it really
had; truth is what step_x64 saw on the way there.  Exits with 77 when a tool or
the samples are missing.
"""
import json
import os
import platform
import re
import struct
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from guest_builder import Guest, PAGE, ask, build_folder, image_facts, lay_out
from test_unwind_x64 import ASSEMBLY
from unwind_program import make_image, missing_tools

PROGRAMS = build_folder() / "tests" / "guest"
SAMPLES = Path(os.environ.get("VMSS_SAMPLES", "../shared/samples")) / "pe"
SAMPLE = "dump_syms_regtest64"
SAMPLE_BASE = 0xFFFFF80012340000
OTHER_BASE = 0xFFFFF80055550000
PROGRAM_BASE = 0x20000000
TOP = 0xFFFFFFFFFFFFFFFF
HALF = 0xFFFF800000000000

OK, INVALID, NOT_FOUND = "00000000", "80070057", "80070490"
NO_FILE, NO_PROVIDER, NO_SYMBOLS = "80070002", "8000FFFF", "80070006"


def expect(what, got, wanted):
    if got != wanted:
        print(f"{what}:\n  got    {got}\n  wanted {wanted}")
        sys.exit(1)


def listed_functions():
    for line in (SAMPLES / f"{SAMPLE}.sym").read_text(encoding="utf-8").split("\n"):
        match = re.match(r"FUNC (?:m )?(\w+) (\w+) \w+ (.*)", line)
        if match:
            yield int(match[1], 16), int(match[2], 16), match[3]


# ---- The sample -------------------------------------------------------------------------------

def sample_guest(folder):
    guest = Guest(folder)
    image, _ = lay_out(SAMPLES / f"{SAMPLE}.exe")
    guest.put(SAMPLE_BASE, image)
    # The same headers again, and nothing else of the image; a page that only looks like one.
    guest.put(OTHER_BASE, image[:PAGE])
    guest.put(OTHER_BASE + 0x100000, b"MZ" + bytes(62))
    guest.registers.update(rip=SAMPLE_BASE, rsp=SAMPLE_BASE)
    return guest.write("sample"), image


def check_scans(client, state, image):
    size, timestamp = image_facts(image)
    first = f"image {OTHER_BASE:#x} {size:#x} {timestamp:#x} "
    second = f"image {SAMPLE_BASE:#x} {size:#x} {timestamp:#x} {SAMPLE}"
    started = time.monotonic()
    answers = ask(client, state, [
        f"scan {TOP} {HALF} 0", f"scan {TOP} {HALF} 1", f"scan {TOP} 0 0",
        f"scan {TOP} {HALF} 1 {SAMPLE_BASE + 5}", f"scan {SAMPLE_BASE} {SAMPLE_BASE} 0",
        f"scan {SAMPLE_BASE + 1} {SAMPLE_BASE + 1} 0", f"scan {SAMPLE_BASE - 1} {HALF} 0",
        "scan 0x2000 0x1000 0", "scan 0xFFF 0 0", "scan 0 0 0",
        f"scan 0 0 0 {OTHER_BASE + 0x100000} {OTHER_BASE} 5",
    ])
    took = time.monotonic() - started
    wanted = [[OK, first, second], [OK, first], [OK, first, second], [OK, second], [OK, second],
              [OK, second], [OK], [OK], [OK], [OK], [OK, first]]
    # The callback's lines come before the result's.
    expect("scans", [sorted(answer) for answer in answers], [sorted(want) for want in wanted])
    expect("order of the images", answers[0][:2], [first, second])
    expect("seconds for eleven scans", took < 10, True)
    return took


def check_without_provider(client, state):
    answers = ask(client, state, ["resolve x", "read 1 x", "size x", "field x y", "fields x",
                                  "layout 0 x", "find 0", "stack 1", "stack 0", "release",
                                  f"load {SAMPLE_BASE} 0 0 x"])
    expect("without a provider", [answer[0] for answer in answers],
           [NO_PROVIDER] * 7 + [NO_SYMBOLS] * 2 + [NO_PROVIDER] * 2)
    expect("outputs stay as they were", answers[0][1], f"{0xCCCCCCCCCCCCCCCC:#x} {0xCCCCCCCC}")
    expect("but for a type's size", answers[2][1], "0")
    expect("handle of no provider", answers[9][1], "handle -1")
    # Eleven of them are about arguments, which come first.
    wrong = ask(client, state, ["wrong"])[0]
    expect("wrong arguments", set(wrong), {INVALID})


def check_loading(client, state, folder):
    """Where PDBs are found, which are refused, and what is said about it."""
    (folder / "empty").mkdir()
    (folder / "wrong").mkdir()
    (folder / "cut").mkdir()
    pdb = (SAMPLES / f"{SAMPLE}.pdb").read_bytes()
    guid = uuid.UUID("72E103A85CB249078B76B2E7C06257B1").bytes_le
    (folder / "cut" / f"{SAMPLE}.pdb").write_bytes(pdb[:5000])
    assert guid in pdb
    (folder / "wrong" / f"{SAMPLE}.pdb").write_bytes(pdb.replace(guid, guid[::-1]))
    load = f"load {SAMPLE_BASE} 0 0 sample"
    answers = ask(client, state, [
        f"provider {folder / 'empty'}", f"provider {folder / 'wrong'}", "listen 1", load,
        f"replace {folder / 'wrong'};srv*https://example.invalid/symbols", load,
        f"replace {folder / 'cut'}", load, f"replace {folder / 'wrong'};{SAMPLES}", load,
        f"load {SAMPLE_BASE + PAGE} 0 0 nothing", f"load {OTHER_BASE} 0 0 headers",
        "release", "resolve main", "provider", "resolve main",
    ])
    expect("results of loading", [answer[-1 if answer[0].startswith("message") else 0]
                                  for answer in answers],
           [OK, OK, OK, NO_FILE, OK, NO_FILE, OK, "80070570", OK, OK, NO_FILE, NO_FILE, OK,
            NO_PROVIDER, OK, NOT_FOUND])
    expect("handle of a provider", answers[1][1], "handle 1")
    said = "\n".join("\n".join(answer) for answer in answers)
    for text in ("not there", "belongs to another build", "skipped", "loaded",
                 "72E103A85CB249078B76B2E7C06257B13"):
        expect(f"'{text}' is told", text in said, True)


def check_symbols(client, state):
    functions = list(listed_functions())
    begin = [f"provider {SAMPLES}", f"load {SAMPLE_BASE} 0 0 Sample"]
    questions = list(begin)
    for rva, size, _ in functions:
        questions += [f"find {SAMPLE_BASE + rva}", f"find {SAMPLE_BASE + rva + size - 1}"]
    answers = ask(client, state, questions)[len(begin):]
    for index, (rva, size, name) in enumerate(functions):
        own = re.escape("Sample!") + r"(.*)\+0x"
        start, end = answers[2 * index], answers[2 * index + 1]
        expect(f"at {rva:#x}", start[0] == OK and start[1].endswith("+0x0"), True)
        expect(f"in {name}", end[1].endswith(f"+{size - 1:#x}"), True)
        expect(f"name at {rva:#x}", re.match(own, start[1])[1], re.match(own, end[1])[1])
        if re.fullmatch(r"\w+", name):
            # The listing's writer took an underscore off some names.
            expect(f"name at {rva:#x}", re.match(own, start[1])[1] in (name, "_" + name), True)
    plain = [(rva, size, re.match(own, answers[2 * index][1])[1])
             for index, (rva, size, name) in enumerate(functions) if re.fullmatch(r"\w+", name)]
    answers = ask(client, state, begin + [f"resolve sample!{name}" for _, _, name in plain])
    for answer, (rva, size, name) in zip(answers[len(begin):], plain):
        expect(f"address of {name}", answer[:2], [OK, f"{SAMPLE_BASE + rva:#x} {size}"])
    return len(functions)


def check_questions(client, state, image):
    """Each of the SDK's functions, with answers that are known."""
    begin = [f"provider {SAMPLES}", f"load {SAMPLE_BASE} 0 0 sample"]
    address = int(ask(client, state, begin + ["resolve __security_cookie"])[2][1].split()[0], 16)
    offset = address - SAMPLE_BASE
    answers = ask(client, state, begin + [
        "resolve sample!__security_cookie", "resolve nothing", "resolve other!main",
        "read 8 __security_cookie", "read 8 nothing", "size google_breakpad::C",
        "size sample!google_breakpad::C", "size nothing", "size unsigned int",
        "field member_ google_breakpad::C", "field nothing google_breakpad::C",
        "field member_ nothing", "fields google_breakpad::C", "fields nothing",
        "layout 0 google_breakpad::C", "layout 0 nothing", "find 0x1234", "stack 0",
        f"resolve {'x' * 3000}",
    ])[len(begin):]
    expect("a variable", answers[0][:2], [OK, f"{address:#x} 8"])
    expect("an unknown one", answers[1], [NOT_FOUND, "0x0 0"])
    expect("an unknown module", answers[2][0], NOT_FOUND)
    expect("a variable's bytes", answers[3], [OK, image[offset:offset + 8].hex()])
    expect("an unknown one's", answers[4][0], NOT_FOUND)
    expect("sizes", [answer for answer in answers[5:9]], [[OK, "16"], [OK, "16"], [OK, "0"],
                                                          [OK, "4"]])
    expect("fields", answers[9:12], [[OK, "1 8"], [OK, "0 0"], [OK, "0 0"]])
    expect("all fields", json.loads(answers[12][1]),
           {"member_": {"FieldOffset": 8, "FieldSize": 4}})
    expect("their spelling", answers[12][1], '{"member_":{"FieldOffset":8,"FieldSize":4}}')
    expect("fields of an unknown type", answers[13], [OK, "{}"])
    expect("a layout", sorted(answers[14]),
           sorted(["member 0 4 0 8 0 0 0 |" + vtable_type(answers[14]),
                   "member 0 0 8 4 0 0 0 member_|int", OK, "size 16"]))
    expect("an unknown type", answers[15][0], NOT_FOUND)
    expect("an address in no module", answers[16][0], NOT_FOUND)
    expect("no frames", answers[17][:2], [OK, "Guest-SP\t\tRetAddr\t\t\tCall Site"])
    expect("a name without an end", answers[18][0], NOT_FOUND)


def vtable_type(lines):
    return next(line.split("|", 1)[1] for line in lines if line.startswith("member 0 4"))


# ---- A program that was stopped ---------------------------------------------------------------

DEPTH = 15		# entry, recursion thirteen times, leaf


def stopped_guest(folder):
    image_path = make_image(folder, "program", "x86_64-pc-windows-msvc", ["-O0"], ASSEMBLY,
                            ("/fixed", f"/base:{PROGRAM_BASE:#x}"))
    stack_path = folder / "stack.bin"
    result = subprocess.run([str(PROGRAMS / "step_x64"), str(image_path), str(DEPTH),
                             str(stack_path)], stdout=subprocess.PIPE, text=True)
    if result.returncode == 77:
        return None
    guest, callers, stack = Guest(folder), [], 0
    for line in result.stdout.split("\n"):
        words = line.split()
        if words[:1] == ["register"]:
            guest.registers[words[1]] = int(words[2], 16)
        elif words[:1] == ["caller"]:
            callers.append((int(words[1], 16), int(words[2], 16)))
        elif words[:1] == ["stack"]:
            stack = int(words[1], 16)
    image, base = lay_out(image_path)
    guest.put(base, image)
    guest.put(stack, stack_path.read_bytes())
    return guest.write("stopped"), guest.registers, callers


def check_stack(client, folder):
    stopped = stopped_guest(folder)
    if stopped is None:
        return 0
    state, registers, callers = stopped
    names = ["leaf"] + ["recursion"] * (DEPTH - 2) + ["entry"]
    begin = [f"provider {folder}", f"load {PROGRAM_BASE} 0 0 program"]
    unwound, text, short, auto = ask(client, state, begin + [
        "unwind 100", "stack 100", "stack 4"])[len(begin):] + ask(client, state, ["unwind 100"])
    frames = [line.split() for line in unwound if line.startswith("frame")]
    expect("frames", len(frames), DEPTH + 1)
    pointers = [registers["rsp"]] + [stack for _, stack in callers]
    addresses = [registers["rip"]] + [address for address, _ in callers]
    expect("stack pointers", [int(frame[2], 16) for frame in frames], pointers)
    expect("addresses", [int(frame[3], 16) for frame in frames], addresses)
    expect("return addresses", [int(frame[4], 16) for frame in frames], addresses[1:] + [0])
    expect("functions", [frame[5].split("+")[0] for frame in frames[:-1]],
           [f"program!{name}" for name in names])
    expect("the end", [frame[6] for frame in frames], ["0"] * DEPTH + ["2"])
    lines = ["Guest-SP\t\tRetAddr\t\t\tCall Site"]
    for frame in frames:
        site = frame[5] if frame[5][0] != "!" else f"{int(frame[3], 16):#018x}"
        site = site[:-len("+0x0")] if site.endswith("+0x0") else site
        lines.append(f"{int(frame[2], 16):016x}\t{int(frame[4], 16):016x}\t{site}")
    expect("the text", text[:-1], [OK] + lines)
    expect("why it ends", text[-1], "(the stack ends here: the address lies in no image)")
    expect("a short text", short, [OK] + lines[:5])
    expect("frames without any symbols", [line.split()[2:5] for line in auto if "frame" in line],
           [frame[2:5] for frame in frames])
    return len(frames)


def check_modules(client, folder):
    """CallStackUnwind loads what it is given; a name of its own shows that."""
    state = folder / "stopped.vmrs"
    text = ask(client, state, [f"provider {folder}", f"stack 2 {PROGRAM_BASE} C:\\own.name.exe",
                               "resolve own.name!leaf"])
    expect("names of modules", [line.split("\t")[2].split("+")[0] for line in text[1][2:]],
           ["own.name!leaf", "own.name!recursion"])
    expect("symbols stay loaded", text[2][0], OK)


def check_missing_pages(client, folder):
    """What is not in memory ends a stack, and is told."""
    guest = Guest(folder)
    image, base = lay_out(folder / "program.exe")
    exceptions = struct.unpack_from("<I", image, struct.unpack_from("<I", image, 60)[0] + 160)[0]
    stopped = stopped_guest(folder)
    if stopped is None:
        return
    state, registers, callers = stopped
    for name, missing, end in (("stack", (), 6), ("data", (exceptions // PAGE * PAGE,), 4),
                               ("headers", (0,), 2)):
        guest = Guest(folder)
        guest.registers = dict(registers)
        guest.put(base, image, missing)
        guest.registers["rsp"] = 0x7000000000 if end == 6 else registers["rsp"]
        if end != 6:
            page = registers["rsp"] // PAGE * PAGE
            guest.put(page, (folder / "stack.bin").read_bytes())
        frames = [line.split() for line in ask(client, guest.write(name), ["unwind 9"])[0]
                  if line.startswith("frame")]
        expect(f"without its {name}", frames[-1][6], str(end))


def check_32_bit_stack(client, folder):
    """A 32-bit process of a 64-bit guest: a chain of frame pointers."""
    guest = Guest(folder)
    stack = struct.pack("<10I", 0, 0, 0x12F010, 0x401111, 0x12F018, 0x402222, 0x12F020, 0, 1, 2)
    guest.put(0x401000, bytes([0x90]) * PAGE)
    guest.put(0x12F000, stack)
    guest.registers.update(rip=0x401000, rsp=0x12F000, rbp=0x12F008,
                           cs="0,0xFFFFFFFF,0x23,0xCFB")
    lines = ask(client, guest.write("compatibility"), ["unwind 9"])[0]
    expect("a 32-bit stack", [line.split()[2:5] + line.split()[6:7] for line in lines[:-1]],
           [["0x12f000", "0x401000", "0x401111", "0"], ["0x12f010", "0x401111", "0x402222", "0"],
            ["0x12f018", "0x402222", "0x0", "1"]])


def check_arm64_stack(client, folder):
    """The registers of an ARM64 VP lead to a function that has not begun, and to its caller."""
    program = make_image(folder, "arm64", "aarch64-pc-windows-msvc", ["-O1"],
                         "\t.text\n\t.globl __chkstk\n__chkstk:\n\tret\n", ("/machine:arm64",))
    image, base = lay_out(program)
    for mode, register in ((5, "sp_el1"), (0, "sp_el0")):
        guest = Guest(folder, "arm64")
        guest.put(base, image)
        guest.put(0x7FFF0000, bytes(PAGE))
        begin = [f"provider {folder}", f"load {base} 0 0 arm64", "resolve recursion",
                 "resolve entry"]
        answers = ask(client, guest.write("arm64"), begin)
        start, caller = (int(answer[1].split()[0], 16) for answer in answers[2:])
        guest.registers.update({"pc": start, "lr": caller + 64, "cpsr": mode,
                                register: 0x7FFF0100, "fp": 0x7FFF0100})
        lines = ask(client, guest.write("arm64"), begin[:2] + ["unwind 9"])[2]
        frames = [line.split() for line in lines[:-1]]
        expect("an ARM64 stack", [frame[2:6] + frame[6:7] for frame in frames],
               [["0x7fff0100", f"{start:#x}", f"{caller + 64:#x}", "arm64!recursion+0x0", "0"],
                ["0x7fff0100", f"{caller + 64:#x}", "0x0", "arm64!entry+0x40", "1"]])


def main():
    if missing_tools() or platform.machine() != "x86_64" or not SAMPLES.is_dir():
        print("skipped: needs clang, lld-link, llvm-readobj, an x64 machine and the samples")
        return 77
    client = PROGRAMS / "symbols_client"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        state, image = sample_guest(folder)
        print(f"{check_scans(client, state, image):.2f} s of scans")
        check_without_provider(client, state)
        check_loading(client, state, folder)
        print(check_symbols(client, state), "functions by name and address")
        check_questions(client, state, image)
        print(check_stack(client, folder), "frames of a stopped program")
        check_modules(client, folder)
        check_missing_pages(client, folder)
        check_32_bit_stack(client, folder)
        check_arm64_stack(client, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
