#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Configures and builds in one folder; quiet unless something goes wrong.
#
# usage: build.sh FOLDER [CMAKE OPTION...]
set -eu

source_folder=$(cd "$(dirname "$0")/.." && pwd)
folder=$1
shift

mkdir -p "$folder"
log=$folder/build.log
if ! {
	cmake -S "$source_folder" -B "$folder" -G Ninja "$@" &&
		cmake --build "$folder"
} >"$log" 2>&1; then
	echo "The build in $folder failed:" >&2
	# What went well before it, and after it on the other processors, is left out.
	sed -n '/^FAILED\|^CMake Error/,$p' "$log" | grep -v '^\[[0-9/]*\] [A-Z][a-z]*ing ' >&2 ||
		cat "$log" >&2
	exit 1
fi
# A warning is worth a look even where it does not stop the build.
grep -A 6 'warning:' "$log" >&2 || true
