/* SPDX-License-Identifier: MIT */
/*
 * What this library offers beyond the SDK's interface.
 *
 * Everything here is ours; nothing of it is in the original library.  Names
 * begin with VmSavedState and VMSAVEDSTATE_.  Only C types are used, so that
 * other languages can call it, and it is the same in both generations of the
 * SDK's interface.
 *
 * Structures that may grow begin with StructSize.  In one that the caller
 * hands over, the caller sets it to the structure's size; in one that a
 * callback receives, the library does.  A program built for an earlier version
 * of this header goes on working: the library reads and writes no byte beyond
 * StructSize.  A size below that of the first version is E_INVALIDARG, and so
 * is one above 64 KiB.  Where the caller's structure is larger than the library
 * knows, what it adds must be 0 in an input and becomes 0 in an output.
 *
 * Strings are UTF-8 and NUL-terminated, paths among them on every system.
 *
 * Threads, handles, outputs and E_OUTOFMEMORY are as vmsavedstatedump.h says:
 * any function may be called from any thread, also at the same time on one
 * handle; none of those here changes a handle but VmSavedStateUnwind, which
 * runs alone.  Functions that take a source open it for the call alone.  A
 * callback runs on the thread that made the call; it returns TRUE to end the
 * enumeration, which is S_OK, and FALSE to go on.  What it is given is valid
 * until it returns.
 */
#ifndef VMSAVEDSTATEDUMP_EXT_H
#define VMSAVEDSTATEDUMP_EXT_H

#include "vmsavedstatedump.h"

/*
 * Results by name, of both headers.  E_INVALIDARG, E_OUTOFMEMORY, E_NOTIMPL,
 * E_FAIL, E_UNEXPECTED and those of vmsavedstatedumpdefs.h come besides.
 */
#define VMSAVEDSTATE_E_WRONG_KEY_TYPE ((HRESULT)0x80020005)
#define VMSAVEDSTATE_E_OTHER_CONTAINER ((HRESULT)0x80048006)	/* .vmrs given as a pair */
#define VMSAVEDSTATE_E_LEGACY_MEMORY_BLOCK ((HRESULT)0x80048015)	/* too long */
#define VMSAVEDSTATE_E_FILE_NOT_FOUND ((HRESULT)0x80070002)	/* or a key */
#define VMSAVEDSTATE_E_PATH_NOT_FOUND ((HRESULT)0x80070003)
#define VMSAVEDSTATE_E_ACCESS_DENIED ((HRESULT)0x80070005)
#define VMSAVEDSTATE_E_NO_SYMBOLS ((HRESULT)0x80070006)	/* CallStackUnwind */
#define VMSAVEDSTATE_E_DAMAGED_STATE ((HRESULT)0x8007000D)	/* or encrypted */
#define VMSAVEDSTATE_E_NEEDS_REPAIR ((HRESULT)0x80070013)
#define VMSAVEDSTATE_E_WRITE_FAILED ((HRESULT)0x8007001D)
#define VMSAVEDSTATE_E_READ_FAILED ((HRESULT)0x8007001E)
#define VMSAVEDSTATE_E_SHARING_VIOLATION ((HRESULT)0x80070020)
#define VMSAVEDSTATE_E_LEGACY_TOO_SHORT ((HRESULT)0x80070026)
#define VMSAVEDSTATE_E_UNSUPPORTED_VERSION ((HRESULT)0x80070032)	/* or form of memory */
#define VMSAVEDSTATE_E_DISK_FULL ((HRESULT)0x80070070)
#define VMSAVEDSTATE_E_BUFFER_TOO_SMALL ((HRESULT)0x8007007A)	/* or a key too long */
#define VMSAVEDSTATE_E_SYMBOL_NOT_FOUND ((HRESULT)0x80070490)
#define VMSAVEDSTATE_E_CANCELLED ((HRESULT)0x800704C7)
#define VMSAVEDSTATE_E_CORRUPT ((HRESULT)0x80070570)
#define VMSAVEDSTATE_E_RAM_STREAM ((HRESULT)0x90000005)
#define VMSAVEDSTATE_E_RAM_RECORD ((HRESULT)0xD0000001)
#define VMSAVEDSTATE_E_VA_NOT_MAPPED ((HRESULT)0xC0370505)
#define VMSAVEDSTATE_E_INVALID_VP_STATE ((HRESULT)0xC0370506)

VMSAVEDSTATE_DECLARATIONS_BEGIN

/* ---- Version and errors ------------------------------------------------- */

/* The version of this library, such as "1.0.0".  Static, never NULL. */
const char *VmSavedStateGetProviderVersion(void);

/*
 * Describes a failure: what was wrong and where, and what can be done.
 *
 * With a handle, it is the last call on that handle that failed, on whatever
 * thread; with NULL, the last call of the calling thread that failed without
 * a valid handle, such as a load.  The text is empty when there was none.
 *
 * neededSize, which may be NULL, receives the size of the text in bytes with
 * its NUL.  buffer receives the text, cut between two characters when
 * bufferSize is too small; it may be NULL when bufferSize is 0.  Calling this
 * function does not change what it answers.
 *
 * Returns S_OK; VMSAVEDSTATE_E_BUFFER_TOO_SMALL (buffer and neededSize are
 * written all the same); E_INVALIDARG.
 */
HRESULT VmSavedStateGetErrorText(VM_SAVED_STATE_DUMP_HANDLE handle, char *buffer,
				 UINT32 bufferSize, UINT32 *neededSize);

/* ---- Sources ------------------------------------------------------------ */

enum {
	/*
	 * Opens what can be read of a file that a plain load refuses: a copy
	 * that was cut short, a table with a wrong checksum, a .bin without its
	 * .vsv.  What is spoilt is left out, never replaced: there may be no
	 * VPs, no chunks, or chunks whose memory cannot be read; a page that is
	 * whole in the file reads, others fail or, where the file has no trace
	 * of their RAM block, end the read.
	 * VmSavedStateCheck tells what is spoilt.
	 */
	VMSAVEDSTATE_SOURCE_SALVAGE = 1
};

/*
 * The file or files of a saved state.  A .vmrs is one file; of an older pair
 * the .bin is the first and the .vsv the second.  Which it is, is told by the
 * contents, never by the name.
 *
 * Each file is given either by its path or by its bytes in memory, the other
 * being NULL.  The bytes must stay valid and unchanged until the call returns,
 * or, for VmSavedStateOpen, until the handle is released and the last call in
 * flight on it has returned.
 */
