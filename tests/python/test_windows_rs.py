#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds and runs windows_rs_client.rs, where there is a Rust compiler."""
import os
import shutil
import subprocess
import sys
import tempfile

from provider_library import fixture, library_path, skip


def main():
	compiler = shutil.which("rustc")
	if compiler is None or subprocess.run([compiler, "--version"], check=False,
					      capture_output=True).returncode != 0:
		skip("there is no Rust compiler")
	folder = os.path.abspath(os.path.dirname(library_path()))
	source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "windows_rs_client.rs")
	with tempfile.TemporaryDirectory() as work:
		program = os.path.join(work, "client")
		subprocess.run([compiler, "--edition=2021", "-Dwarnings",
				"-Anon_camel_case_types", "-Anon_upper_case_globals",
				"-L", folder,
				"-C", f"link-arg=-Wl,-rpath,{folder}", "-o", program, source],
			       check=True, cwd=work)
		return subprocess.run([program, fixture("demo.vmrs")], check=False).returncode


if __name__ == "__main__":
	sys.exit(main())
