# SPDX-License-Identifier: MIT
#
# Target `fixtures`: every text of fixtures/ made into a file by mkvmrs, with
# NAME.truth beside it.  fixtures_folder says where they are.
set(fixtures_folder "${VMSAVEDSTATE_FIXTURES}")
if(fixtures_folder)
	add_custom_target(fixtures)	# built already
	return()
endif()

set(fixtures_folder "${PROJECT_BINARY_DIR}/fixtures")
file(MAKE_DIRECTORY "${fixtures_folder}")
set(fixture_files "")
if(TARGET mkvmrs)
	# It runs once and leaves its memory to the system.
	set(make_fixture "${CMAKE_COMMAND}" -E env ASAN_OPTIONS=detect_leaks=0
		${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:mkvmrs>)
	file(GLOB fixture_texts CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/fixtures/*.txt")
	file(GLOB fixture_parts CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/fixtures/parts/*.txt")
	foreach(text IN LISTS fixture_texts)
		get_filename_component(name "${text}" NAME_WLE)
		set(path "${fixtures_folder}/${name}")
		file(STRINGS "${text}" legacy REGEX "^[ \t]*container[ \t]+legacy")
		if(legacy)
			# mkvmrs is given the name that both files of the pair have in common.
			set(output "${path}")
			set(files "${path}.bin" "${path}.vsv")
		else()
			set(output "${path}.vmrs")
			set(files "${path}.vmrs")
		endif()
		add_custom_command(
			OUTPUT ${files} "${path}.truth"
			COMMAND ${make_fixture} --truth "${path}.truth" "${text}" "${output}"
			DEPENDS mkvmrs "${text}" ${fixture_parts}
			COMMENT "Making ${name}"
			VERBATIM)
		list(APPEND fixture_files ${files} "${path}.truth")
	endforeach()
endif()
add_custom_target(fixtures ALL DEPENDS ${fixture_files})
