/* SPDX-License-Identifier: MIT */
#include "base/status.h"

#include <stddef.h>

struct status_description {
	enum status_class class;
	const char *remedy;
};

static const char USE_ANOTHER_COPY[] =
	"The file is damaged or incomplete: copy it again from the host; 'vmsavedstate check' "
	"lists what is damaged, and --salvage reads the rest.";
static const char DAMAGED_RAM[] =
	"Other addresses can still be read; 'vmsavedstate check' lists those that are lost.";

static const struct status_description descriptions[STATUS_COUNT] = {
	[STATUS_OK] = { STATUS_CLASS_OK, "" },

	[STATUS_INVALID_ARGUMENT] = { STATUS_CLASS_CALLER,
		"Correct the argument and call again." },
	[STATUS_UNKNOWN_HANDLE] = { STATUS_CLASS_CALLER,
		"Use a handle that a load function returned and that has not been released." },
	[STATUS_BUFFER_TOO_SMALL] = { STATUS_CLASS_CALLER,
		"Call again with room for the count that was returned." },
	[STATUS_FIXED_ON_ARM64] = { STATUS_CLASS_CALLER,
		"An ARM64 guest has one architecture and one paging mode: leave out the call." },
	[STATUS_VP_STATE_INVALID] = { STATUS_CLASS_CALLER,
		"Choose a VP, VTL or paging mode that this saved state has." },
	[STATUS_CANCELLED] = { STATUS_CLASS_CALLER, "The caller asked to stop." },
	[STATUS_PATH_INVALID] = { STATUS_CLASS_CALLER,
		"Remove quotation marks and wildcards from the path." },

	[STATUS_NOT_A_SAVED_STATE] = { STATUS_CLASS_FOREIGN,
		"Give the .vmrs file of a saved VM or of a standard checkpoint, or the .bin and "
		".vsv pair of an older one." },
	[STATUS_OTHER_CONTAINER] = { STATUS_CLASS_FOREIGN,
		"A .vmrs is opened alone; only the older .bin and .vsv form a pair." },

	[STATUS_NOT_IMPLEMENTED] = { STATUS_CLASS_UNSUPPORTED,
		"This version of the library does not offer it." },
	[STATUS_UNSUPPORTED_VERSION] = { STATUS_CLASS_UNSUPPORTED,
		"Only format version 4 is read; look for a newer version of this library." },
	[STATUS_UNSUPPORTED_PREVIEW] = { STATUS_CLASS_UNSUPPORTED,
		"Files of these preview versions must first be upgraded by Hyper-V itself." },
	[STATUS_UNSUPPORTED_LEGACY] = { STATUS_CLASS_UNSUPPORTED,
		"Only version 5.0 of the .bin and .vsv pair is read." },
	[STATUS_UNSUPPORTED_LAYOUT] = { STATUS_CLASS_UNSUPPORTED,
		"VM versions up to 5.0 keep their memory in a .bin and .vsv pair: open that." },
	[STATUS_UNSUPPORTED_RAM] = { STATUS_CLASS_UNSUPPORTED,
		"Registers can be read; for the memory, save the VM again with Save-VM or take a "
		"standard checkpoint." },
	[STATUS_ENCRYPTED] = { STATUS_CLASS_UNSUPPORTED,
		"Turn off EncryptStateAndVmMigrationTraffic for the VM and save it again; the key "
		"never leaves the host." },

	[STATUS_CORRUPT] = { STATUS_CLASS_CORRUPT, USE_ANOTHER_COPY },
	[STATUS_CORRUPT_LINK] = { STATUS_CLASS_CORRUPT, USE_ANOTHER_COPY },
	[STATUS_CORRUPT_ORDER] = { STATUS_CLASS_CORRUPT, USE_ANOTHER_COPY },
	[STATUS_CORRUPT_RANGE] = { STATUS_CLASS_CORRUPT, USE_ANOTHER_COPY },
	[STATUS_CORRUPT_STATE] = { STATUS_CLASS_CORRUPT, USE_ANOTHER_COPY },
	[STATUS_STATE_LOST] = { STATUS_CLASS_CORRUPT, USE_ANOTHER_COPY },
	[STATUS_CORRUPT_RAM_VALUE] = { STATUS_CLASS_CORRUPT, DAMAGED_RAM },
	[STATUS_CORRUPT_RAM_RECORD] = { STATUS_CLASS_CORRUPT, DAMAGED_RAM },
	[STATUS_CORRUPT_RAM_STREAM] = { STATUS_CLASS_CORRUPT, DAMAGED_RAM },
	[STATUS_WRONG_KEY_TYPE] = { STATUS_CLASS_CORRUPT, USE_ANOTHER_COPY },
	[STATUS_MEMORY_BLOCK_SHORT] = { STATUS_CLASS_CORRUPT, USE_ANOTHER_COPY },
	[STATUS_MEMORY_BLOCK_LONG] = { STATUS_CLASS_CORRUPT, USE_ANOTHER_COPY },
	[STATUS_MEMORY_BLOCK_SHORT_LEGACY] = { STATUS_CLASS_CORRUPT, USE_ANOTHER_COPY },
	[STATUS_MEMORY_BLOCK_LONG_LEGACY] = { STATUS_CLASS_CORRUPT, USE_ANOTHER_COPY },
	[STATUS_LEGACY_FLAG] = { STATUS_CLASS_CORRUPT, USE_ANOTHER_COPY },

	[STATUS_FILE_NOT_FOUND] = { STATUS_CLASS_ABSENT,
		"Check the spelling of the path and that the file has not been moved." },
	[STATUS_FILE_EMPTY] = { STATUS_CLASS_ABSENT,
		"Its copy failed or was never finished: copy it again from the host." },
	[STATUS_PATH_NOT_FOUND] = { STATUS_CLASS_ABSENT,
		"Check the spelling of the path: one of its folders does not exist." },
	[STATUS_NO_VM_FOLDERS] = { STATUS_CLASS_ABSENT,
		"Let VMSAVEDSTATE_PATH list the folders of VMs." },
	[STATUS_KEY_NOT_FOUND] = { STATUS_CLASS_ABSENT,
		"The container does not hold a saved state; 'vmsavedstate keys' shows what it "
		"holds." },
	[STATUS_NO_SUCH_KEY] = { STATUS_CLASS_ABSENT,
		"Check the spelling; 'vmsavedstate keys' without a path lists the keys there are." },
	[STATUS_NO_PARTITION_STATE] = { STATUS_CLASS_ABSENT,
		"The VM was off or running, or the checkpoint is a production checkpoint, which "
		"holds no memory: save the VM, or take a standard checkpoint." },
	[STATUS_NOTHING_LEFT] = { STATUS_CLASS_ABSENT,
		"Copy the file again from the host: in this copy, too much is lost." },
	[STATUS_PAIR_SWAPPED] = { STATUS_CLASS_ABSENT,
		"Give the .bin first and the .vsv second." },
	[STATUS_NO_GUEST_MEMORY] = { STATUS_CLASS_ABSENT,
		"Save the VM again, or take a standard checkpoint, which holds its memory." },
	[STATUS_NO_VP] = { STATUS_CLASS_ABSENT,
		"No VM runs without a processor: copy the file again from the host, or read its "
		"memory with --salvage." },
	[STATUS_NO_WINDOWS_KERNEL] = { STATUS_CLASS_ABSENT,
		"The guest does not run Windows, or its kernel could not be recognised: write an "
		"ELF or raw dump, or add --without-kernel for one without kernel pointers." },
	[STATUS_VA_NOT_MAPPED] = { STATUS_CLASS_ABSENT,
		"The guest's page tables do not map the address; 'vmsavedstate translate' shows "
		"the walk." },
	[STATUS_VTL_NOT_ENABLED] = { STATUS_CLASS_ABSENT,
		"Choose a VTL that 'vmsavedstate info' lists for the VP." },
	[STATUS_GPA_NOT_SAVED] = { STATUS_CLASS_ABSENT,
		"The address is a hole in the guest's memory; 'vmsavedstate chunks' lists what "
		"is saved." },
	[STATUS_SYMBOL_NOT_FOUND] = { STATUS_CLASS_ABSENT,
		"Load the module's symbols, or check the spelling." },
	[STATUS_NO_SYMBOL_PROVIDER] = { STATUS_CLASS_ABSENT,
		"Call LoadSavedStateSymbolProvider first." },

	[STATUS_OUT_OF_MEMORY] = { STATUS_CLASS_RESOURCE,
		"Free some memory and try again." },
	[STATUS_ACCESS_DENIED] = { STATUS_CLASS_RESOURCE,
		"Give the file's path rather than a folder's, and make sure that you may read it." },
	[STATUS_SHARING_VIOLATION] = { STATUS_CLASS_RESOURCE,
		"Another program has the file open for itself alone: close it, or copy the file." },
	[STATUS_READ_FAILED] = { STATUS_CLASS_RESOURCE,
		"The file has become shorter or its disk fails: copy it and try again." },
	[STATUS_WRITE_FAILED] = { STATUS_CLASS_RESOURCE,
		"Make sure that you may write the file and that its disk is healthy." },
	[STATUS_DISK_FULL] = { STATUS_CLASS_RESOURCE,
		"Free some space or choose another disk." },
};

enum status_class status_class(enum status status)
{
	return descriptions[status].class;
}

const char *status_remedy(enum status status)
{
	return descriptions[status].remedy;
}
