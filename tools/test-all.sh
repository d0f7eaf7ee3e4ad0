#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Everything in tools/test.sh, and what takes longer:
#   build/tsan       the thread sanitizer
#   build/valgrind   the tests of the API under valgrind
#   build/fault      every byte of the fixtures corrupted, rather than a sample of them
#   build/drgn       a Linux guest's tasks by drgn, with Debian's debug package of that kernel
#                    (860 MB to download, 630 MB kept; skipped when it cannot be had)
#   build/coverage   the lines that the tests execute, at least 95 %; those of Windows
#                    in build/coverage-windows
#   build/fuzz       all libFuzzer targets for FUZZ_MINUTES (10) together
# Each step says how it ended; the exit status is 0 when all went well.
set -eu

tools=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$tools/.." && pwd)
build=$repository/build
minutes=${FUZZ_MINUTES-10}
failed=

# step NAME COMMAND...: notes a failure and goes on.
step()
{
	step_name=$1
	shift
	echo "== $step_name"
	"$@" || failed="$failed $step_name"
}

# ctest_in NAME [CTEST OPTION...]
ctest_in()
{
	folder=$build/$1
	shift
	ctest --test-dir "$folder" --output-on-failure -j2 "$@"
}

test_threads()
{
	sh "$tools/build.sh" "$build/tsan" -DCMAKE_C_COMPILER=clang \
		-DCMAKE_CXX_COMPILER=clang++ -DVMSAVEDSTATE_SANITIZE=thread &&
		ctest_in tsan
}

test_memory()
{
	launcher='valgrind;--quiet;--error-exitcode=1;--leak-check=full'
	sh "$tools/build.sh" "$build/valgrind" -DVMSAVEDSTATE_TEST_LAUNCHER="$launcher" &&
		ctest_in valgrind -L '^(api|api_abi17134|samples)$' --timeout 3600
}

test_faults()
{
	sh "$tools/build.sh" "$build/fault" &&
		VMSS_EXHAUSTIVE=1 ctest_in fault -L '^fault$' --timeout 14400
}

# get_vmlinux FILE: leaves no FILE, with a message, if the package cannot be downloaded.
get_vmlinux()
{
	package=linux-image-6.1.0-56-amd64-dbg
	folder=$(dirname "$1")
	mkdir -p "$folder" || return 1
	if ! (cd "$folder" && apt-get -q download "$package=6.1.192-2") >"$folder/apt.log" 2>&1; then
		echo "Skipped: $package cannot be downloaded ($folder/apt.log)"
		return 0
	fi
	# tar stops at the one file, so dpkg-deb complains of a broken pipe.
	dpkg-deb --fsys-tarfile "$folder/$package"_*.deb 2>"$folder/dpkg-deb.log" |
		tar -x --to-stdout --occurrence=1 "./usr/lib/debug/boot/$(basename "$1")" \
			>"$1.partial" &&
		mv "$1.partial" "$1" &&
		rm "$folder/$package"_*.deb
}

list_tasks()
{
	guest=${VMSS_SAMPLES-$repository/../shared/samples}/guests/a1-x64-1cpu.vmrs
	vmlinux=$build/drgn/vmlinux-6.1.0-56-amd64
	if [ ! -e "$guest" ]; then
		echo "Skipped: $guest is not there"
		return 0
	fi
	[ -e "$vmlinux" ] || get_vmlinux "$vmlinux" || return 1
	[ -e "$vmlinux" ] || return 0
	"$build/linux/vmsavedstate" dump --force --format elf "$guest" "$build/drgn/core" &&
		/usr/bin/python3 "$repository/tests/guest/drgn_tasks.py" "$build/drgn/core" "$vmlinux"
}

count_lines()
{
	sh "$tools/coverage.sh"
}

fuzz()
{
	sh "$tools/fuzz.sh" "$minutes"
}

sh "$tools/install-deps.sh" test-all

step test sh "$tools/test.sh"
step threads test_threads
step memory test_memory
step faults test_faults
step drgn list_tasks
step coverage count_lines
step fuzz fuzz

if [ -n "$failed" ]; then
	echo "Failed:$failed"
	exit 1
fi
echo "All steps passed"