typedef struct VMSAVEDSTATE_SOURCE {
	UINT32 StructSize;
	UINT32 Flags;			/* VMSAVEDSTATE_SOURCE_... */
	const char *Path;
	const char *SecondPath;
	const void *Bytes;
	UINT64 ByteCount;
	const void *SecondBytes;
	UINT64 SecondByteCount;
} VMSAVEDSTATE_SOURCE;

/*
 * Opens a saved state, as LoadSavedStateFile does one file and
 * LoadSavedStateFiles a pair; ReleaseSavedStateFiles releases the handle.
 *
 * Returns what those two do; E_INVALIDARG also for a source with neither or
 * both of path and bytes, or an unknown flag.  With
 * VMSAVEDSTATE_SOURCE_SALVAGE a failure means that nothing could be read.
 */
HRESULT VmSavedStateOpen(const VMSAVEDSTATE_SOURCE *source, VM_SAVED_STATE_DUMP_HANDLE *handle);

/* ---- Finding ------------------------------------------------------------ */

typedef enum VMSAVEDSTATE_FOUND_KIND {
	VMSAVEDSTATE_FOUND_VM = 1,
	VMSAVEDSTATE_FOUND_CHECKPOINT = 2,
	VMSAVEDSTATE_FOUND_PROBLEM = 3		/* a file or folder that could not be read */
} VMSAVEDSTATE_FOUND_KIND;

typedef enum VMSAVEDSTATE_FOUND_STATE {
	VMSAVEDSTATE_STATE_NONE = 0,		/* there are no state files */
	VMSAVEDSTATE_STATE_NO_MEMORY = 1,	/* the VM is off, or a checkpoint has no memory */
	VMSAVEDSTATE_STATE_SAVED = 2,		/* in a .vmrs */
	VMSAVEDSTATE_STATE_SAVED_PAIR = 3,	/* in a .bin and .vsv */
	VMSAVEDSTATE_STATE_UNREADABLE = 4	/* damaged, or in use; Problem says why */
} VMSAVEDSTATE_FOUND_STATE;

/* Texts are NULL where there is nothing to say, unless it is said otherwise. */
typedef struct VMSAVEDSTATE_FOUND {
	UINT32 StructSize;
	VMSAVEDSTATE_FOUND_KIND Kind;
	VMSAVEDSTATE_FOUND_STATE State;
	UINT32 VmVersion;		/* major << 8 | minor; 0 when not told */
	const char *VmName;		/* NULL for a checkpoint whose VM is not known */
	const char *VmId;		/* GUID in upper case, without braces */
	const char *CheckpointName;	/* of a checkpoint; may be "", as VmName may */
	const char *CheckpointId;
	const char *Path;		/* the configuration; of a problem, the file or folder */
	const char *VmrsPath;		/* the state files that there are */
	const char *BinPath;
	const char *VsvPath;
	const char *Problem;		/* a sentence */
	UINT64 Size;			/* bytes of the state files */
	INT64 ModifiedTime;		/* of them, seconds since 1970-01-01 UTC; 0 without */
	UINT64 MemorySize;		/* bytes the VM is configured with; 0 when not told */
	UINT32 ProcessorCount;		/* likewise */
	UINT32 Reserved;
} VMSAVEDSTATE_FOUND;

typedef BOOL (CALLBACK *VMSAVEDSTATE_FOUND_CALLBACK)(void *context,
						     const VMSAVEDSTATE_FOUND *found);

/*
 * Lists VMs and their checkpoints with what is saved of them, as
 * LocateSavedStateFiles looks for them: VMs by name, each followed by its
 * checkpoints from the oldest to the newest, then checkpoints whose VM is not
 * known, then what could not be read on the way.
 *
 * searchPath lists the folders to look in, separated as in PATH; NULL stands
 * for those of LocateSavedStateFiles.  In each folder and two levels below it,
 * folders with "Virtual Machines" and "Snapshots" are looked for; a folder can
 * also be a drive of a Hyper-V host, such as a mounted image of one, whose list
 * of VMs is followed to wherever they are on this drive and on those that are
 * mounted beside it.
 *
 * vmName, a name or a GUID, chooses VMs; NULL lists all.  checkpointName
 * chooses their checkpoints; NULL lists the VM itself and all of them.  Names
 * are compared exactly, and without regard to case when none is the same.
 *
 * Returns S_OK, also when nothing was found; E_INVALIDARG (callback);
 * VMSAVEDSTATE_E_PATH_NOT_FOUND (there is no such folder to look in);
 * VMSAVEDSTATE_E_ACCESS_DENIED, _READ_FAILED (none of them can be listed).
 */
HRESULT VmSavedStateLocate(const char *searchPath, const char *vmName,
			   const char *checkpointName, VMSAVEDSTATE_FOUND_CALLBACK callback,
			   void *context);

/* ---- Containers --------------------------------------------------------- */

/* The type of a key's value; up to VMSAVEDSTATE_KEY_NODE the container's own numbers. */
typedef enum VMSAVEDSTATE_KEY_TYPE {
	VMSAVEDSTATE_KEY_INT = 3,
	VMSAVEDSTATE_KEY_UINT = 4,
	VMSAVEDSTATE_KEY_DOUBLE = 5,
	VMSAVEDSTATE_KEY_STRING = 6,
	VMSAVEDSTATE_KEY_ARRAY = 7,
	VMSAVEDSTATE_KEY_BOOL = 8,
	VMSAVEDSTATE_KEY_NODE = 9,		/* has keys below it, and no value */
	VMSAVEDSTATE_KEY_LEGACY_BLOB = 256	/* any value of a .bin or .vsv */
} VMSAVEDSTATE_KEY_TYPE;

enum {
	VMSAVEDSTATE_KEY_IN_FILE_OBJECT = 1,	/* the value is outside the key table */
	VMSAVEDSTATE_KEY_IN_SECOND_FILE = 2,	/* the value is in the .vsv of a pair */
	VMSAVEDSTATE_KEY_IS_RAM_BLOCK = 4	/* the value is guest memory as it is stored */
};

