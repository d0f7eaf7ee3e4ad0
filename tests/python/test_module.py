#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The Python module, over fixtures and samples whose contents are known otherwise.

VMSS_CLI is the program, beside which the library and mkvmrs are; VMSS_FIXTURES
the folder of the fixtures, VMSS_SAMPLES that of the samples.
"""
import hashlib
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
import zlib

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["VMSS_CLI"]).parent
FIXTURES = pathlib.Path(os.environ["VMSS_FIXTURES"])
SAMPLES = pathlib.Path(os.environ.get("VMSS_SAMPLES", REPOSITORY / "../shared/samples"))
MODULE = REPOSITORY / "tools" / "python"
LIBRARY = BUILD / "libvmsavedstatedumpprovider.so.1"

E_NOTIMPL = 0x80004001
SKIPPED = 77

os.environ["VMSAVEDSTATE_LIBRARY"] = str(LIBRARY)
sys.path.insert(0, str(MODULE))
sys.dont_write_bytecode = True


def needs_samples(test):
    return unittest.skipUnless((SAMPLES / "guests").is_dir(), "there are no samples")(test)


def truth_of_sample(name):
    return json.loads((SAMPLES / f"{name}.truth.json").read_text(encoding="utf-8"))


def truth_of_fixture(name):
    """(kind, start, size, checksum or None) for each line of what the writer tells."""
    for line in (FIXTURES / f"{name}.truth").read_text().splitlines():
        kind, start, size, *rest = line.split()
        yield kind, int(start, 16), int(size, 16), int(rest[0], 16) if kind == "ram" else None


def part_of(pieces, start, size):
    """The bytes of pieces of memory, which ascend, that lie in a range."""
    return b"".join(data[max(start - address, 0):max(start + size - address, 0)]
                    for address, data in pieces)


class Memory(unittest.TestCase):
    def test_reads_give_what_the_writer_put_in(self):
        for name in ("demo", "adjacent-ranges", "partial-last-block", "missing-ram-block"):
            with vmsavedstate.open(FIXTURES / f"{name}.vmrs") as state:
                for kind, start, size, checksum in truth_of_fixture(name):
                    data = state.read(start, size)
                    if kind == "missing":
                        self.assertEqual(data, b"", name)
                    else:
                        self.assertEqual(zlib.crc32(data), checksum, f"{name} {start:#x}")

    def test_a_pair_is_opened_with_its_second_file(self):
        with vmsavedstate.open(FIXTURES / "legacy-pair.bin", FIXTURES / "legacy-pair.vsv") as state:
            self.assertTrue(state.info.is_legacy)
            for _, start, size, checksum in truth_of_fixture("legacy-pair"):
                self.assertEqual(zlib.crc32(state.read(start, size)), checksum)

    def test_iterating_meets_all_memory_once_and_passes_over_what_is_missing(self):
        for name in ("demo", "gap-above-4gib", "missing-ram-block", "partial-last-block"):
            with vmsavedstate.open(FIXTURES / f"{name}.vmrs") as state:
                pieces = list(state.memory(300_000))
            self.assertTrue(all(len(data) <= 300_000 for _, data in pieces))
            self.assertEqual(len({address for address, _ in pieces}), len(pieces))
            expected = 0
            for kind, start, size, checksum in truth_of_fixture(name):
                if kind == "ram":
                    expected += size
                    self.assertEqual(zlib.crc32(part_of(pieces, start, size)), checksum,
                                     f"{name} {start:#x}")
            self.assertEqual(sum(len(data) for _, data in pieces), expected, name)

    def test_chunks_are_those_of_the_description(self):
        with vmsavedstate.open(FIXTURES / "gap-above-4gib.vmrs") as state:
            self.assertEqual(state.chunks[-1].end, 0x100200000)
        with vmsavedstate.open(FIXTURES / "demo.vmrs") as state:
            self.assertEqual(state.chunks, [vmsavedstate.Chunk(0, 8 << 20)])
            self.assertEqual(state.info.raw_size, 8 << 20)
            self.assertEqual(state.info.vp_count, 1)

    def test_wrong_arguments_are_refused(self):
        with vmsavedstate.open(FIXTURES / "demo.vmrs") as state:
            self.assertRaises(ValueError, state.read, -1, 1)
            self.assertRaises(ValueError, state.read, 1 << 64, 1)
            self.assertRaises(ValueError, state.read, 0, -1)
            self.assertRaises(ValueError, list, state.memory(0))
            self.assertRaises(vmsavedstate.Error, state.vp(1).translate, 0)
            self.assertRaises(KeyError, state.register, "no such register")
            self.assertEqual(state.read(1 << 63, 16), b"")
            self.assertEqual(state.read(0, 0), b"")

    def test_many_threads_read_one_saved_state(self):
        with vmsavedstate.open(FIXTURES / "demo.vmrs") as state:
            expected = state.read(0, 8 << 20)
            wrong = []

            def read(number):
                for start in range(number * 4096, 8 << 20, 16 * 4096):
                    if state.read(start, 4096) != expected[start:start + 4096]:
                        wrong.append(start)

            threads = [threading.Thread(target=read, args=(number,)) for number in range(16)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(wrong, [])


class Errors(unittest.TestCase):
    def test_a_failure_carries_result_and_sentence(self):
        with self.assertRaises(vmsavedstate.Error) as raised:
            vmsavedstate.open("/no/such/file.vmrs")
        self.assertEqual(raised.exception.hresult, 0x80070003)
        self.assertIn("/no/such/file.vmrs", raised.exception.sentence)
        self.assertIn("(0x80070003)", str(raised.exception))
        for name, result in (("bad-no-partition-state", 0xC0370500),
                             ("bad-truncated", 0x80070570)):
            with self.assertRaises(vmsavedstate.Error) as raised:
                vmsavedstate.open(FIXTURES / f"{name}.vmrs")
            self.assertEqual(raised.exception.hresult, result)
            self.assertTrue(raised.exception.sentence)

    def test_damaged_memory_is_an_error_of_the_read(self):
        with vmsavedstate.open(FIXTURES / "bad-ram-noise.vmrs") as state:
            with self.assertRaises(vmsavedstate.Error) as raised:
                b"".join(data for _, data in state.memory())
            self.assertEqual(raised.exception.hresult, 0xD0000001)

    def test_a_closed_saved_state_is_refused(self):
        state = vmsavedstate.open(FIXTURES / "demo.vmrs")
        vp = state.vp()
        state.close()
        state.close()
        self.assertRaises(ValueError, state.read, 0, 1)
        self.assertRaises(ValueError, vp.register, "rip")
        self.assertRaises(ValueError, lambda: state.chunks)

    def test_another_library_is_told_apart(self):
        program = "import vmsavedstate; vmsavedstate.load_library()"
        for path in ("libc.so.6", "/no/such/folder/library.so"):
            environment = dict(os.environ, VMSAVEDSTATE_LIBRARY=path, PYTHONPATH=str(MODULE))
            result = subprocess.run([sys.executable, "-B", "-c", program], env=environment,
                                    capture_output=True, text=True)
            self.assertIn("LibraryNotFound", result.stderr)
            self.assertIn(path, result.stderr)

    def test_an_exception_in_a_callback_arrives(self):
        from vmsavedstate import _library, _structures

        def convert(_key):
            raise KeyboardInterrupt

        source = _library.make_source(FIXTURES / "demo.vmrs")
        self.assertRaises(KeyboardInterrupt, _library.collect,
                          lambda callback: _library.load_library().VmSavedStateEnumerateKeys(
                              source, None, callback, None), _structures.KeyCallback, convert)


class Keys(unittest.TestCase):
    def test_every_type_of_value(self):
        path = FIXTURES / "every-key-type.vmrs"
        found = {key.path: key for key in vmsavedstate.keys(path, "/types")}
        self.assertEqual(found["/types/int"].value, -2)
        self.assertEqual(found["/types/uint"].value, 0xFFFFFFFFFFFFFFFF)
        self.assertEqual(found["/types/double"].value, -0.5)
        self.assertEqual(found["/types/string"].value, 'text "quoted"')
        self.assertIs(found["/types/bool"].value, True)
        self.assertEqual(found["/types/ünïcode"].value, 1)
        self.assertEqual(found["/types/node"].type, vmsavedstate.KeyType.NODE)
        self.assertIsNone(found["/types/array"].value)
        self.assertTrue(found["/types/large"].in_file_object)
        self.assertFalse(found["/types/not-large"].in_file_object)
        self.assertEqual(vmsavedstate.read_key(path, "/types/array"),
                         b"\0\xff\x34\x12bytes" + 4 * b" ")
        self.assertEqual(vmsavedstate.read_key(path, "/types/string-object"),
                         "kept apart".encode("utf-16-le"))
        self.assertEqual(vmsavedstate.read_key(path, "/types/empty-array"), b"")
        with self.assertRaises(vmsavedstate.Error) as raised:
            vmsavedstate.keys(path, "/nothing")
        self.assertEqual(raised.exception.hresult, 0x80070002)

    def test_vms_are_located(self):
        guid = "6B9A0F3C-2D41-4C2E-9C55-0D6B3A1E7F01"
        with tempfile.TemporaryDirectory() as folder:
            machines = pathlib.Path(folder) / "Virtual Machines"
            machines.mkdir()
            for extension, fixture in (("vmcx", "vmcx-machine.vmrs"), ("vmrs", "demo.vmrs")):
                path = machines / f"{guid}.{extension}"
                path.write_bytes((FIXTURES / fixture).read_bytes())
            os.utime(path, (1_000_000_000, 1_000_000_000))
            found, = vmsavedstate.locate("büro server", search_path=folder)
            self.assertTrue(found.is_vm)
            self.assertEqual(found.vm_name, "Büro Server")
            self.assertEqual(found.vm_id, guid)
            self.assertEqual(found.state, vmsavedstate.FoundState.SAVED)
            self.assertEqual(found.vmrs_path, str(path))
            self.assertEqual(found.size, path.stat().st_size)
            self.assertEqual(found.modified.isoformat(), "2001-09-09T01:46:40+00:00")
            self.assertEqual(vmsavedstate.locate("another", search_path=folder), [])


@needs_samples
class Guest(unittest.TestCase):
    """A Linux guest of 96 MiB; the truth is the emulator's that ran it."""

    @classmethod
    def setUpClass(cls):
        cls.truth = truth_of_sample("guests/a1-x64-1cpu")["vps"][0]
        cls.state = vmsavedstate.open(SAMPLES / "guests" / "a1-x64-1cpu.vmrs")
        cls.vp = cls.state.vps[0]

    @classmethod
    def tearDownClass(cls):
        cls.state.close()

    def test_registers_by_name(self):
        registers = self.vp.registers()
        plain = {name: value for name, value in self.truth["registers"].items()
                 if isinstance(value, str) and name in registers}
        self.assertGreater(len(plain), 20)
        for name, value in plain.items():
            self.assertEqual(registers[name], int(value, 16), name)
        for name in ("es", "cs", "ss", "ds", "fs", "gs", "ldtr", "tr"):
            expected = {key: int(value, 16)
                        for key, value in self.truth["registers"][name].items()}
            self.assertEqual(registers[name], vmsavedstate.Segment(**expected), name)
        for name in ("gdtr", "idtr"):
            expected = {key: int(value, 16)
                        for key, value in self.truth["registers"][name].items()}
            self.assertEqual(registers[name], vmsavedstate.Table(**expected), name)
        for number, value in enumerate(self.truth["registers"]["xmm"]):
            self.assertEqual(registers[f"xmm{number}"], int(value, 16))
        self.assertNotIn("x0", registers)
        self.assertEqual(self.vp.register("RIP"), registers["rip"])

    def test_the_processor_is_described(self):
        self.assertEqual(self.vp.architecture, vmsavedstate.Architecture.X64)
        self.assertEqual(self.vp.index, 0)
        self.assertFalse(self.vp.in_kernel)
        self.assertEqual((self.vp.vtl, self.vp.vtls), (0, (0,)))

    def test_translations(self):
        for address, physical, size, _half, _ram in self.truth["mapped"][:500]:
            walk = self.vp.translate(int(address, 16))
            self.assertTrue(walk.is_mapped)
            self.assertEqual(walk.physical_address, int(physical, 16), address)
            self.assertEqual(walk.page_size, {"4K": 1 << 12, "2M": 1 << 21, "1G": 1 << 30}[size])
            self.assertEqual(walk.form, vmsavedstate.PagingForm.LONG4)
            self.assertEqual(walk.levels[0].table_address, self.vp.register("cr3"))
        for address, canonical in self.truth["unmapped"][:500]:
            walk = self.vp.translate(int(address, 16))
            self.assertFalse(walk.is_mapped)
            self.assertIsNone(walk.physical_address)
            self.assertEqual(walk.reason == vmsavedstate.WalkReason.OUT_OF_RANGE,
                             canonical == "non-canonical")

    def test_virtual_reads(self):
        for address, size, checksum, first, _pieces in self.truth["reads"]:
            data = self.vp.read(int(address, 16), size)
            self.assertEqual(hashlib.sha256(data).hexdigest(), checksum, address)
            self.assertTrue(data.hex().startswith(first[:2 * len(data)]))
        for address, size, count in self.truth["short_reads"]:
            self.assertEqual(len(self.state.read_virtual(int(address, 16), size)), count, address)

    def test_another_process_is_read_through_its_tables(self):
        for other in self.truth["other_cr3"]:
            root = int(other["cr3"], 16)
            for address, physical, *_rest in other["mapped"][:100]:
                walk = self.vp.translate(int(address, 16), root=root)
                self.assertEqual(walk.physical_address, int(physical, 16), address)


