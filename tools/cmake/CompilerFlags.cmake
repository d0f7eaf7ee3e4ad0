# SPDX-License-Identifier: MIT
#
# Four sets of flags, as interface libraries:
#   vmsavedstate_build_flags     everything that is compiled here
#   vmsavedstate_product_flags   what is shipped: the above and hardening
#   vmsavedstate_warnings        the library and the tools
#   vmsavedstate_test_warnings   the tests
#
# Each hardening flag is probed: a compiler that lacks one goes without it.
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)
include(CheckLinkerFlag)
include(CheckPIESupported)

check_pie_supported()

add_library(vmsavedstate_build_flags INTERFACE)
add_library(vmsavedstate_product_flags INTERFACE)
add_library(vmsavedstate_warnings INTERFACE)
add_library(vmsavedstate_test_warnings INTERFACE)
target_link_libraries(vmsavedstate_product_flags INTERFACE vmsavedstate_build_flags)

function(cache_name_of flag out)
	string(MAKE_C_IDENTIFIER "VMSAVEDSTATE_HAVE${flag}" name)
	set(${out} "${name}" PARENT_SCOPE)
endfunction()

function(add_compile_flags target)
	foreach(flag IN LISTS ARGN)
		cache_name_of("${flag}" have)
		check_c_compiler_flag("${flag}" ${have})
		if(${have})
			target_compile_options(${target} INTERFACE "$<$<COMPILE_LANGUAGE:C>:${flag}>")
		endif()
	endforeach()
endfunction()

function(add_link_flags target)
	foreach(flag IN LISTS ARGN)
		cache_name_of("${flag}" have)
		check_linker_flag(C "${flag}" ${have})
		if(${have})
			target_link_options(${target} INTERFACE "${flag}")
		endif()
	endforeach()
endfunction()

# Flags that need functions of the C library are probed by linking a program
# that calls them.  They want an optimising build.
function(add_flags_that_link target)
	string(REPLACE ";" " " CMAKE_REQUIRED_FLAGS "-O2;${ARGN}")
	if(WIN32)
		set(CMAKE_REQUIRED_LINK_OPTIONS -static)
		set(CMAKE_REQUIRED_LIBRARIES ssp)
	endif()
	cache_name_of("${CMAKE_REQUIRED_FLAGS}" have)
	check_c_source_compiles([[
		#include <string.h>
		int main(int argc, char **argv)
		{
			char text[64];
			strcpy(text, argv[argc - 1]);
			return text[0];
		}
	]] ${have})
	if(${have})
		target_compile_options(${target} INTERFACE "$<$<NOT:$<CONFIG:Debug>>:${ARGN}>")
		target_link_libraries(${target} INTERFACE ${CMAKE_REQUIRED_LIBRARIES})
	endif()
endfunction()

# --- Everything --------------------------------------------------------------

add_compile_flags(vmsavedstate_build_flags "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=")
if(WIN32)
	# Only DLLs of Windows itself: libgcc, libssp and zlib come along.
	target_link_options(vmsavedstate_build_flags INTERFACE -static -static-libgcc)
	target_compile_definitions(vmsavedstate_build_flags INTERFACE
		UNICODE _UNICODE _WIN32_WINNT=0x0601 __USE_MINGW_ANSI_STDIO=1)
endif()
foreach(sanitizer IN LISTS VMSAVEDSTATE_SANITIZE)
	target_compile_options(vmsavedstate_build_flags INTERFACE "-fsanitize=${sanitizer}")
	target_link_options(vmsavedstate_build_flags INTERFACE "-fsanitize=${sanitizer}")
endforeach()
if(VMSAVEDSTATE_SANITIZE)
	target_compile_options(vmsavedstate_build_flags INTERFACE
		-fno-omit-frame-pointer -fno-sanitize-recover=all)
endif()
if(VMSAVEDSTATE_FUZZ)
	# Seeds and mutators bring the numbers that the readers compare with.  Not tracing each
	# comparison, a target runs two to three times as often and gets further in the same time.
	target_compile_options(vmsavedstate_build_flags INTERFACE
		-fsanitize=fuzzer-no-link -fno-sanitize-coverage=trace-cmp)
endif()
if(VMSAVEDSTATE_COVERAGE)
	# Threads count the same lines.
	target_compile_options(vmsavedstate_build_flags INTERFACE
		--coverage -fprofile-update=atomic)
	target_link_options(vmsavedstate_build_flags INTERFACE --coverage)
endif()

# --- Hardening ---------------------------------------------------------------

if(NOT VMSAVEDSTATE_SANITIZE)
	add_flags_that_link(vmsavedstate_product_flags -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
	add_flags_that_link(vmsavedstate_product_flags -fstack-protector-strong)
endif()
if(WIN32)
	add_link_flags(vmsavedstate_product_flags
		LINKER:--dynamicbase LINKER:--nxcompat LINKER:--high-entropy-va
		LINKER:--no-insert-timestamp)
else()
	add_compile_flags(vmsavedstate_product_flags
		-fstack-clash-protection -fcf-protection)
	add_link_flags(vmsavedstate_product_flags
		LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack)
	if(NOT VMSAVEDSTATE_SANITIZE)
		add_link_flags(vmsavedstate_product_flags LINKER:-z,defs)
	endif()
endif()

# --- Warnings ----------------------------------------------------------------

add_compile_flags(vmsavedstate_test_warnings
	-Wall -Wextra -Wshadow -Wvla -Wundef -Wformat=2 -Wno-format-nonliteral
	-Wpointer-arith
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition)
target_link_libraries(vmsavedstate_warnings INTERFACE vmsavedstate_test_warnings)
# clang counts -Wsign-conversion as a part of -Wconversion; gcc does not.
add_compile_flags(vmsavedstate_warnings -Wpedantic -Wwrite-strings
	-Wconversion -Wno-sign-conversion)
# Error texts are cut where they no longer fit, which is meant.
add_compile_flags(vmsavedstate_warnings -Wno-format-truncation)
# A client in C++, among the tests.
target_compile_options(vmsavedstate_test_warnings INTERFACE
	"$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic>")
if(VMSAVEDSTATE_WERROR)
	target_compile_options(vmsavedstate_test_warnings INTERFACE -Werror)
endif()
