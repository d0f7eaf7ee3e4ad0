#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lets gdb look at guests through `vmsavedstate gdbserver`, and compares what
it shows with the texts of the fixtures and the truth of the sample guests.

Besides, garbage comes over the connection; the next debugger must find the
server as it was.  All of it happens on 127.0.0.1.

VMSS_CLI is the program, VMSS_FIXTURES the folder of the fixtures, VMSS_SAMPLES
that of the samples.  What needs gdb-multiarch is skipped without it.
"""
import json
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "guest"))
import guest_builder
from privileges import drop_privileges

GDB = shutil.which("gdb-multiarch")
CLI = os.environ.get("VMSS_CLI", "build/linux/vmsavedstate")
FIXTURES = pathlib.Path(os.environ.get("VMSS_FIXTURES", "build/linux/fixtures"))
GUESTS = pathlib.Path(os.environ.get("VMSS_SAMPLES", "../shared/samples")) / "guests"
SECONDS = 60


class Server:
    """The program, listening on a free port, until the end of a with statement."""

    def __init__(self, path, *options, host="127.0.0.1", before=lambda: None):
        if not path.is_file():
            raise unittest.SkipTest(f"there is no {path}")

        def prepare():
            # A shell may have Ctrl-C ignored in what it runs in the background.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            before()

        self.process = subprocess.Popen(
            [CLI, "gdbserver", str(path), f"{host}:0", *options], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, preexec_fn=prepare)
        self.said_first = ""
        for line in self.process.stdout:
            self.said_first += line
            found = re.fullmatch(rf"  target remote {re.escape(host)}:(\d+)\n", line)
            if found:
                self.port = int(found[1])
                return
        self.process.communicate(timeout=SECONDS)
        raise AssertionError(self.said_first)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.send_signal(signal.SIGINT)
        try:
            self.said, _ = self.process.communicate(timeout=SECONDS)
        finally:
            self.process.kill()

    def connect(self, host="127.0.0.1"):
        return socket.create_connection((host, self.port), timeout=SECONDS)


def gdb(server, *commands, file=None):
    """What gdb prints for each command, and whatever it says besides."""
    arguments = [GDB, "-nx", "-batch"]
    setup = ["set pagination off", "set confirm off", "set width 0",
             "set print repeats unlimited"]
    if file:
        setup.append(f"file {file}")
    for command in [*setup, f"target remote 127.0.0.1:{server.port}"]:
        arguments += ["-ex", command]
    for command in commands:
        arguments += ["-ex", "echo \\n--\\n", "-ex", command]
    environment = dict(os.environ, LC_ALL="C", DEBUGINFOD_URLS="")
    result = subprocess.run(arguments, capture_output=True, text=True, timeout=SECONDS,
                            stdin=subprocess.DEVNULL, env=environment)
    answers = re.split(r"(?:^|\n)--\n", result.stdout)[1:]
    assert len(answers) == len(commands), result.stdout + result.stderr
    return answers, result.stderr


def words_of(answer):
    """The numbers that x/gx prints, behind the address of each line."""
    return [int(word, 16) for word in re.findall(r"(?<=\t)0x[0-9a-f]+", answer)]


def refusal(*arguments, before=None):
    """The exit status and what is said by a server that does not come to serve."""
    result = subprocess.run([CLI, "gdbserver", *map(str, arguments)], capture_output=True,
                            text=True, timeout=SECONDS, stdin=subprocess.DEVNULL,
                            preexec_fn=before)
    return result.returncode, result.stderr


def limit_files(count):
    """How many files the program may have open at a time."""
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


def frame(text):
    data = text.encode("latin-1")
    return b"$" + data + b"#%02x" % (sum(data) % 256)


def ask(connection, text):
    """Sends a packet; returns the one that answers it."""
    connection.sendall(frame(text))
    received = b""
    while not re.search(rb"\$[^#]*#..", received, re.DOTALL):
        piece = connection.recv(65536)
        assert piece, f"the connection ended before {text} was answered"
        received += piece
    return re.search(rb"\$([^#]*)#..", received, re.DOTALL)[1].decode("latin-1")


def receive(connection, count):
    """So many bytes, in however many pieces they come."""
    received = b""
    while len(received) < count:
        piece = connection.recv(count - len(received))
        assert piece, f"the connection ended after {received}"
        received += piece
    return received


@unittest.skipUnless(GDB, "gdb-multiarch is not installed")
class Debugger(unittest.TestCase):
    def test_memory_and_registers_of_a_fixture(self):
        """The numbers are those of demo.txt: page tables, a string, the default registers."""
        with Server(FIXTURES / "demo.vmrs") as server:
            answers, _ = gdb(
                server, "info threads", "p/x $rax", "p/x $rip", "x/s 0xfffff80000010000",
                "x/2gx 0xfffff80000003000", "x/gx 0xfffff80000005000", "show architecture")
        self.assertRegex(
            answers[0], r"\* 1 +Thread 1 \(VP 0, VTL 0, x64, kernel\) 0xfffff80000010000")
        self.assertIn("= 0x1111111111111111", answers[1])
        self.assertIn("= 0xfffff80000010000", answers[2])
        self.assertIn('"a string in guest memory"', answers[3])
        self.assertEqual(words_of(answers[4]), [0x4063, 0x2000E3])
        self.assertEqual(words_of(answers[5]), [])
        self.assertIn("i386:x86-64", answers[6])

    def test_physical_addresses(self):
        with Server(FIXTURES / "demo.vmrs") as server:
            answers, errors = gdb(
                server, "x/gx 0x1f80", "x/gx 0xffff0000001000", "monitor physical on",
                "x/gx 0x1f80", "x/gx 0x5000", "monitor physical", "monitor physical off",
                "x/gx 0x5000", "monitor frobnicate")
        said = "".join(answers) + errors
        self.assertEqual(words_of(answers[3]), [0x2063])
        self.assertEqual(len(words_of(answers[4])), 1)
        self.assertEqual(words_of(answers[7]), [])
        self.assertIn("Addresses are guest physical ones.", said)
        self.assertIn("Addresses are virtual ones of the current VP.", said)
        self.assertIn("monitor physical on|off", said)

    def test_another_root_of_the_page_tables(self):
        """With the page directory as the root there is nothing at the kernel's addresses."""
        with Server(FIXTURES / "demo.vmrs", "--root", "0x3000") as server:
            answers, _ = gdb(server, "x/gx 0xfffff80000001000")
        self.assertEqual(words_of(answers[0]), [])

    def test_every_vp_is_a_thread(self):
        with Server(FIXTURES / "4-vp.vmrs") as server:
            answers, _ = gdb(server, "info threads", "thread apply all p/x $rax",
                             "thread apply 3 p/x $rip")
        for vp in range(4):
            self.assertRegex(answers[0], rf"Thread {vp + 1} \(VP {vp}, .*0xfffff8000001{vp}000")
            self.assertRegex(answers[1], rf"\(VP {vp}, [^$]*\$\d+ = {0x100 * (vp + 1):#x}\n")
        self.assertIn("= 0xfffff80000012000", answers[2])

    def test_an_arm64_guest(self):
        with Server(FIXTURES / "arm64.vmrs") as server:
            answers, _ = gdb(server, "info threads", "p/x $x0", "p/x $x29", "p/x $sp", "p/x $pc",
                             "p/x $ttbr1_el1", "p/x $fpcr", "show architecture", "info registers")
        self.assertRegex(answers[0], r"VP 0, VTL 0, arm64, kernel")
        for answer, value in zip(answers[1:], (
                0x1111111111111111, 0xFFFF80000000F080, 0xFFFF80000000F000, 0xFFFF800000010000,
                0x1000, 0x20)):
            self.assertIn(f"= {value:#x}\n", answer)
        self.assertIn("aarch64", answers[7])
        self.assertRegex(answers[8], r"(?m)^cpsr +0x3c5 +\[ SP EL=1 F I A D \]")

    def test_nothing_can_be_changed_or_run(self):
        with Server(FIXTURES / "demo.vmrs") as server:
            _, errors = gdb(server, "set var $rax = 1", "p/x $rax")
            answers, more = gdb(
                server, "set {int}0xfffff80000010000 = 1", "x/s 0xfffff80000010000", "stepi",
                "continue", "nexti", "p/x $rip", "kill")
        self.assertIn("a saved state is read only", errors)
        self.assertIn("Cannot access memory at address 0xfffff80000010000", more)
        self.assertIn('"a string in guest memory"', answers[1])
        self.assertEqual((more + "".join(answers)).count("A saved state cannot run"), 3)
        self.assertIn("= 0xfffff80000010000", answers[5])

    def test_tags_of_the_x87_registers(self):
        """Zero, infinity, a denormal, one, and four that are not in use: 1, 2, 2, 0, 3..."""
        registers = {"st0": 0, "st1": 0x7FFF << 64 | 1 << 63, "st2": 1,
                     "st3": 0x3FFF << 64 | 1 << 63, "fp-control": 0x0F << 32 | 0x37F}
        with tempfile.TemporaryDirectory() as folder:
            guest = guest_builder.Guest(folder)
            guest.registers.update(registers)
            with Server(guest.write("tags")) as server:
                answers, _ = gdb(server, "p/x $ftag", "info float")
        self.assertIn("= 0xff29\n", answers[0] + "\n")
        for place, kind in enumerate(("Zero", "Special", "Special", "Valid", "Empty")):
            self.assertRegex(answers[1], rf"R{place}: {kind}")

    def test_back_trace_with_a_symbol_file(self):
        compiler = shutil.which("gcc")
        if not compiler or os.uname().machine != "x86_64":
            self.skipTest("there is no gcc for x86-64")
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder) / "kernel.s"
            source.write_text(".globl idle_loop\n.type idle_loop, @function\n"
                              "idle_loop: .zero 64\n.size idle_loop, 64\n")
            program = str(source.with_suffix(".elf"))
            subprocess.run([compiler, "-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none",
                            "-Wl,-Ttext=0xfffff80000010000", "-Wl,-e,idle_loop", "-o", program,
                            str(source)], check=True, timeout=SECONDS)
            with Server(FIXTURES / "demo.vmrs") as server:
                answers, _ = gdb(server, "bt 1", "x/s idle_loop", file=program)
        self.assertRegex(answers[0], r"#0  0xfffff80000010000 in idle_loop \(\)")
        self.assertIn('"a string in guest memory"', answers[1])


