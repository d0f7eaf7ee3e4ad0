# SPDX-License-Identifier: MIT
"""The keys of a container, and finding saved states by the names of their VMs."""
from __future__ import annotations

import ctypes
from datetime import datetime, timezone
from typing import List, Optional, Union

from . import _structures as structures
from ._library import check, collect, encode, load_library, make_source, text
from ._types import Found, FoundState, Key, KeyType

_IN_FILE_OBJECT, _IN_SECOND_FILE, _IS_RAM_BLOCK = 1, 2, 4
_KIND_VM, _KIND_CHECKPOINT = 1, 2

#: A read of a key goes in pieces of this size.
_PIECE = 16 << 20


def _value_of(key: structures.Key) -> Union[int, float, bool, str, None]:
    if key.Type == KeyType.INT:
        return key.Value.Int
    if key.Type == KeyType.UINT:
        return key.Value.UInt
    if key.Type == KeyType.DOUBLE:
        return key.Value.Double
    if key.Type == KeyType.BOOL:
        return bool(key.Value.Bool)
    return text(key.StringValue)


def _key_of(key: structures.Key) -> Key:
    return Key(path=text(key.Path) or "", type=KeyType(key.Type), size=key.Size,
               file_offset=key.FileOffset, value=_value_of(key),
               in_file_object=bool(key.Flags & _IN_FILE_OBJECT),
               in_second_file=bool(key.Flags & _IN_SECOND_FILE),
               is_ram_block=bool(key.Flags & _IS_RAM_BLOCK))


def keys(path, start: Optional[str] = None, *, second_path=None) -> List[Key]:
    """The keys of a .vmrs, .vmcx, .bin or .vsv; from start on, if it is given."""
    library = load_library()
    source = make_source(path, second_path)
    return collect(lambda callback: library.VmSavedStateEnumerateKeys(
        ctypes.byref(source), encode(start), callback, None), structures.KeyCallback, _key_of)


def read_key(path, key: str, *, second_path=None) -> bytes:
    """The bytes of a key's value as they are stored; a string is UTF-16."""
    library = load_library()
    source = make_source(path, second_path)
    size = ctypes.c_uint64()
    data = bytearray()
    while True:
        piece = min(_PIECE, max(size.value - len(data), 0))
        buffer = ctypes.create_string_buffer(max(piece, 1))
        check(library.VmSavedStateReadKey(ctypes.byref(source), encode(key), len(data), buffer,
                                          piece, ctypes.byref(size)))
        data += buffer.raw[:piece]
        if len(data) >= size.value:
            return bytes(data)


def _found_of(found: structures.Found) -> Found:
    modified = (datetime.fromtimestamp(found.ModifiedTime, timezone.utc)
                if found.ModifiedTime else None)
    return Found(is_vm=found.Kind == _KIND_VM, is_checkpoint=found.Kind == _KIND_CHECKPOINT,
                 state=FoundState(found.State), vm_name=text(found.VmName),
                 vm_id=text(found.VmId), checkpoint_name=text(found.CheckpointName),
                 checkpoint_id=text(found.CheckpointId), path=text(found.Path),
                 vmrs_path=text(found.VmrsPath), bin_path=text(found.BinPath),
                 vsv_path=text(found.VsvPath), problem=text(found.Problem), size=found.Size,
                 modified=modified, vm_version=found.VmVersion, memory_size=found.MemorySize,
                 processor_count=found.ProcessorCount)


def locate(name: Optional[str] = None, checkpoint: Optional[str] = None, *,
           search_path: Optional[str] = None) -> List[Found]:
    """VMs and checkpoints with what is saved of them, then what could not be read.

    name and checkpoint choose, by name or GUID.  search_path lists folders,
    separated as in PATH; without it, those of the environment variable
    VMSAVEDSTATE_PATH and on Windows Hyper-V's own are looked through.
    """
    library = load_library()
    return collect(lambda callback: library.VmSavedStateLocate(
        encode(search_path), encode(name), encode(checkpoint), callback, None),
        structures.FoundCallback, _found_of)
