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
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree
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


def start_wine():
    """Wine's server outlives the program that starts it, with that program's pipes open."""
    subprocess.run(["wine", "wineboot"], env=dict(os.environ, WINEDEBUG="-all"),
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=120, check=True)


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


def test_a_check_finds_what_the_truth_calls_lost(folder):
    found = 0
    for path in sorted(native_path("VMSS_FIXTURES").glob("*.truth")):
        fixture = path.stem + (".bin" if path.with_suffix(".bin").exists() else ".vmrs")
        # Its truth follows what the writer meant, not what became of the file.
        if fixture == "bad-ram-object-too-small.vmrs":
            continue
        copy_fixture(fixture, folder)
        if run_cli(["chunks", fixture], folder).returncode != 0:
            continue
        result = run_cli(["check", "--json", fixture], folder)
        report = json.loads(result.stdout)
        lost = sum(size for kind, _, size, _ in truth_of(fixture) if kind == "missing")
        lost += sum(4096 * int(line.split()[3]) for line in path.read_text().splitlines()
                    if line.startswith("damaged"))
        assert report["lost_size"] == lost, f"{fixture}: {lost} bytes are lost"
        assert report["sound"] == (result.returncode == 0) == (not report["problems"]), fixture
        for kind, start, size, _ in truth_of(fixture):
            if kind == "missing":
                assert covers([one for one in report["problems"] if "start" in one],
                              start, size), f"{fixture}: {start:#x}"
        found += lost > 0
    assert found > 5, found


def test_a_check_counts_the_same_on_any_number_of_threads(folder):
    reports = []
    for threads in ("1", "2", "7", "0", "4294967295"):
        copy_fixture("bad-ram-cut.vmrs", folder)
        result = run_cli(["check", "--json", "--threads", threads, "bad-ram-cut.vmrs"], folder)
        reports.append(json.loads(result.stdout))
    assert all(report == reports[0] for report in reports)


def listed(ranges):
    """The pages of ranges of a JSON output."""
    return {page for one in ranges
            for page in range(int(one["start"], 16), int(one["start"], 16) + one["size"], 4096)}


def ram_blocks_at(fixture, folder, start, end):
    """Numbers of the RAM blocks that bytes from start to end of the file belong to."""
    keys = json.loads(run_cli(["keys", "--json", fixture], folder).stdout)["keys"]
    return {int(re.search(r"\d+$", key["path"])[0]) for key in keys
            if key["ram_block"] and int(key["file_offset"], 16) < end and
            start < int(key["file_offset"], 16) + key["size"]}