typedef struct VMSAVEDSTATE_KEY {
	UINT32 StructSize;
	VMSAVEDSTATE_KEY_TYPE Type;
	UINT32 Flags;			/* VMSAVEDSTATE_KEY_IN_..., VMSAVEDSTATE_KEY_IS_... */
	UINT32 Reserved;
	const char *Path;		/* from the root, "/configuration/properties/version" */
	UINT64 Size;			/* bytes of the value, without a length in front of it */
	UINT64 FileOffset;		/* of the value, as if the replay log were applied */
	union {
		INT64 Int;
		UINT64 UInt;
		double Double;
		BOOL Bool;
	} Value;			/* of these four types; 0 for every other */
	const char *StringValue;	/* of a string in the key table; for others NULL */
} VMSAVEDSTATE_KEY;

typedef BOOL (CALLBACK *VMSAVEDSTATE_KEY_CALLBACK)(void *context, const VMSAVEDSTATE_KEY *key);

/*
 * Lists the keys of a container, parents before their children and children
 * in the container's order, then the RAM blocks by number.  It need not hold a
 * saved state: a .vmcx, or a .bin alone, will do.
 *
 * startPath is the key to start at, whose descendants follow; NULL lists all.
 * Letter case does not matter.
 *
 * Returns S_OK; E_INVALIDARG (source or callback);
 * VMSAVEDSTATE_E_FILE_NOT_FOUND (no such file, an empty one, or no key
 * startPath), _PATH_NOT_FOUND, _ACCESS_DENIED, _SHARING_VIOLATION,
 * _READ_FAILED, _CORRUPT, _UNSUPPORTED_VERSION, _NEEDS_REPAIR,
 * _OTHER_CONTAINER, _LEGACY_TOO_SHORT; E_FAIL and E_UNEXPECTED as the load
 * functions.
 */
HRESULT VmSavedStateEnumerateKeys(const VMSAVEDSTATE_SOURCE *source, const char *startPath,
				  VMSAVEDSTATE_KEY_CALLBACK callback, void *context);

/*
 * Reads bytes of a key's value as they are stored, from offset: a string is
 * UTF-16 without its length, a number little endian, a RAM block still
 * compressed; a node has none.
 *
 * valueSize, which may be NULL, receives the size of the whole value; what was
 * read is size bytes or those from offset to its end, if they are fewer.
 * buffer may be NULL when size is 0.
 *
 * Returns what VmSavedStateEnumerateKeys does.
 */
HRESULT VmSavedStateReadKey(const VMSAVEDSTATE_SOURCE *source, const char *path, UINT64 offset,
			    void *buffer, UINT32 size, UINT64 *valueSize);

/* One write that is recorded in the replay log and not yet made. */
typedef struct VMSAVEDSTATE_REPLAY_ENTRY {
	UINT32 StructSize;
	UINT32 Size;			/* bytes to be written */
	UINT64 DestinationOffset;	/* where to, in the file */
	UINT64 PayloadOffset;		/* where they are now, in the file */
} VMSAVEDSTATE_REPLAY_ENTRY;

typedef struct VMSAVEDSTATE_REPLAY_LOG {
	UINT32 StructSize;
	UINT32 PendingCount;		/* entries not yet applied */
	UINT32 MaximumCount;		/* entries there is room for */
	UINT32 Reserved;
	UINT64 LogOffset;		/* where the log is, in the file */
	UINT64 LogSize;			/* bytes set aside for it; the file may end earlier */
} VMSAVEDSTATE_REPLAY_LOG;

typedef BOOL (CALLBACK *VMSAVEDSTATE_REPLAY_CALLBACK)(void *context,
						      const VMSAVEDSTATE_REPLAY_ENTRY *entry);

/*
 * Describes the replay log of a .vmrs and lists its pending entries in the
 * order of the log, once all of them have been found valid.  callback and log
 * may each be NULL.  A pair has no log: everything is 0.
 *
 * Returns S_OK; E_INVALIDARG (also an entry of size 0 or with a destination
 * of 2^63 or above); VMSAVEDSTATE_E_CORRUPT (also a damaged log or entry) and
 * what else VmSavedStateEnumerateKeys does.
 */
HRESULT VmSavedStateGetReplayLog(const VMSAVEDSTATE_SOURCE *source,
				 VMSAVEDSTATE_REPLAY_CALLBACK callback, void *context,
				 VMSAVEDSTATE_REPLAY_LOG *log);

/*
 * ApplyPendingSavedStateFileReplayLog for a path in UTF-8; it changes the
 * file.  Returns what that function does.
 */
HRESULT VmSavedStateApplyReplayLog(const char *path);

/* ---- Verification ------------------------------------------------------- */

/* The parts of a saved state, as a check reports on them. */
typedef enum VMSAVEDSTATE_PART {
	VMSAVEDSTATE_PART_FILE_HEADER = 0,
	VMSAVEDSTATE_PART_REPLAY_LOG = 1,
	VMSAVEDSTATE_PART_OBJECT_TABLE = 2,
	VMSAVEDSTATE_PART_KEY_TABLE = 3,
	VMSAVEDSTATE_PART_KEY = 4,
	VMSAVEDSTATE_PART_PARTITION_STATE = 5,
	VMSAVEDSTATE_PART_MEMORY_MAP = 6,
	VMSAVEDSTATE_PART_RAM_BLOCK = 7
} VMSAVEDSTATE_PART;

#define VMSAVEDSTATE_PART_COUNT 8

/* Something wrong with a file, and what it costs. */
typedef struct VMSAVEDSTATE_PROBLEM {
	UINT32 StructSize;
	VMSAVEDSTATE_PART Part;
	/* What a read or a plain load answers to it; a read of missing memory is S_OK, but short. */
	HRESULT Result;
	UINT32 MoreAddresses;		/* besides GuestAddress, at which as much is lost */
	GUEST_PHYSICAL_ADDRESS GuestAddress;	/* of the first guest address it costs */
	UINT64 GuestBytes;		/* from there on; 0 when no address is known to be lost */
	const char *Text;		/* what and where */
} VMSAVEDSTATE_PROBLEM;

typedef BOOL (CALLBACK *VMSAVEDSTATE_PROBLEM_CALLBACK)(void *context,
						       const VMSAVEDSTATE_PROBLEM *problem);

/* Of done out of total RAM blocks; returns TRUE to stop. */
typedef BOOL (CALLBACK *VMSAVEDSTATE_CHECK_PROGRESS)(void *context, UINT64 done, UINT64 total);

