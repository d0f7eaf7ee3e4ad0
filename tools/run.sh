#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Builds the library and the command line tool, and shows what is in each saved
# state given: a .vmrs, or the .bin of a .bin and .vsv pair.  Without a file, a
# small saved state is made and shown.
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
for file in "$@"; do
	name=$(basename "$file")
	dump=$build/dumps/${name%.*}.raw
	"$build/vmsavedstate" info "$file"
	rm -f "$dump"
	"$build/vmsavedstate" dump "$file" "$dump"
	echo "The dump is in $dump"
done
