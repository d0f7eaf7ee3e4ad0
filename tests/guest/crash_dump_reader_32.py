# SPDX-License-Identifier: MIT
"""Reads 32-bit Windows crash dumps, which are always full.

Written from the published layout of the format, without a look at the writer:
offsets here confirm nothing but that layout.
"""
import struct

from crash_dump_reader import PAGE, DumpedPages

HEADER = 0x1000
CONTEXT_AT, CONTEXT_SIZE = 0x320, 0x2CC
EXCEPTION_AT = 0x7D0


class CrashDump32(DumpedPages):
    def __init__(self, path):
        super().__init__(path, b"PAGEDUMP")
        assert self.u32(0xF88) == 1, "a full dump"
        assert self.u64(0xFA0) == len(self.bytes), "RequiredDumpSpace"
        self.pae = self.bytes[0x5C] == 1
        self.place_runs(self.runs(), HEADER)

    def runs(self):
        count, pages = struct.unpack_from("<II", self.bytes, 0x64)
        assert 0x6C + 8 * count <= CONTEXT_AT, count
        runs = [struct.unpack_from("<II", self.bytes, 0x6C + 8 * i) for i in range(count)]
        assert sum(length for _, length in runs) == pages, "NumberOfPages"
        return runs

    def translate(self, address):
        """Walks from DirectoryTableBase: two levels, or three with PAE; 4 KiB pages alone."""
        if self.pae:
            root = self.u32(0x10)
            assert root % 32 == 0, "DirectoryTableBase"
            levels, form, mask = ((30, 3), (21, 511), (12, 511)), "<Q", 0xFFFFFFFFFF000
        else:
            root = self.u32(0x10) & ~0xFFF
            levels, form, mask = ((22, 1023), (12, 1023)), "<I", 0xFFFFF000
        size = struct.calcsize(form)
        for shift, last in levels:
            table = root + size * (address >> shift & last)
            entry = struct.unpack(form, self.physical(table, size))[0]
            assert entry & 1, f"{address:#x} is not mapped"
            assert shift in (12, 30) or not entry & 0x80, "a large page"
            root = entry & mask
        return root + address % PAGE

    def context(self):
        """The CONTEXT of x86 as a dictionary."""
        context = self.bytes[CONTEXT_AT:CONTEXT_AT + CONTEXT_SIZE]
        found = {"flags": struct.unpack_from("<I", context)[0]}
        found.update(zip("dr0 dr1 dr2 dr3 dr6 dr7".split(),
                         struct.unpack_from("<6I", context, 4)))
        found.update(zip("gs fs es ds rdi rsi rbx rdx rcx rax rbp rip cs rflags rsp ss".split(),
                         struct.unpack_from("<16I", context, 0x8C)))
        extended = context[0xCC:]
        found["fcw"], found["fsw"] = struct.unpack_from("<HH", extended)
        found["mxcsr"] = struct.unpack_from("<I", extended, 24)[0]
        found["st"] = [int.from_bytes(extended[32 + 16 * i:42 + 16 * i], "little")
                       for i in range(8)]
        found["xmm"] = [int.from_bytes(extended[160 + 16 * i:176 + 16 * i], "little")
                        for i in range(8)]
        return found