def test_what_is_salvaged_of_a_spoilt_copy_is_right_and_the_rest_is_listed(folder):
    salvaged = 0
    for fixture in ("demo.vmrs", "legacy-pair.bin"):
        whole = dump(fixture, folder, "--force")[2]
        content = (folder / fixture).read_bytes()
        for at in range(0, len(content), len(content) // 16):
            (folder / fixture).write_bytes(content)
            # RAM has no checksums: what is overwritten there may still be decoded.
            doubtful = ram_blocks_at(fixture, folder, at, at + 8192)
            (folder / fixture).write_bytes(content[:at] + b"\xA5" * 8192 + content[at + 8192:])
            result, facts, memory = dump(fixture, folder, "--salvage", "--force")
            if result.returncode == 1:
                continue
            lost = listed(facts["missing"] + facts["damaged"])
            assert result.returncode == (3 if lost else 0), result.stderr
            for page in range(0, len(memory), 4096):
                if page in lost:
                    assert not any(memory[page:page + 4096]), f"{fixture}, {at:#x}: {page:#x}"
                elif page >> 20 not in doubtful:
                    assert memory[page:page + 4096] == whole[page:page + 4096], \
                        f"{fixture}, {at:#x}: {page:#x}"
            salvaged += 1
    assert salvaged > 20, salvaged


def test_half_of_a_pair_is_salvaged_as_far_as_it_goes(folder):
    copy_fixture("legacy-pair.bin", folder)
    (folder / "legacy-pair.vsv").rename(folder / "alone.vsv")
    result = run_cli(["info", "--json", "legacy-pair.bin"], folder)
    assert result.returncode == 1 and b"there is no .vsv of the same name" in result.stderr
    result = run_cli(["info", "--json", "--salvage", "legacy-pair.bin"], folder)
    assert b"there is no .vsv of the same name" in result.stderr
    facts = json.loads(result.stdout)
    assert facts["salvaged"] and facts["second_file"] is None and facts["vps"] == []
    assert facts["memory"]["ram_blocks"] == 4 and facts["memory"]["ranges"] == []
    facts = json.loads(run_cli(["info", "--json", "--salvage", "alone.vsv"], folder).stdout)
    assert len(facts["vps"]) == 1 and facts["memory"]["ram_blocks"] == 0
    result = run_cli(["check", "legacy-pair.bin"], folder)
    assert result.returncode == 3 and b"there is no .vsv of the same name" in result.stderr


def map_fixture(name, folder, *options):
    shutil.copy(native_path("VMSS_FIXTURES") / name, folder / "guest.vmrs")
    return run_cli(["map", "guest.vmrs", *options], folder)


def test_one_damaged_page_of_a_large_guest_is_seen_in_the_map(folder):
    name = "api/damage-in-4-gib.vmrs"
    lines = map_fixture(name, folder).stdout.decode().splitlines()
    assert "a tile is 2 MiB" in lines[0], lines[0]
    tiles = {int(line.split()[0], 16): line.split()[1] for line in lines if line.startswith("0x")}
    row = 64 * (2 << 20)
    assert len(tiles) == 32 and all(len(tiles[start]) == 64 for start in tiles)
    damaged, missing = 4000 << 20, 100 << 20
    for start, letters in tiles.items():
        for column, letter in enumerate(letters):
            address = start + column * (2 << 20)
            expected = ("D" if address <= damaged < address + (2 << 20) else
                        "M" if address <= missing < address + (2 << 20) else ".")
            assert letter == expected, hex(address)
        assert start % row == 0
    facts = json.loads(map_fixture(name, folder, "--json").stdout)
    assert facts["pages"]["missing"] == 256
    assert facts["missing"] == [{"start": hex(missing).upper().replace("X", "x"), "size": 1 << 20}]
    assert covers(facts["damaged"], damaged + (255 << 12), 4096)


def test_a_picture_is_xml_and_holds_every_page_once(folder):
    space = "{http://www.w3.org/2000/svg}"
    for name in ("every-record-kind.vmrs", "gap-above-4gib.vmrs", "api/damage-in-4-gib.vmrs"):
        result = map_fixture(name, folder, "--svg", "map.svg", "--force", "--json")
        assert result.returncode == 0, result.stderr
        facts = json.loads(result.stdout)
        picture = xml.etree.ElementTree.parse(folder / "map.svg").getroot()
        assert picture.tag == space + "svg"
        counted = dict.fromkeys(facts["pages"], 0)
        for rectangle in picture.iter(space + "rect"):
            tip = rectangle.find(space + "title")
            for count, kind in re.findall(r"(\d+) ([a-z]+)", tip.text if tip is not None else ""):
                counted[kind] += int(count)
        assert counted == facts["pages"], name
        text = " ".join("".join(one.itertext()) for one in picture.iter(space + "text"))
        for kind, count in facts["pages"].items():
            assert (f"{kind}" in text) == (count > 0), f"{name}: {kind}"
        outside = [value for one in picture.iter() for key, value in one.attrib.items()
                   if "href" in key or ("://" in value) or "url(" in value and "#grid" not in value]
        assert not outside, outside


def test_a_name_cannot_steer_a_picture(folder):
    if IS_WINE:
        return
    name = 'a<script>"&\x07.vmrs'
    shutil.copy(native_path("VMSS_FIXTURES") / "minimal.vmrs", folder / name)
    result = run_cli(["map", name, "--svg", "map.svg"], folder)
    assert result.returncode == 0, result.stderr
    picture = xml.etree.ElementTree.parse(folder / "map.svg").getroot()
    assert picture[0].text == 'Guest memory of a<script>"&\\x07.vmrs'
    assert not list(picture.iter("{http://www.w3.org/2000/svg}script"))


def run_on_terminal(arguments, folder, **variables):
    """Runs it with a terminal as its output; returns what appears there."""
    import pty
    reader, terminal = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "", **variables}
    process = subprocess.Popen(cli_command(arguments), cwd=folder, env=environment,
                               stdin=subprocess.DEVNULL, stdout=terminal,
                               stderr=subprocess.DEVNULL)
    os.close(terminal)
    output = b""
    while True:
        try:
            part = os.read(reader, 65536)
        except OSError:     # how the end looks
            part = b""
        if not part:
            break
        output += part
    os.close(reader)
    assert process.wait() == 0
    return output.decode()


