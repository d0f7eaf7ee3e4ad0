# SPDX-License-Identifier: MIT
"""The structures and callbacks of vmsavedstatedump.h and vmsavedstatedump_ext.h."""
from __future__ import annotations

import ctypes
from ctypes import (POINTER, Structure, Union, c_char_p, c_double, c_int, c_int64, c_uint32,
                    c_uint64, c_void_p)

WALK_LEVELS = 5


class Sized(Structure):
    """A structure that begins with its own size."""

    _fields_ = [("StructSize", c_uint32)]

    @classmethod
    def sized(cls):
        return cls(StructSize=ctypes.sizeof(cls))


class Source(Sized):
    _fields_ = [
        ("Flags", c_uint32), ("Path", c_char_p), ("SecondPath", c_char_p), ("Bytes", c_void_p),
        ("ByteCount", c_uint64), ("SecondBytes", c_void_p), ("SecondByteCount", c_uint64),
    ]


class KeyValue(Union):
    _fields_ = [("Int", c_int64), ("UInt", c_uint64), ("Double", c_double), ("Bool", c_int)]


class Key(Sized):
    _fields_ = [
        ("Type", c_int), ("Flags", c_uint32), ("Reserved", c_uint32), ("Path", c_char_p),
        ("Size", c_uint64), ("FileOffset", c_uint64), ("Value", KeyValue),
        ("StringValue", c_char_p),
    ]


class Info(Sized):
    _fields_ = [
        ("Container", c_int), ("ContainerVersion", c_uint32), ("VmVersion", c_uint32),
        ("PendingLogEntries", c_uint32), ("VpCount", c_uint32), ("Vendor", c_int),
        ("Architectures", c_uint32), ("RamBlockCount", c_uint64), ("RawSize", c_uint64),
        ("StoredBytes", c_uint64), ("FileSize", c_uint64), ("SecondFileSize", c_uint64),
    ]


class TranslateOptions(Sized):
    _fields_ = [("Flags", c_uint32), ("Root", c_uint64)]


class WalkLevel(Structure):
    _fields_ = [
        ("Name", c_char_p), ("Level", c_uint32), ("Index", c_uint32),
        ("TableAddress", c_uint64), ("EntryAddress", c_uint64), ("Entry", c_uint64),
    ]


class Translation(Sized):
    _fields_ = [
        ("PagingForm", c_int), ("Reason", c_int), ("Flags", c_uint32),
        ("PhysicalAddress", c_uint64), ("PageSize", c_uint64), ("UnmappedSize", c_uint64),
        ("SkipSize", c_uint64), ("Access", c_uint32), ("FailingLevel", c_uint32),
        ("LevelCount", c_uint32), ("Reserved", c_uint32), ("Levels", WalkLevel * WALK_LEVELS),
    ]


class MemoryChunk(Structure):
    _fields_ = [("StartPageIndex", c_uint64), ("PageCount", c_uint64)]


class ImageInfo(Structure):
    _fields_ = [
        ("PdbName", c_char_p), ("ImageBaseAddress", c_uint64), ("ImageSize", c_uint32),
        ("Timestamp", c_uint32),
    ]


class Found(Sized):
    _fields_ = [
        ("Kind", c_int), ("State", c_int), ("VmVersion", c_uint32), ("VmName", c_char_p),
        ("VmId", c_char_p), ("CheckpointName", c_char_p), ("CheckpointId", c_char_p),
        ("Path", c_char_p), ("VmrsPath", c_char_p), ("BinPath", c_char_p),
        ("VsvPath", c_char_p), ("Problem", c_char_p), ("Size", c_uint64),
        ("ModifiedTime", c_int64), ("MemorySize", c_uint64), ("ProcessorCount", c_uint32),
        ("Reserved", c_uint32),
    ]


# WINAPI is nothing of its own on 64-bit Windows.
KeyCallback = ctypes.CFUNCTYPE(c_int, c_void_p, POINTER(Key))
FoundCallback = ctypes.CFUNCTYPE(c_int, c_void_p, POINTER(Found))
ImageCallback = ctypes.CFUNCTYPE(c_int, c_void_p, POINTER(ImageInfo))
