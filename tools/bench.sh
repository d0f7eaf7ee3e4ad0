#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Measures the speed of the library beside that of the machine, and says which
# targets are met: a table, and the same as JSON in build/bench/results.json.
# The saved states that are read are made on the first run (build/bench/inputs,
# about 700 MB).  On a machine that has other work the ratios still hold within
# some percent.
#
# usage: bench.sh [--quick]
#   --quick   5 runs of everything rather than 21
set -eu

tools=$(cd "$(dirname "$0")" && pwd)
build=$tools/../build/bench
quick=
case ${1-} in
'') ;;
--quick) quick=--quick ;;
*)
	echo "usage: $0 [--quick]" >&2
	exit 2
	;;
esac

sh "$tools/install-deps.sh" bench

# Like build.sh, but without the tests.
mkdir -p "$build"
build=$(cd "$build" && pwd)
samples=${VMSS_SAMPLES-$tools/../../shared/samples}
rows=$build/results.rows
log=$build/build.log
if ! {
	cmake -S "$tools/.." -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release &&
		cmake --build "$build" --target mkvmrs vmsavedstate bench_codec bench_reads \
			bench_load bench_dump
} >"$log" 2>&1; then
	cat "$log" >&2
	exit 1
fi

python3 "$tools/../tests/bench/inputs.py" --writer "$build/mkvmrs" \
	--tool "$build/vmsavedstate" --samples "$samples" "$build/inputs"

rm -f "$rows"
printf '%-46s %9s %-8s %-10s %7s  %-3s\n' '' value unit target ratio met
for family in codec reads load dump; do
	# shellcheck disable=SC2086 # $quick may be empty
	"$build/tests/bench_$family" $quick --json "$rows" --samples "$samples" "$build/inputs"
done
# Each row is an object of JSON; together they are a list.
{
	echo '['
	sed '$!s/$/,/' "$rows"
	echo ']'
} >"$build/results.json"
rm -f "$rows"
