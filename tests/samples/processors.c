/* SPDX-License-Identifier: MIT */
/*
 * The processors of every sample: how many, in which mode, and each register
 * of each VTL, by id through both ways of reading it and by its name.
 */
#include "support/sample_truth.h"
#include "test_shim.h"

#include <string.h>

#include <vmsavedstatedump_ext.h>

enum { REGISTER_BYTES = 16 };

static void expect_ok(const struct sample *sample, const char *call, HRESULT result)
{
	sample_expect(sample, call, (uint32_t)result, S_OK);
}

static UINT32 vp_of(char **words)
{
	return (UINT32)number_of(words[0]);
}

static void check_vps(struct sample *sample, char **words)
{
	UINT32 count = 0;
	UINT8 vtl;

	expect_ok(sample, "GetVpCount", GetVpCount(sample->handle, &count));
	sample_expect(sample, "the count of VPs", count, number_of(words[0]));
	sample_expect(sample, "the answer for a VP too many",
		      (uint32_t)GetActiveVirtualTrustLevel(sample->handle, count, &vtl),
		      (uint32_t)E_INVALIDARG);
}

static void check_vp_index(struct sample *sample, char **words)
{
	UINT32 index = 0xCCCCCCCC;

	expect_ok(sample, "VmSavedStateGetVpIndex",
		  VmSavedStateGetVpIndex(sample->handle, vp_of(words), &index));
	sample_expect(sample, "the index of the VP", index, number_of(words[1]));
}

static void check_architecture(struct sample *sample, char **words)
{
	VIRTUAL_PROCESSOR_ARCH architecture = Arch_Unknown;

	expect_ok(sample, "GetArchitecture",
		  GetArchitecture(sample->handle, vp_of(words), &architecture));
	sample_expect(sample, "the architecture", architecture, number_of(words[1]));
}

static void check_paging_mode(struct sample *sample, char **words)
{
	PAGING_MODE mode = Paging_Invalid;

	expect_ok(sample, "GetPagingMode", GetPagingMode(sample->handle, vp_of(words), &mode));
	sample_expect(sample, "the paging mode", mode, number_of(words[1]));
}

static void check_in_kernel(struct sample *sample, char **words)
{
	BOOL in_kernel = -1;

	expect_ok(sample, "InKernelSpace", InKernelSpace(sample->handle, vp_of(words), &in_kernel));
	sample_expect(sample, "whether it is in the kernel", (uint64_t)in_kernel,
		      number_of(words[1]));
}

static void check_guest_vtls(struct sample *sample, char **words)
{
	UINT32 mask = 0;

	expect_ok(sample, "GetGuestEnabledVirtualTrustLevels",
		  GetGuestEnabledVirtualTrustLevels(sample->handle, &mask));
	sample_expect(sample, "the VTLs of the guest", mask, number_of(words[0]));
}

static void check_vp_vtls(struct sample *sample, char **words)
{
	UINT32 mask = 0;

	expect_ok(sample, "GetEnabledVirtualTrustLevels",
		  GetEnabledVirtualTrustLevels(sample->handle, vp_of(words), &mask));
	sample_expect(sample, "the VTLs of the VP", mask, number_of(words[1]));
}

static void check_active_vtl(struct sample *sample, char **words)
{
	BOOL enabled = FALSE;
	UINT8 vtl = 0xCC;

	expect_ok(sample, "GetActiveVirtualTrustLevel",
		  GetActiveVirtualTrustLevel(sample->handle, vp_of(words), &vtl));
	sample_expect(sample, "the active VTL", vtl, number_of(words[1]));
	expect_ok(sample, "IsActiveVirtualTrustLevelEnabled",
		  IsActiveVirtualTrustLevelEnabled(sample->handle, vp_of(words), &enabled));
	sample_expect(sample, "whether the active VTL is enabled", (uint64_t)enabled, TRUE);
}

static void check_os(struct sample *sample, char **words)
{
	GUEST_OS_INFO info = { 0 };

	expect_ok(sample, "GetGuestOsInfo",
		  GetGuestOsInfo(sample->handle, (UINT8)number_of(words[0]), &info));
	sample_expect(sample, "the identity of the guest's system", info.AsUINT64,
		      number_of(words[1]));
}

static void check_no_os(struct sample *sample, char **words)
{
	GUEST_OS_INFO info = { 0x123 };

	sample_expect(sample, "the answer for a VTL that the guest does not have",
		      (uint32_t)GetGuestOsInfo(sample->handle, (UINT8)number_of(words[0]), &info),
		      (uint32_t)E_INVALIDARG);
	sample_expect(sample, "what was not to be touched", info.AsUINT64, 0x123);
}

