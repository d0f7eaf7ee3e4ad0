#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares what the library reads from PDBs with other readers of the same files.

usage: pdb_truth.py PDB_LIST [SAMPLES]

PDB_LIST is the program built from pdb_list.c.  Two truths: llvm-pdbutil, on
programs that clang and lld make here for three processors, and on the sample
PDB; and the listing of the sample's functions that Windows' own reader gave.
Every symbol, every type and every member of those files is compared.  Exits
with 77 when clang, lld-link or llvm-pdbutil is not installed.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

FUNCTIONS = ("S_GPROC32", "S_LPROC32", "S_GPROC32_ID", "S_LPROC32_ID")
DATA = ("S_GDATA32", "S_LDATA32")
THREAD_DATA = ("S_GTHREAD32", "S_LTHREAD32")

TARGETS = (
    ("x86_64", 8, []),
    ("i686", 4, ["/safeseh:no"]),
    ("aarch64", 8, []),
)

SOURCE = r"""
enum Small : unsigned char { SmallA, SmallB = 200 };
enum class Wide : long long { Minus = -5, Huge = 0x7fffffffffffffffLL };
enum class UWide : unsigned long long { Top = 0xffffffffffffffffULL };
enum Short : short { Least = -32768, Middle = -129, Most = 32767 };
struct Bits { unsigned a : 3; unsigned b : 7; unsigned long long c : 40; signed char d : 2; bool e : 1; };
struct Base { virtual ~Base() {} virtual int f(int) { return 1; } int base_field; };
struct VBase { long long v; };
struct Other { char other_field[70000]; };
class Derived : public Base, public Other, virtual public VBase {
public:
    int f(int) override { return 2; }
    virtual void added() {}
    void overloaded(int) {} void overloaded(char) {}
    static int counter; static const int constant = 12;
    struct Inner { char c; union { int i; float f; struct { short lo, hi; }; }; } inner;
    int matrix[3][5];
    int (*fn)(Inner *, double, ...);
    int (Base::*pm)(int);
    int Base::*pf;
    Derived &self; const volatile Derived *const cv; int &&rvalue;
    enum Nested { One = 1, Large = 100000 } nested;
    friend struct Bits; friend int helper(int);
};
int Derived::counter = 3;
template <class T> struct Holder { T value; Holder *next; T const *const *(*get)(T (&)[4]); };
struct Opaque; Opaque *opaque;
struct Empty {};
typedef struct { int x, y; Empty e; } Point;
typedef volatile Point *PointRef;
struct Basics { bool b; char c; signed char sc; unsigned char uc; wchar_t w; char16_t c16; char32_t c32;
    short s; unsigned short us; int i; unsigned u; long l; unsigned long ul; long long ll;
    unsigned long long ull; float f; double d; long double ld; void *p; decltype(nullptr) n;
    int (*array_of_functions[3])(char *, int (*)(long)); };
#pragma pack(push, 1)
struct Packed { char a; long long b; short c; };
#pragma pack(pop)
extern "C" { int _fltused = 0; unsigned _tls_index = 0; int _purecall() { return 0; }
void *memset(void *p, int, decltype(sizeof 0)) { return p; } }
void operator delete(void *, decltype(sizeof 0)) {} void operator delete(void *) {}
thread_local int tls = 4;
static int hidden = 7;
static int __attribute__((noinline)) helper_static(int x) { static int local = 5; local += x; return local + hidden; }
Holder<Derived::Inner> holder; Bits bits; Wide wide; UWide uwide; Small small_; Short short_; Point point;
PointRef point_ref; Basics basics; Packed packed; Empty empty; Derived *derived; Derived::Nested nested;
namespace space { namespace { int anonymous = 3; } int shown = 4; int use() { return anonymous + shown; } }
int entry() {
    Base b; return helper_static(b.f(1)) + tls + (int)wide + point.x + bits.a + space::use() +
        (derived ? derived->f(2) : 0);
}
"""


