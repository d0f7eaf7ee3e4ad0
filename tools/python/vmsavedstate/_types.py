# SPDX-License-Identifier: MIT
"""What the functions of this package return."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, IntFlag
from typing import Optional, Tuple, Union


class Architecture(IntEnum):
    UNKNOWN = 0
    X86 = 1
    X64 = 2
    ARMV8 = 3


class Vendor(IntEnum):
    UNKNOWN = 0
    AMD = 1
    INTEL = 2
    HYGON = 3
    ARM = 4


class PagingForm(IntEnum):
    """How addresses are translated."""

    NONE = 0            #: no translation can be given
    IDENTITY = 1        #: paging is off
    X86_32BIT = 2
    X86_32BIT_PSE = 3   #: also pages of 4 MiB
    PAE = 4
    LONG4 = 5
    LONG5 = 6
    ARMV8 = 7


class WalkReason(IntEnum):
    """Why a page-table walk ended."""

    MAPPED = 0
    NOT_PRESENT = 1
    BAD_DESCRIPTOR = 2
    TABLE_NOT_SAVED = 3
    OUT_OF_RANGE = 4        #: the address is not canonical
    BAD_CONFIGURATION = 5
    UNSUPPORTED = 6
    NO_TRANSLATION = 7
    TABLE_DAMAGED = 8


class Access(IntFlag):
    """What all entries of a walk allow together; reading always."""

    NONE = 0
    WRITE = 1
    USER = 2
    USER_EXECUTE = 4
    KERNEL_EXECUTE = 8


class KeyType(IntEnum):
    INT = 3
    UINT = 4
    DOUBLE = 5
    STRING = 6
    ARRAY = 7
    BOOL = 8
    NODE = 9
    LEGACY_BLOB = 256   #: any value of a .bin or .vsv


class FoundState(IntEnum):
    """What is saved of a VM or checkpoint."""

    NONE = 0            #: there are no state files
    NO_MEMORY = 1       #: the VM is off, or the checkpoint has no memory
    SAVED = 2           #: in a .vmrs
    SAVED_PAIR = 3      #: in a .bin and .vsv
    UNREADABLE = 4


@dataclass(frozen=True)
class Chunk:
    """A range of guest memory."""

    start: int
    size: int

    @property
    def end(self) -> int:
        """One past the last byte."""
        return self.start + self.size


@dataclass(frozen=True)
class Info:
    """The facts about a saved state."""

    is_legacy: bool             #: a .bin and .vsv
    container_version: int      #: major << 8 | minor
    vm_version: int             #: major << 8 | minor
    pending_log_entries: int    #: of the replay log, laid over the file
    vp_count: int
    vendor: Vendor
    architectures: Tuple[Architecture, ...]
    ram_block_count: int
    raw_size: int
    stored_bytes: int           #: that the RAM blocks take in the file
    file_size: int
    second_file_size: int


@dataclass(frozen=True)
class Segment:
    selector: int
    base: int
    limit: int
    attributes: int


@dataclass(frozen=True)
class Table:
    base: int
    limit: int


#: A number, or a structure for segments and descriptor tables.
RegisterValue = Union[int, Segment, Table]


@dataclass(frozen=True)
class WalkLevel:
    """An entry that was read on the way."""

    name: str
    level: int                  #: 1 for the smallest pages
    index: int
    table_address: int
    entry_address: int
    entry: int


@dataclass(frozen=True)
class Translation:
    """Where a virtual address leads, and how."""

    virtual_address: int
    is_mapped: bool
    physical_address: Optional[int]     #: None unless mapped
    page_size: int                      #: 0 unless mapped
    skip_size: int                      #: bytes around an unmapped address that are unmapped
    access: Access
    form: PagingForm
    reason: WalkReason
    failing_level: int                  #: 0 when no entry is to blame
    has_reserved_bits: bool
    levels: Tuple[WalkLevel, ...]


@dataclass(frozen=True)
class Image:
    """A PE image in guest memory."""

    base: int
    size: int
    timestamp: int
    pdb_name: str       #: the stem of the PDB's file name, "" without


@dataclass(frozen=True)
class Key:
    """A key of a container."""

    path: str
    type: KeyType
    size: int
    file_offset: int
    value: Union[int, float, bool, str, None]   #: None for arrays, nodes and strings kept apart
    in_file_object: bool
    in_second_file: bool
    is_ram_block: bool


@dataclass(frozen=True)
class Found:
    """A VM or checkpoint that was found; a problem when only problem and path are set."""

    is_vm: bool
    is_checkpoint: bool
    state: FoundState
    vm_name: Optional[str]
    vm_id: Optional[str]
    checkpoint_name: Optional[str]
    checkpoint_id: Optional[str]
    path: Optional[str]                 #: the configuration
    vmrs_path: Optional[str]
    bin_path: Optional[str]
    vsv_path: Optional[str]
    problem: Optional[str]
    size: int
    modified: Optional[datetime]        #: in UTC
    vm_version: int
    memory_size: int
    processor_count: int
