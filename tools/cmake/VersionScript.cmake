# SPDX-License-Identifier: MIT
#
# cmake -DINPUT=exports.def -DOUTPUT=exports.map -P VersionScript.cmake
#
# Turns the list of exports into a version script for the ELF linker.
file(STRINGS "${INPUT}" lines)
set(names "")
set(in_exports FALSE)
foreach(line IN LISTS lines)
	string(REGEX REPLACE ";.*$" "" line "${line}")
	string(STRIP "${line}" line)
	if(line STREQUAL "EXPORTS")
		set(in_exports TRUE)
	elseif(in_exports AND line MATCHES "^[A-Za-z_][A-Za-z0-9_]*$")
		string(APPEND names "\t\t${line};\n")
	elseif(in_exports AND NOT line STREQUAL "")
		message(FATAL_ERROR "${INPUT}: not a plain name: ${line}")
	endif()
endforeach()

file(WRITE "${OUTPUT}" "# Generated from exports.def.
{
	global:
${names}		# Windows has its own; here it frees what the API hands out.
		LocalFree;
	local:
		*;
};
")
