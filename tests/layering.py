#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads the #include graph of the sources and fails on an arrow that points up.

usage: layering.py REPOSITORY

Fails when a file of src/ includes a folder that is not below its own, when
files include each other in a circle, when an include leaves src/, when
anything but src/api sees the public headers, and when a tool or a black-box
test sees the inside of the library.
"""
import re
import sys
from pathlib import Path

BELOW = {
    "base": [],
    "platform": ["base"],
    "codec": ["base", "platform"],
    "container": ["base", "platform", "codec"],
    "state": ["base", "platform", "codec", "container"],
    "locate": ["base", "platform", "codec", "container"],
    "memory": ["base", "platform", "codec", "container", "state", "locate"],
    "paging": ["base"],
    "guest": ["base", "platform", "codec", "container", "state", "locate", "memory", "paging"],
    "dump": ["base", "platform", "codec", "container", "state", "locate", "memory", "paging",
             "guest"],
    "api": ["base", "platform", "codec", "container", "state", "locate", "memory", "paging",
            "guest", "dump"],
}
GENERATED = {"vmsavedstate_version.h"}
BLACK_BOX = ["tools/cli", "tests/api", "tests/samples", "tests/support", "fixtures/writer"]

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def sources(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix in (".c", ".h"))


def includes(path):
    return INCLUDE.findall(path.read_text(encoding="utf-8"))


def complaints_about(path, src, public):
    """Says what is wrong with the includes of one file of src/."""
    here = path.relative_to(src)
    if len(here.parts) < 2 or here.parts[0] not in BELOW:
        yield f"{here}: not in a folder of the architecture"
        return
    folder = here.parts[0]
    for quote, name in includes(path):
        target = Path(name)
        if target.is_absolute() or ".." in target.parts:
            yield f"{here}: {name} leaves the folder"
        elif name in public:
            if folder != "api":
                yield f"{here}: {name} is a public header; only src/api sees those"
        elif name in GENERATED:
            pass
        elif (src / target).exists():
            if target.parts[0] != folder and target.parts[0] not in BELOW[folder]:
                yield f"{here}: {name} is not below {folder}/"
            if quote == "<":
                yield f"{here}: <{name}> is ours, so it stands in quotes"
        elif quote == '"':
            yield f'{here}: "{name}" is not a path below src/'


def circles(src):
    """Yields each circle of files found by a depth-first walk."""
    graph = {}
    for path in sources(src):
        targets = [name for _, name in includes(path) if (src / name).exists()]
        graph[str(path.relative_to(src))] = targets
    finished = set()
    for start in graph:
        stack = [(start, iter(graph[start]))]
        way = [start]
        while stack:
            node, rest = stack[-1]
            following = next((n for n in rest if n in graph and n not in finished), None)
            if following is None or node in finished:
                finished.add(node)
                stack.pop()
                way.pop()
            elif following in way:
                yield " -> ".join(way[way.index(following):] + [following])
            else:
                stack.append((following, iter(graph[following])))
                way.append(following)


def complaints_about_outsider(path, repository, src):
    """Says which includes of a tool or black-box test reach into src/."""
    for _, name in includes(path):
        beside = (path.parent / name).resolve()
        if (src / name).exists() and not beside.exists() or src.resolve() in beside.parents:
            yield f"{path.relative_to(repository)}: {name} is inside the library"


def main():
    repository = Path(sys.argv[1]).resolve()
    src = repository / "src"
    public = {path.name for path in (repository / "include").glob("*.h")}
    complaints = []
    files = sources(src)
    for path in files:
        complaints += complaints_about(path, src, public)
    complaints += [f"circle: {circle}" for circle in circles(src)]
    for folder in BLACK_BOX:
        for path in sources(repository / folder):
            complaints += complaints_about_outsider(path, repository, src)
    for complaint in complaints:
        print(complaint)
    if not files:
        print(f"{src}: no sources")
    return 1 if complaints or not files else 0


if __name__ == "__main__":
    sys.exit(main())
