# SPDX-License-Identifier: MIT
"""Reads Windows crash dumps: pages of both widths, 64-bit dumps full and bitmap.

Written from the published layout of the format, without a look at the writer:
offsets here confirm nothing but that layout.
"""
import struct

PAGE = 0x1000
HEADER = 0x2000
DUMP_FULL = 1
DUMP_BITMAP_FULL = 5


class DumpedPages:
    """A dump's bytes, and which of them are which page."""

    def __init__(self, path, signature):
        self.bytes = path.read_bytes()
        assert self.bytes[:8] == signature, "signature"
        self.frames = {}        # page frame -> offset of its bytes in the file

    def u16(self, offset):
        return struct.unpack_from("<H", self.bytes, offset)[0]

    def u32(self, offset):
        return struct.unpack_from("<I", self.bytes, offset)[0]

    def u64(self, offset):
        return struct.unpack_from("<Q", self.bytes, offset)[0]

    def place_runs(self, runs, offset):
        """The pages of the runs stand one behind the other from an offset to the end."""
        for base, length in runs:
            for frame in range(base, base + length):
                assert frame not in self.frames, f"page {frame:#x} is in two runs"
                self.frames[frame] = offset
                offset += PAGE
        assert offset == len(self.bytes), "bytes behind the last page"

    def page(self, frame):
        """The bytes of a page frame, or None when it is not in the dump."""
        offset = self.frames.get(frame)
        return None if offset is None else self.bytes[offset:offset + PAGE]

    def physical(self, address, size):
        """The bytes at an address, or None when a page of them is not in the dump."""
        parts = []
        while size > 0:
            page = self.page(address // PAGE)
            if page is None:
                return None
            parts.append(page[address % PAGE:][:size])
            address += len(parts[-1])
            size -= len(parts[-1])
        return b"".join(parts)

    def virtual(self, address, size):
        data = b""
        while len(data) < size:
            at = address + len(data)
            part = min(size - len(data), PAGE - at % PAGE)
            data += self.physical(self.translate(at), part)
        return data


class CrashDump(DumpedPages):
    def __init__(self, path):
        super().__init__(path, b"PAGEDU64")
        self.dump_type = self.u32(0xF98)
        if self.dump_type == DUMP_FULL:
            self.place_runs(self.runs(), HEADER)
        else:
            assert self.dump_type == DUMP_BITMAP_FULL, self.dump_type
            self._place_bits()

    def runs(self):
        """The physical memory descriptor; None where the header keeps its fill pattern."""
        if self.bytes[0x88:0x90] == b"PAGEPAGE":
            return None
        count, zero, pages = struct.unpack_from("<IIQ", self.bytes, 0x88)
        assert zero == 0 and count <= 42, (count, zero)
        runs = [struct.unpack_from("<QQ", self.bytes, 0x98 + 16 * i) for i in range(count)]
        assert sum(length for _, length in runs) == pages, "NumberOfPages"
        return runs

    def _place_bits(self):
        assert self.bytes[HEADER:HEADER + 8] == b"FDMPDUMP"
        offset, present, bits = struct.unpack_from("<QQQ", self.bytes, HEADER + 0x20)
        bitmap = self.bytes[HEADER + 0x38:HEADER + 0x38 + (bits + 7) // 8]
        assert offset >= HEADER + 0x38 + len(bitmap), "the pages begin inside the bitmap"
        for frame in range(bits):
            if bitmap[frame // 8] >> frame % 8 & 1:
                self.frames[frame] = offset
                offset += PAGE
        assert len(self.frames) == present, "TotalPresentPages"
        assert offset == len(self.bytes), "bytes behind the last page"

    def _entry(self, table, index):
        return struct.unpack("<Q", self.physical((table & 0xFFFFFFFFFF000) + 8 * index, 8))[0]

    def translate(self, address):
        """Walks the four levels from DirectoryTableBase; 4 KiB pages alone."""
        entry = self.u64(0x10)
        for shift in (39, 30, 21, 12):
            entry = self._entry(entry, address >> shift & 511)
            assert entry & 1, f"{address:#x} is not mapped"
            assert shift == 12 or not entry & 0x80, "a large page"
        return (entry & 0xFFFFFFFFFF000) + address % PAGE

    def pointer(self, address):
        return struct.unpack("<Q", self.virtual(address, 8))[0]


def context_registers(context):
    """A CONTEXT of x64 as a dictionary."""
    assert len(context) == 0x4D0
    names = ("rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15 rip").split()
    found = dict(zip(names, struct.unpack_from("<17Q", context, 0x78)))
    found["flags"], found["mxcsr"] = struct.unpack_from("<II", context, 0x30)
    found.update(zip("cs ds es fs gs ss".split(), struct.unpack_from("<6H", context, 0x38)))
    found["rflags"] = struct.unpack_from("<I", context, 0x44)[0]
    found.update(zip("dr0 dr1 dr2 dr3 dr6 dr7".split(), struct.unpack_from("<6Q", context, 0x48)))
    found["fcw"], found["fsw"], found["ftw"] = struct.unpack_from("<HHB", context, 0x100)
    found["st"] = [int.from_bytes(context[0x120 + 16 * i:0x12A + 16 * i], "little")
                   for i in range(8)]
    found["xmm"] = [int.from_bytes(context[0x1A0 + 16 * i:0x1B0 + 16 * i], "little")
                    for i in range(16)]
    return found
