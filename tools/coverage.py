#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Adds up what gcov counted in one build folder: a row for each folder of sources.

A line counts when any of the programs executed it, in either ABI: the lines that
a build compiles twice are one line here.  The lines of the tests and of the
fixture writer do not count, nor what they alone compile of a header.

  FOLDER/coverage.txt    each file: lines, executed, per cent; worst first
  FOLDER/uncovered.txt   each line that no test executed, with its text
"""

import argparse
import collections
import json
import pathlib
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
COUNTED = ("src", "tools/cli")
ROW = "{:<16} {:>6} {:>9} {:>8}"


def executed_lines(gcov, build):
    """{(file, line): True if executed} of the library and the command line tool."""
    notes = sorted(str(path) for path in build.glob("CMakeFiles/vmsavedstate*.dir/**/*.gcno"))
    if not notes:
        sys.exit(f"{build} was not built to count lines")
    # gcov says on stderr which objects no program ran; their lines are zeros.
    output = subprocess.run([gcov, "--json-format", "--stdout", *notes], cwd=build,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    lines = {}
    for report in output.splitlines():
        for source in json.loads(report)["files"]:
            name = relative_name(build, source["file"])
            if name is None:
                continue
            for line in source["lines"]:
                key = name, line["line_number"]
                lines[key] = lines.get(key, False) or line["count"] > 0
    return lines


def relative_name(build, file):
    """The name as it is in the repository, or None for what does not count."""
    path = (build / file).resolve()
    # An earlier build leaves its notes on sources that have been renamed since.
    if not path.is_relative_to(REPOSITORY) or not path.exists():
        return None
    name = path.relative_to(REPOSITORY).as_posix()
    return name if name.startswith(tuple(f"{folder}/" for folder in COUNTED)) else None


def per_cent(executed, lines):
    # Cut, not rounded: 100.0 is for nothing left out.
    return f"{1000 * executed // lines / 10:.1f}"


def sums(lines, group_of):
    """[(group, lines, executed)] in the order of their names."""
    counts = collections.defaultdict(lambda: [0, 0])
    for (name, _), executed in lines.items():
        counts[group_of(name)][0] += 1
        counts[group_of(name)][1] += executed
    return [(group, *counts[group]) for group in sorted(counts)]


def write_uncovered(path, lines):
    """The text of each line that was not executed, below the name of its file."""
    missed = collections.defaultdict(list)
    for (name, number), executed in sorted(lines.items()):
        if not executed:
            missed[name].append(number)
    with open(path, "w", encoding="utf-8") as output:
        for name, numbers in missed.items():
            texts = (REPOSITORY / name).read_text(encoding="utf-8").splitlines()
            print(f"{name}: {len(numbers)}", file=output)
            for number in numbers:
                print(f"{number:6}  {texts[number - 1]}", file=output)
            print(file=output)


def write_files(path, lines):
    files = sums(lines, lambda name: name)
    files.sort(key=lambda row: (row[2] - row[1], row[0]))
    with open(path, "w", encoding="utf-8") as output:
        for name, count, executed in files:
            print(f"{per_cent(executed, count):>6} {executed:5} of {count:5}  {name}", file=output)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path, help="build folder, its tests run")
    parser.add_argument("--gcov", default="gcov", help="gcov of the compiler it was built with")
    parser.add_argument("--without", type=pathlib.Path, metavar="FOLDER",
                        help="leave out the lines that this build compiles too (by gcc)")
    parser.add_argument("--least", type=float, default=0, help="per cent to be reached")
    options = parser.parse_args()
    build = options.build.resolve()

    lines = executed_lines(options.gcov, build)
    if options.without is not None:
        for key in executed_lines("gcov", options.without.resolve()):
            lines.pop(key, None)
    write_files(build / "coverage.txt", lines)
    write_uncovered(build / "uncovered.txt", lines)

    print(ROW.format("folder", "lines", "executed", "per cent"))
    for folder, count, executed in sums(lines, lambda name: name.rpartition("/")[0]):
        print(ROW.format(folder, count, executed, per_cent(executed, count)))
    count, executed = len(lines), sum(lines.values())
    print(ROW.format("total", count, executed, per_cent(executed, count)))
    return 1 if 100 * executed < options.least * count else 0


if __name__ == "__main__":
    sys.exit(main())
