#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the commands `images`, `symbols`, `type` and `stack` over Windows guests made here.

usage: test_symbol_commands.py [TEST...]

The guest holds a program that clang and lld make here.  What is true of it
comes from elsewhere: the compiler asserts the layout of its types, the linker's
map has its addresses, the disassembler the sizes of its functions, and the
stack is laid out by hand for assembly that is written out below.

VMSS_CLI is the program; exits with 77 where clang, lld or llvm-objdump are
missing.
"""
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from guest_builder import Guest, build_folder, image_facts, lay_out

CLI = os.environ.get("VMSS_CLI", str(build_folder() / "vmsavedstate"))
FIXTURES = Path(os.environ.get("VMSS_FIXTURES", str(build_folder() / "fixtures")))
TOOLS = ("clang", "lld-link", "llvm-objdump", "llvm-readobj")
DONE, NOT_READ, USAGE, IN_PART = 0, 1, 2, 3
SECONDS = 60

BASE = 0x20000000
STACK = 0x7000
NO_IMAGE = 0xFFFFF80000000000

SOURCE = r"""
#define OFFSET(type, member) __builtin_offsetof(type, member)
#define HOLDS(condition) static_assert(condition, "")

int turned;

struct Base {
	virtual int turn() { return ++turned; }
	int weight;
};
HOLDS(sizeof(Base) == 16 && OFFSET(Base, weight) == 8);

enum Colour { RED = 1, GREEN = 5 };
HOLDS(sizeof(Colour) == 4);

struct Inner {
	char letter;
	unsigned low : 3, high : 5;
};
HOLDS(sizeof(Inner) == 8 && OFFSET(Inner, letter) == 0);

struct Outer : Base {
	struct Nested { short part; };
	static int shared;
	Inner inner;
	Colour colour;
	union {
		long long number;
		char bytes[8];
	};
	const char *name;
	unsigned char a_name_that_leaves_no_room_behind_it;
};
HOLDS(sizeof(Outer) == 56 && OFFSET(Outer, inner) == 16 && OFFSET(Outer, colour) == 24);
HOLDS(OFFSET(Outer, number) == 32 && OFFSET(Outer, bytes) == 32 && OFFSET(Outer, name) == 40);
HOLDS(OFFSET(Outer, a_name_that_leaves_no_room_behind_it) == 48);

struct Heir : virtual Base {
	int own;
};
HOLDS(sizeof(Heir) == 32 && OFFSET(Heir, own) == 8);

struct Declared;
Declared *nowhere;

int Outer::shared = 7;
Outer outer;
Heir heir;

extern "C" int counter = 42;
extern "C" int add(int a, int b) { return a + b + counter; }
extern "C" int entry() { return add(1, 2) + outer.turn() + heir.own + (nowhere != 0); }
extern "C" void _purecall() {}
void operator delete(void *, unsigned long long) {}
"""

# Labels where calls return to; what the unwind data says of the stack stands beside it.
ASSEMBLY = """
	.text
	.globl leaf
leaf:
	ret

	.globl middle, behind_leaf
	.def middle; .scl 2; .type 32; .endef
	.seh_proc middle
middle:
	sub $0x28, %rsp
	.seh_stackalloc 0x28
	.seh_endprologue
	call leaf
behind_leaf:
	add $0x28, %rsp
	ret
	.seh_endproc

	.globl outermost, behind_middle
	.def outermost; .scl 2; .type 32; .endef
	.seh_proc outermost
outermost:
	push %rbx
	.seh_pushreg %rbx
	.seh_endprologue
	call middle
behind_middle:
	pop %rbx
	ret
	.seh_endproc
"""

LAYOUT_OF_OUTER = """\
Outer: 56 bytes
  offset      size  name                          type
0x000000        16  (base class)                  struct Base
0x000000         8    (virtual table)             VTABLE
0x000008         4    weight                      int
       -         -  shared                        int
0x000010         8  inner                         struct Inner
0x000018         4  colour                        enum Colour
0x000020         8  number                        long long
0x000020         8  bytes                         char[8]
0x000028         8  name                          const char *
0x000030         1  a_name_that_leaves_no_room_behind_it  unsigned char
       -         -  Nested                        struct Outer::Nested
       -         -  (no name)                     union Outer::<unnamed-tag>
