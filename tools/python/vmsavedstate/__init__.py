# SPDX-License-Identifier: MIT
"""Reads Hyper-V saved states: .vmrs files and older pairs of .bin and .vsv.

    import vmsavedstate

    with vmsavedstate.open("guest.vmrs") as state:
        for chunk in state.chunks:
            print(hex(chunk.start), chunk.size)
        vp = state.vps[0]
        print(hex(vp.register("rip")), vp.translate(vp.register("rip")))
        code = vp.read(vp.register("rip"), 64)

This is a client of the library vmsavedstatedumpprovider through ctypes alone,
the same on Linux and Windows.  The library is looked for where the environment
variable VMSAVEDSTATE_LIBRARY says (a file or a folder), then beside this
package, then where the system keeps libraries.

Addresses and sizes are in bytes.  Failures raise Error, which carries the
HRESULT and the library's sentence.  A saved state can be used from several
threads at once.
"""
from ._containers import keys, locate, read_key
from ._errors import Error, LibraryNotFound
from ._library import load_library, library_version
from ._state import SavedState, VirtualProcessor, open
from ._types import (Access, Architecture, Chunk, Found, FoundState, Image, Info, Key, KeyType,
                     PagingForm, Segment, Table, Translation, Vendor, WalkLevel, WalkReason)

__all__ = [
    "Access", "Architecture", "Chunk", "Error", "Found", "FoundState", "Image", "Info", "Key",
    "KeyType", "LibraryNotFound", "PagingForm", "SavedState", "Segment", "Table", "Translation",
    "Vendor", "VirtualProcessor", "WalkLevel", "WalkReason", "keys", "library_version",
    "load_library", "locate", "open", "read_key",
]