typedef struct VMSAVEDSTATE_CHECK_REPORT {
	UINT32 StructSize;
	UINT32 Reserved;
	UINT64 Checked[VMSAVEDSTATE_PART_COUNT];	/* structures looked at, by part */
	UINT64 Damaged[VMSAVEDSTATE_PART_COUNT];	/* problems among them */
	UINT64 PagesChecked;		/* pages of saved memory that were decoded */
	UINT64 PagesDamaged;		/* that could not be */
	UINT64 PagesMissing;		/* in a chunk, without a RAM block in the file */
} VMSAVEDSTATE_CHECK_REPORT;

/*
 * Verifies every checksum, every rule of the containers, the partition state,
 * and the data of every page, on up to threads threads (0 lets the library
 * choose).  It goes on after each problem as salvage does, so that all of them
 * are found.
 *
 * problem is called for each, with the guest addresses it costs; a page that no
 * chunk maps costs none, and one that several chunks share is told of once, with
 * the lowest.  It returns TRUE to hear of no more.  Memory in a form
 * that is not known is one problem for each range of it, and no page of it is
 * counted.  Callbacks and report may each be NULL.  Callbacks run on any
 * thread, one at a time.  report is written whatever the result but
 * E_INVALIDARG.
 *
 * Returns S_OK for a file without fault; S_FALSE when there are problems; what
 * VmSavedStateOpen returns to a file of which nothing can be read;
 * VMSAVEDSTATE_E_CANCELLED; E_OUTOFMEMORY.
 */
HRESULT VmSavedStateCheck(const VMSAVEDSTATE_SOURCE *source, UINT32 threads,
			  VMSAVEDSTATE_PROBLEM_CALLBACK problem,
			  VMSAVEDSTATE_CHECK_PROGRESS progress, void *context,
			  VMSAVEDSTATE_CHECK_REPORT *report);

/* ---- A saved state ------------------------------------------------------ */

typedef enum VMSAVEDSTATE_CONTAINER {
	VMSAVEDSTATE_CONTAINER_VMRS = 1,	/* one file */
	VMSAVEDSTATE_CONTAINER_LEGACY = 2	/* .bin and .vsv */
} VMSAVEDSTATE_CONTAINER;

typedef struct VMSAVEDSTATE_INFO {
	UINT32 StructSize;
	VMSAVEDSTATE_CONTAINER Container;
	UINT32 ContainerVersion;	/* major << 8 | minor */
	UINT32 VmVersion;		/* major << 8 | minor, such as 0x0C00 for 12.0 */
	UINT32 PendingLogEntries;	/* of the replay log, laid over the file */
	UINT32 VpCount;
	VIRTUAL_PROCESSOR_VENDOR Vendor;
	UINT32 Architectures;		/* bit n: a VP was saved as VIRTUAL_PROCESSOR_ARCH n */
	UINT64 RamBlockCount;		/* RAM blocks in the file, whatever their numbers */
	UINT64 RawSize;			/* bytes, as GetGuestRawSavedMemorySize */
	UINT64 StoredBytes;		/* bytes that the RAM blocks take in the file */
	UINT64 FileSize;		/* bytes of the .vmrs or .bin, as it is on the disk */
	UINT64 SecondFileSize;		/* bytes of the .vsv, or 0 */
} VMSAVEDSTATE_INFO;

/* The facts about a saved state in one call.  Returns S_OK; E_INVALIDARG. */
HRESULT VmSavedStateGetInfo(VM_SAVED_STATE_DUMP_HANDLE handle, VMSAVEDSTATE_INFO *info);

/* ---- Processors --------------------------------------------------------- */

/*
 * The index by which the hypervisor knew the VP.  Indices ascend with vpId,
 * but may have gaps.  Returns S_OK; E_INVALIDARG.
 */
HRESULT VmSavedStateGetVpIndex(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId, UINT32 *index);

/* Bytes that hold the longest text of VmSavedStateDescribeGuestOs, with its NUL. */
#define VMSAVEDSTATE_GUEST_OS_TEXT 96

/*
 * What a guest's operating system reported of itself, in words:
 * "Windows 10.0.19041", "Linux 6.1.0", "not reported" for 0.  guestOsId is
 * GUEST_OS_INFO.AsUINT64 of GetGuestOsInfo.  The text is for people, and may be
 * another one in a later version.
 *
 * Returns S_OK; VMSAVEDSTATE_E_BUFFER_TOO_SMALL, and the buffer has what fits;
 * E_INVALIDARG (a NULL buffer, or one of 0 bytes).
 */
HRESULT VmSavedStateDescribeGuestOs(UINT64 guestOsId, char *buffer, UINT32 bufferSize);

/* Stands for the VTL that is active on the VP. */
#define VMSAVEDSTATE_ACTIVE_VTL 0xFFFFFFFFu

/*
 * A register of a VP in any of its VTLs.  registerId is a REGISTER_ID of the
 * current SDK, also in a program built for the earlier ABI: there, find it by
 * its name, since the numbers that begin with X64_ are others.
 *
 * value receives 16 bytes, little endian, with zeros above the register's own
 * width; segments and tables are laid out as in VIRTUAL_PROCESSOR_REGISTER of
 * the current SDK.  widthBytes, which may be NULL, receives the width.
 *
 * Returns S_OK; E_INVALIDARG (also for an id that names no register of the
 * VP's processor family, and a vtl above 2);
 * VM_SAVED_STATE_DUMP_E_VP_VTL_NOT_ENABLED.
 */
HRESULT VmSavedStateGetRegister(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId, UINT32 vtl,
				UINT32 registerId, UINT8 value[16], UINT32 *widthBytes);

/*
 * The name of a REGISTER_ID of the current SDK in lower case, such as "rax";
 * static.  NULL for a number that names no register: 66, 158 and above.
 */
const char *VmSavedStateGetRegisterName(UINT32 registerId);

/* ---- Virtual memory ----------------------------------------------------- */

