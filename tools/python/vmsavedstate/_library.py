# SPDX-License-Identifier: MIT
"""Finds the library, declares its functions, and turns failures into exceptions."""
from __future__ import annotations

import ctypes
import ctypes.util
import os
import threading
from ctypes import POINTER, c_char_p, c_int, c_int32, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Callable, Iterator, List, Optional

from . import _structures as structures
from ._errors import Error, LibraryNotFound

_VARIABLE = "VMSAVEDSTATE_LIBRARY"
_FILE_NAMES = (["vmsavedstatedumpprovider.dll"] if os.name == "nt" else
               ["libvmsavedstatedumpprovider.so.1", "libvmsavedstatedumpprovider.so"])

_HRESULT = c_int32
_HANDLE = c_void_p

#: Result and parameters of each function that is used.
_PROTOTYPES = {
    "VmSavedStateGetProviderVersion": (c_char_p, []),
    "VmSavedStateGetErrorText": (_HRESULT, [_HANDLE, c_void_p, c_uint32, POINTER(c_uint32)]),
    "VmSavedStateOpen": (_HRESULT, [POINTER(structures.Source), POINTER(_HANDLE)]),
    "ReleaseSavedStateFiles": (_HRESULT, [_HANDLE]),
    "VmSavedStateEnumerateKeys": (_HRESULT, [POINTER(structures.Source), c_char_p,
                                             structures.KeyCallback, c_void_p]),
    "VmSavedStateReadKey": (_HRESULT, [POINTER(structures.Source), c_char_p, c_uint64, c_void_p,
                                       c_uint32, POINTER(c_uint64)]),
    "VmSavedStateLocate": (_HRESULT, [c_char_p, c_char_p, c_char_p, structures.FoundCallback,
                                      c_void_p]),
    "VmSavedStateGetInfo": (_HRESULT, [_HANDLE, POINTER(structures.Info)]),
    "VmSavedStateGetVpIndex": (_HRESULT, [_HANDLE, c_uint32, POINTER(c_uint32)]),
    "VmSavedStateGetRegister": (_HRESULT, [_HANDLE, c_uint32, c_uint32, c_uint32, c_void_p,
                                           POINTER(c_uint32)]),
    "VmSavedStateGetRegisterName": (c_char_p, [c_uint32]),
    "VmSavedStateTranslate": (_HRESULT, [_HANDLE, c_uint32,
                                         POINTER(structures.TranslateOptions), c_uint64,
                                         POINTER(structures.Translation)]),
    "VmSavedStateReadVirtual": (_HRESULT, [_HANDLE, c_uint32,
                                           POINTER(structures.TranslateOptions), c_uint64,
                                           c_void_p, c_uint32, POINTER(c_uint32)]),
    "ReadGuestPhysicalAddress": (_HRESULT, [_HANDLE, c_uint64, c_void_p, c_uint32,
                                            POINTER(c_uint32)]),
    "GetGuestPhysicalMemoryChunks": (_HRESULT, [_HANDLE, POINTER(c_uint64), c_void_p,
                                                POINTER(c_uint64)]),
    "VmSavedStateGetPageStorage": (_HRESULT, [_HANDLE, c_uint64, POINTER(c_int),
                                              POINTER(c_uint32)]),
    "SetMemoryBlockCacheLimit": (_HRESULT, [_HANDLE, c_uint64]),
    "GetArchitecture": (_HRESULT, [_HANDLE, c_uint32, POINTER(c_int)]),
    "GetActiveVirtualTrustLevel": (_HRESULT, [_HANDLE, c_uint32, c_void_p]),
    "GetEnabledVirtualTrustLevels": (_HRESULT, [_HANDLE, c_uint32, POINTER(c_uint32)]),
    "InKernelSpace": (_HRESULT, [_HANDLE, c_uint32, POINTER(c_int)]),
    "ScanMemoryForDosImages": (_HRESULT, [_HANDLE, c_uint32, c_uint64, c_uint64, c_void_p,
                                          structures.ImageCallback, c_void_p, c_uint32]),
}

