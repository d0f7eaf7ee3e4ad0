# SPDX-License-Identifier: MIT
#
# What `cpack` makes of what Install.cmake lays down: a Debian package here, a
# .zip of a Windows build.  Both hold everything: library, headers and program.
#
# A Debian package has its library in the folder of its architecture
# (/usr/lib/x86_64-linux-gnu) when the build was configured with
# -DCMAKE_INSTALL_PREFIX=/usr, and in /usr/lib otherwise; both are searched.
if(NOT PROJECT_IS_TOP_LEVEL)
	return()
endif()

set(CPACK_PACKAGE_NAME "vmsavedstate")
set(CPACK_PACKAGE_VENDOR "The vmsavedstate authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "reader of Hyper-V saved states")
set(CPACK_PACKAGE_DESCRIPTION
"Reads what Hyper-V writes when it saves a virtual machine or takes a standard
checkpoint: memory, registers, page tables, symbols and call stacks.
.
This package holds the program vmsavedstate, and a shared library with the
names and types of Microsoft's vmsavedstatedumpprovider.dll with its headers.
It is not Microsoft's code, and Microsoft has no part in it.")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
	OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

if(WIN32)
	set(CPACK_GENERATOR ZIP)
	set(CPACK_PACKAGE_FILE_NAME "vmsavedstate-${PROJECT_VERSION}-win64")
else()
	set(CPACK_GENERATOR DEB)
	set(CPACK_PACKAGING_INSTALL_PREFIX "/usr")
	set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
	# Policy asks for an address; .invalid is reserved for what is none.
	set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The vmsavedstate authors <authors@vmsavedstate.invalid>")
	set(CPACK_DEBIAN_PACKAGE_SECTION "utils")
	set(CPACK_DEBIAN_PACKAGE_PRIORITY "optional")
	set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
	# The dependencies are what dpkg-shlibdeps finds the programs to need.
	set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
	set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
	set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
	# Debian looks for the licence under this name.
	configure_file(LICENSE generated/debian/copyright COPYONLY)
	set(CPACK_INSTALLED_DIRECTORIES
		"${PROJECT_BINARY_DIR}/generated/debian" "usr/share/doc/vmsavedstate")
endif()

include(CPack)