@needs_samples
class Arm64(unittest.TestCase):
    def test_registers_of_sparse_processors(self):
        truth = truth_of_sample("writer/arm64_four")
        with vmsavedstate.open(SAMPLES / "writer" / "arm64_four.vmrs") as state:
            self.assertEqual([vp.index for vp in state.vps], truth["vp_indices"])
            for vp, expected in zip(state.vps, truth["vps"]):
                self.assertEqual(vp.architecture, vmsavedstate.Architecture.ARMV8)
                registers = vp.registers()
                self.assertNotIn("rax", registers)
                for number in range(18):
                    value = expected["vtls"][0]["input"][f"x{number}"]
                    self.assertEqual(registers[f"x{number}"], int(value, 16))


class Images(unittest.TestCase):
    """A page with the headers of an image, as they are published, in identity-mapped memory."""

    BASE, SIZE, TIMESTAMP = 0x20000, 0x123000, 0x5E0BE100

    @classmethod
    def setUpClass(cls):
        optional = struct.pack("<H54xI", 0x20B, cls.SIZE).ljust(240, b"\0")
        headers = (b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x80)).ljust(0x80, b"\0")
        headers += b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 0, cls.TIMESTAMP, 0, 0,
                                           len(optional), 0x2022) + optional
        cls.folder = tempfile.TemporaryDirectory()
        description = pathlib.Path(cls.folder.name) / "image.txt"
        cls.path = description.with_suffix(".vmrs")
        text = (REPOSITORY / "fixtures" / "demo.txt").read_text(encoding="utf-8")
        headers = headers.ljust(4096, b"\0")
        description.write_text(f"{text}\npage-data {cls.BASE:#x} {headers.hex()}\n")
        subprocess.run([BUILD / "mkvmrs", description, cls.path], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def scan(self, *arguments, **options):
        with vmsavedstate.open(self.path) as state:
            try:
                return state.vp().images(*arguments, **options)
            except vmsavedstate.Error as error:
                if error.hresult == E_NOTIMPL:
                    self.skipTest("this library has no image scan yet")
                raise

    def test_an_image_is_found_downwards(self):
        expected = vmsavedstate.Image(self.BASE, self.SIZE, self.TIMESTAMP, "")
        self.assertEqual(self.scan(0x7FFFFF, 0x10000), [expected])
        self.assertEqual(self.scan(self.BASE - 1, 0x10000), [])
        self.assertIn(expected, self.scan(0xF000, 0xF000, also=(self.BASE,)))

    def test_the_example_lists_it(self):
        self.scan(self.BASE, self.BASE)
        environment = dict(os.environ, PYTHONPATH=str(MODULE))
        example = MODULE / "examples" / "list_images.py"
        result = subprocess.run([sys.executable, "-B", example, self.path, "--start", "7ff000",
                                 "--end", "10000"], env=environment, capture_output=True,
                                text=True)
        self.assertEqual(result.stderr, "")
        self.assertIn(f"{self.BASE:016x}", result.stdout)
        self.assertIn("2020-01-01", result.stdout)


class Package(unittest.TestCase):
    def test_structures_have_the_sizes_of_the_header(self):
        """The structures that the package repeats, as a C compiler sees them."""
        from vmsavedstate import _structures
        pairs = {"VMSAVEDSTATE_SOURCE": _structures.Source, "VMSAVEDSTATE_KEY": _structures.Key,
                 "VMSAVEDSTATE_INFO": _structures.Info, "VMSAVEDSTATE_FOUND": _structures.Found,
                 "VMSAVEDSTATE_TRANSLATE_OPTIONS": _structures.TranslateOptions,
                 "VMSAVEDSTATE_WALK_LEVEL": _structures.WalkLevel,
                 "VMSAVEDSTATE_TRANSLATION": _structures.Translation,
                 "DOS_IMAGE_INFO": _structures.ImageInfo,
                 "GPA_MEMORY_CHUNK": _structures.MemoryChunk}
        program = "#include <vmsavedstatedump_ext.h>\n" + "".join(
            f'_Static_assert(sizeof({name}) == {_library_sizeof(kind)}, "{name}");\n'
            for name, kind in pairs.items())
        result = subprocess.run(["gcc", "-std=c11", "-I", REPOSITORY / "include", "-x", "c",
                                 "-fsyntax-only", "-"], input=program, capture_output=True,
                                text=True)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_sources_are_those_of_python_3_9(self):
        import ast
        for path in sorted(MODULE.rglob("*.py")):
            ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=(3, 9))

    def test_it_is_typed(self):
        self.assertTrue((MODULE / "vmsavedstate" / "py.typed").is_file())
        self.assertRegex(vmsavedstate.library_version(), r"^\d+\.\d+\.\d+$")


def _library_sizeof(kind):
    import ctypes
    return ctypes.sizeof(kind)


def is_sanitized():
    """A sanitizer's library cannot be loaded into a program that is built without it."""
    return re.search(rb"__(asan|tsan)_init", LIBRARY.read_bytes()) is not None


if __name__ == "__main__":
    if is_sanitized():
        print("the library is built with a sanitizer, which Python cannot load")
        sys.exit(SKIPPED)
    import vmsavedstate
    unittest.main()
