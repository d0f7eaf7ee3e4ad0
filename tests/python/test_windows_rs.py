#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds and runs windows_rs_client.rs, where there is a Rust compiler."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from provider_library import fixture, library_path, skip


EDITIONS = ("2021", "2024")	# before and after "extern" had to be "unsafe extern"
OLDEST = (1, 85)	# the first compiler that has both


def find_compiler():
	compiler = shutil.which("rustc")
	told = compiler and subprocess.run([compiler, "--version"], check=False,
					   capture_output=True, encoding="utf-8").stdout
	version = re.match(r"rustc (\d+)\.(\d+)", told or "")
	if version is None:
		skip("there is no Rust compiler")
	if tuple(map(int, version.groups())) < OLDEST:
		skip(f"the Rust compiler is older than {OLDEST[0]}.{OLDEST[1]}")
	return compiler


def run_client(compiler, edition):
	folder = os.path.abspath(os.path.dirname(library_path()))
	source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "windows_rs_client.rs")
	with tempfile.TemporaryDirectory() as work:
		program = os.path.join(work, "client")
		subprocess.run([compiler, f"--edition={edition}", "-Dwarnings",
				"-Anon_camel_case_types", "-Anon_upper_case_globals",
				"-L", folder,
				"-C", f"link-arg=-Wl,-rpath,{folder}", "-o", program, source],
			       check=True, cwd=work)
		return subprocess.run([program, fixture("demo.vmrs")], check=False).returncode


def main():
	compiler = find_compiler()
	return max(run_client(compiler, edition) for edition in EDITIONS)


if __name__ == "__main__":
	sys.exit(main())
