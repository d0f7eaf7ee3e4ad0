/* SPDX-License-Identifier: MIT */
#include "words.h"

#include <stddef.h>
#include <stdio.h>

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

static void name_closed_source(GUEST_OS_INFO info, char *name, size_t size)
{
	static const char *const microsoft[] = {
		[GuestOsMicrosoftMSDOS] = "MS-DOS",
		[GuestOsMicrosoftWindows3x] = "Windows 3.x",
		[GuestOsMicrosoftWindows9x] = "Windows 9x",
		[GuestOsMicrosoftWindowsNT] = "Windows",	/* NT and everything after it */
		[GuestOsMicrosoftWindowsCE] = "Windows CE",
	};
	unsigned system = (unsigned)info.ClosedSource.OsId;
	unsigned vendor = (unsigned)info.ClosedSource.VendorId;

	if (vendor == GuestOsVendorMicrosoft && system < COUNT_OF(microsoft) && system > 0)
		snprintf(name, size, "%s", microsoft[system]);
	else if (vendor == GuestOsVendorMicrosoft)
		snprintf(name, size, "Microsoft OS %u", system);
	else if (vendor == GuestOsVendorHPE)
		snprintf(name, size, "HPE OS %u", system);
	else if (vendor == GuestOsVendorLANCOM)
		snprintf(name, size, "LANCOM OS %u", system);
	else
		snprintf(name, size, "vendor 0x%04X OS %u", vendor, system);
}

static void describe_closed_source(GUEST_OS_INFO info, char text[GUEST_OS_TEXT_SIZE])
{
	unsigned service_pack = (unsigned)info.ClosedSource.ServiceVersion;
	char name[32];
	char suffix[24] = "";

	name_closed_source(info, name, sizeof(name));
	if (service_pack != 0)
		snprintf(suffix, sizeof(suffix), " Service Pack %u", service_pack);
	snprintf(text, GUEST_OS_TEXT_SIZE, "%s %u.%u.%u%s", name,
		 (unsigned)info.ClosedSource.MajorVersion, (unsigned)info.ClosedSource.MinorVersion,
		 (unsigned)info.ClosedSource.BuildNumber, suffix);
}

static void describe_open_source(GUEST_OS_INFO info, char text[GUEST_OS_TEXT_SIZE])
{
	unsigned version = (unsigned)info.OpenSource.Version;

	switch (info.OpenSource.OsId) {
	case GuestOsOpenSourceLinux:	/* LINUX_VERSION_CODE */
		snprintf(text, GUEST_OS_TEXT_SIZE, "Linux %u.%u.%u", version >> 16,
			 version >> 8 & 0xFF, version & 0xFF);
		break;
	case GuestOsOpenSourceFreeBSD:	/* __FreeBSD_version, 1302001 for 13.2 */
		snprintf(text, GUEST_OS_TEXT_SIZE, "FreeBSD %u.%u", version / 100000,
			 version / 1000 % 100);
		break;
	case GuestOsOpenSourceXen:
		snprintf(text, GUEST_OS_TEXT_SIZE, "Xen, version 0x%X", version);
		break;
	case GuestOsOpenSourceIllumos:
		snprintf(text, GUEST_OS_TEXT_SIZE, "illumos, version 0x%X", version);
		break;
	default:
		snprintf(text, GUEST_OS_TEXT_SIZE, "open-source OS %u, version 0x%X",
			 (unsigned)info.OpenSource.OsId, version);
		break;
	}
}

const char *guest_os_text(GUEST_OS_INFO info, char text[GUEST_OS_TEXT_SIZE])
{
	if (info.AsUINT64 == 0)
		snprintf(text, GUEST_OS_TEXT_SIZE, "not reported");
	else if (info.OpenSource.IsOpenSource)
		describe_open_source(info, text);
	else
		describe_closed_source(info, text);
	return text;
}
