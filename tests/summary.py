#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Adds up the JUnit reports of several CTest runs.

usage: summary.py REPORT...

A cmocka program counts with each of its tests, anything else as one.  The
last line is "N passed, N failed, N skipped"; names of what failed or was
skipped stand before it.  Exits with 1 when anything failed or nothing ran.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree

COUNT = re.compile(r"^\[  (PASSED |SKIPPED|FAILED )\s*\] (\d+) test\(s\)", re.MULTILINE)


def counts_of(case):
    """Returns how many tests of one CTest entry passed, failed and were skipped."""
    if case.find("skipped") is not None:
        return 0, 0, 1
    counts = {"PASSED": 0, "SKIPPED": 0, "FAILED": 0}
    for kind, number in COUNT.findall(case.findtext("system-out") or ""):
        counts[kind.strip()] += int(number)
    if case.get("status") != "run":
        # A program that died printed no summary of its own.
        return counts["PASSED"], max(counts["FAILED"], 1), counts["SKIPPED"]
    if not any(counts.values()):
        return 1, 0, 0
    return counts["PASSED"], counts["FAILED"], counts["SKIPPED"]


def main():
    totals = [0, 0, 0]
    for report in sys.argv[1:]:
        suite = ElementTree.parse(report).getroot()
        for case in suite.iter("testcase"):
            counts = counts_of(case)
            totals = [total + count for total, count in zip(totals, counts)]
            for word, count in (("failed", counts[1]), ("skipped", counts[2])):
                if count:
                    print(f"{word}: {case.get('name')} ({count}), {report}")
    passed, failed, skipped = totals
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
