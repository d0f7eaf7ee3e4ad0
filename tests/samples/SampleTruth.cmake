# SPDX-License-Identifier: MIT
#
# Target `sample_truth`: the truth files of the samples as lines of words, in
# sample-truth/ beside the fixtures, where the tests of both systems read them.
if(VMSAVEDSTATE_FIXTURES)
	return()	# built already, with the fixtures
endif()

set(sample_truth_folder "${PROJECT_BINARY_DIR}/fixtures/sample-truth")
if(EXISTS "${samples_folder}/README.md")
	file(GLOB_RECURSE sample_truth_files CONFIGURE_DEPENDS "${samples_folder}/*.truth.json")
	add_custom_command(
		OUTPUT "${sample_truth_folder}/index"
		COMMAND "${Python3_EXECUTABLE}" "${CMAKE_CURRENT_LIST_DIR}/sample_truth.py"
			"${samples_folder}" "${sample_truth_folder}"
		DEPENDS "${CMAKE_CURRENT_LIST_DIR}/sample_truth.py" ${sample_truth_files}
		COMMENT "Writing the truth of the samples as text"
		VERBATIM)
	add_custom_target(sample_truth DEPENDS "${sample_truth_folder}/index")
	add_dependencies(fixtures sample_truth)
endif()
