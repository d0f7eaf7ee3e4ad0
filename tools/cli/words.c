/* SPDX-License-Identifier: MIT */
#include "words.h"

#include <stddef.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *name_in(const char *const *names, size_t count, unsigned value)
{
	return value < count && names[value] != NULL ? names[value] : "unknown";
}

const char *architecture_name(VIRTUAL_PROCESSOR_ARCH architecture)
{
	static const char *const names[] = {
		[Arch_Unknown] = "unknown",
		[Arch_x86] = "x86",
		[Arch_x64] = "x64",
		[Arch_Armv8] = "arm64",
	};

	return name_in(names, COUNT_OF(names), (unsigned)architecture);
}

const char *vendor_name(VIRTUAL_PROCESSOR_VENDOR vendor)
{
	static const char *const names[] = {
		[ProcessorVendor_Unknown] = "unknown",
		[ProcessorVendor_Amd] = "AMD",
		[ProcessorVendor_Intel] = "Intel",
		[ProcessorVendor_Hygon] = "Hygon",
		[ProcessorVendor_Arm] = "ARM",
	};

	return name_in(names, COUNT_OF(names), (unsigned)vendor);
}

const char *paging_mode_name(PAGING_MODE mode)
{
	static const char *const names[] = {
		[Paging_Invalid] = "invalid",
		[Paging_NonPaged] = "non-paged",
		[Paging_32Bit] = "32-bit",
		[Paging_Pae] = "pae",
		[Paging_Long] = "long",
		[Paging_Armv8] = "armv8",
	};

	return name_in(names, COUNT_OF(names), (unsigned)mode);
}

const char *paging_form_name(VMSAVEDSTATE_PAGING_FORM form)
{
	static const char *const names[] = {
		[VMSAVEDSTATE_PAGING_NONE] = "none",
		[VMSAVEDSTATE_PAGING_IDENTITY] = "identity",
		[VMSAVEDSTATE_PAGING_32BIT] = "32-bit",
		[VMSAVEDSTATE_PAGING_32BIT_PSE] = "32-bit-pse",
		[VMSAVEDSTATE_PAGING_PAE] = "pae",
		[VMSAVEDSTATE_PAGING_LONG4] = "long-4",
		[VMSAVEDSTATE_PAGING_LONG5] = "long-5",
		[VMSAVEDSTATE_PAGING_ARMV8] = "armv8",
	};

	return name_in(names, COUNT_OF(names), (unsigned)form);
}

const char *paging_form_text(VMSAVEDSTATE_PAGING_FORM form)
{
	static const char *const texts[] = {
		[VMSAVEDSTATE_PAGING_NONE] = "no valid paging mode",
		[VMSAVEDSTATE_PAGING_IDENTITY] = "paging off",
		[VMSAVEDSTATE_PAGING_32BIT] = "32-bit paging",
		[VMSAVEDSTATE_PAGING_32BIT_PSE] = "32-bit paging with PSE",
		[VMSAVEDSTATE_PAGING_PAE] = "PAE paging",
		[VMSAVEDSTATE_PAGING_LONG4] = "4-level paging",
		[VMSAVEDSTATE_PAGING_LONG5] = "5-level paging",
		[VMSAVEDSTATE_PAGING_ARMV8] = "ARMv8 paging",
	};

	return name_in(texts, COUNT_OF(texts), (unsigned)form);
}

const char *walk_reason_name(VMSAVEDSTATE_WALK_REASON reason)
{
	static const char *const names[] = {
		[VMSAVEDSTATE_WALK_MAPPED] = "mapped",
		[VMSAVEDSTATE_WALK_NOT_PRESENT] = "not-present",
		[VMSAVEDSTATE_WALK_BAD_DESCRIPTOR] = "bad-descriptor",
		[VMSAVEDSTATE_WALK_TABLE_NOT_SAVED] = "table-not-saved",
		[VMSAVEDSTATE_WALK_OUT_OF_RANGE] = "out-of-range",
		[VMSAVEDSTATE_WALK_BAD_CONFIGURATION] = "bad-configuration",
		[VMSAVEDSTATE_WALK_UNSUPPORTED] = "unsupported",
		[VMSAVEDSTATE_WALK_NO_TRANSLATION] = "no-translation",
		[VMSAVEDSTATE_WALK_TABLE_DAMAGED] = "table-damaged",
	};

	return name_in(names, COUNT_OF(names), (unsigned)reason);
}

const char *walk_reason_text(VMSAVEDSTATE_WALK_REASON reason)
{
	static const char *const texts[] = {
		[VMSAVEDSTATE_WALK_MAPPED] = "mapped",
		[VMSAVEDSTATE_WALK_NOT_PRESENT] = "not present",
		[VMSAVEDSTATE_WALK_BAD_DESCRIPTOR] = "of a type that its level does not have",
		[VMSAVEDSTATE_WALK_TABLE_NOT_SAVED] = "in a table outside the saved memory",
		[VMSAVEDSTATE_WALK_OUT_OF_RANGE] = "the address is not canonical",
		[VMSAVEDSTATE_WALK_BAD_CONFIGURATION] = "TCR_EL1 is not legal",
		[VMSAVEDSTATE_WALK_UNSUPPORTED] = "52-bit addresses are not supported",
		[VMSAVEDSTATE_WALK_NO_TRANSLATION] = "the VP is in no valid paging mode",
		[VMSAVEDSTATE_WALK_TABLE_DAMAGED] = "in a table that is damaged",
	};

	return name_in(texts, COUNT_OF(texts), (unsigned)reason);
}

