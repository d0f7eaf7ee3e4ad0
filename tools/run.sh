#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Builds the library and the command line tool, and shows what is in each saved
# state given: a .vmrs, or the .bin of a .bin and .vsv pair.  Without a file, a
# small saved state is made and shown.  A file that cannot be read, or only in
# part, does not keep the others from being shown; the exit status is 1 then.
#
# usage: run.sh [FILE...]
set -eu

tools=$(cd "$(dirname "$0")" && pwd)
build=$tools/../build/run

sh "$tools/install-deps.sh" build
sh "$tools/build.sh" "$build" -DVMSAVEDSTATE_TESTS=OFF
build=$(cd "$build" && pwd)

if [ $# -eq 0 ]; then
	set -- "$build/demo.vmrs"
	"$build/mkvmrs" "$tools/../fixtures/demo.txt" "$1"
	echo "No file was given; this is a small saved state made for show."
fi

mkdir -p "$build/dumps"
failed=
for file in "$@"; do
	name=$(basename "$file")
	dump=$build/dumps/${name%.*}.raw
	rm -f "$dump"
	if ! "$build/vmsavedstate" info "$file" || ! "$build/vmsavedstate" dump "$file" "$dump"; then
		failed="$failed $file"
	fi
	[ ! -e "$dump" ] || echo "The dump is in $dump"
done
if [ -n "$failed" ]; then
	echo "Not read, or only in part:$failed" >&2
	exit 1
fi
