#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Static analysis: clang-tidy, whose analyser follows paths through a source
# file, with the checks of .clang-tidy.  Sources that were found clean are read
# again only when they, a header of theirs or the checks have changed.
#   build/lint           src, tools and tests (of the tests, see tests/.clang-tidy)
#   build/lint-windows   what only Windows compiles
# The fixtures' writer is left out: it reads the project's own texts alone.
#
# gcc's -fanalyzer is not used: what gcc 12 reports on src, in 19 places, is
# wrong each time.  It takes memory for lost that realloc() returned into a
# structure or that pthread_setspecific() keeps, and loses track of a size or
# pointer that two functions check between them.
#
# Prints the findings and how many there are; the exit status is 0 for none.
set -eu

tools=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$tools/.." && pwd)
build=$repository/build
log=$build/lint.log
files=0
failed=

# lint NAME PATTERN CHECKER [CMAKE OPTION...]: reads the sources whose objects match PATTERN.
lint()
{
	folder=$build/$1
	pattern=$2
	checker=$3
	shift 3

	# Ninja knows the headers of a source, but not the checks.
	checks=$(cat "$repository/.clang-tidy" "$repository/tests/.clang-tidy" | cksum)
	if [ "$checks" != "$(cat "$folder/checks" 2>/dev/null)" ]; then
		rm -rf "$folder"
		mkdir -p "$folder"
	fi
	if ! cmake -S "$repository" -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Debug \
		-DCMAKE_C_FLAGS=-DSTATIC_ANALYSIS -DCMAKE_C_CLANG_TIDY="$checker" \
		-DVMSAVEDSTATE_FIXTURES="$folder" "$@" >"$folder/configure.log" 2>&1; then
		cat "$folder/configure.log" >&2
		exit 1
	fi
	echo "$checks" >"$folder/checks"

	objects=$(ninja -C "$folder" -t targets all | sed -n 's/: C_COMPILER__.*//p' |
		grep "$pattern")
	files=$((files + $(echo "$objects" | sed 's/CMakeFiles.*\.dir//' | sort -u | wc -l)))
	# shellcheck disable=SC2086 # a list of plain names
	ninja -C "$folder" -k 0 $objects >>"$log" 2>&1 || failed=yes
}

sh "$tools/install-deps.sh" lint

mkdir -p "$build"
: >"$log"
lint lint '/\(src\|cli\|tests\|unit\|fault\|api\|samples\|fuzz\|bench\|guest\|headers\|support\)/' \
	'clang-tidy;--quiet' -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++
lint lint-windows '/\(windows_[a-z_]*\|[a-z_]*_win32\)\.c\.' \
	'clang-tidy;--quiet;--extra-arg=--target=x86_64-w64-mingw32' -DVMSAVEDSTATE_TESTS=OFF \
	--toolchain "$tools/cmake/x86_64-w64-mingw32.cmake"

# A header's finding comes up in each source that includes it.
findings=$(sed -n "s#^$repository/\(.*: \)\(warning\|error\): #\1#p" "$log" | sort -u)
count=$(printf '%s' "$findings" | grep -c '' || true)
if [ -n "$failed" ] && [ "$count" -eq 0 ]; then
	cat "$log" >&2
	exit 1
fi
[ "$count" -eq 0 ] || echo "$findings"
echo "lint: $files files, $count findings"
[ "$count" -eq 0 ]
