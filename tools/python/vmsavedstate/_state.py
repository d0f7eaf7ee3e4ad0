# SPDX-License-Identifier: MIT
"""An open saved state and its virtual processors."""
from __future__ import annotations

import ctypes
import struct
import threading
from ctypes import byref, c_int, c_uint8, c_uint32, c_uint64
from typing import Dict, Iterator, List, Optional, Tuple

from . import _structures as structures
from ._errors import OUT_OF_MEMORY, VA_NOT_MAPPED, Error
from ._library import check, collect, load_library, make_source, text
from ._types import (Access, Architecture, Chunk, Image, Info, PagingForm, RegisterValue, Segment,
                     Table, Translation, Vendor, WalkLevel, WalkReason)

_ACTIVE_VTL = 0xFFFFFFFF
_TRANSLATE_ARCHITECTURAL, _TRANSLATE_ROOT = 1, 2
_CONTAINER_LEGACY = 2
_REGISTER_COUNT = 158
_REGISTER_SIZE = 16
_PAGE_SIZE = 4096

#: One call reads at most this much.
_READ_PIECE = 64 << 20

_SEGMENTS = frozenset(("es", "cs", "ss", "ds", "fs", "gs", "ldtr", "tr"))
_TABLES = frozenset(("idtr", "gdtr"))


def _register_ids() -> Dict[str, int]:
    library = load_library()
    names = ((library.VmSavedStateGetRegisterName(number), number)
             for number in range(_REGISTER_COUNT))
    return {name.decode(): number for name, number in names if name is not None}


def _register_value(name: str, data: bytes, width: int) -> RegisterValue:
    if name in _SEGMENTS:
        base, limit, selector, attributes = struct.unpack("<QIHH", data)
        return Segment(selector=selector, base=base, limit=limit, attributes=attributes)
    if name in _TABLES:
        # The base is aligned as C aligns it.
        limit, base = struct.unpack("<H6xQ", data)
        return Table(base=base, limit=limit)
    return int.from_bytes(data[:width], "little")


def _translation_of(address: int, walk: structures.Translation) -> Translation:
    levels = tuple(
        WalkLevel(name=text(level.Name) or "", level=level.Level, index=level.Index,
                  table_address=level.TableAddress, entry_address=level.EntryAddress,
                  entry=level.Entry)
        for level in walk.Levels[:walk.LevelCount])
    mapped = walk.Reason == WalkReason.MAPPED
    return Translation(
        virtual_address=address, is_mapped=mapped,
        physical_address=walk.PhysicalAddress if mapped else None, page_size=walk.PageSize,
        skip_size=walk.SkipSize, access=Access(walk.Access), form=PagingForm(walk.PagingForm),
        reason=WalkReason(walk.Reason), failing_level=walk.FailingLevel,
        has_reserved_bits=bool(walk.Flags & 1), levels=levels)


class VirtualProcessor:
    """A VP of an open saved state."""

    def __init__(self, state: "SavedState", number: int) -> None:
        self._state = state
        self.id = number        #: from 0 on, without gaps

    def __repr__(self) -> str:
        return f"<VirtualProcessor {self.id}>"

    def _ask(self, function: str, kind) -> int:
        value = kind()
        self._state._call(function, self.id, byref(value))
        return value.value

    @property
    def index(self) -> int:
        """The index by which the hypervisor knew it; there may be gaps."""
        return self._ask("VmSavedStateGetVpIndex", c_uint32)

    @property
    def architecture(self) -> Architecture:
        return Architecture(self._ask("GetArchitecture", c_int))

    @property
    def in_kernel(self) -> bool:
        return bool(self._ask("InKernelSpace", c_int))

    @property
    def vtl(self) -> int:
        """The active virtual trust level."""
        return self._ask("GetActiveVirtualTrustLevel", c_uint8)

    @property
    def vtls(self) -> Tuple[int, ...]:
        """The trust levels that it has."""
        mask = self._ask("GetEnabledVirtualTrustLevels", c_uint32)
        return tuple(level for level in range(32) if mask >> level & 1)

    def register(self, name: str, vtl: Optional[int] = None) -> RegisterValue:
        """A register by its name, such as "rip", "cr3", "xmm0" or "x0"; KeyError if unknown."""
        return self._state._register(self.id, name.lower(), _ACTIVE_VTL if vtl is None else vtl)

    def registers(self, vtl: Optional[int] = None) -> Dict[str, RegisterValue]:
        """All registers of the VP's processor family, by name."""
        level = _ACTIVE_VTL if vtl is None else vtl
        names = self._state._names_of(self.architecture)
        return {name: self._state._register(self.id, name, level) for name in names}

    def translate(self, address: int, *, architectural: bool = False,
                  root: Optional[int] = None) -> Translation:
        """Walks the page tables for a virtual address; an unmapped one is an answer, too.

        architectural follows the processor also where paging is off, rather
        than the original library; root stands for CR3 or TTBR0_EL1.
        """
        return self._state._translate(self.id, address, architectural, root)

    def read(self, address: int, size: int, *, architectural: bool = False,
             root: Optional[int] = None) -> bytes:
        """Reads from a virtual address: fewer bytes where what follows is not mapped or saved."""
        return self._state._read_virtual(self.id, address, size, architectural, root)

    def images(self, start: int, end: int = 0, *, also: Tuple[int, ...] = ()) -> List[Image]:
        """PE images at the addresses in also, then from the page of start down to that of end."""
        return self._state._images(self.id, start, end, also)