/* How addresses are really translated, which PAGING_MODE tells only in part. */
typedef enum VMSAVEDSTATE_PAGING_FORM {
	VMSAVEDSTATE_PAGING_NONE = 0,		/* no translation can be given */
	VMSAVEDSTATE_PAGING_IDENTITY = 1,	/* paging is off: a GVA is a GPA */
	VMSAVEDSTATE_PAGING_32BIT = 2,		/* 4 KiB pages only */
	VMSAVEDSTATE_PAGING_32BIT_PSE = 3,	/* also 4 MiB pages, with 40-bit addresses */
	VMSAVEDSTATE_PAGING_PAE = 4,
	VMSAVEDSTATE_PAGING_LONG4 = 5,
	VMSAVEDSTATE_PAGING_LONG5 = 6,		/* CR4.LA57 */
	VMSAVEDSTATE_PAGING_ARMV8 = 7		/* TCR_EL1 tells granule and width */
} VMSAVEDSTATE_PAGING_FORM;

typedef enum VMSAVEDSTATE_WALK_REASON {
	VMSAVEDSTATE_WALK_MAPPED = 0,
	VMSAVEDSTATE_WALK_NOT_PRESENT = 1,	/* an entry is not valid: its bit 0 is clear */
	VMSAVEDSTATE_WALK_BAD_DESCRIPTOR = 2,	/* ARM64: of a type its level does not have */
	VMSAVEDSTATE_WALK_TABLE_NOT_SAVED = 3,	/* a table is outside the saved memory */
	VMSAVEDSTATE_WALK_OUT_OF_RANGE = 4,	/* the address is not canonical */
	VMSAVEDSTATE_WALK_BAD_CONFIGURATION = 5,	/* TCR_EL1 is not legal */
	VMSAVEDSTATE_WALK_UNSUPPORTED = 6,	/* ARM64 with 52-bit addresses */
	VMSAVEDSTATE_WALK_NO_TRANSLATION = 7,	/* VMSAVEDSTATE_PAGING_NONE */
	VMSAVEDSTATE_WALK_TABLE_DAMAGED = 8	/* a table is in a damaged RAM block */
} VMSAVEDSTATE_WALK_REASON;

enum {
	/*
	 * Use the form that the processor used, by its registers alone: with
	 * paging off a GVA is its GPA, and what ForcePagingMode set is not
	 * asked.
	 */
	VMSAVEDSTATE_TRANSLATE_ARCHITECTURAL = 1,
	/* Start at Root instead of CR3 or, on ARM64, TTBR0_EL1. */
	VMSAVEDSTATE_TRANSLATE_ROOT = 2
};

typedef struct VMSAVEDSTATE_TRANSLATE_OPTIONS {
	UINT32 StructSize;
	UINT32 Flags;			/* VMSAVEDSTATE_TRANSLATE_... */
	UINT64 Root;			/* as in the register, whose other bits are masked off */
} VMSAVEDSTATE_TRANSLATE_OPTIONS;

/*
 * What all entries on the way allow together; reading always.  CR0.WP,
 * CR4.SMEP, CR4.SMAP, protection keys and the like are not applied.
 */
enum {
	VMSAVEDSTATE_ACCESS_WRITE = 1,
	VMSAVEDSTATE_ACCESS_USER = 2,		/* user mode may access data */
	VMSAVEDSTATE_ACCESS_USER_EXECUTE = 4,
	VMSAVEDSTATE_ACCESS_KERNEL_EXECUTE = 8
};

enum {
	/*
	 * An entry has a bit set that must be zero, where the processor would
	 * have faulted.  The translation is given all the same.
	 */
	VMSAVEDSTATE_WALK_RESERVED_BITS = 1
};

/* One entry that was read on the way. */
typedef struct VMSAVEDSTATE_WALK_LEVEL {
	const char *Name;		/* static, such as "PML4E" */
	UINT32 Level;			/* 1 for the smallest pages, 2 for the level above */
	UINT32 Index;			/* of the entry in its table */
	GUEST_PHYSICAL_ADDRESS TableAddress;
	GUEST_PHYSICAL_ADDRESS EntryAddress;
	UINT64 Entry;			/* 0 when there is no memory at EntryAddress */
} VMSAVEDSTATE_WALK_LEVEL;

#define VMSAVEDSTATE_WALK_LEVELS 5

typedef struct VMSAVEDSTATE_TRANSLATION {
	UINT32 StructSize;
	VMSAVEDSTATE_PAGING_FORM PagingForm;
	VMSAVEDSTATE_WALK_REASON Reason;
	UINT32 Flags;			/* VMSAVEDSTATE_WALK_RESERVED_BITS */
	GUEST_PHYSICAL_ADDRESS PhysicalAddress;	/* of the address itself; 0 unless mapped */
	UINT64 PageSize;		/* bytes of the page that maps it; 0 unless mapped */
	UINT64 UnmappedSize;		/* as GuestVirtualAddressToPhysicalAddress answers */
	/*
	 * Bytes that really are unmapped, never less than UnmappedSize: the
	 * naturally aligned region of this size around the address.
	 */
	UINT64 SkipSize;
	UINT32 Access;			/* VMSAVEDSTATE_ACCESS_...; 0 unless mapped */
	UINT32 FailingLevel;		/* a Level, or 0 when no entry is to blame */
	UINT32 LevelCount;		/* entries in Levels, the root's first */
	UINT32 Reserved;
	VMSAVEDSTATE_WALK_LEVEL Levels[VMSAVEDSTATE_WALK_LEVELS];
} VMSAVEDSTATE_TRANSLATION;

/*
 * Translates a GVA and tells how.  With options NULL, or without flags, the
 * answer is that of GuestVirtualAddressToPhysicalAddress.
 *
 * result is written on S_OK and on each result below but E_INVALIDARG.
 *
 * Returns S_OK; E_INVALIDARG; VMSAVEDSTATE_E_VA_NOT_MAPPED, whatever the
 * level, in both ABIs; E_NOTIMPL and VMSAVEDSTATE_E_INVALID_VP_STATE as
 * GuestVirtualAddressToPhysicalAddress; the RAM block errors
 * (vmsavedstatedump.h), when a table lies in a damaged block.
 */
HRESULT VmSavedStateTranslate(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
			      const VMSAVEDSTATE_TRANSLATE_OPTIONS *options,
			      GUEST_VIRTUAL_ADDRESS virtualAddress,
			      VMSAVEDSTATE_TRANSLATION *result);