def big_source():
    """An enumeration and a structure whose lists do not fit one record, and many functions."""
    lines = ["enum Many {"]
    lines += [f"  enumerator_with_a_rather_long_name_{i:05d} = {i * 7919},"for i in range(3000)]
    lines += ["};", "struct Large {"]
    lines += [f"  int field_with_a_rather_long_name_{i:05d};" for i in range(2500)]
    lines += ["};", "enum Many many; struct Large large;"]
    for i in range(800):
        lines.append(f"int function_{i}(int x) {{ return x * {i + 3}; }}")
        lines.append(f"static int variable_{i} = {i + 1};")
        lines.append(f"int *take_{i}(void) {{ return &variable_{i}; }}")
    return "\n".join(lines)


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, errors="surrogateescape", **options).stdout


class Truth:
    """What llvm-pdbutil says about a PDB."""

    def __init__(self, path, pointer_size):
        self.pointer_size = pointer_size
        self.publics, self.globals, self.modules = [], [], []
        self.types = {}
        self.section_rva = {}
        self.parse(run("llvm-pdbutil", "dump", "--types", "--publics", "--globals", "--symbols",
                       "--section-headers", str(path)).split("\n"))
        summary = run("llvm-pdbutil", "dump", "--summary", str(path))
        self.guid = re.search(r"GUID: \{(.*)\}", summary)[1]
        stream = run("llvm-pdbutil", "pdb2yaml", "--dbi-stream", str(path))
        self.age = int(re.search(r"Age: +(\d+)", stream[stream.index("DbiStream"):])[1])

    def parse(self, lines):
        place, record, section = None, None, 0
        for number, line in enumerate(lines):
            if number + 1 < len(lines) and lines[number + 1].startswith("====="):
                title = line.strip()
                place = {"Types (TPI Stream)": "types", "Global Symbols": self.globals,
                         "Public Symbols": self.publics, "Symbols": self.modules}.get(title)
                record = None
            elif match := re.match(r" *SECTION HEADER #(\d+)", line):
                section = int(match[1])
            elif match := re.match(r" *([0-9A-F]+) virtual address", line):
                self.section_rva.setdefault(section, int(match[1], 16))
            elif place is None:
                pass
            elif match := re.match(r" *(0x[0-9A-F]+) \| (LF_\w+) \[size = \d+\](?: `(.*)`)?",
                                   line):
                record = {"leaf": match[2], "name": match[3], "text": []}
                if place == "types":
                    self.types[int(match[1], 16)] = record
            elif match := re.match(r" *\d+ \| (S_\w+) \[size = \d+\](?: `(.*)`)?(.*)", line):
                record = {"kind": match[1], "name": match[2], "text": [match[3]]}
                if place != "types":
                    place.append(record)
            elif record is not None:
                record["text"].append(line.strip())

    def rva(self, record):
        match = re.search(r"addr = (\d+):(\d+)", " ".join(record["text"]))
        section, offset = int(match[1]), int(match[2])
        if section not in self.section_rva:
            return None
        return self.section_rva[section] + offset

    @staticmethod
    def code_size(record):
        text = " ".join(record["text"])
        match = re.search(r"code size = (\d+)", text) or re.search(r"thunk, size = (\d+)", text)
        return int(match[1]) if match else 0

    # --- sizes, worked out here from the records -------------------------------------------

    BASIC = {0x03: 0, 0x08: 4, 0x10: 1, 0x20: 1, 0x68: 1, 0x69: 1, 0x70: 1, 0x71: 2, 0x7A: 2,
             0x7B: 4, 0x7C: 1, 0x11: 2, 0x21: 2, 0x72: 2, 0x73: 2, 0x12: 4, 0x22: 4, 0x74: 4,
             0x75: 4, 0x13: 8, 0x23: 8, 0x76: 8, 0x77: 8, 0x30: 1, 0x40: 4, 0x41: 8, 0x42: 10,
             0x00: 0}
    POINTER = {0: None, 4: 4, 6: 8}

    def size(self, index):
        if index == 0x0103:		# std::nullptr_t
            return self.pointer_size
        if index < 0x1000:
            pointer = self.POINTER[index >> 8]
            return self.BASIC[index & 0xFF] if pointer is None else pointer
        record = self.types[index]
        text = " ".join(record["text"])
        leaf = record["leaf"]
        if leaf in ("LF_STRUCTURE", "LF_CLASS", "LF_UNION", "LF_ENUM", "LF_INTERFACE"):
            if "forward ref" in text:
                index = self.definition(record, text)
                return None if index is None else self.size(index)
            if leaf == "LF_ENUM":
                return self.size(int(re.search(r"underlying type: (0x[0-9A-F]+)", text)[1], 16))
            return int(re.search(r"sizeof (\d+)", text)[1])
        if leaf == "LF_ARRAY":
            return int(re.search(r"size: (\d+)", text)[1])
        if leaf == "LF_BITFIELD":
            return self.size(int(re.search(r"type = (0x[0-9A-F]+)", text)[1], 16))
        if leaf == "LF_MODIFIER":
            return self.size(int(re.search(r"referent = (0x[0-9A-F]+)", text)[1], 16))
        if leaf == "LF_POINTER":
            return self.pointer(text)
        return 0

    def definition(self, record, text):
        """llvm-pdbutil shows only some definitions: the name finds the others."""
        unique = re.search(r"unique name: `(.*?)`", text)
        for index, other in self.types.items():
            other_text = " ".join(other["text"])
            if other["name"] != record["name"] or "forward ref" in other_text or \
                    not other["leaf"].startswith(("LF_STRUCT", "LF_CLASS", "LF_UNION", "LF_ENUM",
                                                  "LF_INTER")):
                continue
            other_unique = re.search(r"unique name: `(.*?)`", other_text)
            if (unique and unique[1]) == (other_unique and other_unique[1]):
                return index
        return None

    def pointer(self, text):
        """None where llvm-pdbutil does not show the size, that of pointers to members."""
        if "member" in text:
            return None
        return {"ptr64": 8, "ptr32": 4}[re.search(r"kind = (\w+)", text)[1]]

    # --- members ---------------------------------------------------------------------------

    def fields(self, index):
        """The members of a definition, as the lister writes them."""
        text = " ".join(self.types[index]["text"])
        match = re.search(r"field list: (0x[0-9A-F]+)", text)
        found, seen = [], set()
        index = int(match[1], 16) if match else None
        while index is not None:
            assert index not in seen
            seen.add(index)
            entries, index = self.entries(index)
            found += entries
        return found

    def entries(self, index):
        found, goes_on = [], None
        joined = "\n".join(self.types[index]["text"])
        for entry in re.split(r"^- ", joined, flags=re.MULTILINE)[1:]:
            entry = entry.replace("\n", " ")
            leaf = entry.split()[0]
            number = lambda what: int(re.search(what + r" ?= (0x[0-9A-F]+|\d+)", entry)[1], 0)
            name = re.search(r"name = `(.*?)`", entry)
            name = name[1] if name else ""
            if leaf == "LF_MEMBER":
                kind, position, length = number("Type"), 0, 0
                if kind >= 0x1000 and self.types[kind]["leaf"] == "LF_BITFIELD":
                    text = " ".join(self.types[kind]["text"])
                    position = int(re.search(r"bit offset = (\d+)", text)[1])
                    length = int(re.search(r"# bits = (\d+)", text)[1])
                found.append(("field", name, number("offset"), kind, position, length, 0))
            elif leaf == "LF_STMEMBER":
                found.append(("static", name, 0, number("type"), 0, 0, 0))
            elif leaf == "LF_BCLASS":
                found.append(("base", "", number("offset"), number("type"), 0, 0, 0))
            elif leaf == "LF_VBCLASS":
                found.append(("virtual-base", "", number("vbptr offset"), number("base"), 0, 0,
                              0))
            elif leaf == "LF_VFUNCTAB":
                found.append(("vtable", "", 0, number("type"), 0, 0, 0))
            elif leaf == "LF_NESTTYPE":
                found.append(("nested", name, 0, number("parent"), 0, 0, 0))
            elif leaf == "LF_ENUMERATE":
                match = re.match(r"LF_ENUMERATE \[(.*) = (-?\d+)\]", entry)
                value = int(match[2]) & 0xFFFFFFFFFFFFFFFF
                value -= (value >> 63) << 64
                found.append(("enumerator", match[1], 0, None, 0, 0, value))
            elif leaf == "LF_INDEX":
                goes_on = int(re.search(r"= (0x[0-9A-F]+)", entry)[1], 16)
            else:
                assert leaf in ("LF_METHOD", "LF_ONEMETHOD"), entry
        return found, goes_on


