# SPDX-License-Identifier: MIT
#
# Target `api_guests`: the descriptions in guests/ made into files by mkvmrs,
# in api/ beside the fixtures; and `index`, the names of all fixtures.
if(VMSAVEDSTATE_FIXTURES)
	return()	# built already, with the fixtures
endif()

file(GLOB index_texts CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/fixtures/*.txt")
set(index_names "")
foreach(text IN LISTS index_texts)
	get_filename_component(name "${text}" NAME_WLE)
	string(APPEND index_names "${name}\n")
endforeach()
file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/fixtures/index" CONTENT "${index_names}" @ONLY)

file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/fixtures/api")
file(GLOB guest_texts CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/guests/*.txt")
file(GLOB guest_parts CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/guests/parts/*.txt")
set(guest_files "")
foreach(text IN LISTS guest_texts)
	get_filename_component(name "${text}" NAME_WLE)
	set(file "${PROJECT_BINARY_DIR}/fixtures/api/${name}.vmrs")
	add_custom_command(
		OUTPUT "${file}"
		COMMAND ${make_fixture} "${text}" "${file}"
		DEPENDS mkvmrs "${text}" ${guest_parts}
		COMMENT "Making api/${name}"
		VERBATIM)
	list(APPEND guest_files "${file}")
endforeach()
add_custom_target(api_guests DEPENDS ${guest_files})
add_dependencies(fixtures api_guests)