/*
 * Reads size bytes from a GVA, across pages.  The read ends at the first page
 * that is not mapped or not saved, and at the top of the address space: that
 * is S_OK with fewer bytes in bytesRead, or with 0, and the rest of the buffer
 * untouched.  options as in VmSavedStateTranslate; bytesRead may be NULL.
 *
 * Returns S_OK; E_INVALIDARG (also for a NULL buffer); E_NOTIMPL and
 * VMSAVEDSTATE_E_INVALID_VP_STATE as VmSavedStateTranslate; the RAM block
 * errors, with bytesRead 0 and the buffer's contents unspecified.
 */
HRESULT VmSavedStateReadVirtual(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
				const VMSAVEDSTATE_TRANSLATE_OPTIONS *options,
				GUEST_VIRTUAL_ADDRESS virtualAddress, void *buffer, UINT32 size,
				UINT32 *bytesRead);

/* ---- Physical memory ---------------------------------------------------- */

/* One read of a batch, as ReadGuestPhysicalAddress makes it. */
typedef struct VMSAVEDSTATE_READ {
	GUEST_PHYSICAL_ADDRESS PhysicalAddress;	/* in */
	void *Buffer;			/* in; no two reads may share a byte of it */
	UINT32 Length;			/* in, bytes */
	UINT32 BytesRead;		/* out */
	HRESULT Result;			/* out */
	UINT32 Reserved;
} VMSAVEDSTATE_READ;

/*
 * Makes many reads, on up to threads threads at a time; 0 lets the library
 * choose, 1 keeps to the calling thread.  Reads may be in any order; those
 * that touch the same RAM block gain from standing next to each other.
 *
 * Returns S_OK; S_FALSE when a read has a failure in Result (the others were
 * made all the same); E_INVALIDARG (handle, or reads NULL with a count).
 */
HRESULT VmSavedStateReadBatch(VM_SAVED_STATE_DUMP_HANDLE handle, VMSAVEDSTATE_READ *reads,
			      UINT32 count, UINT32 threads);

/* How a page of guest memory is kept. */
typedef enum VMSAVEDSTATE_PAGE_STORAGE {
	VMSAVEDSTATE_PAGE_HOLE = 0,		/* in no chunk: the guest has no memory there */
	VMSAVEDSTATE_PAGE_MISSING = 1,		/* in a chunk, but the file lacks the RAM block */
	VMSAVEDSTATE_PAGE_FILL = 2,		/* one 8-byte pattern other than zero */
	VMSAVEDSTATE_PAGE_STORED = 3,		/* as it is, in a compressed RAM block */
	VMSAVEDSTATE_PAGE_COMPRESSED = 4,
	VMSAVEDSTATE_PAGE_RAW = 5,		/* in a RAM block that is not compressed at all */
	VMSAVEDSTATE_PAGE_DAMAGED = 6,		/* in a RAM block that cannot be decoded */
	VMSAVEDSTATE_PAGE_ZERO = 7		/* takes no room: all its bytes are 0 */
} VMSAVEDSTATE_PAGE_STORAGE;

/*
 * How the page that holds physicalAddress is kept, without decompressing it.
 * pages, which may be NULL, receives how many pages from that one on are kept
 * the same way: at least 1, and more may follow.
 *
 * Returns S_OK; E_INVALIDARG; VMSAVEDSTATE_E_UNSUPPORTED_VERSION (a form that
 * is not known); VMSAVEDSTATE_E_READ_FAILED.
 */
HRESULT VmSavedStateGetPageStorage(VM_SAVED_STATE_DUMP_HANDLE handle,
				   GUEST_PHYSICAL_ADDRESS physicalAddress,
				   VMSAVEDSTATE_PAGE_STORAGE *storage, UINT32 *pages);

typedef struct VMSAVEDSTATE_CACHE_COUNTERS {
	UINT32 StructSize;
	UINT32 Reserved;
	UINT64 Hits;			/* since the handle was made */
	UINT64 Misses;
	UINT64 Evictions;
	UINT64 BytesUsed;		/* now */
	UINT64 ByteLimit;		/* that BytesUsed stays below */
	UINT64 BlockLimit;		/* as GetMemoryBlockCacheLimit */
} VMSAVEDSTATE_CACHE_COUNTERS;

/*
 * What the handle's cache has done.  While reads are under way the counters
 * are each right, but not of one instant.  Returns S_OK; E_INVALIDARG.
 */
HRESULT VmSavedStateGetCacheCounters(VM_SAVED_STATE_DUMP_HANDLE handle,
				     VMSAVEDSTATE_CACHE_COUNTERS *counters);

/* ---- Symbols, types and stacks ------------------------------------------ */

/*
 * These need a symbol provider (LoadSavedStateSymbolProvider) and ask the
 * modules that were loaded into it.  Without a PDB a module has the names that
 * its image exports.
 */

#define VMSAVEDSTATE_MODULE_NAME 128
#define VMSAVEDSTATE_SYMBOL_NAME 2048

typedef struct VMSAVEDSTATE_SYMBOL {
	UINT32 StructSize;
	UINT32 ModuleSize;		/* bytes */
	GUEST_VIRTUAL_ADDRESS ModuleBase;
	GUEST_VIRTUAL_ADDRESS Address;	/* of the symbol; of the module when Name is "" */
	UINT64 Size;			/* bytes of the function, or of the variable's type; or 0 */
	UINT64 Displacement;		/* of the address asked for from Address */
	/* Both are cut between two characters when they do not fit. */
	char ModuleName[VMSAVEDSTATE_MODULE_NAME];
	char Name[VMSAVEDSTATE_SYMBOL_NAME];	/* as the PDB has it, or "" */
} VMSAVEDSTATE_SYMBOL;

/*
 * The function or variable called name, or module!name.  Of several modules
 * that have the name, the one that was loaded first is meant.
 *
 * Returns S_OK; E_INVALIDARG; E_UNEXPECTED (no symbol provider);
 * VMSAVEDSTATE_E_SYMBOL_NOT_FOUND; VMSAVEDSTATE_E_CORRUPT, _READ_FAILED (the
 * PDB); E_OUTOFMEMORY.
 */
HRESULT VmSavedStateResolveSymbol(VM_SAVED_STATE_DUMP_HANDLE handle, const char *name,
				  VMSAVEDSTATE_SYMBOL *symbol);

/*
 * The symbol at an address: the function that contains it, else what begins
 * nearest before it in the same section, else the module alone.
 *
 * Returns S_OK; E_INVALIDARG; E_UNEXPECTED (no symbol provider);
 * VMSAVEDSTATE_E_SYMBOL_NOT_FOUND (no module holds the address); E_OUTOFMEMORY.
 */