const char *part_name(VMSAVEDSTATE_PART part)
{
	static const char *const names[] = {
		[VMSAVEDSTATE_PART_FILE_HEADER] = "file_header",
		[VMSAVEDSTATE_PART_REPLAY_LOG] = "replay_log",
		[VMSAVEDSTATE_PART_OBJECT_TABLE] = "object_table",
		[VMSAVEDSTATE_PART_KEY_TABLE] = "key_table",
		[VMSAVEDSTATE_PART_KEY] = "key",
		[VMSAVEDSTATE_PART_PARTITION_STATE] = "partition_state",
		[VMSAVEDSTATE_PART_MEMORY_MAP] = "memory_map",
		[VMSAVEDSTATE_PART_RAM_BLOCK] = "ram_block",
	};

	return name_in(names, COUNT_OF(names), (unsigned)part);
}

const char *part_text(VMSAVEDSTATE_PART part)
{
	static const char *const texts[] = {
		[VMSAVEDSTATE_PART_FILE_HEADER] = "File header",
		[VMSAVEDSTATE_PART_REPLAY_LOG] = "Replay log",
		[VMSAVEDSTATE_PART_OBJECT_TABLE] = "Object table",
		[VMSAVEDSTATE_PART_KEY_TABLE] = "Key table",
		[VMSAVEDSTATE_PART_KEY] = "Key",
		[VMSAVEDSTATE_PART_PARTITION_STATE] = "Processors",
		[VMSAVEDSTATE_PART_MEMORY_MAP] = "Memory map",
		[VMSAVEDSTATE_PART_RAM_BLOCK] = "RAM block",
	};

	return name_in(texts, COUNT_OF(texts), (unsigned)part);
}

const char *parts_text(VMSAVEDSTATE_PART part)
{
	static const char *const texts[] = {
		[VMSAVEDSTATE_PART_FILE_HEADER] = "File headers",
		[VMSAVEDSTATE_PART_REPLAY_LOG] = "Replay log",
		[VMSAVEDSTATE_PART_OBJECT_TABLE] = "Object tables",
		[VMSAVEDSTATE_PART_KEY_TABLE] = "Key tables",
		[VMSAVEDSTATE_PART_KEY] = "Keys",
		[VMSAVEDSTATE_PART_PARTITION_STATE] = "Processors",
		[VMSAVEDSTATE_PART_MEMORY_MAP] = "Memory map",
		[VMSAVEDSTATE_PART_RAM_BLOCK] = "RAM blocks",
	};

	return name_in(texts, COUNT_OF(texts), (unsigned)part);
}

const char *key_type_name(VMSAVEDSTATE_KEY_TYPE type)
{
	static const char *const names[] = {
		[VMSAVEDSTATE_KEY_INT] = "int",
		[VMSAVEDSTATE_KEY_UINT] = "uint",
		[VMSAVEDSTATE_KEY_DOUBLE] = "double",
		[VMSAVEDSTATE_KEY_STRING] = "string",
		[VMSAVEDSTATE_KEY_ARRAY] = "array",
		[VMSAVEDSTATE_KEY_BOOL] = "bool",
		[VMSAVEDSTATE_KEY_NODE] = "node",
		[VMSAVEDSTATE_KEY_LEGACY_BLOB] = "blob",
	};

	return name_in(names, COUNT_OF(names), (unsigned)type);
}

const char *windows_release(UINT32 vm_version)
{
	static const struct {
		UINT32 version;
		const char *release;
	} releases[] = {
		{ 0x0500, "Windows Server 2012 R2" },
		{ 0x0800, "Windows Server 2016" },
		{ 0x0801, "Windows 10, version 1703" },
		{ 0x0802, "Windows 10, version 1709" },
		{ 0x0803, "Windows 10, version 1803" },
		{ 0x0900, "Windows Server 2019" },
		{ 0x0901, "Windows 10, version 1903" },
		{ 0x0A00, "Windows Server 2022" },
		{ 0x0B00, "Windows 11, version 22H2" },
		{ 0x0C00, "Windows Server 2025" },
	};

	for (size_t i = 0; i < COUNT_OF(releases); i++) {
		if (releases[i].version == vm_version)
			return releases[i].release;
	}
	return NULL;
}

const char *guest_os_text(GUEST_OS_INFO info, char text[VMSAVEDSTATE_GUEST_OS_TEXT])
{
	VmSavedStateDescribeGuestOs(info.AsUINT64, text, VMSAVEDSTATE_GUEST_OS_TEXT);
	return text;
}