@unittest.skipUnless(GDB, "gdb-multiarch is not installed")
class Guest(unittest.TestCase):
    """A Linux guest in user mode, whose memory and registers QEMU told."""

    @classmethod
    def setUpClass(cls):
        truth = GUESTS / "a1-x64-1cpu.truth.json"
        if not truth.is_file():
            raise unittest.SkipTest(f"there is no {truth}")
        cls.vp = json.loads(truth.read_text(encoding="utf-8"))["vps"][0]
        cls.state = GUESTS / "a1-x64-1cpu.vmrs"

    def test_memory(self):
        reads = [read for read in self.vp["reads"] if read[1] >= 64][:20]
        with Server(self.state) as server:
            answers, _ = gdb(server, *(f"x/8gx {read[0]}" for read in reads))
        self.assertEqual(len(reads), 20)
        for read, answer in zip(reads, answers):
            shown = b"".join(word.to_bytes(8, "little") for word in words_of(answer))
            self.assertEqual(len(shown), 64)
            self.assertEqual(shown[:16].hex(), read[3], read[0])

    def test_memory_ends_where_it_is_unmapped(self):
        address, _, mapped = self.vp["short_reads"][0]
        with Server(self.state) as server:
            answers, errors = gdb(server, f"x/{mapped}xb {address}", f"x/{mapped + 1}xb {address}")
        self.assertEqual(len(words_of(answers[0])), mapped)
        end = int(address, 16) + mapped
        self.assertIn(f"Cannot access memory at address {end:#x}", errors)

    def test_registers(self):
        truth = self.vp["registers"]
        names = ["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "rip", "cr0", "cr2",
                 "cr3", "cr4", "cr8", "efer", "dr0", "dr3", "dr6", "dr7", "mxcsr"]
        names += [f"r{number}" for number in range(8, 16)]
        expected = {f"${name}": int(truth[name], 16) for name in names}
        expected["$eflags"] = int(truth["rflags"], 16)
        expected["$fctrl"] = int(truth["fcw"], 16)
        expected["$fstat"] = int(truth["fsw"], 16)
        for name in ("cs", "ss", "tr", "ldtr"):
            expected[f"${name}"] = int(truth[name]["selector"], 16)
        for name in ("fs", "gs", "tr", "gdtr", "idtr"):
            expected[f"${name}_base"] = int(truth[name]["base"], 16)
        for number, value in enumerate(truth["xmm"]):
            expected[f"$xmm{number}.uint128"] = int(value, 16)
        with Server(self.state) as server:
            answers, _ = gdb(server, *(f"p/x {name}" for name in expected), "info registers",
                             "info float")
        for name, answer in zip(expected, answers):
            self.assertIn(f"= {expected[name]:#x}", answer.replace("0x0x", "0x"), name)
        self.assertRegex(answers[-2], rf"(?m)^cr3 +{truth['cr3']} ")
        # The top is R5, and R5 to R7 are in use: 1, log2(e), pi.
        self.assertRegex(answers[-1], r"=>R5: Valid +0x3fff8000000000000000 \+1 ")
        self.assertRegex(answers[-1], r"R7: Valid +0x4000c90fdaa22168c235 \+3\.14159265")
        self.assertRegex(answers[-1], r"R4: Empty ")

    def test_a_32_bit_guest(self):
        truth = GUESTS / "t3-tiny-pae.truth.json"
        if not truth.is_file():
            self.skipTest(f"there is no {truth}")
        registers = json.loads(truth.read_text(encoding="utf-8"))["vps"][0]["registers"]
        with Server(GUESTS / "t3-tiny-pae.vmrs") as server:
            answers, _ = gdb(server, "p/x $eip", "p/x $cr3", "p/x $esp", "show architecture")
        for answer, name in zip(answers, ("rip", "cr3", "rsp")):
            self.assertIn(f"= {int(registers[name], 16):#x}\n", answer)
        self.assertIn("i386", answers[3])


