# SPDX-License-Identifier: MIT
#
# What `cmake --install` lays down: both ABIs of the library, the headers, the
# tool, manual pages and completion, a pkg-config file and a CMake package.
# Package.cmake makes packages of the same files.
include(CMakePackageConfigHelpers)

set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/vmsavedstate")
set(abi17134_folder "vmsavedstate/abi17134")

install(TARGETS vmsavedstatedumpprovider EXPORT vmsavedstate
	RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}"
	LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
	ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(TARGETS vmsavedstatedumpprovider_abi17134 EXPORT vmsavedstate
	RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}/abi17134"
	LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}/${abi17134_folder}"
	ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}/${abi17134_folder}")
install(DIRECTORY include/ DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")

if(TARGET vmsavedstate)
	install(TARGETS vmsavedstate RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()

# Windows has neither man nor bash, and its users look at the top of the folder.
if(WIN32)
	install(FILES LICENSE README.md DESTINATION .)
else()
	install(FILES LICENSE README.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")
	foreach(section IN ITEMS 1 3)
		file(GLOB manual_pages CONFIGURE_DEPENDS
			"${PROJECT_SOURCE_DIR}/tools/man/*.${section}")
		install(FILES ${manual_pages} DESTINATION "${CMAKE_INSTALL_MANDIR}/man${section}")
	endforeach()
	install(FILES tools/completion/vmsavedstate.bash
		DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions"
		RENAME vmsavedstate)
endif()

install(EXPORT vmsavedstate NAMESPACE vmsavedstate:: DESTINATION "${package_folder}"
	FILE vmsavedstateConfig.cmake)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/generated/vmsavedstateConfigVersion.cmake"
	COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/generated/vmsavedstateConfigVersion.cmake"
	DESTINATION "${package_folder}")

# Relative, so that the installed tree can be moved.
file(RELATIVE_PATH prefix_from_pkgconfig
	"/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
configure_file(tools/cmake/vmsavedstatedumpprovider.pc.in
	generated/vmsavedstatedumpprovider.pc @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/generated/vmsavedstatedumpprovider.pc"
	DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