class Comparison:
    def __init__(self, program, path, pointer_size):
        self.program, self.path = program, path
        self.truth = Truth(path, pointer_size)
        self.lines = [line.split("\t") for line in run(program, str(path)).split("\n")]
        self.faults, self.compared = [], Counter()

    def rows(self, first):
        return [line[1:] for line in self.lines if line[0] == first]

    def same(self, what, ours, theirs):
        ours, theirs = Counter(ours), Counter(theirs)
        self.compared[what] += sum(theirs.values())
        for item in (ours - theirs):
            self.faults.append(f"{what}: only ours has {item}")
        for item in (theirs - ours):
            self.faults.append(f"{what}: ours lacks {item}")

    def compare(self):
        self.faults += [f"fault: {row}" for row in self.rows("fault")]
        self.compare_identity()
        self.compare_symbols()
        self.compare_types()
        self.compare_names()
        self.compare_addresses()
        self.compare_questions_on_types()

    def compare_identity(self):
        guid, age, _ = self.rows("info")[0]
        raw = bytes.fromhex(guid)
        text = (f"{raw[3::-1].hex()}-{raw[5:3:-1].hex()}-{raw[7:5:-1].hex()}-"
                f"{raw[8:10].hex()}-{raw[10:].hex()}").upper()
        self.same("identity", [(text, int(age, 16))], [(self.truth.guid, self.truth.age)])

    @staticmethod
    def our_rva(row):
        return None if row[3] == "-" else int(row[3], 16)

    def compare_symbols(self):
        truth = self.truth
        table, module = self.rows("table"), self.rows("module")
        self.same("publics", [(r[6], self.our_rva(r)) for r in table if r[0] == "public"],
                  [(s["name"], truth.rva(s)) for s in truth.publics if s["kind"] == "S_PUB32"])
        self.same("variables", [(r[6], self.our_rva(r)) for r in table if r[0] == "data"],
                  [(s["name"], truth.rva(s)) for s in truth.globals if s["kind"] in DATA])
        self.same("thread variables", [r[6] for r in table if r[0] == "thread"],
                  [s["name"] for s in truth.globals if s["kind"] in THREAD_DATA])
        self.same("typedefs", [r[6] for r in table if r[0] == "typedef"],
                  [s["name"] for s in truth.globals if s["kind"] == "S_UDT"])
        self.same("references", [r[6] for r in table if r[0] == "function"],
                  [s["name"] for s in truth.globals if s["kind"] in ("S_PROCREF", "S_LPROCREF")])
        self.same("functions", [(r[6], self.our_rva(r), int(r[4], 16)) for r in module
                                if r[0] == "function"],
                  [(s["name"], truth.rva(s), truth.code_size(s)) for s in truth.modules
                   if s["kind"] in FUNCTIONS])
        for kind, theirs in (("thunk", ("S_THUNK32",)), ("label", ("S_LABEL32",)),
                             ("data", DATA)):
            self.same("module " + kind, [(r[6], self.our_rva(r)) for r in module
                                         if r[0] == kind],
                      [(s["name"], truth.rva(s)) for s in truth.modules if s["kind"] in theirs])

    def compare_types(self):
        truth = self.truth
        ours = {int(row[0], 16): row for row in self.rows("type")}
        self.same("types", list(ours), list(truth.types))
        for index in truth.types:
            size = truth.size(index)
            shown = ours[index][1]
            if truth.types[index]["leaf"] == "LF_POINTER" and size is None:
                continue
            self.same("sizes", [(hex(index), shown)],
                      [(hex(index), "-" if size is None else str(size))])
        members = defaultdict(list)
        for row in self.rows("member"):
            members[int(row[0], 16)].append(row[1:])
        for index, record in truth.types.items():
            if ours[index][2] == "defined":
                self.compare_members(index, record, members[index])

    def compare_members(self, index, record, rows):
        theirs = self.truth.fields(index)
        self.same("member lists", [(record["name"], len(rows))], [(record["name"], len(theirs))])
        for row, field in zip(rows, theirs):
            kind, name, offset, kind_of, position, length, value = field
            size = self.truth.size(kind_of) if kind_of is not None else 0
            ours = (row[0], row[1], int(row[2]), int(row[4]), int(row[5]), int(row[6]))
            wanted = (kind, name, offset, position, length, value)
            self.same("members", [(record["name"], ours)], [(record["name"], wanted)])
            if size is not None:
                self.same("member sizes", [(record["name"], name, int(row[3]))],
                          [(record["name"], name, size)])

    def ask(self, questions):
        answers = run(self.program, str(self.path), "-", input="\n".join(questions) + "\n")
        return [line.split("\t") for line in answers.split("\n")[:-1]]

    def compare_names(self):
        """Each name with an address is found, at one of the addresses it has."""
        truth, places = self.truth, defaultdict(set)
        for symbol in truth.publics:
            places[symbol["name"]].add(truth.rva(symbol))
        referenced = {s["name"] for s in truth.globals if s["kind"] in ("S_PROCREF",
                                                                       "S_LPROCREF")}
        for symbol in truth.globals:
            if symbol["kind"] in DATA:
                places[symbol["name"]].add(truth.rva(symbol))
        for symbol in truth.modules:
            if symbol["kind"] in FUNCTIONS and symbol["name"] in referenced:
                places[symbol["name"]].add(truth.rva(symbol))
        names = sorted(name for name, where in places.items() if where != {None})
        for name, answer in zip(names, self.ask(["name " + name for name in names])):
            self.compared["names looked up"] += 1
            if answer[0] != "found" or answer[7] != name or \
                    self.our_rva(answer[1:]) not in places[name]:
                self.faults.append(f"name {name}: {answer}, expected {places[name]}")

    def compare_addresses(self):
        """Every address in a function finds it; that of a public or variable finds one there."""
        truth, wanted, names = self.truth, {}, defaultdict(set)
        functions = [(truth.rva(s), truth.code_size(s), s["name"]) for s in truth.modules
                     if s["kind"] in FUNCTIONS and truth.rva(s) is not None]
        for symbol in truth.publics + [s for s in truth.globals if s["kind"] in DATA]:
            if symbol["kind"] != "S_CONSTANT" and truth.rva(symbol) is not None:
                wanted[truth.rva(symbol)] = truth.rva(symbol)
                names[truth.rva(symbol)].add(symbol["name"])
        for start, size, name in functions:
            for address in {start, start + size // 2, start + size - 1}:
                wanted[address] = start
            names[start].add(name)
        inside = {a for s, size, _ in functions for a in (s, s + size // 2, s + size - 1)}
        function_names = defaultdict(set)
        for start, _, name in functions:
            function_names[start].add(name)
        addresses = sorted(wanted)
        for address, answer in zip(addresses, self.ask([f"address {a:x}" for a in addresses])):
            self.compared["addresses looked up"] += 1
            allowed = function_names[wanted[address]] if address in inside else \
                names[address] | {s["name"] for s in truth.modules
                                  if s["kind"] in ("S_THUNK32", "S_LABEL32") + DATA and
                                  truth.rva(s) == address}
            # A label or variable inside a function's code: the function is the answer.
            holders = {n for s, size, n in functions if s <= address < s + size}
            if answer[0] != "found" or answer[7] not in allowed | holders:
                self.faults.append(f"address {address:x}: {answer}, expected {allowed | holders}")

    def compare_questions_on_types(self):
        """Each defined name and each of its fields is found, with the size and place it has."""
        truth, sizes, fields = self.truth, defaultdict(set), defaultdict(set)
        for index, record in truth.types.items():
            text = " ".join(record["text"])
            if record["leaf"] not in ("LF_STRUCTURE", "LF_CLASS", "LF_UNION", "LF_ENUM") or \
                    "forward ref" in text:
                continue
            sizes[record["name"]].add(str(truth.size(index)))
            for kind, name, offset, *_ in truth.fields(index):
                if kind == "field":
                    fields[record["name"], name].add(str(offset))
        for name, answer in zip(sizes, self.ask(["type " + name for name in sizes])):
            self.compared["type names looked up"] += 1
            if answer[0] != "type" or answer[2] not in sizes[name]:
                self.faults.append(f"type {name}: {answer}, expected {sizes[name]}")
        unique = [key for key in fields if len(sizes[key[0]]) == 1 and
                  sum(r["name"] == key[0] for r in truth.types.values()) <= 2]
        for key, answer in zip(unique, self.ask([f"field {n}\t{f}" for n, f in unique])):
            self.compared["fields looked up"] += 1
            if answer[0] != "field" or answer[1] not in fields[key]:
                self.faults.append(f"field {key}: {answer}, expected {fields[key]}")

    def report(self, title):
        print(f"{title}: " + ", ".join(f"{count} {what}" for what, count in
                                       self.compared.items()))
        for fault in self.faults[:40]:
            print(f"  {fault}")
        return not self.faults


def build(folder, target, flags, language, source, optimise, extra):
    stem = f"{target}-{language}{optimise}"
    path = folder / f"{stem}.{language}"
    path.write_text(source, encoding="utf-8")
    run("clang", f"--target={target}-pc-windows-msvc", "-g", "-gcodeview", optimise, "-w", "-c",
        *flags, str(path), "-o", str(folder / f"{stem}.obj"))
    pdb = folder / f"{stem}.pdb"
    run("lld-link", "/debug", f"/pdb:{pdb}", "/nodefaultlib", "/subsystem:console", "/noentry",
        "/dll", "/force", *extra, str(folder / f"{stem}.obj"), f"/out:{folder / stem}.dll")
    return pdb


def compare_windows_listing(comparison, listing):
    """The functions and publics of Breakpad's listing, made with Windows' own reader."""
    ours = {(int(row[3], 16), int(row[4], 16)) for row in comparison.rows("module")
            if row[0] in ("function", "thunk") and row[3] != "-"}
    addresses = {int(row[3], 16): row[6] for row in comparison.rows("table")
                 if row[0] == "public" and row[3] != "-"}
    names = defaultdict(set)
    for row in comparison.rows("module"):
        if row[0] in ("function", "thunk") and row[3] != "-":
            names[int(row[3], 16)].add(row[6].lstrip("_"))
    functions, publics, plain = [], [], []
    for line in listing.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("FUNC "):
            _, address, size, rest = line.replace("FUNC m ", "FUNC ").split(" ", 3)
            functions.append((int(address, 16), int(size, 16)))
            name = rest.split(" ", 1)[1]
            # The listing has C++ names spelled out and lacks the underscores of C names.
            if re.fullmatch(r"\w+", name):
                plain.append((int(address, 16), name.lstrip("_")))
        elif line.startswith("PUBLIC "):
            _, address, _, name = line.replace("PUBLIC m ", "PUBLIC ").split(" ", 3)
            publics.append((int(address, 16), name))
        elif line.startswith("MODULE "):
            guid, age, _ = comparison.rows("info")[0]
            raw = bytes.fromhex(guid)
            key = (raw[3::-1] + raw[5:3:-1] + raw[7:5:-1] + raw[8:]).hex().upper() + age
            comparison.same("Windows' identity", [key], [line.split(" ")[3]])
    comparison.same("Windows' functions", [f for f in functions if f in ours], functions)
    comparison.same("Windows' plain names", [p for p in plain if p[1] in names[p[0]]], plain)
    comparison.same("Windows' publics", [p for p in publics if addresses.get(p[0]) == p[1]],
                    publics)
    answers = comparison.ask([f"address {a + s - 1:x}" for a, s in functions])
    comparison.same("Windows' functions by address",
                    [(int(a[4], 16), int(a[5], 16)) for a in answers if a[0] == "found"],
                    functions)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program = sys.argv[1]
    samples = Path(sys.argv[2] if len(sys.argv) > 2 else
                   os.environ.get("VMSS_SAMPLES", "../shared/samples")) / "pe"
    missing = [tool for tool in ("clang", "lld-link", "llvm-pdbutil") if not shutil.which(tool)]
    if missing:
        print("skipped: not installed: " + ", ".join(missing))
        return 77
    good = True
    sample = samples / "dump_syms_regtest64.pdb"
    if sample.exists():
        comparison = Comparison(program, sample, 8)
        comparison.compare()
        compare_windows_listing(comparison, sample.with_suffix(".sym"))
        good &= comparison.report(sample.name)
    else:
        print(f"skipped: {sample} is not there")
    with tempfile.TemporaryDirectory() as name:
        for target, pointer_size, extra in TARGETS:
            for language, source, optimise in (("cpp", SOURCE, "-O0"), ("cpp", SOURCE, "-O2"),
                                               ("c", big_source(), "-O1")):
                flags = ["-std=c++17", "-fno-exceptions", "-fstandalone-debug"] if language == "cpp" else []
                pdb = build(Path(name), target, flags, language, source, optimise, extra)
                comparison = Comparison(program, pdb, pointer_size)
                comparison.compare()
                good &= comparison.report(pdb.name)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
