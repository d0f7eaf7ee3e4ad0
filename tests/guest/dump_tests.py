# SPDX-License-Identifier: MIT
"""What the tests of dumps share: the program, fixtures and their truth, and a runner.

VMSS_CLI is the program; VMSS_FIXTURES and VMSS_SAMPLES are folders.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import traceback
import zlib

CLI = pathlib.Path(os.environ["VMSS_CLI"])
FIXTURES = pathlib.Path(os.environ["VMSS_FIXTURES"])
SAMPLES = pathlib.Path(os.environ.get("VMSS_SAMPLES", "../shared/samples"))
PAGE = 0x1000


class Skipped(Exception):
    pass


def fixture(name):
    return FIXTURES / f"{name}.vmrs"


def sample(name):
    path = SAMPLES / "guests" / f"{name}.vmrs"
    if not path.exists():
        raise Skipped(f"{path} is not there")
    return path, json.loads(path.with_name(f"{name}.truth.json").read_text())


def run_dump(source, output, *options):
    return subprocess.run([str(CLI), "dump", "--json", *options, str(source), str(output)],
                          capture_output=True, text=True, timeout=300, check=False)


def dump(source, output, *options, status=0):
    """Writes a dump and returns what the program tells of it."""
    done = run_dump(source, output, *options)
    assert done.returncode == status, (done.returncode, done.stderr)
    assert not pathlib.Path(f"{output}.partial").exists()
    return json.loads(done.stdout)


def truth_of_memory(name):
    """Of a fixture: [(address, length, CRC or None)], None for memory that is not saved."""
    ranges = []
    for line in (FIXTURES / f"{name}.truth").read_text().splitlines():
        kind, *numbers = line.split()
        numbers = [int(number, 16) for number in numbers]
        if kind in ("ram", "page"):
            ranges.append(tuple(numbers))
        elif kind == "missing":
            ranges.append((*numbers, None))
    return ranges


def check_memory(name, read):
    """Holds read(address, size), which is None where there is nothing, against the truth."""
    for address, length, checksum in truth_of_memory(name):
        if checksum is None:
            assert all(read(at, PAGE) is None for at in range(address, address + length, PAGE)), \
                f"{name}: memory at {address:#x} is not saved, but in the dump"
        else:
            assert zlib.crc32(read(address, length)) == checksum, f"{name}: at {address:#x}"


def pages_of_truth(name):
    """The numbers of all pages that can be read."""
    return {page for address, length, checksum in truth_of_memory(name) if checksum is not None
            for page in range(address // PAGE, (address + length) // PAGE)}


def main(tests):
    """Runs the test functions, each with an empty folder; returns the exit status."""
    failed = skipped = 0
    for test in tests:
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(pathlib.Path(folder))
                print(f"[       OK ] {test.__name__}", flush=True)
            except Skipped as reason:
                skipped += 1
                print(f"[  SKIPPED ] {test.__name__}: {reason}", flush=True)
            except Exception:
                failed += 1
                traceback.print_exc(file=sys.stdout)
                print(f"[  FAILED  ] {test.__name__}", flush=True)
    if failed:
        return 1
    return 77 if skipped == len(tests) else 0
