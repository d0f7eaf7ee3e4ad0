#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs vmsavedstate over the fixtures and compares what it prints.

usage: test_cli.py [--update] [NAME...]

A file of transcripts/ holds commands and what they print:

    # why this is so
    $ info demo.vmrs
    > the standard output
    ! the standard error output
    = the exit status, if it is not 0

Each file runs in an empty folder of its own, into which the fixtures that its
commands name are copied.  What is printed with --json must be JSON besides.
--update writes what is printed now into the transcripts: read the difference
against the texts of fixtures/ before it is committed.

Besides, dumps are compared with the checksums that the writer of the fixtures
gives (NAME.truth), and what no transcript can show is tested here.

VMSS_CLI is the program, run under Wine if it is an .exe; VMSS_FIXTURES is the
folder of the fixtures.  NAMEs choose among transcripts and tests.
"""
import difflib
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib

HERE = pathlib.Path(__file__).resolve().parent
TRANSCRIPTS = HERE / "transcripts"
# What the operating system says of a file differs from one to the next.
SYSTEM_WORDS = re.compile(r"(Cannot open '[^'\n]*': )[^.\n]*(?=\.)")
IS_WINE = os.environ.get("VMSS_CLI", "").endswith(".exe") and os.name != "nt"


def native_path(variable):
    """The path in an environment variable, without the drive that Wine shows it under."""
    return pathlib.Path(re.sub(r"^[A-Z]:(?=/)", "", os.environ[variable]))


def cli_command(arguments):
    launcher = ["wine"] if IS_WINE else []
    return launcher + [str(native_path("VMSS_CLI"))] + arguments


def run_cli(arguments, folder):
    environment = dict(os.environ, WINEDEBUG="-all", LC_ALL="C")
    return subprocess.run(cli_command(arguments), cwd=folder, env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=120)


def copy_fixture(name, folder):
    """Copies a fixture, and the other file of its pair, if there is one of that name."""
    source = native_path("VMSS_FIXTURES") / name
    if not source.is_file():
        return
    for file in (source, source.with_suffix(".bin"), source.with_suffix(".vsv")):
        pair = file.suffix in (".bin", ".vsv") and source.suffix in (".bin", ".vsv")
        if (file == source or pair) and not (folder / file.name).exists():
            shutil.copy(file, folder / file.name)


# ---- Transcripts ---------------------------------------------------------------

def shown(prefix, data):
    """The lines of an output as a transcript has them; the end of a last line without one shows."""
    text = data.decode("utf-8", "backslashreplace")
    text = SYSTEM_WORDS.sub(r"\1(the reason)", text)
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    else:
        lines[-1] += "\\"
    return [(prefix + line).rstrip(" ") for line in lines]


def transcript_of(command, folder):
    """Runs a command; returns the lines that belong below it."""
    arguments = shlex.split(command)
    for argument in arguments:
        copy_fixture(argument, folder)
    result = run_cli(arguments, folder)
    if "--json" in arguments and result.stdout:
        json.loads(result.stdout)
    lines = shown("> ", result.stdout) + shown("! ", result.stderr)
    if result.returncode != 0:
        lines.append(f"= {result.returncode}")
    return lines


def replay(transcript):
    """Runs all commands of a transcript; returns it as it would be now."""
    lines = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for line in transcript:
            if line.startswith("$ "):
                lines.append(line)
                lines += transcript_of(line[2:], folder)
            elif line.startswith("#") or line == "":
                lines.append(line)
    return lines


def check_transcript(path, update):
    expected = path.read_text(encoding="utf-8").splitlines()
    actual = replay(expected)
    if update:
        path.write_text("\n".join(actual) + "\n", encoding="utf-8")
        return
    difference = list(difflib.unified_diff(expected, actual, path.name, "now", lineterm=""))
    assert not difference, "\n".join(difference)


# ---- What no transcript can show -------------------------------------------------

def dump(fixture, folder, *options, output="memory.raw"):
    """Dumps a fixture; returns the exit status, what was said, and the bytes."""
    copy_fixture(fixture, folder)
    result = run_cli(["dump", "--json", fixture, output, *options], folder)
    facts = json.loads(result.stdout) if result.stdout else None
    path = folder / output
    return result, facts, path.read_bytes() if path.exists() else None


def truth_of(fixture):
    """Yields (kind, start, size, checksum or None) for each line of the writer's truth."""
    path = (native_path("VMSS_FIXTURES") / fixture).with_suffix(".truth")
    for line in path.read_text().splitlines():
        kind, start, size, *rest = line.split()
        checksum = int(rest[0], 16) if kind in ("ram", "page") else None
        yield kind, int(start, 16), int(size, 16), checksum


