# SPDX-License-Identifier: MIT
"""Makes saved states of guests that hold given bytes at given virtual addresses."""
import os
import struct
import subprocess
from pathlib import Path

PAGE = 4096
TABLES_AT = 0x1000
DATA_AT = 0x400000


def build_folder():
    return Path(os.environ.get("VMSS_TEST_PROGRAMS", "build/tests")).parent


def lay_out(path):
    """The image at path as Windows loads it: bytes, and the address it was linked for."""
    file = Path(path).read_bytes()
    nt = struct.unpack_from("<I", file, 60)[0]
    optional = nt + 24
    wide = struct.unpack_from("<H", file, optional)[0] == 0x20B
    base = struct.unpack_from("<Q" if wide else "<I", file, optional + (24 if wide else 28))[0]
    size, headers = struct.unpack_from("<II", file, optional + 56)
    image = bytearray(-(-size // PAGE) * PAGE)
    image[:headers] = file[:headers]
    at = optional + struct.unpack_from("<H", file, nt + 20)[0]
    for index in range(struct.unpack_from("<H", file, nt + 6)[0]):
        room, address, stored, start = struct.unpack_from("<4I", file, at + 40 * index + 8)
        part = file[start:start + min(room, stored)]
        image[address:address + len(part)] = part
    return bytes(image), base


def image_facts(image):
    """Size and timestamp as the headers have them."""
    nt = struct.unpack_from("<I", image, 60)[0]
    return struct.unpack_from("<I", image, nt + 24 + 56)[0], \
        struct.unpack_from("<I", image, nt + 8)[0]


# Valid, writable, for user mode, accessed: an entry of any level.
ENTRY_FLAGS = {"x64": 0x67, "arm64": 0x443}


class Guest:
    """A guest with four levels of page tables."""

    def __init__(self, folder, processor="x64"):
        self.folder = Path(folder)
        self.processor = processor
        self.flags = ENTRY_FLAGS[processor]
        self.tables = {TABLES_AT: [0] * 512}
        self.next_table = TABLES_AT + PAGE
        self.data = bytearray()
        self.registers = {}

    def table_entry(self, address):
        table = TABLES_AT
        for shift in (39, 30, 21):
            index = address >> shift & 511
            entry = self.tables[table][index]
            if entry == 0:
                entry = self.next_table | self.flags
                self.tables[table][index] = entry
                self.tables[self.next_table] = [0] * 512
                self.next_table += PAGE
            table = entry & ~0xFFF
        return table, address >> 12 & 511

    def put(self, address, content, missing=()):
        """Maps content at address; pages whose offsets are in missing are not there."""
        for offset in range(0, len(content), PAGE):
            if offset in missing:
                continue
            table, index = self.table_entry(address + offset)
            self.tables[table][index] = DATA_AT + len(self.data) | self.flags
            self.data += content[offset:offset + PAGE].ljust(PAGE, b"\0")

    def write(self, name):
        assert self.next_table <= DATA_AT
        data = self.folder / f"{name}.memory"
        data.write_bytes(self.data)
        pages = -(-(DATA_AT + len(self.data)) // (1 << 20)) * 256
        state = " ".join(f"{name}={value if isinstance(value, str) else hex(value)}"
                         for name, value in self.registers.items())
        roots = f"cr3={TABLES_AT:#x}" if self.processor == "x64" else \
            f"ttbr0_el1={TABLES_AT:#x} ttbr1_el1={TABLES_AT:#x} tcr_el1=0x100010 sctlr_el1=1"
        lines = [f"default-state {self.processor} {roots} {state}", f"memory 0 {pages} 0",
                 f"fill-blocks 0 {pages // 256} zero",
                 f'page-data {DATA_AT:#x} "@{data}" 0 {len(self.data)}'.replace('"', "")]
        for table, entries in self.tables.items():
            for index, entry in enumerate(entries):
                if entry:
                    lines.append(f"u64 {table + 8 * index:#x} {entry:#x}")
        text, out = self.folder / f"{name}.txt", self.folder / f"{name}.vmrs"
        text.write_text("\n".join(lines) + "\n")
        subprocess.run([str(build_folder() / "mkvmrs"), str(text), str(out)], check=True)
        return out


def ask(program, saved_state, questions):
    """The answers of symbols_client, each as a list of lines."""
    text = "".join(question + "\n" for question in questions)
    result = subprocess.run([str(program), str(saved_state)], input=text, check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    answers = [answer.split("\n") for answer in result.split("\n.\n")[:-1]]
    assert len(answers) == len(questions), result
    return answers
