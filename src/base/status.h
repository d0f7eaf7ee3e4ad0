/* SPDX-License-Identifier: MIT */
/*
 * What can go wrong, as values.
 *
 * Six classes are kept apart, because each asks something else of the user:
 *
 *   caller     the call itself is wrong
 *   foreign    the file is of another kind
 *   unsupported  the file is well formed, but this library does not read it
 *   corrupt    the file breaks a rule of its own format
 *   absent     the thing asked for is not there
 *   resource   memory, disk or the operating system refused
 *
 * Within a class there is one value for each answer that the public API tells
 * apart; src/api/hresult.c holds the only table that maps them to HRESULTs.
 *
 * May include: nothing.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

enum status {
	STATUS_OK = 0,

	/* caller */
	STATUS_INVALID_ARGUMENT,
	STATUS_UNKNOWN_HANDLE,		/* windows.h has a macro STATUS_INVALID_HANDLE */
	STATUS_BUFFER_TOO_SMALL,
	STATUS_FIXED_ON_ARM64,		/* an override that ARM64 guests do not have */
	STATUS_VP_STATE_INVALID,	/* the VP is not in a state that allows the call */
	STATUS_CANCELLED,
	STATUS_PATH_INVALID,		/* a path that no file can have */

	/* foreign */
	STATUS_NOT_A_SAVED_STATE,	/* no known signature */
	STATUS_OTHER_CONTAINER,		/* a .vmrs where a legacy pair was asked for */

	/* unsupported */
	STATUS_NOT_IMPLEMENTED,
	STATUS_UNSUPPORTED_VERSION,	/* format version we do not know */
	STATUS_UNSUPPORTED_PREVIEW,	/* format 2.0 to 3.1, which the original upgrades in place */
	STATUS_UNSUPPORTED_LEGACY,	/* legacy container of another version */
	STATUS_UNSUPPORTED_LAYOUT,	/* legacy key names inside a .vmrs */
	STATUS_UNSUPPORTED_RAM,		/* RAM under keys of unknown meaning */
	STATUS_ENCRYPTED,

	/* corrupt */
	STATUS_CORRUPT,			/* container structure or checksum */
	STATUS_CORRUPT_LINK,		/* a key points to nothing */
	STATUS_CORRUPT_ORDER,		/* rules the original would repair with write access */
	STATUS_CORRUPT_RANGE,		/* an offset or size that no file can have */
	STATUS_CORRUPT_STATE,		/* partition state */
	STATUS_STATE_LOST,		/* the partition state has a key, but no value */
	STATUS_CORRUPT_RAM_VALUE,	/* RamBlock of an impossible type or size */
	STATUS_CORRUPT_RAM_RECORD,	/* a page record that cannot be decoded */
	STATUS_CORRUPT_RAM_STREAM,	/* a record stream that is cut or overruns its MiB */
	STATUS_WRONG_KEY_TYPE,
	STATUS_MEMORY_BLOCK_SHORT,
	STATUS_MEMORY_BLOCK_LONG,
	STATUS_MEMORY_BLOCK_SHORT_LEGACY,
	STATUS_MEMORY_BLOCK_LONG_LEGACY,
	STATUS_LEGACY_FLAG,		/* legacy index entry with an unknown flag */

	/* absent */
	STATUS_FILE_NOT_FOUND,
	STATUS_FILE_EMPTY,
	STATUS_PATH_NOT_FOUND,
	STATUS_NO_VM_FOLDERS,		/* nothing tells where VMs are */
	STATUS_KEY_NOT_FOUND,		/* one that every saved state has */
	STATUS_NO_SUCH_KEY,		/* one that the caller named */
	STATUS_NO_PARTITION_STATE,
	STATUS_NOTHING_LEFT,		/* a damaged file of which nothing can be salvaged */
	STATUS_PAIR_SWAPPED,		/* .bin and .vsv in each other's place */
	STATUS_NO_GUEST_MEMORY,
	STATUS_NO_VP,
	STATUS_NO_WINDOWS_KERNEL,
	STATUS_VA_NOT_MAPPED,
	STATUS_VTL_NOT_ENABLED,
	STATUS_GPA_NOT_SAVED,		/* the address lies in no memory block */
	STATUS_SYMBOL_NOT_FOUND,
	STATUS_NO_SYMBOL_PROVIDER,

	/* resource */
	STATUS_OUT_OF_MEMORY,
	STATUS_ACCESS_DENIED,
	STATUS_SHARING_VIOLATION,
	STATUS_READ_FAILED,
	STATUS_WRITE_FAILED,
	STATUS_DISK_FULL,

	STATUS_COUNT
};

enum status_class {
	STATUS_CLASS_OK,
	STATUS_CLASS_CALLER,
	STATUS_CLASS_FOREIGN,
	STATUS_CLASS_UNSUPPORTED,
	STATUS_CLASS_CORRUPT,
	STATUS_CLASS_ABSENT,
	STATUS_CLASS_RESOURCE
};

enum status_class status_class(enum status status);

/*
 * What the user can do about a status: one sentence, never NULL, empty for
 * STATUS_OK.  It is appended to the description of a failure at the API edge.
 */
const char *status_remedy(enum status status);

#endif
