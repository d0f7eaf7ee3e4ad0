/* SPDX-License-Identifier: MIT */
/*
 * The samples through the earlier ABI: registers of 64 bits with ids of their
 * own for each architecture, and translation with four arguments.
 */
#include "support/sample_truth.h"
#include "test_shim.h"

#include <string.h>

enum { UNTOUCHED = 0x5A };

static VIRTUAL_PROCESSOR_REGISTER asked_register(uint64_t architecture, uint64_t id)
{
	VIRTUAL_PROCESSOR_REGISTER asked;

	memset(&asked, UNTOUCHED, sizeof(asked));
	asked.Architecture = (VIRTUAL_PROCESSOR_ARCH)architecture;
	asked.RegisterId = (DWORD)id;
	return asked;
}

static void check_register(struct sample *sample, char **words)
{
	VIRTUAL_PROCESSOR_REGISTER asked = asked_register(number_of(words[1]), number_of(words[2]));
	uint64_t mask = number_of(words[4]);

	sample_expect(sample, "GetRegisterValue",
		      (uint32_t)GetRegisterValue(sample->handle, (UINT32)number_of(words[0]),
						 &asked),
		      S_OK);
	sample_expect(sample, "the register", asked.RegisterValue & mask, number_of(words[3]));
	sample_expect(sample, "the architecture", asked.Architecture, number_of(words[1]));
	sample_expect(sample, "the id", asked.RegisterId, number_of(words[2]));
}

static void check_no_ids(struct sample *sample, char **words)
{
	UINT32 vp = (UINT32)number_of(words[0]);

	for (uint64_t id = 0; id < 160; id++) {
		VIRTUAL_PROCESSOR_REGISTER asked = asked_register(number_of(words[1]), id);
		VIRTUAL_PROCESSOR_REGISTER before = asked;

		sample_expect(sample, "GetRegisterValue",
			      (uint32_t)GetRegisterValue(sample->handle, vp, &asked),
			      (uint32_t)E_INVALIDARG);
		sample_expect_bytes(sample, "what was asked", &asked, &before, sizeof(asked));
	}
}

static void check_mapped(struct sample *sample, char **words)
{
	GUEST_PHYSICAL_ADDRESS physical = UNTOUCHED;

	sample_expect(sample, "GuestVirtualAddressToPhysicalAddress",
		      (uint32_t)GuestVirtualAddressToPhysicalAddress(sample->handle, 0,
								     number_of(words[0]),
								     &physical),
		      S_OK);
	sample_expect(sample, "the physical address", physical, number_of(words[1]));
}

static void check_unmapped(struct sample *sample, char **words)
{
	GUEST_PHYSICAL_ADDRESS physical = UNTOUCHED;
	HRESULT result = GuestVirtualAddressToPhysicalAddress(sample->handle, 0,
							      number_of(words[0]), &physical);

	assert_in_range((uint32_t)result, (uint32_t)VM_SAVED_STATE_DUMP_E_PXE_NOT_PRESENT,
			(uint32_t)VM_SAVED_STATE_DUMP_E_PTE_NOT_PRESENT);
	sample_expect(sample, "what was not to be touched", physical, UNTOUCHED);
}

static const struct sample_statement statements[] = {
	{ "mapped", 4, check_mapped },
	{ "no-ids", 2, check_no_ids },
	{ "register", 5, check_register },
	{ "unmapped", 2, check_unmapped },
};

static void registers_and_addresses_are_those_of_the_truth(void **state)
{
	run_sample_truth(*state, "abi17134", statements, sizeof(statements) / sizeof(statements[0]),
			 NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define EARLIER_TEST(name)                                                                  \
	{ name ": earlier ABI", registers_and_addresses_are_those_of_the_truth, NULL, NULL, \
	  (void *)(uintptr_t)(name) },
		EACH_SAMPLE(EARLIER_TEST)
	};

	if (samples_are_absent(sizeof(tests) / sizeof(tests[0])))
		return SKIPPED_PROGRAM;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