HRESULT VmSavedStateFindSymbol(VM_SAVED_STATE_DUMP_HANDLE handle, GUEST_VIRTUAL_ADDRESS address,
			       VMSAVEDSTATE_SYMBOL *symbol);

typedef enum VMSAVEDSTATE_MEMBER_KIND {
	VMSAVEDSTATE_MEMBER_FIELD = 0,
	VMSAVEDSTATE_MEMBER_STATIC = 1,		/* no offset */
	VMSAVEDSTATE_MEMBER_BASE = 2,		/* a base class; no name */
	VMSAVEDSTATE_MEMBER_VIRTUAL_BASE = 3,	/* the offset is that of the pointer leading to it */
	VMSAVEDSTATE_MEMBER_VTABLE = 4,		/* a pointer to a table of functions; no name */
	VMSAVEDSTATE_MEMBER_ENUMERATOR = 5,	/* a value, no offset */
	VMSAVEDSTATE_MEMBER_NESTED_TYPE = 6	/* no offset */
} VMSAVEDSTATE_MEMBER_KIND;

typedef struct VMSAVEDSTATE_MEMBER {
	UINT32 StructSize;
	VMSAVEDSTATE_MEMBER_KIND Kind;
	const char *Name;		/* "" for one without a name */
	const char *Type;		/* as C writes it, such as "struct _LIST_ENTRY *" */
	UINT64 Offset;			/* bytes, from the start of the type that was asked for */
	UINT64 Size;			/* bytes; of a bit field, of the integer that holds it */
	UINT32 BitPosition;		/* from the lowest bit of that integer */
	UINT32 BitLength;		/* 0 unless it is a bit field */
	UINT32 Depth;			/* 0 for the type's own members, 1 for those of these */
	UINT32 Reserved;
	INT64 Value;			/* of an enumerator */
} VMSAVEDSTATE_MEMBER;

typedef BOOL (CALLBACK *VMSAVEDSTATE_MEMBER_CALLBACK)(void *context,
						      const VMSAVEDSTATE_MEMBER *member);

/*
 * Lists the members of a structure, class, union or enumeration, given as name
 * or as module!name, in the order of the PDB.  The members of base classes and
 * of members without a name follow each of these, as do, down to depth levels,
 * those of any other member that has some.
 *
 * size, which may be NULL, receives the bytes of the type; a type without
 * members, such as a typedef of a pointer, lists none.  callback may be NULL.
 *
 * Returns S_OK; E_INVALIDARG; E_UNEXPECTED (no symbol provider);
 * VMSAVEDSTATE_E_SYMBOL_NOT_FOUND (also for a type that is only declared);
 * VMSAVEDSTATE_E_CORRUPT, _READ_FAILED (the PDB); E_OUTOFMEMORY.
 */
HRESULT VmSavedStateGetTypeLayout(VM_SAVED_STATE_DUMP_HANDLE handle, const char *typeName,
				  UINT32 depth, VMSAVEDSTATE_MEMBER_CALLBACK callback,
				  void *context, UINT64 *size);

/* Why no caller follows a frame. */
typedef enum VMSAVEDSTATE_STACK_END {
	VMSAVEDSTATE_STACK_GOES_ON = 0,		/* one does, or was not asked for */
	VMSAVEDSTATE_STACK_COMPLETE = 1,	/* the return address is 0 */
	VMSAVEDSTATE_STACK_NO_IMAGE = 2,	/* the address lies in no image */
	VMSAVEDSTATE_STACK_NO_DATA = 3,		/* the image has no unwind data for it */
	VMSAVEDSTATE_STACK_DATA_MISSING = 4,	/* they are not in memory */
	VMSAVEDSTATE_STACK_DATA_DAMAGED = 5,
	VMSAVEDSTATE_STACK_MEMORY_MISSING = 6,	/* a page of the stack is not in memory */
	VMSAVEDSTATE_STACK_NO_FRAME_POINTER = 7,	/* 32-bit x86 */
	VMSAVEDSTATE_STACK_TURNS_BACK = 8	/* the next frame would lie below this one */
} VMSAVEDSTATE_STACK_END;

typedef struct VMSAVEDSTATE_FRAME {
	UINT32 StructSize;
	UINT32 Index;			/* 0 for the function that the VP is in */
	GUEST_VIRTUAL_ADDRESS StackPointer;
	GUEST_VIRTUAL_ADDRESS InstructionPointer;
	GUEST_VIRTUAL_ADDRESS ReturnAddress;	/* the caller's InstructionPointer; 0 without one */
	GUEST_VIRTUAL_ADDRESS ModuleBase;	/* 0: in no module */
	const char *ModuleName;		/* "" when it is not known */
	const char *SymbolName;		/* "" when it is not known */
	UINT64 Displacement;		/* from the symbol, else from ModuleBase */
	VMSAVEDSTATE_STACK_END End;
	UINT32 Reserved;
	const char *EndText;		/* End in words, for people; "" while it goes on */
} VMSAVEDSTATE_FRAME;

typedef BOOL (CALLBACK *VMSAVEDSTATE_FRAME_CALLBACK)(void *context,
						     const VMSAVEDSTATE_FRAME *frame);

/*
 * Follows the VP's call stack for at most frameCount frames (65,536 at most),
 * as CallStackUnwind.  Images that no module was loaded for are found in
 * memory; a symbol provider is not needed, but loads their PDBs if there is
 * one.
 *
 * Returns S_OK; E_INVALIDARG; E_NOTIMPL (the VP's architecture or paging mode
 * is not known); E_OUTOFMEMORY.
 */
HRESULT VmSavedStateUnwind(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId, UINT32 frameCount,
			   VMSAVEDSTATE_FRAME_CALLBACK callback, void *context);

/* ---- Dumps -------------------------------------------------------------- */