def covers(ranges, start, size):
    return any(int(one["start"], 16) <= start and
               start + size <= int(one["start"], 16) + one["size"] for one in ranges)


def test_dumps_hold_what_the_writer_put_into_the_fixtures(folder):
    for fixture in ("demo.vmrs", "legacy-pair.bin", "pending-log.vmrs", "adjacent-ranges.vmrs",
                    "partial-last-block.vmrs", "missing-ram-block.vmrs",
                    "bad-ram-xpress-page.vmrs", "bad-ram-cut.vmrs", "unaligned-fc-records.vmrs"):
        result, facts, memory = dump(fixture, folder, "--keep-going", "--force")
        assert memory is not None, result.stderr
        complete = True
        for kind, start, size, checksum in truth_of(fixture):
            part = memory[start:start + size]
            if checksum is not None:
                assert zlib.crc32(part) == checksum, f"{fixture}: {kind} at {start:#x}"
                assert not covers(facts["missing"] + facts["damaged"], start, size)
            elif kind == "missing":
                complete = False
                assert not any(part), f"{fixture}: bytes at {start:#x}"
                assert covers(facts["missing"], start, size), f"{fixture}: {start:#x}"
            elif kind == "damaged":
                complete = False
        assert bool(facts["damaged"] or facts["missing"]) == (not complete), fixture
        assert result.returncode == (0 if complete else 3), fixture


def test_holes_of_a_dump_take_no_room_and_can_be_left_out(folder):
    fixture = "gap-above-4gib.vmrs"
    copy_fixture(fixture, folder)
    result = run_cli(["dump", fixture, "with"], folder)
    assert result.returncode == 0, result.stderr
    facts = (folder / "with").stat()
    assert facts.st_size == 0x100200000
    if hasattr(facts, "st_blocks") and not IS_WINE:
        assert facts.st_blocks * 512 <= 6 << 20, "the holes take room"
    result, facts, memory = dump(fixture, folder, "--skip-holes")
    assert facts["size"] == len(memory) == 5 << 20
    offset = 0
    for kind, start, size, checksum in truth_of(fixture):
        assert zlib.crc32(memory[offset:offset + size]) == checksum, f"{kind} at {start:#x}"
        offset += size


def test_raw_reads_are_the_bytes_of_the_dump(folder):
    result, facts, memory = dump("demo.vmrs", folder)
    for start, size in ((0, 8 << 20), (0x10000, 24), (0xFFFFF, 2), (0x7FF001, 0xFFF)):
        result = run_cli(["read", "demo.vmrs", hex(start), str(size), "--raw"], folder)
        assert result.stdout == memory[start:start + size], hex(start)


def test_a_sibling_is_found_whatever_its_letter_case(folder):
    copy_fixture("legacy-pair.bin", folder)
    (folder / "legacy-pair.vsv").rename(folder / "Legacy-Pair.VSV")
    (folder / "legacy-pair.bin").rename(folder / "legacy-pair.BIN")
    for name in ("legacy-pair.BIN", "Legacy-Pair.VSV"):
        result = run_cli(["info", "--json", name], folder)
        assert json.loads(result.stdout)["container"] == "legacy", result.stderr


def test_no_dump_is_written_over_the_saved_state(folder):
    copy_fixture("demo.vmrs", folder)
    before = (folder / "demo.vmrs").read_bytes()
    os.link(folder / "demo.vmrs", folder / "other-name")
    os.link(folder / "demo.vmrs", folder / "new.partial")
    for output in ("demo.vmrs", "other-name", "new"):
        result = run_cli(["dump", "demo.vmrs", output, "--force"], folder)
        assert result.returncode == 4, output
        assert b"is the saved state itself" in result.stderr
        assert (folder / "demo.vmrs").read_bytes() == before


def test_a_dump_that_fails_leaves_no_file(folder):
    result, facts, memory = dump("bad-ram-cut.vmrs", folder)
    assert result.returncode == 1 and memory is None
    assert [path.name for path in folder.iterdir()] == ["bad-ram-cut.vmrs"]