class SavedState:
    """An open saved state.  close() releases it, as leaving a with statement does."""

    def __init__(self, path, vsv=None, *, salvage: bool = False,
                 cache_blocks: Optional[int] = None) -> None:
        self._library = load_library()
        self._handle: Optional[int] = None
        self._closing = threading.Lock()
        self._ids = _register_ids()
        source = make_source(path, vsv, salvage)
        handle = ctypes.c_void_p()
        check(self._library.VmSavedStateOpen(byref(source), byref(handle)))
        self._handle = handle.value
        if cache_blocks is not None:
            self._call("SetMemoryBlockCacheLimit", cache_blocks)

    def __enter__(self) -> "SavedState":
        return self

    def __exit__(self, *_details) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_handle", None) is not None:
            self.close()

    def close(self) -> None:
        """Releases the files; a second time does nothing."""
        with self._closing:
            handle, self._handle = self._handle, None
        if handle is not None:
            self._library.ReleaseSavedStateFiles(handle)

    def _open_handle(self) -> int:
        if self._handle is None:
            raise ValueError("the saved state is closed")
        return self._handle

    def _call(self, function: str, *arguments) -> None:
        handle = self._open_handle()
        check(getattr(self._library, function)(handle, *arguments), handle)

    @property
    def info(self) -> Info:
        facts = structures.Info.sized()
        self._call("VmSavedStateGetInfo", byref(facts))
        return Info(
            is_legacy=facts.Container == _CONTAINER_LEGACY,
            container_version=facts.ContainerVersion, vm_version=facts.VmVersion,
            pending_log_entries=facts.PendingLogEntries, vp_count=facts.VpCount,
            vendor=Vendor(facts.Vendor),
            architectures=tuple(kind for kind in Architecture
                                if facts.Architectures >> kind & 1),
            ram_block_count=facts.RamBlockCount, raw_size=facts.RawSize,
            stored_bytes=facts.StoredBytes, file_size=facts.FileSize,
            second_file_size=facts.SecondFileSize)

    # ---- memory ------------------------------------------------------------

    @property
    def chunks(self) -> List[Chunk]:
        """The ranges of guest memory, in the order of the saved state."""
        handle = self._open_handle()
        page_size, count = c_uint64(), c_uint64()
        chunks = None
        result = self._library.GetGuestPhysicalMemoryChunks(handle, byref(page_size), None,
                                                            byref(count))
        if result & 0xFFFFFFFF == OUT_OF_MEMORY and count.value > 0:    # how many there are
            chunks = (structures.MemoryChunk * count.value)()
            result = self._library.GetGuestPhysicalMemoryChunks(handle, byref(page_size), chunks,
                                                                byref(count))
        elif result & 0xFFFFFFFF == OUT_OF_MEMORY:
            return []
        check(result, handle)
        return [Chunk(chunk.StartPageIndex * page_size.value, chunk.PageCount * page_size.value)
                for chunk in (chunks or ())]

    def read(self, address: int, size: int) -> bytes:
        """Reads from a physical address: fewer bytes where the saved memory ends earlier."""
        return self._read_pieces("ReadGuestPhysicalAddress", (), address, size)

    def memory(self, block_size: int = 1 << 20) -> Iterator[Tuple[int, bytes]]:
        """Yields (physical address, bytes) of all guest memory, chunk by chunk.

        Blocks are of block_size bytes or end earlier, with the chunk or before
        memory that the file lacks; damaged memory raises Error.
        """
        if block_size < 1:
            raise ValueError("block_size must be at least 1")
        for chunk in self.chunks:
            address = chunk.start
            while address < chunk.end:
                wanted = min(block_size, chunk.end - address)
                data = self.read(address, wanted)
                if data:
                    yield address, data
                address += len(data) or self._missing_bytes(address)

    def _missing_bytes(self, address: int) -> int:
        """How far memory that the file lacks goes on, whole pages."""
        storage, pages = c_int(), c_uint32()
        self._call("VmSavedStateGetPageStorage", address, byref(storage), byref(pages))
        return _PAGE_SIZE * max(pages.value, 1)

    def _read_pieces(self, function: str, arguments: tuple, address: int, size: int) -> bytes:
        if size < 0 or not 0 <= address < 1 << 64:
            raise ValueError("an address or size that cannot be")
        pieces: List[bytes] = []
        while size > 0 and address < 1 << 64:
            wanted = min(size, _READ_PIECE)
            buffer = ctypes.create_string_buffer(wanted)
            count = c_uint32()
            self._call(function, *arguments, address, buffer, wanted, byref(count))
            pieces.append(buffer.raw if count.value == wanted else buffer.raw[:count.value])
            if count.value < wanted:
                break
            address += wanted
            size -= wanted
        return b"".join(pieces)

    # ---- virtual processors ------------------------------------------------

    @property
    def vps(self) -> List[VirtualProcessor]:
        return [VirtualProcessor(self, number) for number in range(self.info.vp_count)]

    def vp(self, number: int = 0) -> VirtualProcessor:
        return VirtualProcessor(self, number)

    def read_virtual(self, address: int, size: int, vp: int = 0) -> bytes:
        """Reads from a virtual address of a VP, as VirtualProcessor.read does."""
        return self.vp(vp).read(address, size)

    def translate(self, address: int, vp: int = 0) -> Translation:
        """Translates a virtual address of a VP, as VirtualProcessor.translate does."""
        return self.vp(vp).translate(address)

    def register(self, name: str, vp: int = 0) -> RegisterValue:
        """A register of a VP, as VirtualProcessor.register gives it."""
        return self.vp(vp).register(name)

    def _register(self, vp: int, name: str, vtl: int) -> RegisterValue:
        number = self._ids[name]
        value = ctypes.create_string_buffer(_REGISTER_SIZE)
        width = c_uint32()
        self._call("VmSavedStateGetRegister", vp, vtl, number, value, byref(width))
        return _register_value(name, value.raw, width.value)

    def _names_of(self, architecture: Architecture) -> List[str]:
        first_arm64 = self._ids["x0"]
        is_arm64 = architecture == Architecture.ARMV8
        return [name for name, number in self._ids.items()
                if (number >= first_arm64) == is_arm64]

    @staticmethod
    def _options(architectural: bool, root: Optional[int]) -> structures.TranslateOptions:
        options = structures.TranslateOptions.sized()
        if architectural:
            options.Flags |= _TRANSLATE_ARCHITECTURAL
        if root is not None:
            options.Flags |= _TRANSLATE_ROOT
            options.Root = root
        return options

    def _translate(self, vp: int, address: int, architectural: bool,
                   root: Optional[int]) -> Translation:
        options = self._options(architectural, root)
        walk = structures.Translation.sized()
        try:
            self._call("VmSavedStateTranslate", vp, byref(options), address, byref(walk))
        except Error as error:
            if error.hresult != VA_NOT_MAPPED:
                raise
        return _translation_of(address, walk)

    def _read_virtual(self, vp: int, address: int, size: int, architectural: bool,
                      root: Optional[int]) -> bytes:
        options = self._options(architectural, root)
        return self._read_pieces("VmSavedStateReadVirtual", (vp, byref(options)), address, size)

    def _images(self, vp: int, start: int, end: int, also: Tuple[int, ...]) -> List[Image]:
        handle = self._open_handle()
        standalone = (c_uint64 * len(also))(*also)

        def convert(found: structures.ImageInfo) -> Image:
            return Image(base=found.ImageBaseAddress, size=found.ImageSize,
                         timestamp=found.Timestamp, pdb_name=text(found.PdbName) or "")

        return collect(lambda callback: self._library.ScanMemoryForDosImages(
            handle, vp, start, end, None, callback, standalone, len(also)),
            structures.ImageCallback, convert, handle)


def open(path, vsv=None, *, salvage: bool = False,
         cache_blocks: Optional[int] = None) -> SavedState:
    """Opens a .vmrs, or a pair of .bin and .vsv.

    salvage also opens what is left of a damaged file.  cache_blocks lets the
    library keep that many MiB of decompressed memory, for scattered reads.
    """
    return SavedState(path, vsv, salvage=salvage, cache_blocks=cache_blocks)
