#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Installs what the build needs, on Debian and its relatives.
#
# usage: install-deps.sh [build|bench|lint|test|test-all]
#   build      the native build alone
#   bench      also what tools/bench.sh needs
#   lint       also what tools/lint.sh needs
#   test       also what tools/test.sh needs (default)
#   test-all   also what tools/test-all.sh needs
set -eu

build_packages='cmake gcc libc6-dev ninja-build uthash-dev zlib1g-dev'
lint_packages='clang clang-tidy gcc-mingw-w64-x86-64 libcmocka-dev libz-mingw-w64-dev python3'
test_packages='binutils binutils-mingw-w64-x86-64 clang crash dpkg-dev file g++ g++-mingw-w64-x86-64
	gcc-mingw-w64-x86-64 gdb gdb-multiarch groff-base lld makedumpfile python3-drgn python3-libkdumpfile
	libclang-rt-dev libcmocka-dev libz-mingw-w64-dev llvm pkgconf python3 wine wine64'
long_test_packages='valgrind'

case ${1-test} in
build) packages=$build_packages ;;
bench) packages="$build_packages libcmocka-dev liblz4-1 python3" ;;
lint) packages="$build_packages $lint_packages" ;;
test) packages="$build_packages $lint_packages $test_packages" ;;
test-all) packages="$build_packages $lint_packages $test_packages $long_test_packages" ;;
*)
	echo "usage: $0 [build|bench|lint|test|test-all]" >&2
	exit 2
	;;
esac

if ! command -v dpkg-query >/dev/null; then
	echo "No Debian packages here; these, under this system's names, are needed:" >&2
	echo "$packages" >&2
	exit 0
fi

missing=
for package in $packages; do
	status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
	[ "$status" = 'install ok installed' ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo

echo "Installing:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # $as_root may be empty, $missing is a list
if ! {
	$as_root apt-get update -qq &&
		$as_root env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends $missing
} >"$log" 2>&1; then
	cat "$log" >&2
	exit 1
fi
