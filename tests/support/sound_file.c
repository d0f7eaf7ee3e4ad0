/* SPDX-License-Identifier: MIT */
#include "support/sound_file.h"

#include "support/saved_states.h"
#include "test_shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MIB = 1 << 20, BLOCK_PAGES = 256, MEMORY_BLOCK_SIZE = 48, MOST_RANGES = 16 };

/* The memory map and the blocks, as the keys of the file have them. */
struct measurement {
	struct sound_file *sound;
	struct memory_range {
		uint64_t page_count, saved_page, gpa_page;
	} ranges[MOST_RANGES];
	size_t range_count;
};

static uint64_t load(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	while (size > 0)
		value = value << 8 | bytes[--size];
	return value;
}

static uint32_t load_u32(const uint8_t *bytes)
{
	return (uint32_t)load(bytes, 4);
}

/* The bytes of a record behind its tag, and how many bytes of memory it makes. */
static uint32_t record_body(const uint8_t *record, uint32_t *made)
{
	uint32_t tag = load_u32(record);

	*made = GUEST_PAGE;
	switch (tag) {
	case 0xFFFFFFFE:
		return 8;
	case 0xFFFFFFFD:
		*made = load_u32(record + 12) * GUEST_PAGE;
		return 12;
	case 0xFFFFFFFC:
		*made = load_u32(record + 4);
		return 8 + load_u32(record + 8);
	default:
		assert_in_range(tag, 1, GUEST_PAGE);
		return tag;
	}
}

/* Bytes of a block's value that each of its pages needs. */
static void measure_block(const uint8_t *value, uint64_t size, uint64_t ends[BLOCK_PAGES])
{
	uint64_t at = 0, made = 0;
	unsigned int page = 0;

	for (; size == MIB && page < BLOCK_PAGES; page++)
		ends[page] = (page + 1) * (uint64_t)GUEST_PAGE;
	while (page < BLOCK_PAGES) {
		uint32_t adds = MIB;

		assert_true(at < size);
		if (load_u32(value + at) == 0xFFFFFFFF)
			at += 4;
		else
			at += 4 + record_body(value + at, &adds);
		for (made += adds; page < BLOCK_PAGES && made >= (page + 1u) * GUEST_PAGE; page++)
			ends[page] = at;
	}
}

static BOOL CALLBACK note_range(void *context, const VMSAVEDSTATE_KEY *key)
{
	struct measurement *measurement = context;
	bool is_second = (key->Flags & VMSAVEDSTATE_KEY_IN_SECOND_FILE) != 0;
	const uint8_t *file = is_second ? measurement->sound->second : measurement->sound->bytes;
	struct memory_range *range = &measurement->ranges[measurement->range_count];

	if (strstr(key->Path, "RamMemoryBlock") == NULL)
		return FALSE;
	assert_true(measurement->range_count++ < MOST_RANGES);
	assert_int_equal(key->Size, MEMORY_BLOCK_SIZE);
	range->page_count = load(file + key->FileOffset + 8, 8);
	range->saved_page = load(file + key->FileOffset + 16, 8);
	range->gpa_page = load(file + key->FileOffset + 24, 8);
	return FALSE;
}

/* The saved page that holds a page of the guest. */
static uint64_t saved_page_of(const struct measurement *measurement, uint64_t gpa)
{
	for (size_t i = 0; i < measurement->range_count; i++) {
		const struct memory_range *range = &measurement->ranges[i];
		uint64_t page = gpa / GUEST_PAGE;

		if (page >= range->gpa_page && page - range->gpa_page < range->page_count)
			return range->saved_page + (page - range->gpa_page);
	}
	fail_msg("no range holds 0x%llx", (unsigned long long)gpa);
	return 0;
}

static BOOL CALLBACK measure_key(void *context, const VMSAVEDSTATE_KEY *key)
{
	struct measurement *measurement = context;
	struct sound_file *sound = measurement->sound;
	uint64_t ends[BLOCK_PAGES], number;

	if ((key->Flags & VMSAVEDSTATE_KEY_IS_RAM_BLOCK) == 0)
		return FALSE;
	number = strtoul(key->Path + strcspn(key->Path, "0123456789"), NULL, 10);
	measure_block(sound->bytes + key->FileOffset, key->Size, ends);
	for (size_t i = 0; i < sound->pages.count; i++) {
		uint64_t saved = saved_page_of(measurement, sound->pages.addresses[i]);

		if (saved / BLOCK_PAGES == number)
			sound->ends[i] = key->FileOffset + ends[saved % BLOCK_PAGES];
	}
	if (sound->first_block == 0 || key->FileOffset < sound->first_block)
		sound->first_block = key->FileOffset;
	return FALSE;
}

VMSAVEDSTATE_SOURCE sound_file_source(const struct sound_file *sound)
{
	return (VMSAVEDSTATE_SOURCE){
		.StructSize = sizeof(VMSAVEDSTATE_SOURCE),
		.Bytes = sound->bytes,
		.ByteCount = sound->size,
		.SecondBytes = sound->second,
		.SecondByteCount = sound->second_size,
	};
}

void sound_file_open(struct sound_file *sound, uint8_t *bytes, size_t size, uint8_t *second,
		     size_t second_size)
{
	struct measurement measurement = { .sound = sound };
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;
	VMSAVEDSTATE_SOURCE source;

	*sound = (struct sound_file){ .bytes = bytes, .size = size, .second = second,
				      .second_size = second_size };
	source = sound_file_source(sound);
	assert_result(VmSavedStateOpen(&source, &handle), S_OK);
	guest_pages_read(&sound->pages, handle);
	close_handle(handle);
	sound->ends = calloc(sound->pages.count, sizeof(*sound->ends));
	assert_non_null(sound->ends);
	assert_result(VmSavedStateEnumerateKeys(&source, NULL, note_range, &measurement), S_OK);
	assert_result(VmSavedStateEnumerateKeys(&source, NULL, measure_key, &measurement), S_OK);
	for (size_t i = 0; i < sound->pages.count; i++)
		assert_true(sound->ends[i] > 0);
}

void sound_file_close(struct sound_file *sound)
{
	guest_pages_free(&sound->pages);
	free(sound->ends);
	free(sound->bytes);
	free(sound->second);
}

size_t sound_file_compare_cut(struct sound_file *sound, uint64_t cut)
{
	VMSAVEDSTATE_SOURCE source = sound_file_source(sound);

	source.ByteCount = cut;
	guest_pages_compare(&sound->pages, source);
	for (size_t i = 0; i < sound->pages.count; i++) {
		bool is_there = sound->ends[i] <= cut;

		if (is_there != sound->pages.readable[i])
			fail_msg("cut at %llu: 0x%llx, which ends at %llu, %s",
				 (unsigned long long)cut,
				 (unsigned long long)sound->pages.addresses[i],
				 (unsigned long long)sound->ends[i],
				 is_there ? "does not read" : "reads");
	}
	return guest_pages_readable(&sound->pages);
}
