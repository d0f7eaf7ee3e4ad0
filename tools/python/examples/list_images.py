#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lists the PE images in the address space of a saved guest's processor.

usage: list_images.py FILE [VSV] [--vp N] [--start ADDRESS] [--end ADDRESS]

Looks from --start down to --end; without them, through the kernel's half of
the address space.
"""
import argparse
import sys
from datetime import datetime, timezone

import vmsavedstate


def kernel_half(vp):
    """The first and last address to look at, by the VP's architecture."""
    if vp.architecture == vmsavedstate.Architecture.X86:
        return 0xFFFFF000, 0x80000000
    return 0xFFFFFFFFFFFFF000, 0xFFFF800000000000


def number(text):
    return int(text.replace("`", ""), 16)


def main():
    parser = argparse.ArgumentParser(description="Lists PE images in a saved guest's memory.")
    parser.add_argument("file")
    parser.add_argument("vsv", nargs="?")
    parser.add_argument("--vp", type=int, default=0)
    parser.add_argument("--start", type=number, help="in hexadecimal")
    parser.add_argument("--end", type=number, help="in hexadecimal")
    arguments = parser.parse_args()
    try:
        with vmsavedstate.open(arguments.file, arguments.vsv, cache_blocks=64) as state:
            vp = state.vp(arguments.vp)
            start, end = kernel_half(vp)
            start = start if arguments.start is None else arguments.start
            end = end if arguments.end is None else arguments.end
            for image in vp.images(start, end):
                built = datetime.fromtimestamp(image.timestamp, timezone.utc)
                print(f"{image.base:016x} {image.size:10} {built:%Y-%m-%d} {image.pdb_name}")
    except vmsavedstate.Error as error:
        sys.exit(f"{arguments.file}: {error}")


if __name__ == "__main__":
    main()