def test_a_full_disk_is_told_and_leaves_no_file(folder):
    if IS_WINE:
        return
    import resource

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    copy_fixture("demo.vmrs", folder)
    result = subprocess.run(cli_command(["dump", "demo.vmrs", "out"]), cwd=folder,
                            capture_output=True, preexec_fn=limit, timeout=120)
    assert result.returncode == 4, result
    assert b"files of that size are not possible" in result.stderr, result.stderr
    assert [path.name for path in folder.iterdir()] == ["demo.vmrs"]
    with open("/dev/full", "wb") as full:
        result = subprocess.run(cli_command(["info", "demo.vmrs"]), cwd=folder, stdout=full,
                                stderr=subprocess.PIPE, timeout=120)
    assert result.returncode == 4 and b"standard output" in result.stderr


def test_an_interrupted_dump_leaves_no_file(folder):
    if IS_WINE:
        return
    copy_fixture("demo.vmrs", folder)
    partial = str(folder / "out.partial")
    # 8 MiB are soon written, so not every attempt comes in time.
    for _ in range(200):
        process = subprocess.Popen(cli_command(["dump", "demo.vmrs", "out", "--force"]),
                                   cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while not os.path.exists(partial) and process.poll() is None:
            pass
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=120)[1]
        assert not os.path.exists(partial)
        if process.returncode == 130:
            break
        assert process.returncode == 0, said
        (folder / "out").unlink()
    assert process.returncode == 130, "no attempt came in time"
    assert b"interrupted" in said, said
    assert [path.name for path in folder.iterdir()] == ["demo.vmrs"]


def test_progress_is_drawn_on_a_terminal_alone(folder):
    copy_fixture("demo.vmrs", folder)
    result = run_cli(["dump", "demo.vmrs", "out"], folder)
    assert result.stderr == b"", result.stderr


def test_reading_a_file_never_changes_it(folder):
    copy_fixture("pending-log.vmrs", folder)
    before = (folder / "pending-log.vmrs").read_bytes()
    for command in ("info", "keys", "chunks", "replay", "regs"):
        assert run_cli([command, "pending-log.vmrs"], folder).returncode == 0, command
    assert (folder / "pending-log.vmrs").read_bytes() == before


def test_versions_are_numbers(folder):
    result = run_cli(["version"], folder)
    assert re.fullmatch(rb"vmsavedstate \d+\.\d+\.\d+\r?\nlibrary \d+\.\d+\.\d+\r?\n",
                        result.stdout), result.stdout
    facts = json.loads(run_cli(["--json", "version"], folder).stdout)
    assert sorted(facts) == ["library", "program"]
    assert run_cli(["--version"], folder).stdout == result.stdout


def test_every_command_has_help_and_stands_in_the_manual(folder):
    manual = (HERE.parents[1] / "tools/man/vmsavedstate.1").read_text()
    general = run_cli(["help"], folder).stdout.decode()
    names = re.findall(r"^  ([a-z]+) ", general, re.MULTILINE)
    assert len(names) >= 10
    for name in names:
        text = run_cli(["help", name], folder).stdout.decode()
        assert text.startswith(f"usage: vmsavedstate {name}"), name
        assert text == run_cli([name, "--help"], folder).stdout.decode(), name
        assert f"\n.SS {name}" in manual, f"{name} is not in the manual"
        for option in re.findall(r"--([a-z-]+)", text):
            assert option.replace("-", "\\-") in manual, f"--{option} is not in the manual"


# ---- Running ---------------------------------------------------------------------

def tests():
    """Yields the name of each test and a function without parameters that runs it."""
    update = "--update" in sys.argv
    for path in sorted(TRANSCRIPTS.glob("*.txt")):
        yield path.stem, lambda path=path: check_transcript(path, update)
    if update:
        return
    for name, function in list(globals().items()):
        if name.startswith("test_"):
            def run(function=function):
                with tempfile.TemporaryDirectory() as folder:
                    function(pathlib.Path(folder))
            yield name, run


def main():
    if "VMSS_CLI" not in os.environ or "VMSS_FIXTURES" not in os.environ:
        print("VMSS_CLI and VMSS_FIXTURES are not set")
        return 77
    chosen = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    passed = failed = 0
    for name, run in tests():
        if chosen and name not in chosen:
            continue
        begun = time.monotonic()
        try:
            run()
            passed += 1
            print(f"[       OK ] {name} ({time.monotonic() - begun:.1f} s)")
        except Exception as failure:  # a test that breaks is one that fails
            failed += 1
            print(f"[  FAILED  ] {name}: {type(failure).__name__}\n{failure}")
    print(f"[  PASSED  ] {passed} test(s).")
    if failed:
        print(f"[  FAILED  ] {failed} test(s).")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