def test_a_map_has_colours_on_a_terminal_that_wants_them(folder):
    if IS_WINE:
        return
    copy_fixture("missing-ram-block.vmrs", folder)
    coloured = run_on_terminal(["map", "missing-ram-block.vmrs"], folder)
    assert "\033[94m" + 63 * "\u2593" + "\033[0m" in coloured, coloured
    assert "\033[93m" + 64 * "\u259A" + "\033[0m" in coloured, coloured
    plain = run_on_terminal(["map", "missing-ram-block.vmrs"], folder, NO_COLOR="1")
    assert "\033" not in plain and "0x000000  ." + 63 * "c" in plain, plain
    dumb = run_on_terminal(["map", "missing-ram-block.vmrs"], folder, NO_COLOR="", TERM="dumb")
    assert dumb == plain


def complete(folder, *words):
    """What bash would offer for the last of the words."""
    script = HERE.parents[1] / "tools/completion/vmsavedstate.bash"
    result = subprocess.run(
        ["bash", "-c", 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
         '_vmsavedstate; printf "%s\\n" "${COMPREPLY[@]}"', str(script),
         str(native_path("VMSS_CLI")), *words],
        cwd=folder, capture_output=True, timeout=60, check=True)
    return result.stdout.decode().split()


def test_completion_offers_what_the_help_tells(folder):
    if IS_WINE or shutil.which("bash") is None:
        return
    names = re.findall(r"^  ([a-z]+) ", run_cli(["help"], folder).stdout.decode(), re.MULTILINE)
    assert complete(folder, "") == names
    assert complete(folder, "ch") == ["check", "chunks"]
    assert complete(folder, "help", "ma") == ["map"]
    for name in names:
        text = run_cli(["help", name], folder).stdout.decode()
        options = re.findall(r"^  (--[a-z-]+)", text, re.MULTILINE)
        assert complete(folder, name, "--") == options, name
    assert complete(folder, "dump", "guest.vmrs", "--format", "dmp-") == ["dmp-full", "dmp-bitmap"]
    assert complete(folder, "regs", "guest.vmrs", "--vp", "") == []
    assert complete(folder, "info", "gu") == []     # left to bash, which knows names of files


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


def test_no_dump_in_a_format_is_written_over_the_saved_state(folder):
    copy_fixture("demo.vmrs", folder)
    before = (folder / "demo.vmrs").read_bytes()
    os.link(folder / "demo.vmrs", folder / "new.partial")
    for output in ("demo.vmrs", "new"):
        result = run_cli(["dump", "demo.vmrs", output, "--format", "elf", "--force"], folder)
        assert result.returncode == 4, output
        assert b"is the saved state itself" in result.stderr
        assert (folder / "demo.vmrs").read_bytes() == before


