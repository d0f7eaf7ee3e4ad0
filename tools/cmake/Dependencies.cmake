# SPDX-License-Identifier: MIT
#
# ZLIB::ZLIB, Threads::Threads, mathematics and uthash (a header).
set(THREADS_PREFER_PTHREAD_FLAG ON)
if(WIN32)
	add_library(Threads::Threads INTERFACE IMPORTED)	# Windows' own need no library
	set(ZLIB_USE_STATIC_LIBS ON)
	find_library(ZLIB_LIBRARY NAMES libz.a z REQUIRED)
else()
	find_package(Threads REQUIRED)
endif()
find_package(ZLIB REQUIRED)

add_library(mathematics INTERFACE)
if(NOT WIN32)
	target_link_libraries(mathematics INTERFACE m)
endif()

# A cross build must not see the other headers of the folder uthash.h is in,
# which are those of the machine that builds.
find_path(UTHASH_INCLUDE_DIR uthash.h REQUIRED NO_CMAKE_FIND_ROOT_PATH)
set(uthash_folder "${UTHASH_INCLUDE_DIR}")
if(CMAKE_CROSSCOMPILING)
	set(uthash_folder "${PROJECT_BINARY_DIR}/uthash")
	file(COPY "${UTHASH_INCLUDE_DIR}/uthash.h" DESTINATION "${uthash_folder}")
endif()
add_library(uthash INTERFACE)
if(NOT uthash_folder STREQUAL "/usr/include")
	target_include_directories(uthash SYSTEM INTERFACE "${uthash_folder}")
endif()
