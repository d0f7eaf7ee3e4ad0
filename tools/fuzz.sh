#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Builds every libFuzzer target in build/fuzz, with the address and undefined-
# behaviour sanitizers, and runs each for its share of the time: on the seeds in
# tests/fuzz/corpus and on what earlier runs found, which build/fuzz/corpus-NAME
# keeps.  Prints a table:
#
#   executions   in this run
#   findings     crashes, hangs, leaks and sanitizer reports, now and before;
#                their inputs are in build/fuzz/findings-NAME
#   since clean  executions since the target's code changed or there was a finding
#   edges        of the code under test, reached since then
#   late         those of them that were new in the last fifth of these executions
#
# build/fuzz/progress-NAME keeps the sums: a checksum of the target's machine code
# and constants (what a target does not contain may change), then a line for each
# time that edges were new, and for the end of each run: executions and edges.
# The exit status is 0 when there were no findings.
#
# usage: fuzz.sh [MINUTES]         in all, default 10
#        FUZZ_TARGETS='api xpress' fuzz.sh ...    these alone; several may run at
#                                                 the same time, also of one target
set -eu

minutes=${1-10}
case $minutes in
'' | *[!0-9]* | 0)
	echo "usage: fuzz.sh [MINUTES]" >&2
	exit 2
	;;
esac

tools=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$tools/.." && pwd)
build=$repository/build/fuzz

# Inputs larger than this say nothing that smaller ones do not.
largest_input=65536

# Short stacks and a small quarantine let targets that allocate much run faster, and
# so does looking at which edges are reached, rather than how often each: in a minute
# the target of the API runs half as often again and reaches more.
sanitizer_options=allocator_may_return_null=1:malloc_context_size=2:quarantine_size_mb=4
search_options='-entropic=0 -use_counters=0'

sh "$tools/install-deps.sh" test-all
if [ -n "${FUZZ_TARGETS-}" ]; then
	names=$FUZZ_TARGETS
else
	names=
	for source in "$repository"/tests/fuzz/fuzz_*.c; do
		name=$(basename "$source" .c)
		names="$names ${name#fuzz_}"
	done
fi
targets=
for name in $names; do
	targets="$targets fuzz_$name"
done

# The targets alone: nothing else of the repository is needed.
mkdir -p "$build"
exec 9>"$build/lock"
flock 9
# shellcheck disable=SC2086 # a list of plain names
if ! {
	cmake -S "$repository" -B "$build" -G Ninja -DCMAKE_C_COMPILER=clang \
		-DCMAKE_CXX_COMPILER=clang++ -DVMSAVEDSTATE_FUZZ=ON \
		'-DVMSAVEDSTATE_SANITIZE=address;undefined' &&
		cmake --build "$build" --target $targets
} >"$build/build.log" 2>&1; then
	grep -A 6 '^FAILED\|error:\|^CMake Error' "$build/build.log" >&2 || cat "$build/build.log" >&2
	exit 1
fi
exec 9>&-

target_count=$(echo "$names" | wc -w)
seconds=$((minutes * 60 / target_count))
[ "$seconds" -ge 5 ] || seconds=5

# code_of PROGRAM: a checksum of what it does.  Line numbers are not in these sections.
code_of()
{
	objcopy -O binary --only-section=.text --only-section=.rodata "$1" "$1.$$"
	cksum <"$1.$$" | cut -d ' ' -f 1
	rm "$1.$$"
}

# start_progress FILE CODE: empties it unless it is about that code.
start_progress()
{
	if [ "$(head -n 1 "$1" 2>/dev/null)" != "$2" ]; then
		echo "$2" >"$1"
	fi
}

# executions_in FILE, edges_in FILE [PER CENT]: of all runs, after all executions or a part.
executions_in()
{
	awk 'END { print (NR > 1 ? $1 : 0) }' "$1"
}

edges_in()
{
	awk -v part="$(($(executions_in "$1") * ${2-100} / 100))" '
		NR > 1 && $1 <= part && $2 > edges { edges = $2 }
		END { print edges + 0 }' "$1"
}

# add_progress FILE LOG: libFuzzer's lines are not dated, but they number the executions.
add_progress()
{
	awk -v before="$(executions_in "$1")" -v edges="$(edges_in "$1")" '
		/^#[0-9]+/ && $3 == "cov:" && $4 > edges {
			edges = $4
			printf "%.0f %d\n", before + substr($1, 2), edges
		}
		$1 == "stat::number_of_executed_units:" {
			printf "%.0f %d\n", before + $2, edges
		}' "$2" >"$2.sums"
	cat "$2.sums" >>"$1"
	rm "$2.sums"
}

# statistic LOG NAME: one of the figures that libFuzzer prints at its end.
statistic()
{
	awk -v name="stat::$2:" '$1 == name { number = $2 } END { print number + 0 }' "$1"
}

failed=0
row='%-16s %12s %8s %9s %14s %7s %6s\n'
# shellcheck disable=SC2059 # the format is ours
printf "$row" target executions exec/s findings 'since clean' edges late
for name in $names; do
	target=$build/tests/fuzz_$name
	corpus=$build/corpus-$name
	findings=$build/findings-$name
	progress=$build/progress-$name
	log=$build/fuzz-$name-$$.log
	seeds=$repository/tests/fuzz/corpus/$name
	mkdir -p "$corpus" "$findings"
	[ -d "$seeds" ] || seeds=
	code=$(code_of "$target")

	status=0
	# shellcheck disable=SC2086 # seeds may be absent, options are several
	ASAN_OPTIONS=$sanitizer_options "$target" -max_total_time="$seconds" -print_final_stats=1 \
		-max_len=$largest_input $search_options -timeout=10 -rss_limit_mb=2048 \
		-artifact_prefix="$findings/" "$corpus" $seeds >"$log" 2>&1 || status=$?

	exec 9>"$build/lock"
	flock 9
	if [ "$status" -ne 0 ]; then
		tail -n 40 "$log" >&2
		echo 'finding' >"$progress"
	fi
	start_progress "$progress" "$code"
	[ "$status" -ne 0 ] || add_progress "$progress" "$log"
	exec 9>&-

	found=$(find "$findings" -type f | wc -l)
	[ "$status" -eq 0 ] || [ "$found" -gt 0 ] || found=1
	[ "$found" -eq 0 ] || failed=1
	edges=$(edges_in "$progress")
	# shellcheck disable=SC2059 # the format is ours
	printf "$row" "$name" "$(statistic "$log" number_of_executed_units)" \
		"$(statistic "$log" average_exec_per_sec)" "$found" \
		"$(executions_in "$progress")" "$edges" "$((edges - $(edges_in "$progress" 80)))"
done
exit $failed
