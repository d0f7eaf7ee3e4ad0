#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Builds every libFuzzer target in build/fuzz, with the address and undefined-
# behaviour sanitizers, and runs each for its share of the time: on the seeds in
# tests/fuzz/corpus and on what earlier runs found, which build/fuzz/corpus-NAME
# keeps.  Prints a table:
#
#   executions   in this run
#   edges        of the code under test, reached so far
#   late         edges that were new in the last fifth of this run
#   findings     crashes, hangs, leaks and sanitizer reports, now and before;
#                their inputs are in build/fuzz/findings-NAME
#   since clean  executions since the target's code changed or there was a finding
#
# The sums are in build/fuzz/count-NAME: executions since clean, edges, late
# edges, findings, checksum of the target's machine code and constants (so a
# change of what a target does not contain leaves its sum alone).
# The exit status is 0 when there were no findings.
#
# usage: fuzz.sh [MINUTES]         in all, default 10
#        FUZZ_TARGETS='api xpress' fuzz.sh ...    these alone; two at a time may run
#                                                 with different targets
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
	objcopy -O binary --only-section=.text --only-section=.rodata "$1" "$1.code"
	cksum <"$1.code" | cut -d ' ' -f 1
}

# earlier FILE FIELD: a number of the last run, or 0.
earlier()
{
	[ ! -e "$1" ] || cut -d ' ' -f "$2" "$1"
}

# edges LOG [PERCENT]: edges reached by the end of a run, or after a part of it.
# libFuzzer's lines are not dated, but they number the executions.
edges()
{
	awk -v percent="${2-100}" '
		/^#[0-9]+/ && / cov: / {
			number = substr($1, 2) + 0
			for (i = 2; i < NF; i++)
				if ($i == "cov:") {
					at[++lines] = number
					cov[lines] = $(i + 1)
				}
		}
		END {
			for (i = 1; i <= lines; i++)
				if (at[i] <= at[lines] * percent / 100)
					result = cov[i]
			print result + 0
		}' "$1"
}

# statistic LOG NAME: one of the figures that libFuzzer prints at its end.
statistic()
{
	awk -v name="stat::$2:" '$1 == name { number = $2 } END { print number + 0 }' "$1"
}

failed=0
row='%-16s %12s %8s %7s %6s %9s %14s\n'
# shellcheck disable=SC2059 # the format is ours
printf "$row" target executions exec/s edges late findings 'since clean'
for name in $names; do
	target=$build/tests/fuzz_$name
	corpus=$build/corpus-$name
	findings=$build/findings-$name
	log=$build/fuzz-$name.log
	count=$build/count-$name
	seeds=$repository/tests/fuzz/corpus/$name
	mkdir -p "$corpus" "$findings"
	[ -d "$seeds" ] || seeds=
	code=$(code_of "$target")

	status=0
	# shellcheck disable=SC2086 # seeds may be absent, options are several
	ASAN_OPTIONS=$sanitizer_options "$target" -max_total_time="$seconds" \
		-max_len=$largest_input $search_options -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$findings/" "$corpus" $seeds >"$log" 2>&1 || status=$?

	executions=$(statistic "$log" number_of_executed_units)
	reached=$(edges "$log")
	late=$((reached - $(edges "$log" 80)))
	found=$(find "$findings" -type f | wc -l)
	[ "$status" -eq 0 ] || [ "$found" -gt 0 ] || found=1
	total=$executions
	if [ "$(earlier "$count" 5)" = "$code" ]; then
		total=$((total + $(earlier "$count" 1)))
	fi
	if [ "$status" -ne 0 ]; then
		total=0
		tail -n 40 "$log" >&2
	fi
	[ "$found" -eq 0 ] || failed=1

	echo "$total $reached $late $found $code" >"$count"
	# shellcheck disable=SC2059 # the format is ours
	printf "$row" "$name" "$executions" \
		"$(statistic "$log" average_exec_per_sec)" "$reached" "$late" "$found" "$total"
done
exit $failed
