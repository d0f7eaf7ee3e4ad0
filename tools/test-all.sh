#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Everything in tools/test.sh, and what takes longer:
#   build/tsan       the thread sanitizer
#   build/valgrind   the tests of the API under valgrind
#   build/fault      every byte of the fixtures corrupted, rather than a sample of them
#   build/analyzer   gcc's static analyzer over the library and the tools
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

analyze()
{
	sh "$tools/build.sh" "$build/analyzer" -DCMAKE_C_COMPILER=gcc -DCMAKE_C_FLAGS=-fanalyzer \
		-DVMSAVEDSTATE_WERROR=ON -DVMSAVEDSTATE_TESTS=OFF
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
step analyzer analyze
step fuzz fuzz

if [ -n "$failed" ]; then
	echo "Failed:$failed"
	exit 1
fi
echo "All steps passed"