def test_every_format_lists_what_it_lacks(folder):
    lost = {"missing-ram-block.vmrs": ("missing", 0x100000, 0x100000),
            "bad-ram-xpress-page.vmrs": ("damaged", 0x2000, 0x1000)}
    for fixture, (kind, start, size) in lost.items():
        for options in ((), ("--skip-holes",), ("--format", "elf"),
                        ("--format", "dmp", "--without-kernel")):
            for going in ("--keep-going", "--salvage"):
                result, facts, memory = dump(fixture, folder, "--force", going, *options)
                assert result.returncode == 3, result.stderr
                other = "damaged" if kind == "missing" else "missing"
                assert facts[kind] == [{"start": hex(start), "size": size}], facts
                assert facts[other] == []


def test_lost_memory_keeps_its_place_when_holes_are_left_out(folder):
    result, facts, memory = dump("missing-ram-block.vmrs", folder, "--skip-holes")
    assert len(memory) == facts["size"] == 3 << 20
    for kind, start, size, checksum in truth_of("missing-ram-block.vmrs"):
        part = memory[start:start + size]
        assert zlib.crc32(part) == checksum if checksum is not None else not any(part)


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
    assert b"File too large" in result.stderr, result.stderr
    assert [path.name for path in folder.iterdir()] == ["demo.vmrs"]
    with open("/dev/full", "wb") as full:
        result = subprocess.run(cli_command(["info", "demo.vmrs"]), cwd=folder, stdout=full,
                                stderr=subprocess.PIPE, timeout=120)
    assert result.returncode == 4 and b"standard output" in result.stderr


def test_progress_is_drawn_on_a_terminal_alone(folder):
    copy_fixture("demo.vmrs", folder)
    result = run_cli(["dump", "demo.vmrs", "out"], folder)
    assert result.stderr == b"", result.stderr


def test_a_path_that_leads_to_no_file_is_told_with_what_to_give(folder):
    paths = {"NUL": "a device"} if IS_WINE else {"/dev/null": "a device", "fifo": "a pipe"}
    if not IS_WINE:
        os.mkfifo(folder / "fifo")
    for path, kind in paths.items():
        for command in ("info", "check", "keys", "replay"):
            result = run_cli([command, path], folder)
            assert result.returncode == 1, command
            said = result.stderr.decode()
            assert said.startswith(f"vmsavedstate: {path}: This is {kind}, not a file: give "), said
            assert said.rstrip().endswith("(0x80070057)"), said
        if not IS_WINE:
            copy_fixture("legacy-pair.bin", folder)
            result = run_cli(["info", "legacy-pair.bin", "--vsv", path], folder)
            assert f"The .vsv is {kind}, not a file".encode() in result.stderr, result.stderr


def test_the_longest_path_leaves_cause_and_remedy(folder):
    for length in (300, 600, 2000, 4000):
        path = "d/" * (length // 2) + "x.vmrs"
        result = run_cli(["info", path], folder)
        said = result.stderr.decode().rstrip()
        assert result.returncode == 1
        assert re.search(r"x\.vmrs': [^':]*\. Check the spelling of the path: one of its folders "
                         r"does not exist\. \(0x80070003\)$", said), said


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


def test_remedies_name_commands_and_options_that_exist(folder):
    remedies = (HERE.parents[1] / "src/base/status.c").read_text()
    names = set(re.findall(r"'vmsavedstate\s*\"?\s*\"?([a-z]+)'", remedies))
    assert len(names) >= 5, names
    for name in names:
        assert run_cli(["help", name], folder).returncode == 0, name
    helps = [run_cli([name, "--help"], folder).stdout.decode() for name in ("info", "dump")]
    for option in set(re.findall(r"--([a-z-]+)", remedies)):
        assert any(f"--{option} " in text for text in helps), option


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
    if IS_WINE:
        start_wine()
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
