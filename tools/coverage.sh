#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Counts the lines of src/ and tools/cli/ that the tests execute, without optimisation:
#   build/coverage           gcc; a row for each folder, and the total
#   build/coverage-windows   MinGW-w64, run under Wine; only the lines that the
#                            build for Linux does not compile
# coverage.txt in each folder has a row for each file, uncovered.txt the lines
# that no test executed.  No line is excepted.  A program that is killed or
# aborts does not write its counts down, so these are lower bounds.
# The exit status is 0 when the tests passed and the total for Linux is 95 % or more.
set -eu

least=95

tools=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$tools/.." && pwd)/build
status=0

# count_in NAME [CMAKE OPTION...]: builds in build/NAME and runs its tests, counting lines.
count_in()
{
	folder=$build/$1
	shift
	sh "$tools/build.sh" "$folder" -DCMAKE_BUILD_TYPE=Debug -DVMSAVEDSTATE_COVERAGE=ON "$@"
	# Counts are added to those of earlier runs.
	find "$folder" -name '*.gcda' -delete
	if ctest --test-dir "$folder" --output-on-failure -j2 >"$folder/test.log" 2>&1; then
		grep 'tests passed' "$folder/test.log"
	else
		status=1
		cat "$folder/test.log"
	fi
}

sh "$tools/install-deps.sh" test

echo '== Linux'
count_in coverage -DCMAKE_C_COMPILER=gcc -DCMAKE_CXX_COMPILER=g++
python3 "$tools/coverage.py" "$build/coverage" --least $least || status=1

echo '== Windows alone'
count_in coverage-windows --toolchain "$tools/cmake/x86_64-w64-mingw32.cmake" \
	"-DVMSAVEDSTATE_FIXTURES=$build/coverage/fixtures"
python3 "$tools/coverage.py" "$build/coverage-windows" --gcov x86_64-w64-mingw32-gcov \
	--without "$build/coverage" || status=1
exit $status