_loaded: Optional[ctypes.CDLL] = None
_loading = threading.Lock()


def _candidates(path: Optional[str]) -> Iterator[str]:
    """The files to try, in order; a place that is named explicitly is the only one."""
    named = path or os.environ.get(_VARIABLE)
    if named:
        if os.path.isdir(named):
            for name in _FILE_NAMES:
                yield os.path.join(named, name)
        else:
            yield named
        return
    here = Path(__file__).resolve().parent
    for folder in (here, here.parent):
        for name in _FILE_NAMES:
            if (folder / name).is_file():
                yield str(folder / name)
    yield from _FILE_NAMES
    found = ctypes.util.find_library("vmsavedstatedumpprovider")
    if found:
        yield found


def _declare(library: ctypes.CDLL, path: str) -> None:
    for name, (result, parameters) in _PROTOTYPES.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise LibraryNotFound(
                f"{path} has no function {name}: it is another version, or the original library "
                f"of that name; set {_VARIABLE} to the right one") from None
        function.restype = result
        function.argtypes = parameters


def load_library(path: Optional[str] = None) -> ctypes.CDLL:
    """Loads the library, once; path, a file or a folder, overrides where it is looked for."""
    global _loaded
    with _loading:
        if _loaded is not None:
            return _loaded
        reasons: List[str] = []
        for candidate in _candidates(path):
            try:
                library = ctypes.CDLL(candidate)
            except OSError as error:
                reasons.append(f"{candidate}: {error}")
                continue
            _declare(library, candidate)
            _loaded = library
            return library
        raise LibraryNotFound(f"the library vmsavedstatedumpprovider cannot be loaded; set "
                              f"{_VARIABLE} to its path\n  " + "\n  ".join(reasons))


def library_version() -> str:
    """The version of the library, such as "1.0.0"."""
    return load_library().VmSavedStateGetProviderVersion().decode()


def text(data: Optional[bytes]) -> Optional[str]:
    """UTF-8 from the library; what is no UTF-8 comes back as it was by encode()."""
    return None if data is None else data.decode("utf-8", "surrogateescape")


def encode(value: Optional[str]) -> Optional[bytes]:
    if value is None:
        return None
    if "\0" in value:
        raise ValueError("a NUL in a text")
    return value.encode("utf-8", "surrogateescape")


def encode_path(path: "str | bytes | os.PathLike") -> bytes:
    """A path as the library takes it: bytes of the system, on Windows UTF-8."""
    data = os.fsencode(path)
    if b"\0" in data:
        raise ValueError("a NUL in a path")
    return data


def error_text(handle: Optional[int]) -> str:
    library = load_library()
    buffer = ctypes.create_string_buffer(2048)
    library.VmSavedStateGetErrorText(handle, buffer, len(buffer), None)
    return buffer.value.decode("utf-8", "replace")


def check(result: int, handle: Optional[int] = None) -> None:
    """Raises Error for a result that is a failure."""
    if result < 0:
        raise Error(result, error_text(handle))


def collect(call: Callable, callback_type, convert: Callable, handle: Optional[int] = None) -> list:
    """Makes a call that has a callback; returns what convert made of each structure.

    An exception in convert ends the call and is raised here: it cannot pass
    through the library.
    """
    items: list = []
    failure: List[BaseException] = []

    def visit(_context, structure):
        try:
            items.append(convert(structure.contents))
            return 0
        except BaseException as error:  # also KeyboardInterrupt, which ctypes would swallow
            failure.append(error)
            return 1

    result = call(callback_type(visit))
    if failure:
        raise failure[0]
    check(result, handle)
    return items


def make_source(path, second_path=None, salvage: bool = False) -> structures.Source:
    source = structures.Source.sized()
    source.Flags = 1 if salvage else 0
    source.Path = encode_path(path)
    source.SecondPath = None if second_path is None else encode_path(second_path)
    return source
