#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs vmsavedstate over states and files that are made here, for what no fixture has.

usage: test_made_states.py [TEST...]

Names and values beyond ASCII, page tables with mistakes, memory that is lost
or described twice, outputs that cannot be written.

VMSS_CLI is the program, VMSS_FIXTURES the folder of the fixtures.
"""
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "guest"))
from guest_builder import build_folder
from privileges import drop_privileges

CLI = os.path.abspath(os.environ.get("VMSS_CLI", str(build_folder() / "vmsavedstate")))
FIXTURES = pathlib.Path(os.environ.get("VMSS_FIXTURES", str(build_folder() / "fixtures")))
MAKE_FIXTURE = build_folder() / "mkvmrs"
SECONDS = 60
DONE, NOT_READ, USAGE, IN_PART, NOT_WRITTEN = range(5)


class Made(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def make(self, *lines):
        """A saved state from the description that the lines are."""
        text = self.folder / "made.txt"
        text.write_text("\n".join(lines) + "\n", encoding="utf-8")
        path = self.folder / "made.vmrs"
        subprocess.run([MAKE_FIXTURE, text, path], check=True, timeout=SECONDS)
        text.unlink()
        return path

    def put(self, fixture, name=None):
        path = os.path.join(os.fsencode(self.folder), os.fsencode(name or fixture))
        shutil.copy(FIXTURES / fixture, path)
        return path

    def run_cli(self, *arguments, before=None):
        result = subprocess.run([CLI, *arguments], env=dict(os.environ, LC_ALL="C"),
                                cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                                timeout=SECONDS, preexec_fn=before)
        result.stdout, result.stderr = result.stdout.decode(), result.stderr.decode()
        return result

    def facts(self, *arguments):
        return json.loads(self.run_cli(arguments[0], "--json", *arguments[1:]).stdout)


class Names(Made):
    def test_letters_of_every_length_are_shown_as_they_are(self):
        name = "é € \u65E5\u672C \U0001F4DA.vmrs"
        self.put("minimal.vmrs", name)
        self.assertIn(f" {name},", self.run_cli("info", name).stdout)
        self.assertEqual(self.facts("info", name)["file"], name)

    def test_bytes_that_are_no_utf_8_are_shown_as_bytes(self):
        shown = {
            b"\xff": r"\xFF", b"\x80": r"\x80", b"a\xc3": r"a\xC3", b"\xc3(": r"\xC3(",
            b"\xe2\x82": r"\xE2\x82", b"\xc1\xbf": r"\xC1\xBF",     # cut; longer than it must be
            b"\xe0\x80\xaf": r"\xE0\x80\xAF", b"\xf0\x80\x80\xaf": r"\xF0\x80\x80\xAF",
            b"\xf4\x90\x80\x80": r"\xF4\x90\x80\x80", b"\xf5\x80": r"\xF5\x80",
        }
        for name, text in shown.items():
            self.put("minimal.vmrs", name)
            self.assertIn(f" {text},", self.run_cli("info", name).stdout)
            # As Python has such bytes in a text: nothing is lost.
            self.assertEqual(os.fsencode(self.facts("info", name)["file"]), name)

    def test_a_control_character_cannot_steer_the_terminal(self):
        for name, text in (("\x1b[31m", r"\x1B[31m"), ("\x7f", r"\x7F"),
                           ("\x9b31m", r"\xC2\x9B31m")):
            self.put("minimal.vmrs", name)
            self.assertIn(f" {text},", self.run_cli("info", name).stdout)
            self.assertEqual(self.facts("info", name)["file"], name)

    def test_strings_of_the_container_are_utf_16(self):
        text = "é \u07FF \u0800 \uFFFD \U00010000 \U0001F4DA \U0010FFFF"
        state = self.make(f'key /texts/inline string "{text}"',
                          f'key /texts/object string "{text}" store=object')
        shown = self.run_cli("keys", state, "--values").stdout
        found = {key["path"]: key for key in self.facts("keys", state, "--values")["keys"]}
        for path in ("/texts/inline", "/texts/object"):
            self.assertIn(f'{path} = "{text}"\n', shown)
            self.assertEqual(found[path]["value"], text)
            self.assertEqual(found[path]["size"], len(text.encode("utf-16-le")))

    def test_a_sibling_whose_name_differs_in_case_alone_yields_to_one_that_does_not(self):
        self.put("legacy-pair.bin", "abcd.bin")
        self.put("legacy-pair.vsv", "abcd.VSV")
        for bits in range(1, 16):
            letters = "".join(letter.upper() if bits >> place & 1 else letter
                              for place, letter in enumerate("abcd"))
            (self.folder / f"{letters}.vsv").write_text("no saved state")
        facts = self.facts("info", "abcd.bin")
        self.assertEqual((facts["container"], facts["second_file"]), ("legacy", "abcd.VSV"))
        (self.folder / "abcd.VSV").unlink()
        self.assertEqual(self.run_cli("info", "abcd.bin").returncode, NOT_READ)


class Memory(Made):
    def test_lost_blocks_side_by_side_are_one_range(self):
        state = self.make("default-state x64", "memory 0 1024 0", "fill-blocks 0 1 zero",
                          "fill-blocks 1 2 zero store=none", "fill-blocks 3 1 zero")
        lost = [{"start": "0x100000", "size": 2 << 20}]
        self.assertEqual(self.facts("map", state)["missing"], lost)
        result = self.run_cli("dump", "--json", state, "out")
        self.assertEqual(result.returncode, IN_PART)
        self.assertEqual(json.loads(result.stdout)["missing"], lost)
        self.assertIn("  0x100000 - 0x2FFFFF, 2 MiB\n", self.run_cli("dump", state, "2").stdout)

    def test_memory_that_is_described_twice_counts_once(self):
        state = self.make("default-state x64", "memory 0 512 0", "memory 256 512 512",
                          "memory 128 16 0", "fill-blocks 0 4 zero")
        facts = self.facts("map", state)
        self.assertEqual(facts["ranges"], [{"start": "0x0", "size": 3 << 20}])
        self.assertEqual((facts["memory_size"], facts["pages"]["zero"]), (3 << 20, 768))

    def test_memory_ends_where_addresses_do(self):
        state = self.make("default-state x64", "memory 0 256 0", "memory 0xFFFFFFFFFFF00 256 256",
                          "fill-blocks 0 2 zero")
        facts = self.facts("map", state)
        self.assertEqual(facts["ranges"], [{"start": "0x0", "size": 1 << 20},
                                           {"start": "0xFFFFFFFFFFF00000", "size": 1 << 20}])
        self.assertEqual(facts["holes"], [{"start": "0x100000", "size": (1 << 64) - (2 << 20)}])
        self.assertEqual(facts["pages"]["zero"], 512)
        result = self.run_cli("read", state, "0xFFFFFFFFFFFFFFF0", "32", "--raw")
        self.assertEqual((result.returncode, result.stdout), (DONE, "\0" * 16))

    def test_paging_that_is_off_is_told(self):
        state = self.make("default-state x64 cr0=0x11 efer=0", "memory 0 256 0",
                          "fill-blocks 0 1 zero")
        asked = ("translate", "--architectural", state, "0x1234")
        self.assertIn(", paging is off\n", self.run_cli(*asked).stdout)
        found = self.facts(*asked)["translations"][0]
        self.assertEqual((found["mapped"], found["physical_address"]), (True, "0x1234"))

    def test_reserved_bits_are_told(self):
        # A page of 2 MiB begins at a multiple of its size: bits 13 to 20 must be 0.
        state = self.make("default-state x64 cr3=0x1000", "memory 0 256 0", "fill-blocks 0 1 zero",
                          "u64 0x1000 0x2063", "u64 0x2000 0x3063", "u64 0x3000 0x20E3")
        words = "an entry has reserved bits set: the processor would have faulted"
        self.assertIn(words, self.run_cli("translate", state, "0x10").stdout)
        self.assertTrue(self.facts("translate", state, "0x10")["translations"][0]["reserved_bits"])


class Outputs(Made):
    """Each is refused in a sentence, with 4, and leaves nothing behind."""

    def refuse(self, words, *arguments, before=None):
        kept = sorted(os.listdir(self.folder))
        result = self.run_cli(*arguments, before=before)
        self.assertEqual((result.returncode, result.stdout), (NOT_WRITTEN, ""), result.stderr)
        self.assertIn(words, result.stderr)
        self.assertEqual(sorted(os.listdir(self.folder)), kept)

    def setUp(self):
        super().setUp()
        self.put("minimal.vmrs")
        self.commands = (["dump", "minimal.vmrs", "out"], ["map", "minimal.vmrs", "--svg", "out"])

    def test_what_another_run_is_writing_is_left_alone(self):
        (self.folder / "out.partial").write_text("of another run")
        for command in self.commands:
            self.refuse("out.partial exists: it is being written by another run", *command)
            self.assertEqual((self.folder / "out.partial").read_text(), "of another run")
        for command in self.commands:
            self.assertEqual(self.run_cli(*command, "--force").returncode, DONE)
            self.assertFalse((self.folder / "out.partial").exists())
            (self.folder / "out.partial").write_text("of another run")

    def test_a_folder_in_the_place_of_the_partial_file(self):
        (self.folder / "out.partial").mkdir()
        self.refuse("there is something of that name that is not a file",
                    *self.commands[1], "--force")

    def test_a_file_system_without_room_for_the_size(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))

        self.put("demo.vmrs")
        self.refuse("files of that size are not possible there",
                    "map", "demo.vmrs", "--svg", "out", before=limit)

    def test_a_folder_that_may_not_be_written(self):
        self.folder.chmod(0o555)
        self.addCleanup(self.folder.chmod, 0o700)
        for command in self.commands:
            self.refuse("you may not write there", *command, before=drop_privileges)

    def test_a_log_whose_file_may_not_be_written(self):
        path = self.put("pending-log.vmrs")
        os.chmod(path, 0o444)
        with open(path, "rb") as file:
            content = file.read()
        result = self.run_cli("replay", "--apply", "pending-log.vmrs", before=drop_privileges)
        self.assertEqual(result.returncode, NOT_WRITTEN)
        self.assertIn("pending-log.vmrs: ", result.stderr)
        self.assertNotIn("They have been made", result.stdout)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), content)


def main():
    if not os.path.isfile(CLI) or CLI.endswith(".exe") or not MAKE_FIXTURE.is_file():
        print(f"SKIPPED: no program for this system at {CLI}, or no {MAKE_FIXTURE}")
        return 77
    return 0 if unittest.main(exit=False, verbosity=1).result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
