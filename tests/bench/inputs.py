#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the saved states that the benchmarks read.

    inputs.py --writer MKVMRS --tool VMSAVEDSTATE [--samples FOLDER] FOLDER

What is there already is left alone.  Pages that compress are real ones: of
programs and libraries of this machine and, where the samples are there, of a
guest's memory.  In a guest that runs, 60 % of the pages repeat eight bytes,
4 % do not compress and 36 % are compressed.

    pages.bin   the pages that compress
    mix         256 MiB of that mix, 92 compressed pages in each block, with
                page tables that map all of it at address 0
    sparse      256 MiB, 32 compressed pages in each block
    fill        256 MiB, each page a fill record of its own
    raw         256 MiB that are stored as they are
    blocks-64g  65,536 blocks, each a file object
    blocks-16g, blocks-1t   16,384 and 1,048,576 blocks within the key tables
"""
import argparse
import os
import subprocess
import sys
import zlib
from pathlib import Path

PAGE = 4096
BLOCK_PAGES = 256
MIB = 1 << 20
POOL_PAGES = 8192		# of each source
FOLDERS = ("/usr/bin", "/usr/lib/x86_64-linux-gnu", "/usr/lib")
SAMPLE = "guests/a1-x64-1cpu.vmrs"
GROUPS = 8			# runs of each kind of page in a block
PATTERN = 0x0123456789ABCDEF


# ---- Pages that compress ----------------------------------------------------

def compresses(page):
	"""
	Whether XPRESS, which is weaker, will surely make the page smaller.  With this
	bound pages take 0.4 of their size on average, as in a guest that runs.
	"""
	if page == page[:8] * (PAGE // 8):
		return False
	return len(zlib.compress(page, 1)) < PAGE * 3 // 5


def pages_of_file(path):
	with open(path, "rb") as file:
		while len(page := file.read(PAGE)) == PAGE:
			yield page


def pages_of_machine():
	for folder in FOLDERS:
		for path in sorted(Path(folder).glob("*")):
			if path.is_file() and not path.is_symlink() and os.access(path, os.R_OK):
				yield from pages_of_file(path)


def pages_of_guest(arguments):
	state = Path(arguments.samples or "/nonexistent") / SAMPLE
	memory = arguments.folder / "guest.raw"
	if not state.exists():
		return []
	subprocess.run([arguments.tool, "dump", str(state), str(memory), "--force"], check=True,
		       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
	pages = list(pages_of_file(memory))
	memory.unlink()
	return pages


def take(pages, count):
	taken = []
	for page in pages:
		if compresses(page):
			taken.append(page)
		if len(taken) == count:
			break
	return taken


def make_pool(arguments, path):
	pool = take(pages_of_guest(arguments), POOL_PAGES)
	pool += take(pages_of_machine(), 2 * POOL_PAGES - len(pool))
	partial = path.with_suffix(".partial")
	partial.write_bytes(b"".join(pool))
	partial.rename(path)


# ---- Descriptions -----------------------------------------------------------

class Pool:
	"""Hands out runs of pages, from the beginning again when all are used."""

	def __init__(self, path):
		self.path = path
		self.count = path.stat().st_size // PAGE
		self.next = 0

	def take(self, count):
		if self.next + count > self.count:
			self.next = 0
		self.next += count
		return f"@{self.path} {(self.next - count) * PAGE} {count * PAGE}"


def shares(total, parts):
	"""total as parts numbers that differ by at most 1."""
	return [(i + 1) * total // parts - i * total // parts for i in range(parts)]


def block_of(number, pool, compressed, stored):
	"""A block of so many compressed and stored pages among pages of fill."""
	lines = [f"block {number}"]
	overlays = []
	page = number * BLOCK_PAGES
	for fill, packed, plain in zip(shares(BLOCK_PAGES - compressed - stored, GROUPS),
				       shares(compressed, GROUPS), shares(stored, GROUPS)):
		if fill:
			lines.append(f"run {fill} 0")
		if packed:
			lines.append(f"xpress {packed} zero")
			overlays.append(f"page-data {(page + fill) * PAGE} {pool.take(packed)}")
		if plain:
			lines.append(f"stored {plain} random {number}")
		page += fill + packed + plain
	return lines + overlays


def header(blocks):
	return ["default-state x64", f"memory 0 {blocks * BLOCK_PAGES} 0"]


def page_tables(blocks):
	"""Blocks 0 and 1: tables that map the first blocks MiB at address 0, in 4 KiB pages."""
	tables = blocks * BLOCK_PAGES // 512
	return ["block 0", "pages 256 zero", "block 1", "pages 256 zero",
		"u64 0x1000 0x2063", "u64 0x2000 0x3063",
		f"u64-run 0x3000 {tables} {MIB + 0x63:#x} 0x1000",
		f"u64-run {MIB:#x} {tables * 512} 0x63 0x1000"]


def mixed_guest(pool, blocks, compressed, stored):
	lines = header(blocks) + page_tables(blocks)
	for number in range(2, blocks):
		lines += block_of(number, pool, compressed, stored)
	return lines


def fill_guest(blocks):
	lines = header(blocks)
	for number in range(blocks):
		lines += [f"block {number}", f"fill 256 {PATTERN + number:#x}"]
	return lines


def many_blocks(count, store):
	"""Streams of 20 and of 68 bytes in turns: one run of pages, or four."""
	lines = header(count)
	step = 64
	for first in range(0, count, step):
		content = "runs 1" if first // step % 2 else f"fill {PATTERN + first:#x}"
		lines.append(f"fill-blocks {first} {step} {content} store={store}")
	return lines


def descriptions(pool):
	return {
		"mix": lambda: mixed_guest(pool, 256, 92, 10),
		"sparse": lambda: mixed_guest(pool, 256, 32, 4),
		"fill": lambda: fill_guest(256),
		"raw": lambda: header(256) + ["fill-blocks 0 256 raw 1"],
		"blocks-16g": lambda: many_blocks(16384, "inline"),
		"blocks-64g": lambda: many_blocks(65536, "object"),
		"blocks-1t": lambda: many_blocks(1048576, "inline"),
	}


def make(arguments, name, describe):
	output = arguments.folder / f"{name}.vmrs"
	if output.exists():
		return
	print(f"Making {output}", file=sys.stderr)
	description = arguments.folder / f"{name}.txt"
	partial = arguments.folder / f"{name}.partial"
	description.write_text("\n".join(describe()) + "\n")
	subprocess.run([arguments.writer, str(description), str(partial)], check=True)
	partial.rename(output)


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("--writer", required=True)
	parser.add_argument("--tool", required=True)
	parser.add_argument("--samples")
	parser.add_argument("folder", type=Path)
	arguments = parser.parse_args()
	arguments.folder = arguments.folder.resolve()
	arguments.folder.mkdir(parents=True, exist_ok=True)
	pages = arguments.folder / "pages.bin"
	if not pages.exists():
		make_pool(arguments, pages)
	for name, describe in descriptions(Pool(pages)).items():
		make(arguments, name, describe)


if __name__ == "__main__":
	main()