struct expected_register {
	UINT32 vp, vtl, id, width;
	const char *name;
	uint8_t value[REGISTER_BYTES], mask[REGISTER_BYTES];
};

static void expect_register(const struct sample *sample, const struct expected_register *expected,
			    const void *found, size_t width)
{
	uint8_t known[REGISTER_BYTES], wanted[REGISTER_BYTES] = { 0 };

	for (size_t i = 0; i < REGISTER_BYTES; i++) {
		known[i] = ((const uint8_t *)found)[i];
		if (i < width) { /* above it, there must be zeros */
			known[i] &= expected->mask[i];
			wanted[i] = expected->value[i];
		}
	}
	sample_expect_bytes(sample, expected->name, known, wanted, REGISTER_BYTES);
}

static void check_through_extension(struct sample *sample, const struct expected_register *expected)
{
	uint8_t value[REGISTER_BYTES];
	UINT32 width = 0;

	sample_expect_text(sample, "the name", VmSavedStateGetRegisterName(expected->id),
			   expected->name);
	memset(value, 0xCC, sizeof(value));
	expect_ok(sample, "VmSavedStateGetRegister",
		  VmSavedStateGetRegister(sample->handle, expected->vp, expected->vtl, expected->id,
					  value, &width));
	sample_expect(sample, "the width", width, expected->width);
	expect_register(sample, expected, value, width);
}

/* Reads the register by forcing its VTL, and goes back. */
static void check_through_sdk(struct sample *sample, const struct expected_register *expected)
{
	VIRTUAL_PROCESSOR_REGISTER value;
	UINT8 active = 0;

	expect_ok(sample, "GetActiveVirtualTrustLevel",
		  GetActiveVirtualTrustLevel(sample->handle, expected->vp, &active));
	expect_ok(sample, "ForceActiveVirtualTrustLevel",
		  ForceActiveVirtualTrustLevel(sample->handle, expected->vp, (UINT8)expected->vtl));
	memset(&value, 0xCC, sizeof(value));
	expect_ok(sample, "GetRegisterValue",
		  GetRegisterValue(sample->handle, expected->vp, expected->id, &value));
	expect_register(sample, expected, &value,
			expected->width == 8 ? expected->width : REGISTER_BYTES);
	expect_ok(sample, "ForceActiveVirtualTrustLevel",
		  ForceActiveVirtualTrustLevel(sample->handle, expected->vp, active));
}

static void check_register(struct sample *sample, char **words)
{
	struct expected_register expected = {
		.vp = vp_of(words),
		.vtl = (UINT32)number_of(words[1]),
		.id = (UINT32)number_of(words[2]),
		.name = words[3],
		.width = (UINT32)number_of(words[4]),
	};

	assert_int_equal(bytes_of(words[5], expected.value, REGISTER_BYTES), REGISTER_BYTES);
	assert_int_equal(bytes_of(words[6], expected.mask, REGISTER_BYTES), REGISTER_BYTES);
	check_through_extension(sample, &expected);
	check_through_sdk(sample, &expected);
	++*(size_t *)sample->context;
}

static const struct sample_statement statements[] = {
	{ "active-vtl", 2, check_active_vtl },
	{ "architecture", 2, check_architecture },
	{ "guest-vtls", 1, check_guest_vtls },
	{ "in-kernel", 2, check_in_kernel },
	{ "no-os", 1, check_no_os },
	{ "os", 2, check_os },
	{ "paging-mode", 2, check_paging_mode },
	{ "register", 7, check_register },
	{ "vp-index", 2, check_vp_index },
	{ "vp-vtls", 2, check_vp_vtls },
	{ "vps", 1, check_vps },
};

static void processors_are_those_of_the_truth(void **state)
{
	size_t registers = 0;

	run_sample_truth(*state, "processors", statements,
			 sizeof(statements) / sizeof(statements[0]), &registers);
	assert_true(registers > 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define PROCESSOR_TEST(name)                                                  \
	{ name ": processors", processors_are_those_of_the_truth, NULL, NULL, \
	  (void *)(uintptr_t)(name) },
		EACH_SAMPLE(PROCESSOR_TEST)
	};

	if (samples_are_absent(sizeof(tests) / sizeof(tests[0])))
		return SKIPPED_PROGRAM;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
