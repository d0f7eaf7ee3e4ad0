#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Installs what is missing, then builds and tests three times:
#   build/linux     gcc
#   build/windows   MinGW-w64, run under Wine
#   build/asan      clang with the address and undefined-behaviour sanitizers
# and has the sources read by tools/lint.sh.
# The last line sums up all of it; lint counts as one test.
set -eu

tools=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$tools/.." && pwd)/build
reports=
status=0

# test_in NAME [CMAKE OPTION...]: builds in build/NAME and runs its tests.
test_in()
{
	name=$1
	shift
	echo "== $name"
	sh "$tools/build.sh" "$build/$name" -DVMSAVEDSTATE_WERROR=ON "$@"
	report=$build/$name/report.xml
	log=$build/$name/test.log
	rm -f "$report"
	if ctest --test-dir "$build/$name" --output-on-failure -j2 \
		--test-output-size-passed 1000000 --test-output-size-failed 1000000 \
		--output-junit "$report" >"$log" 2>&1; then
		grep 'tests passed' "$log"
	else
		status=1
		cat "$log"
	fi
	reports="$reports $name/report.xml"
}

sh "$tools/install-deps.sh" test

fixtures=-DVMSAVEDSTATE_FIXTURES=$build/linux/fixtures
test_in linux -DCMAKE_C_COMPILER=gcc -DCMAKE_CXX_COMPILER=g++
test_in windows --toolchain "$tools/cmake/x86_64-w64-mingw32.cmake" "$fixtures"
test_in asan -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ \
	'-DVMSAVEDSTATE_SANITIZE=address;undefined' "$fixtures"

echo "== lint"
result=run
sh "$tools/lint.sh" || result=fail
echo "<testsuite><testcase name=\"lint\" status=\"$result\"/></testsuite>" >"$build/lint/report.xml"
reports="$reports lint/report.xml"

# shellcheck disable=SC2086 # a list of plain names
(cd "$build" && python3 "$tools/../tests/summary.py" $reports) || status=1
exit $status
