/* SPDX-License-Identifier: MIT */
#include "state/guest_os.h"

#include <stdio.h>

enum {
	VENDOR_MICROSOFT = 0x0001,
	VENDOR_HPE = 0x0002,
	VENDOR_LANCOM = 0x0200,
};

enum {
	OPEN_SOURCE_LINUX = 1,
	OPEN_SOURCE_FREEBSD = 2,
	OPEN_SOURCE_XEN = 3,
	OPEN_SOURCE_ILLUMOS = 4,
};

static unsigned bits(uint64_t id, unsigned first, unsigned count)
{
	return (unsigned)((id >> first) & ((UINT64_C(1) << count) - 1));
}

static void name_microsoft_system(unsigned system, char *out, size_t size)
{
	static const char *const names[] = {
		[1] = "MS-DOS",
		[2] = "Windows 3.x",
		[3] = "Windows 9x",
		[4] = "Windows",	/* NT and everything after it */
		[5] = "Windows CE",
	};

	if (system >= 1 && system <= 5)
		snprintf(out, size, "%s", names[system]);
	else
		snprintf(out, size, "Microsoft OS %u", system);
}

static void name_closed_source_system(unsigned vendor, unsigned system, char *out, size_t size)
{
	switch (vendor) {
	case VENDOR_MICROSOFT:
		name_microsoft_system(system, out, size);
		break;
	case VENDOR_HPE:
		snprintf(out, size, "HPE OS %u", system);
		break;
	case VENDOR_LANCOM:
		snprintf(out, size, "LANCOM OS %u", system);
		break;
	default:
		snprintf(out, size, "vendor 0x%04X OS %u", vendor, system);
		break;
	}
}

static void describe_closed_source(uint64_t id, char *out, size_t size)
{
	unsigned build = bits(id, 0, 16);
	unsigned service_pack = bits(id, 16, 8);
	unsigned minor = bits(id, 24, 8);
	unsigned major = bits(id, 32, 8);
	char name[32];
	char suffix[32] = "";

	name_closed_source_system(bits(id, 48, 15), bits(id, 40, 8), name, sizeof(name));
	if (service_pack != 0)
		snprintf(suffix, sizeof(suffix), " Service Pack %u", service_pack);
	snprintf(out, size, "%s %u.%u.%u%s", name, major, minor, build, suffix);
}

static void name_open_source_system(unsigned kind, unsigned version, char *out, size_t size)
{
	switch (kind) {
	case OPEN_SOURCE_LINUX:		/* LINUX_VERSION_CODE */
		snprintf(out, size, "Linux %u.%u.%u", version >> 16, (version >> 8) & 0xFF,
			 version & 0xFF);
		break;
	case OPEN_SOURCE_FREEBSD:	/* __FreeBSD_version, 1302001 for 13.2 */
		snprintf(out, size, "FreeBSD %u.%u", version / 100000, version / 1000 % 100);
		break;
	case OPEN_SOURCE_XEN:
		snprintf(out, size, "Xen, version 0x%X", version);
		break;
	case OPEN_SOURCE_ILLUMOS:
		snprintf(out, size, "illumos, version 0x%X", version);
		break;
	default:
		snprintf(out, size, "open-source OS %u, version 0x%X", kind, version);
		break;
	}
}

static void describe_open_source(uint64_t id, char *out, size_t size)
{
	unsigned build = bits(id, 0, 16);
	unsigned distribution = bits(id, 48, 8);
	char name[48];
	char distribution_text[24] = "";
	char build_text[16] = "";

	name_open_source_system(bits(id, 56, 7), bits(id, 16, 32), name, sizeof(name));
	if (distribution != 0)
		snprintf(distribution_text, sizeof(distribution_text), ", distribution %u",
			 distribution);
	if (build != 0)
		snprintf(build_text, sizeof(build_text), ", build %u", build);
	snprintf(out, size, "%s%s%s", name, distribution_text, build_text);
}

void guest_os_describe(uint64_t id, char *out, size_t size)
{
	if (id == 0)
		snprintf(out, size, "not reported");
	else if (bits(id, 63, 1) != 0)
		describe_open_source(id, out, size);
	else
		describe_closed_source(id, out, size);
}
