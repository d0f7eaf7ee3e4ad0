#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs vmsavedstate on a terminal that stands still: what it draws there, and what Ctrl-C does.

usage: test_terminal.py [TEST...]

A terminal whose output is held back keeps a program waiting in its first
drawing.  What happens meanwhile happens in the middle of the program's work,
however fast the machine is.

VMSS_CLI is the program, VMSS_FIXTURES the folder of the fixtures.
"""
import fcntl
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

CLI = os.path.abspath(os.environ.get("VMSS_CLI", "build/linux/vmsavedstate"))
FIXTURES = pathlib.Path(os.environ.get("VMSS_FIXTURES", "build/linux/fixtures"))
SECONDS = 60
DONE, NOT_WRITTEN, INTERRUPTED = 0, 4, 130

CLEAR = "\r\033[K"
# Behind the bar, and before the rate and the rest that later drawings have.
NUMBERS = r" *(\d+)% ([\d.]+ [KMG]?i?B|\d+ bytes?) of (\S+ \S+?)"


class Run:
    """The program with a terminal for its standard error; held: nothing comes out of it yet."""

    def __init__(self, arguments, folder, columns=80, held=False, kind="xterm"):
        self.reader, self.terminal = os.openpty()
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
        if held:
            termios.tcflow(self.terminal, termios.TCOOFF)
        self.process = subprocess.Popen(
            [CLI, *arguments], cwd=folder, env=dict(os.environ, TERM=kind, LC_ALL="C"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.terminal,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))

    def wait_until_watching(self):
        """Until the program has taken Ctrl-C upon itself, which is before it draws."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status")
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            caught = re.search(r"SigCgt:\s*([0-9a-f]+)", status.read_text())
            if caught and int(caught[1], 16) >> (signal.SIGINT - 1) & 1:
                return
            time.sleep(0.005)
        raise AssertionError("the program does not wait for Ctrl-C")

    def finish(self):
        """Lets the terminal run; the exit status, and what appears there."""
        termios.tcflow(self.terminal, termios.TCOON)
        os.close(self.terminal)
        said = b""
        while True:
            try:
                part = os.read(self.reader, 65536)
            except OSError:     # how the end looks
                part = b""
            if not part:
                break
            said += part
        os.close(self.reader)
        self.printed = self.process.communicate(timeout=SECONDS)[0].decode()
        return self.process.returncode, said.decode().replace("\r\n", "\n")


class Terminal(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def put(self, fixture):
        shutil.copy(FIXTURES / fixture, self.folder / "guest.vmrs")
        return "guest.vmrs"

    def drawings(self, said):
        """Each of them clears the line first, and so does the end."""
        parts = said.split(CLEAR)
        self.assertEqual((parts[0], parts[-1]), ("", ""), said)
        return parts[1:-1]

    def test_progress_is_drawn_and_taken_away(self):
        for command in (["dump", self.put("demo.vmrs"), "out"], ["check", "guest.vmrs"],
                        ["map", "guest.vmrs"]):
            code, said = Run(command, self.folder).finish()
            self.assertEqual(code, DONE)
            for drawing in self.drawings(said):
                found = re.fullmatch(r"\[(#* *)\] " + NUMBERS + "(?:, .*)?", drawing)
                bar, part = found[1], found[2]
                self.assertEqual(len(bar), 25)      # what 80 columns leave beside the numbers
                self.assertAlmostEqual(bar.count("#") / 25, int(part) / 100, delta=0.05)
            self.assertRegex(said, "of 8 MiB")

    def test_the_bar_fits_the_terminal(self):
        for columns, width in ((0, 25), (63, None), (64, 9), (80, 25), (95, 40), (300, 40)):
            code, said = Run(["dump", self.put("demo.vmrs"), f"out-{columns}"], self.folder,
                             columns).finish()
            self.assertEqual(code, DONE)
            drawing = self.drawings(said)[0]
            bar = re.match(r"\[([# ]*)\] ", drawing)
            self.assertEqual(bar and len(bar[1]), width, f"{columns} columns: {drawing}")
            self.assertLess(len(drawing), columns or 80)

    def test_rate_and_remaining_time_come_after_half_a_second(self):
        run = Run(["dump", self.put("demo.vmrs"), "out"], self.folder, held=True)
        run.wait_until_watching()
        time.sleep(0.7)
        code, said = run.finish()
        first, second = self.drawings(said)[:2]
        self.assertEqual(code, DONE)
        self.assertNotIn("left", first)
        done, unit, rate, rate_unit, minutes, seconds = re.search(
            r"% ([\d.]+) (\w+) of 8 MiB, ([\d.]+) (\w+)/s, (\d+):(\d\d) left$", second).groups()
        scale = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20}
        done, rate = float(done) * scale[unit], float(rate) * scale[rate_unit]
        self.assertGreaterEqual(done / rate, 0.5)
        self.assertAlmostEqual(((8 << 20) - done) / rate, int(minutes) * 60 + int(seconds), delta=2)

    def test_a_terminal_without_escapes_has_no_progress(self):
        code, said = Run(["dump", self.put("demo.vmrs"), "out"], self.folder, kind="dumb").finish()
        self.assertEqual((code, said), (DONE, ""))

    def test_ctrl_c_ends_what_takes_long_and_leaves_no_file(self):
        for command, words in (
                (["dump", self.put("demo.vmrs"), "out"], "out was not written."),
                (["check", "guest.vmrs"], "not all of guest.vmrs was checked."),
                (["map", "guest.vmrs"], "the map is not complete."),
                (["map", "guest.vmrs", "--svg", "out"], "the map is not complete.")):
            for sent in (signal.SIGINT, signal.SIGTERM):
                run = Run(command, self.folder, held=True)
                run.wait_until_watching()
                run.process.send_signal(sent)
                code, said = run.finish()
                self.assertEqual((code, run.printed), (INTERRUPTED, ""), said)
                self.assertTrue(said.endswith(f"vmsavedstate: interrupted; {words}\n"), said)
                self.assertEqual(os.listdir(self.folder), ["guest.vmrs"])

    def test_a_file_that_comes_meanwhile_is_not_replaced(self):
        for command in (["dump", self.put("demo.vmrs"), "out"],
                        ["map", "guest.vmrs", "--svg", "out"]):
            run = Run(command, self.folder, held=True)
            run.wait_until_watching()
            (self.folder / "out").write_text("of another program")
            code, said = run.finish()
            self.assertEqual(code, NOT_WRITTEN, said)
            self.assertIn("exist", said)
            self.assertEqual((self.folder / "out").read_text(), "of another program")
            self.assertEqual(sorted(os.listdir(self.folder)), ["guest.vmrs", "out"])
            (self.folder / "out").unlink()


def main():
    if not os.path.isfile(CLI) or CLI.endswith(".exe") or not os.path.isdir("/proc/self"):
        print(f"SKIPPED: no program for this system at {CLI}")
        return 77
    return 0 if unittest.main(exit=False, verbosity=1).result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
