# SPDX-License-Identifier: MIT
"""Where the tests in this folder find the library that was built."""
import os
import sys

SKIPPED = 77


def skip(why):
	print(f"SKIPPED: {why}")
	sys.exit(SKIPPED)


def library_path(folder=""):
	"""The path of the shared library, in the folder of its ABI.  The build
	tells tests where their own programs are, a folder below its top."""
	programs = os.environ.get("VMSS_TEST_PROGRAMS", "build/linux/tests")
	path = os.path.join(os.path.dirname(programs), folder,
			    "libvmsavedstatedumpprovider.so")
	if not os.path.exists(path):
		skip(f"there is no {path}")
	with open(path, "rb") as file:
		code = file.read()
	for sanitizer in (b"__asan_init", b"__tsan_init"):
		if sanitizer in code:
			skip(f"{path} needs a program that was built with its sanitizer")
	return path


def fixture(name):
	path = os.path.join(os.environ.get("VMSS_FIXTURES", "build/linux/fixtures"), name)
	if not os.path.exists(path):
		skip(f"there is no {path}")
	return path