typedef enum VMSAVEDSTATE_DUMP_FORMAT {
	VMSAVEDSTATE_DUMP_RAW = 1,	/* a byte for each address from 0 up */
	VMSAVEDSTATE_DUMP_RAW_WITHOUT_HOLES = 2,	/* the memory ranges, one after the other */
	VMSAVEDSTATE_DUMP_ELF = 3,	/* ELF core: gdb, crash, drgn, libkdumpfile, makedumpfile */
	/* Windows crash dump: full where its header can list all memory, else bitmap. */
	VMSAVEDSTATE_DUMP_WINDOWS = 4,
	VMSAVEDSTATE_DUMP_WINDOWS_FULL = 5,
	VMSAVEDSTATE_DUMP_WINDOWS_BITMAP = 6,
	VMSAVEDSTATE_DUMP_SNAPSHOT = 7	/* VMSAVEDSTATE_DUMP_WINDOWS and a VP's registers as JSON */
} VMSAVEDSTATE_DUMP_FORMAT;

enum {
	/* Leave damaged memory out, rather than fail; except for raw dumps, which have it as
	   zeros, all memory is read once more for that. */
	VMSAVEDSTATE_DUMP_KEEP_GOING = 1,
	/* Replace files that have the names already.  The saved state must not be one of them. */
	VMSAVEDSTATE_DUMP_REPLACE = 2,
	/* ELF: without QEMU's notes, which drgn accepts of Linux guests alone. */
	VMSAVEDSTATE_DUMP_NO_QEMU_NOTES = 4,
	/* Windows: write the dump also without a kernel that debuggers could start from. */
	VMSAVEDSTATE_DUMP_WITHOUT_KERNEL = 8
};

/* Tells how far a dump is, in bytes of work.  Returns TRUE to cancel it, FALSE to go on. */
typedef BOOL (CALLBACK *VMSAVEDSTATE_DUMP_PROGRESS)(void *context, UINT64 done, UINT64 total);

/*
 * Takes bytes of a dump instead of a file.  Offsets ascend; what is left out
 * between them is zero.  Returns S_OK, or a failure, which ends the dump.
 */
typedef HRESULT (CALLBACK *VMSAVEDSTATE_DUMP_WRITE)(void *context, UINT64 offset,
						    const void *bytes, UINT32 size);

/*
 * Tells of a run of memory that is not in the dump.  result is S_OK for what
 * the saved state describes but lacks, of which all runs come first, and else
 * the failure of reading it.  Addresses ascend in each of the two.
 */
typedef void (CALLBACK *VMSAVEDSTATE_DUMP_LEFT_OUT)(void *context,
						    GUEST_PHYSICAL_ADDRESS address, UINT64 bytes,
						    HRESULT result);

typedef struct VMSAVEDSTATE_DUMP_OPTIONS {
	UINT32 StructSize;
	VMSAVEDSTATE_DUMP_FORMAT Format;
	UINT32 Flags;			/* VMSAVEDSTATE_DUMP_KEEP_GOING and so on */
	UINT32 VpId;			/* whose registers a Windows dump or a snapshot begins with */
	UINT32 Threads;			/* that decode memory; 0 lets the library choose */
	UINT32 Reserved;
	const char *Path;		/* of the dump; NULL when Write is given */
	const char *RegistersPath;	/* of the JSON of a snapshot; otherwise NULL */
	VMSAVEDSTATE_DUMP_WRITE Write;	/* NULL when Path is given */
	VMSAVEDSTATE_DUMP_PROGRESS Progress;	/* may be NULL */
	void *Context;			/* of all callbacks */
	VMSAVEDSTATE_DUMP_LEFT_OUT LeftOut;	/* may be NULL */
} VMSAVEDSTATE_DUMP_OPTIONS;

#define VMSAVEDSTATE_DUMP_REMARKS 1024

typedef struct VMSAVEDSTATE_DUMP_RESULT {
	UINT32 StructSize;
	VMSAVEDSTATE_DUMP_FORMAT Format;	/* which of full and bitmap it came to */
	UINT64 Size;			/* bytes of the dump */
	UINT64 WrittenSize;		/* bytes of it that were not left out as zeros */
	UINT64 MemorySize;		/* bytes of guest memory in it */
	UINT64 MissingPages;		/* described by the saved state, but not in it */
	UINT64 DamagedPages;		/* left out */
	/* What there is to know of the dump: sentences, each ended by a line feed. */
	char Remarks[VMSAVEDSTATE_DUMP_REMARKS];
} VMSAVEDSTATE_DUMP_RESULT;

/*
 * Writes the guest's memory and registers to a file that other tools open.
 *
 * A file grows as PATH.partial and is PATH once it is complete; after a
 * failure neither is there.  Equal saved states make equal dumps.  Memory that
 * is not in the saved state is never written as zeros, except that a raw dump
 * has to have something in its place: there it is a hole.
 *
 * Fixes of ApplyGuestMemoryFix are in the dump.  In a Windows dump the
 * kernel's block of data for debuggers is decoded, and the registers of every
 * VP stand where debuggers look for them; VTL 0 is written unless another one
 * was forced.  The other formats take each VP's registers of its active VTL.
 *
 * The callbacks run on the thread that made the call.  They must not use the
 * handle.  result may be NULL.
 *
 * Returns S_OK; E_INVALIDARG (also a VP that does not exist, and a file that
 * exists without VMSAVEDSTATE_DUMP_REPLACE); E_NOTIMPL (the format cannot tell
 * this guest: crash dumps of ARM64, a full dump of too many pieces);
 * VM_SAVED_STATE_DUMP_E_WINDOWS_KERNEL_IMAGE_NOT_FOUND (a Windows dump, without
 * VMSAVEDSTATE_DUMP_WITHOUT_KERNEL); VM_SAVED_STATE_DUMP_E_GUEST_MEMORY_NOT_FOUND
 * (not a page is saved); VM_SAVED_STATE_DUMP_E_VP_VTL_NOT_ENABLED (a dump with
 * registers, while a VTL that a VP does not have is forced on it);
 * VMSAVEDSTATE_E_CANCELLED, _DISK_FULL, _WRITE_FAILED (also when Write failed),
 * _ACCESS_DENIED, _PATH_NOT_FOUND, _READ_FAILED, _UNSUPPORTED_VERSION (memory in
 * a form that is not known); the other RAM block errors (vmsavedstatedump.h)
 * without VMSAVEDSTATE_DUMP_KEEP_GOING.
 */
HRESULT VmSavedStateWriteDump(VM_SAVED_STATE_DUMP_HANDLE handle,
			      const VMSAVEDSTATE_DUMP_OPTIONS *options,
			      VMSAVEDSTATE_DUMP_RESULT *result);

VMSAVEDSTATE_DECLARATIONS_END

#endif