class Protocol(unittest.TestCase):
    """What no debugger sends, or not any more; no gdb is needed."""

    def test_answers(self):
        with Server(FIXTURES / "4-vp.vmrs") as server, server.connect() as connection:
            self.assertIn("qXfer:features:read+", ask(connection, "qSupported:xmlRegisters=i386"))
            self.assertEqual(ask(connection, "?"), "T05thread:01;")
            self.assertEqual(ask(connection, "Hg4"), "OK")
            self.assertEqual(ask(connection, "p0"), (0x400).to_bytes(8, "little").hex())
            self.assertTrue(ask(connection, "g").startswith("0004000000000000"))
            for thread in ("T0", "T1", "T4", "T-1", "Hc-1", "Hg0"):
                self.assertEqual(ask(connection, thread), "OK", thread)
            for thread in ("T5", "Tx", "Hg5", "qThreadExtraInfo,5", "Hgffffffffffffffff"):
                self.assertEqual(ask(connection, thread), "E03", thread)
            self.assertEqual(ask(connection, "qfThreadInfo"), "m01,02,03,04")
            self.assertEqual(ask(connection, "qsThreadInfo"), "l")
            for unknown in ("vCont?", "vMustReplyEmpty", "qTStatus", "!", "nonsense", ""):
                self.assertEqual(ask(connection, unknown), "", unknown)
            for wrong in ("pffffffff", "p", "m", "m0", "m0,", "mx,1", "m11112222333344445,1"):
                self.assertEqual(ask(connection, wrong), "E01", wrong)
            self.assertEqual(ask(connection, "m0,0"), "")
            self.assertEqual(ask(connection, "mffffffffffffffff,ffffffffffffffff"), "E14")
            for change in ("M0,1:00", "X0,1:a", "P0=00", "G00", "Z0,0,1"):
                self.assertEqual(ask(connection, change), "E.a saved state is read only", change)
            for offset in ("0,5", "ffffffff,1", "0"):
                ask(connection, f"qXfer:features:read:target.xml:{offset}")
            self.assertEqual(ask(connection, "qXfer:features:read:other.xml:0,10"), "E00")
            self.assertEqual(ask(connection, "D"), "OK")
            self.assertEqual(connection.recv(1), b"")
        self.assertEqual(server.process.returncode, 0)

    def test_the_description_arrives_in_pieces(self):
        with Server(FIXTURES / "demo.vmrs") as server, server.connect() as connection:
            whole = ask(connection, "qXfer:features:read:target.xml:0,4000")
            pieces = ""
            for offset in range(0, len(whole), 0x400):
                piece = ask(connection, f"qXfer:features:read:target.xml:{offset:x},400")
                pieces += piece[1:]
                if piece[0] == "l":
                    break
            self.assertEqual(ask(connection, "qXfer:features:read:target.xml:0,ffffffff"), whole)
        plain = re.sub(r"}(.)", lambda found: chr(ord(found[1]) ^ 0x20), whole[1:])
        self.assertEqual(re.sub(r"}(.)", lambda found: chr(ord(found[1]) ^ 0x20), pieces), plain)
        self.assertTrue(plain.endswith("</target>\n"))

    def test_garbage_does_no_harm(self):
        dice = random.Random(7)
        attempts = [bytes(dice.randrange(256) for _ in range(5000)) for _ in range(10)]
        attempts += [b"$" + b"A" * 100000 + b"#00", b"$#", b"}" * 50, b"$}#00", b"-" * 100,
                     b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"$m0,#", b"\x03" * 20]
        letters = "?CDGHMPSTXZcgkmpsqv,:;0123456789abcdefx-"
        attempts += [b"".join(frame("".join(dice.choices(letters, k=dice.randrange(12))))
                              for _ in range(200)) for _ in range(10)]
        with Server(FIXTURES / "demo.vmrs") as server:
            for attempt in attempts:
                with server.connect() as connection:
                    try:
                        connection.sendall(attempt)
                        connection.shutdown(socket.SHUT_WR)
                        while connection.recv(65536):
                            pass
                    except (BrokenPipeError, ConnectionResetError):
                        pass  # a "k" or "D" among it ended the connection
            with server.connect() as connection:
                self.assertEqual(ask(connection, "?"), "T05thread:01;")
                self.assertEqual(ask(connection, "mfffff80000010000,8"), b"a string".hex())
        self.assertEqual(server.process.returncode, 0)

    def test_a_debugger_that_goes_without_a_word(self):
        with Server(FIXTURES / "demo.vmrs") as server:
            for _ in range(3):
                server.connect().close()
            with server.connect() as connection:
                self.assertEqual(ask(connection, "qC"), "QC01")
        self.assertEqual(server.process.returncode, 0)

    def test_what_a_broken_line_does_to_a_packet(self):
        with Server(FIXTURES / "demo.vmrs") as server, server.connect() as connection:
            for wrong in (b"$?#00", b"$?#zz", b"$?#3z", b"$" + b"m" * 70000 + b"#00"):
                connection.sendall(wrong)
                self.assertEqual(receive(connection, 1), b"-", wrong[:8])
            # The last reply is sent again for as long as it does not arrive.
            self.assertEqual(ask(connection, "?"), "T05thread:01;")
            connection.sendall(b"-")
            self.assertEqual(receive(connection, 17), frame("T05thread:01;"))
            # A packet that begins within another one, whose end was lost; an escaped letter.
            connection.sendall(b"$m0" + frame("qC") + b"+")
            self.assertEqual(receive(connection, 9), b"+" + frame("QC01"))
            connection.sendall(frame("q}\x63"))
            self.assertEqual(receive(connection, 9), b"+" + frame("QC01"))
            # Without signs from now on.
            self.assertEqual(ask(connection, "QStartNoAckMode"), "OK")
            connection.sendall(frame("qC"))
            self.assertEqual(receive(connection, 8), frame("QC01"))

    def test_texts_that_are_none(self):
        usage = "monitor physical on|off".encode().hex()
        with Server(FIXTURES / "demo.vmrs") as server, server.connect() as connection:
            for wrong in ("", "7", "zz", "7z", "00", "70" * 64, b"physical on ".hex()):
                self.assertTrue(ask(connection, f"qRcmd,{wrong}").startswith(usage), wrong)
            said = bytes.fromhex(ask(connection, "qRcmd," + b"physical on".hex()))
            self.assertEqual(said, b"Addresses are guest physical ones.\n")

    def test_a_read_ends_where_memory_is_damaged(self):
        result = subprocess.run([CLI, "read", str(FIXTURES / "bad-ram-xpress-page.vmrs"), "0x1ff0",
                                 "16", "--raw"], capture_output=True, timeout=SECONDS)
        with Server(FIXTURES / "bad-ram-xpress-page.vmrs") as server, \
                server.connect() as connection:
            ask(connection, "qRcmd," + b"physical on".hex())
            self.assertEqual(ask(connection, "m1ff0,20"), result.stdout.hex())
            self.assertEqual(len(result.stdout), 16)
            self.assertEqual(ask(connection, "m2000,10"), "E14")
            self.assertEqual(len(ask(connection, "m3000,2000")), 2 * 0x2000)

    def test_a_vp_without_state(self):
        with Server(FIXTURES / "vp-never-described.vmrs") as server, \
                server.connect() as connection:
            known = ask(connection, "g")
            self.assertEqual(ask(connection, "Hg2"), "OK")
            self.assertEqual(ask(connection, "g"), "x" * len(known))
            self.assertEqual(ask(connection, "p0"), "x" * 16)
            said = bytes.fromhex(ask(connection, "qThreadExtraInfo,2"))
            self.assertEqual(said, b"VP 1, without state")
            self.assertEqual(ask(connection, "mfffff80000010000,8"), "E14")

    def test_hundreds_of_vps(self):
        count = 300
        vps = [line for vp in range(count) for line in (
            f"vp {vp}", "vtl 0", f"registers x64 plausible rax={vp}")]
        with tempfile.TemporaryDirectory() as folder:
            text, state = pathlib.Path(folder) / "many.txt", pathlib.Path(folder) / "many.vmrs"
            text.write_text("\n".join([
                "prolog vendor=intel", "partition-vtl 0",
                "vp-indices " + " ".join(map(str, range(count))), *vps, "epilog",
                "memory 0 256 0", "fill-blocks 0 1 zero"]) + "\n")
            subprocess.run([guest_builder.build_folder() / "mkvmrs", text, state], check=True,
                           timeout=SECONDS)
            with Server(state) as server, server.connect() as connection:
                listed = ask(connection, "qfThreadInfo")
                self.assertEqual(listed[0], "m")
                self.assertEqual([int(thread, 16) for thread in listed[1:].split(",")],
                                 list(range(1, count + 1)))
                self.assertEqual(ask(connection, "qsThreadInfo"), "l")
                self.assertEqual(ask(connection, f"Hg{count:x}"), "OK")
                self.assertEqual(ask(connection, "p0"), (count - 1).to_bytes(8, "little").hex())

    def test_ctrl_c_ends_a_conversation(self):
        with Server(FIXTURES / "demo.vmrs") as server:
            connection = server.connect()
            self.assertEqual(ask(connection, "?"), "T05thread:01;")
        self.assertEqual(server.process.returncode, 0)
        self.assertIn("It has left.", server.said)
        self.assertEqual(connection.recv(64), b"")
        connection.close()

    def test_a_signal_that_is_ignored_stays_so(self):
        """As nohup has it."""
        with Server(FIXTURES / "demo.vmrs",
                    before=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as server:
            server.process.send_signal(signal.SIGHUP)
            with server.connect() as connection:
                self.assertEqual(ask(connection, "qC"), "QC01")
        self.assertEqual(server.process.returncode, 0)
        with Server(FIXTURES / "demo.vmrs") as server:
            server.process.send_signal(signal.SIGHUP)
            self.assertEqual(server.process.wait(SECONDS), 0)

    def test_a_debugger_that_hangs_up_on_the_answers(self):
        """What it asked for meets a closed connection, or one that is reset."""
        at_once = struct.pack("ii", 1, 0)
        with Server(FIXTURES / "demo.vmrs") as server:
            for linger in (None, at_once) * 4:
                with server.connect() as connection:
                    if linger:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    connection.sendall(frame("m0,4000") * 400)
            with server.connect() as connection:
                self.assertEqual(ask(connection, "qC"), "QC01")
        self.assertEqual(server.process.returncode, 0)

    def test_ipv6(self):
        try:
            with socket.socket(socket.AF_INET6) as attempt:
                attempt.bind(("::1", 0))
        except OSError as why:
            self.skipTest(f"no IPv6 here: {why}")
        with Server(FIXTURES / "demo.vmrs", host="[::1]") as server:
            with server.connect("::1") as connection:
                self.assertEqual(ask(connection, "qC"), "QC01")
        self.assertNotIn("over the network", server.said_first)

    def test_an_address_that_others_reach_is_warned_of(self):
        with Server(FIXTURES / "demo.vmrs", host="0.0.0.0") as server:
            pass
        self.assertIn("whoever can reach 0.0.0.0 over the network can read", server.said_first)

    def test_addresses_and_ports_that_cannot_be_had(self):
        state = FIXTURES / "demo.vmrs"
        for host in ("192.0.2.1", "a..b"):      # one for documentation alone; no name at all
            self.assertEqual(refusal(state, f"{host}:0"),
                             (1, f"vmsavedstate: '{host}' is no address of this machine.\n"))
        code, said = refusal(state, "127.0.0.1:0", before=limit_files(4))
        self.assertEqual(code, 1)
        self.assertIn("the system refused to open port 0 of 127.0.0.1", said)

    def test_a_port_for_the_superuser(self):
        state = FIXTURES / "demo.vmrs"
        first_free = pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
        if not first_free.is_file() or int(first_free.read_text()) < 2:
            self.skipTest("every port is for everybody")

        code, said = refusal(state, "127.0.0.1:1", before=drop_privileges)
        self.assertEqual(code, 1)
        self.assertIn("you may not use port 1: name one from 1024 on.", said)

    def test_a_server_that_cannot_take_anybody_ends(self):
        """It has the state, the port, and no room for a connection."""
        with Server(FIXTURES / "demo.vmrs", before=limit_files(5)) as server:
            with server.connect():
                self.assertEqual(server.process.wait(SECONDS), 1)
        self.assertIn("the system no longer lets debuggers connect", server.said)

    def test_nothing_to_serve(self):
        code, said = refusal(FIXTURES / "bad-truncated.vmrs", "127.0.0.1:0")
        self.assertEqual(code, 1)
        code, said = refusal("--salvage", FIXTURES / "bad-state-no-vp.vmrs", "127.0.0.1:0")
        self.assertEqual(code, 1)
        self.assertIn("no virtual processor is left in the file", said)
        code, said = refusal("--json", FIXTURES / "demo.vmrs")
        self.assertEqual(code, 2)
        self.assertIn("'gdbserver' has no option --json", said)

    def test_a_port_in_use(self):
        with Server(FIXTURES / "demo.vmrs") as server:
            result = subprocess.run(
                [CLI, "gdbserver", str(FIXTURES / "demo.vmrs"), f"127.0.0.1:{server.port}"],
                capture_output=True, text=True, timeout=SECONDS)
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"port {server.port} of 127.0.0.1 is in use", result.stderr)

    def test_what_is_no_address(self):
        for place in ("1234", ":1234", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", "::1:1234",
                      "[]:1", "x" * 300 + ":1"):
            result = subprocess.run([CLI, "gdbserver", str(FIXTURES / "demo.vmrs"), place],
                                    capture_output=True, text=True, timeout=SECONDS)
            self.assertEqual(result.returncode, 2, place)
            self.assertIn("is no HOST:PORT", result.stderr)


def main():
    if not os.path.isfile(CLI) or os.path.splitext(CLI)[1] == ".exe":
        print(f"SKIPPED: no program for this system at {CLI}")
        return 77
    result = unittest.main(exit=False, verbosity=1).result
    for test, why in result.skipped:
        print(f"SKIPPED: {test}: {why}")
    if not result.wasSuccessful():
        return 1
    return 77 if result.skipped and not GDB else 0


if __name__ == "__main__":
    sys.exit(main())