"""


def run_tool(*command):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True,
                          text=True, timeout=SECONDS).stdout


def make_program(folder):
    (folder / "program.cpp").write_text(SOURCE)
    (folder / "program.s").write_text(ASSEMBLY)
    compiler = ("clang", "--target=x86_64-pc-windows-msvc", "-c")
    run_tool(*compiler, "-g", "-gcodeview", "-fno-rtti", "-fno-stack-protector", "-w",
             folder / "program.cpp", "-o", folder / "program.obj")
    run_tool(*compiler, folder / "program.s", "-o", folder / "assembly.obj")
    run_tool("lld-link", "/nodefaultlib", "/subsystem:console", "/entry:entry", "/debug", "/fixed",
             f"/base:{BASE:#x}", f"/map:{folder / 'program.map'}", "/include:leaf",
             "/export:add", f"/out:{folder / 'program.exe'}", folder / "program.obj",
             folder / "assembly.obj")
    return folder / "program.exe"


def addresses_of_map(path):
    """{name: address} of the linker's map."""
    lines = re.findall(r"(?m)^ [0-9a-f]{4}:[0-9a-f]{8}\s+(\S+)\s+([0-9a-f]{16})\s",
                       path.read_text())
    return {name: int(address, 16) for name, address in lines}


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.image_path = make_program(cls.folder)
        cls.image, _ = lay_out(cls.image_path)
        cls.places = addresses_of_map(cls.folder / "program.map")
        cls.guest = Guest(cls.folder)
        cls.guest.put(BASE, cls.image)
        cls.guest.put(STACK, cls.stack())
        cls.guest.registers.update(rip=cls.places["leaf"], rsp=STACK)
        cls.state = cls.guest.write("guest")
        (cls.folder / "empty").mkdir()

    @classmethod
    def stack(cls):
        """As it is at the first instruction of leaf(), called by middle() and outermost()."""
        return struct.pack("<Q", cls.places["behind_leaf"]) + bytes(0x28) + \
            struct.pack("<QQQ", cls.places["behind_middle"], 0x1234, 0)

    def run_cli(self, *arguments, path=None, folder=None):
        """path is what _NT_SYMBOL_PATH is set to; PDBs are looked for in the current folder too."""
        environment = dict(os.environ, LC_ALL="C")
        environment.pop("_NT_SYMBOL_PATH", None)
        environment.pop("_NT_ALTERNATE_SYMBOL_PATH", None)
        if path:
            environment["_NT_SYMBOL_PATH"] = str(path)
        return subprocess.run([CLI, *map(str, arguments)], env=environment, timeout=SECONDS,
                              cwd=folder or self.folder / "empty", stdin=subprocess.DEVNULL,
                              capture_output=True, encoding="utf-8")

    def ask(self, command, *arguments, **others):
        """With the PDB; it must succeed without a word on the standard error."""
        result = self.run_cli(command, self.state, "--symbols", self.folder, *arguments, **others)
        self.assertEqual((result.returncode, result.stderr), (DONE, ""))
        return result.stdout

    def size_of(self, function):
        """In bytes: to the end of its last instruction, as the disassembler sees it."""
        listing = run_tool("llvm-objdump", "-d", "--no-show-raw-insn",
                           f"--start-address={self.places[function]:#x}", self.image_path)
        instructions = re.findall(r"(?m)^\s*([0-9a-f]+):\s+(\S+)", listing)
        after_return = next(index for index, (_, name) in enumerate(instructions)
                            if name.startswith("ret")) + 1
        return int(instructions[after_return - 1][0], 16) + 1 - self.places[function]

    # ---- images

    def test_an_image_is_listed_with_what_its_headers_say(self):
        size, timestamp = image_facts(self.image)
        result = self.run_cli("images", self.state)
        self.assertEqual((result.returncode, result.stderr), (DONE, ""))
        self.assertEqual(result.stdout.splitlines()[1:],
                         [f"0x{BASE:016X}  {f'{size >> 10} KiB':>10}  0x{timestamp:08X}  program"])
        facts = json.loads(self.run_cli("images", "--json", self.state).stdout)
        self.assertEqual(facts, {"images": [{
            "base": f"0x{BASE:016X}", "size": size, "timestamp": f"0x{timestamp:08X}",
            "name": "program"}]})

    # ---- symbols

    def test_a_name_gives_the_address_of_the_linkers_map(self):
        size = self.size_of("add")
        add, counter = self.places["add"], self.places["counter"]
        shared = self.places["?shared@Outer@@2HA"]
        self.assertEqual(self.ask("symbols", "add", "PROGRAM!counter", "Outer::shared", "leaf"), (
            f"0x{add:016X} program!add ({size} bytes)\n"
            f"0x{counter:016X} program!counter (4 bytes)\n"
            f"0x{shared:016X} program!Outer::shared (4 bytes)\n"
            f"0x{self.places['leaf']:016X} program!leaf\n"))

    def test_an_address_gives_the_symbol_it_lies_in(self):
        size = self.size_of("add")
        last = self.places["add"] + size - 1
        self.assertEqual(self.ask("symbols", hex(last), hex(BASE)),
                         f"0x{last:016X} program!add+0x{size - 1:X} ({size} bytes)\n"
                         f"0x{BASE:016X} program\n")

    def test_symbols_in_json(self):
        add = self.places["add"]
        found = json.loads(self.ask("symbols", "--json", "program!add", hex(add + 3)))["symbols"]
        same = {"found": True, "module": "program", "module_base": f"0x{BASE:016X}",
                "name": "add", "address": f"0x{add:016X}", "size": self.size_of("add")}
        self.assertEqual(found, [{"asked": "program!add", **same, "displacement": 0},
                                 {"asked": hex(add + 3), **same, "displacement": 3}])

    def test_a_symbol_that_is_not_known_does_not_keep_the_others(self):
        result = self.run_cli("symbols", self.state, "--symbols", self.folder, "nothing\x1b[31m",
                              "counter", hex(NO_IMAGE))
        self.assertEqual((result.returncode, result.stderr), (IN_PART, ""))
        lines = result.stdout.splitlines()
        self.assertTrue(lines[0].startswith("nothing\\x1B[31m is not known: "), lines[0])
        self.assertNotIn("--symbols", result.stdout)    # its PDB is there
        self.assertIn("program!counter", lines[1])
        self.assertTrue(lines[2].startswith(f"{NO_IMAGE:#x} is not known: "), lines[2])
        answer = json.loads(self.run_cli("symbols", self.state, "--symbols", self.folder, "--json",
                                         "nothing").stdout)["symbols"]
        self.assertEqual([(one["asked"], one["found"]) for one in answer], [("nothing", False)])
        self.assertIn("'nothing'", answer[0]["reason"])

    def test_without_its_pdb_an_image_has_its_exports_and_the_remedy_is_named(self):
        for place in ((), ("--symbols", self.folder / "empty"), ("--symbols", "/no/such/folder")):
            result = self.run_cli("symbols", self.state, *place, "add", "counter")
            warning = ("vmsavedstate: --symbols: there is no folder '/no/such/folder'.\n"
                       if "/no/such/folder" in place else "")
            self.assertEqual((result.returncode, result.stderr), (IN_PART, warning))
            exported, unknown = result.stdout.splitlines()
            self.assertEqual(exported, f"0x{self.places['add']:016X} program!add")
            self.assertTrue(unknown.startswith("counter is not known: "), unknown)
            self.assertTrue(unknown.endswith(
                "No PDB was found for program: name its folder with --symbols PATH, or check the "
                "spelling."), unknown)
            result = self.run_cli("type", self.state, *place, "program!Inner")
            self.assertEqual((result.returncode, result.stdout), (IN_PART, ""))
            self.assertIn("No PDB was found for program: name its folder with --symbols PATH, ",
                          result.stderr)

    def test_every_image_without_a_pdb_is_counted(self):
        guest = Guest(self.folder)
        for index in range(3):
            guest.put(BASE + 0x10000000 * index, self.image)
        guest.registers.update(rip=BASE, rsp=STACK)
        result = self.run_cli("symbols", guest.write("three"), "counter")
        self.assertIn("No PDB was found for program and 2 other images: ", result.stdout)

    def test_the_pdb_of_another_build_is_not_taken(self):
        other = self.folder / "other"
        other.mkdir()
        pdb = (self.folder / "program.pdb").read_bytes()
        listing = run_tool("llvm-readobj", "--coff-debug-directory", self.image_path)
        guid = bytes.fromhex("".join(re.search(r"PDBGUID: \((.*?)\)", listing)[1].split()))
        self.assertIn(guid, pdb)
        (other / "program.pdb").write_bytes(pdb.replace(guid, guid[::-1]))
        result = self.run_cli("symbols", self.state, "--symbols", other, "counter")
        self.assertEqual(result.returncode, IN_PART)
        self.assertIn("No PDB was found for program", result.stdout)
        both = f"{other};{self.folder}"
        self.assertEqual(self.run_cli("symbols", self.state, "--symbols", both,
                                      "counter").returncode, DONE)

    def test_pdbs_are_found_where_windows_debuggers_look(self):
        store = self.folder / "Bücher \U0001F4DA"
        store.mkdir()
        shutil.copy(self.folder / "program.pdb", store)
        counter = f"0x{self.places['counter']:016X} program!counter (4 bytes)\n"
        for others in ({"path": store}, {"folder": store}):
            self.assertEqual(self.run_cli("symbols", self.state, "counter", **others).stdout,
                             counter)
        # The path becomes UTF-16 on its way, a pair of units in it.
        result = self.run_cli("symbols", self.state, "counter", "--symbols", store)
        self.assertEqual(result.stdout, counter)
        # What is no UTF-8 cannot be a path there; it names no other folder.
        result = subprocess.run([CLI, "symbols", self.state, "counter", "--symbols", b"\xff"],
                                cwd=self.folder / "empty", capture_output=True, timeout=SECONDS)
        self.assertEqual((result.returncode, result.stderr),
                         (IN_PART, b"vmsavedstate: --symbols: there is no folder '\\xFF'.\n"))

    def test_a_guest_without_images_says_so(self):
        state = FIXTURES / "demo.vmrs"
        words = ("The VP's address space holds no Windows image: "
                 "symbols are for guests that run Windows.")
        result = self.run_cli("symbols", state, "nt!KeBugCheck")
        self.assertEqual((result.returncode, result.stdout),
                         (IN_PART, f"nt!KeBugCheck is not known: {words}\n"))
        result = self.run_cli("type", state, "_EPROCESS")
        self.assertEqual((result.returncode, result.stdout), (IN_PART, ""))
        self.assertIn(words, result.stderr)

    # ---- type

    def test_a_layout_is_the_compilers(self):
        shown = re.sub(r"(\(virtual table\) +).*", r"\1VTABLE", self.ask("type", "Outer"))
        self.assertEqual(shown, LAYOUT_OF_OUTER)
        members = json.loads(self.ask("type", "--json", "Outer"))
        self.assertEqual((members["name"], members["size"]), ("Outer", 56))
        kinds = [(one["kind"], one["name"], one["depth"], one.get("offset"), one.get("size"))
                 for one in members["members"]]
        self.assertEqual(kinds[:5], [
            ("base", "", 0, 0, 16), ("vtable", "", 1, 0, 8), ("field", "weight", 1, 8, 4),
            ("static", "shared", 0, None, None), ("field", "inner", 0, 16, 8)])
        self.assertEqual([kind for kind, *_ in kinds[-2:]], ["nested-type", "nested-type"])

    def test_members_of_members(self):
        flat = self.ask("type", "Outer").splitlines()
        deep = self.ask("type", "Outer", "--depth", "1").splitlines()
        inner = deep.index(next(line for line in deep if "struct Inner" in line)) + 1
        self.assertEqual(deep[:inner] + deep[inner + 3:], flat)
        self.assertEqual([line.split() for line in deep[inner:inner + 3]], [
            ["0x000010", "1", "letter", "char"],
            "0x000014 4 low unsigned int : 3 from bit 0".split(),
            "0x000014 4 high unsigned int : 5 from bit 3".split()])

    def test_bit_fields_enumerators_and_virtual_bases(self):
        fields = json.loads(self.ask("type", "--json", "program!Inner"))["members"]
        self.assertEqual([(one["name"], one["offset"], one.get("bit_position"),
                           one.get("bit_length")) for one in fields],
                         [("letter", 0, None, None), ("low", 4, 0, 3), ("high", 4, 3, 5)])
        values = json.loads(self.ask("type", "--json", "Colour"))
        self.assertEqual(values["size"], 4)
        self.assertEqual([(one["kind"], one["name"], one["value"], "offset" in one)
                          for one in values["members"]],
                         [("enumerator", "RED", 1, False), ("enumerator", "GREEN", 5, False)])
        self.assertRegex(self.ask("type", "Colour"), r"(?m)^ +- +- +GREEN +=\s5$")
        heir = json.loads(self.ask("type", "--json", "Heir"))
        self.assertEqual([(one["kind"], one["type"], one["size"]) for one in heir["members"]],
                         [("virtual-base", "struct Base", 16), ("field", "int", 4)])
        self.assertIn("(base class)", self.ask("type", "Heir"))

    def test_a_type_that_is_not_known(self):
        for name in ("nothing", "other!Inner", "progrem!Inner", "Declared", "program!"):
            for form in ((), ("--json",)):
                result = self.run_cli("type", self.state, "--symbols", self.folder, name, *form)
                self.assertEqual((result.returncode, result.stdout), (IN_PART, ""), name)
                self.assertRegex(result.stderr, r"^vmsavedstate: .*\(0x80070490\)\n$")
                self.assertNotIn("--symbols", result.stderr)

    # ---- stack

    def test_a_stack_is_what_was_laid_out(self):
        places = self.places
        frames = [(STACK, places["leaf"], "leaf", 0),
                  (STACK + 8, places["behind_leaf"], "middle",
                   places["behind_leaf"] - places["middle"]),
                  (STACK + 0x38, places["behind_middle"], "outermost",
                   places["behind_middle"] - places["outermost"])]
        lines = self.ask("stack").splitlines()
        self.assertEqual(lines[0], "VP 0")
        self.assertEqual(lines[2:-1], [
            f"{index:4}  0x{stack:016X}  0x{address:016X}  program!{name}+0x{distance:X}"
            for index, (stack, address, name, distance) in enumerate(frames)])
        self.assertTrue(lines[-1].startswith("The stack ends here: the return address is 0"))
        stacks = json.loads(self.ask("stack", "--json"))["stacks"]
        returns = [frame[1] for frame in frames[1:]] + [0]
        self.assertEqual(stacks, [{"vp": 0, "frames": [
            {"stack_pointer": f"0x{stack:016X}", "instruction_pointer": f"0x{address:016X}",
             "return_address": f"0x{back:016X}", "module": "program", "symbol": name,
             "displacement": distance, "end": "complete" if back == 0 else "goes-on"}
            for (stack, address, name, distance), back in zip(frames, returns)]}])

    def test_frames_are_counted(self):
        whole = self.ask("stack").splitlines()
        self.assertEqual(self.ask("stack", "--frames", "2").splitlines(), whole[:4])
        self.assertEqual(self.ask("stack", "--vp", "0").splitlines(), whole)

    def test_without_a_pdb_frames_are_counted_from_the_export_before_them(self):
        places = self.places
        lines = self.run_cli("stack", self.state).stdout.splitlines()[2:-1]
        self.assertEqual([line.split()[3] for line in lines], [
            f"program!add+0x{places[name] - places['add']:X}"
            for name in ("leaf", "behind_leaf", "behind_middle")])

    def test_a_vp_without_registers_costs_only_its_own_stack(self):
        state = FIXTURES / "vp-never-described.vmrs"
        result = self.run_cli("stack", state)
        self.assertEqual(result.returncode, IN_PART)
        self.assertIn("VP 0\n", result.stdout)
        self.assertIn("no registers of VTL 0 of VP 1", result.stderr)
        stacks = json.loads(self.run_cli("stack", "--json", state).stdout)["stacks"]
        self.assertEqual([(one["vp"], len(one["frames"])) for one in stacks], [(0, 1), (1, 0)])
        self.assertIsNone(stacks[0]["frames"][0]["module"])
        self.assertEqual(self.run_cli("stack", state, "--vp", "1").returncode, NOT_READ)
        self.assertEqual(self.run_cli("images", state, "--vp", "1").returncode, NOT_READ)

    # ---- all of them

    def test_what_is_no_guest_and_no_vp(self):
        for command, *operands in (("images",), ("stack",), ("symbols", "x"), ("type", "x")):
            for arguments, code, words in (
                    ((FIXTURES / "bad-truncated.vmrs",), NOT_READ, "bad-truncated.vmrs: "),
                    ((FIXTURES / "demo.vmrs", "--vp", "1"), USAGE, "there is no VP 1"),
                    ((FIXTURES / "demo.vmrs", "--vtl", "3"), USAGE, "--vtl is at most 2"),
                    ((FIXTURES / "demo.vmrs", "--vtl", "1"), NOT_READ, "no registers of VTL 1")):
                file, *options = arguments
                result = self.run_cli(command, file, *operands, *options)
                self.assertEqual((result.returncode, result.stdout), (code, ""), command)
                self.assertIn(words, result.stderr)


def main():
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing or not os.path.isfile(CLI) or CLI.endswith(".exe"):
        print("skipped: not here: " + ", ".join(missing or [CLI]))
        return 77
    return 0 if unittest.main(exit=False, verbosity=1).result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
