/* SPDX-License-Identifier: MIT */
/*
 * Every byte of a saved state changed, and the file cut at every length: it is
 * refused, or reads fail, or the memory is what it was.
 *
 * A change may pass unseen only where the format has no checksum: in the stored
 * form of a RAM block, and then on the pages that the byte has a say in; and in
 * the structures of a .bin and .vsv pair, which have no checksums at all.
 *
 * VMSS_EXHAUSTIVE=1 takes every byte and length; otherwise it is every so many.
 */
#include "fault/fixture_files.h"
#include "fault/hvs_image.h"
#include "fault/ram_stream_map.h"
#include "test_shim.h"

#include <vmsavedstatedump_ext.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
	MIB = 1 << 20,
	PAGE = 4096,
	BLOCKS_MAX = 8,
	CASES = 128		/* for each fixture when not exhaustive */
};

struct stored_block {
	size_t offset;		/* in the first file */
	size_t size;		/* 0 when the key table holds it, under a checksum */
	uint8_t *bytes;		/* as they are behind a pending log */
};

/* A fixture whose memory begins at 0 and is saved from RAM block 0 on. */
struct subject {
	struct bytes files[2];	/* the second is empty for a .vmrs */
	struct stored_block blocks[BLOCKS_MAX];
	uint8_t *memory;	/* as the intact files give it, checked against the truth file */
	size_t memory_size;
};

static uint8_t *read_buffer;

static VMSAVEDSTATE_SOURCE source_of(const struct bytes files[2])
{
	VMSAVEDSTATE_SOURCE source = { .StructSize = sizeof(source) };

	source.Bytes = files[0].start;
	source.ByteCount = files[0].size;
	if (files[1].start != NULL) {
		source.SecondBytes = files[1].start;
		source.SecondByteCount = files[1].size;
	}
	return source;
}

/* ---- Setting up ---------------------------------------------------------- */

static BOOL CALLBACK note_block(void *context, const VMSAVEDSTATE_KEY *key)
{
	struct subject *subject = context;
	VMSAVEDSTATE_SOURCE source = source_of(subject->files);
	const char *digits = strstr(key->Path, "RamBlock");
	struct stored_block *block;
	unsigned long number;

	if ((key->Flags & VMSAVEDSTATE_KEY_IS_RAM_BLOCK) == 0 || digits == NULL)
		return FALSE;
	digits += strcspn(digits, "0123456789");
	number = strtoul(digits, NULL, 10);
	assert_true(number < BLOCKS_MAX);
	block = &subject->blocks[number];
	if ((key->Flags & VMSAVEDSTATE_KEY_IN_FILE_OBJECT) != 0 || subject->files[1].start != NULL) {
		block->offset = (size_t)key->FileOffset;
		block->size = (size_t)key->Size;
		block->bytes = malloc(block->size);
		assert_non_null(block->bytes);
		assert_int_equal(VmSavedStateReadKey(&source, key->Path, 0, block->bytes,
						     (UINT32)block->size, NULL), S_OK);
	}
	return FALSE;
}

/* The lines "ram GPA LENGTH CRC" of the truth file, which mkvmrs wrote. */
static void check_against_truth(struct subject *subject, const char *name)
{
	char file_name[128];
	struct bytes text;
	char *line;

	snprintf(file_name, sizeof(file_name), "%s.truth", name);
	text = fixture_read(file_name);
	text.start[text.size - 1] = '\0';
	for (line = strtok((char *)text.start, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		unsigned long long gpa, length;
		unsigned crc;

		assert_int_equal(sscanf(line, "ram %llx %llx %x", &gpa, &length, &crc), 3);
		assert_true(gpa + length <= subject->memory_size);
		assert_int_equal(crc32(0, subject->memory + gpa, (uInt)length), crc);
	}
	bytes_free(&text);
}

static void read_intact_memory(struct subject *subject)
{
	VMSAVEDSTATE_SOURCE source = source_of(subject->files);
	VM_SAVED_STATE_DUMP_HANDLE handle;
	GPA_MEMORY_CHUNK chunk;
	UINT64 page_size, count = 1;
	UINT32 got;

	assert_int_equal(VmSavedStateOpen(&source, &handle), S_OK);
	assert_int_equal(GetGuestPhysicalMemoryChunks(handle, &page_size, &chunk, &count), S_OK);
	assert_int_equal(chunk.GuestPhysicalStartPageIndex, 0);
	subject->memory_size = (size_t)chunk.PageCount * PAGE;
	subject->memory = malloc(subject->memory_size);
	assert_non_null(subject->memory);
	assert_int_equal(ReadGuestPhysicalAddress(handle, 0, subject->memory,
						  (UINT32)subject->memory_size, &got), S_OK);
	assert_int_equal(got, subject->memory_size);
	assert_int_equal(ReleaseSavedStateFiles(handle), S_OK);
	assert_int_equal(VmSavedStateEnumerateKeys(&source, NULL, note_block, subject), S_OK);
}

static struct subject subject_open(const char *name, bool pair)
{
	struct subject subject;
	char file_name[128];

	memset(&subject, 0, sizeof(subject));
	snprintf(file_name, sizeof(file_name), "%s.%s", name, pair ? "bin" : "vmrs");
	subject.files[0] = fixture_read(file_name);
	snprintf(file_name, sizeof(file_name), "%s.vsv", name);
	if (pair)
		subject.files[1] = fixture_read(file_name);
	read_intact_memory(&subject);
	check_against_truth(&subject, name);
	return subject;
}

static void subject_close(struct subject *subject)
{
	bytes_free(&subject->files[0]);
	bytes_free(&subject->files[1]);
	for (unsigned i = 0; i < BLOCKS_MAX; i++)
		free(subject->blocks[i].bytes);
	free(subject->memory);
}

/* ---- What a damaged file may answer --------------------------------------- */

/* Where a change was made. */
struct damage {
	unsigned file;
	size_t offset;
	bool unchecked;		/* in a structure without checksums: anything may follow */
	struct page_span pages;	/* guest pages that may differ */
};

static struct damage damage_at(const struct subject *subject, unsigned file, size_t offset)
{
	struct damage damage = { .file = file, .offset = offset };

	for (unsigned i = 0; i < BLOCKS_MAX && file == 0; i++) {
		const struct stored_block *block = &subject->blocks[i];
		size_t position = offset - block->offset;

		if (offset < block->offset || position >= block->size)
			continue;
		/* A byte that a pending log replaces has no say in anything. */
		if (block->bytes[position] != subject->files[0].start[offset])
			return damage;
		damage.pages = pages_touched_by(block->bytes, block->size, position);
		damage.pages.first += i * (MIB / PAGE);
		damage.pages.end += i * (MIB / PAGE);
		return damage;
	}
	damage.unchecked = subject->files[1].start != NULL;
	return damage;
}

static bool may_differ(const struct damage *damage, size_t page)
{
	return damage->unchecked || (page >= damage->pages.first && page < damage->pages.end);
}

static void refuse(const struct damage *damage, size_t page, const char *what)
{
	fail_msg("byte %zu of file %u changed: page %zu %s", damage->offset, damage->file, page,
		 what);
}

static void check_page(const struct subject *subject, VM_SAVED_STATE_DUMP_HANDLE handle,
		       const struct damage *damage, size_t page)
{
	UINT32 got = 0;
	HRESULT result = ReadGuestPhysicalAddress(handle, page * PAGE, read_buffer, PAGE, &got);

	if (may_differ(damage, page))
		return;
	if (damage->pages.first == damage->pages.end && result != S_OK)
		refuse(damage, page, "does not read, although no page is touched");
	else if (result != S_OK)
		refuse(damage, page, "does not read, although another is touched");
	if (got != PAGE)
		refuse(damage, page, "is no longer there");
	if (memcmp(read_buffer, subject->memory + page * PAGE, PAGE) != 0)
		refuse(damage, page, "silently differs");
}

static void check_memory(const struct subject *subject, VM_SAVED_STATE_DUMP_HANDLE handle,
			 const struct damage *damage)
{
	size_t pages = subject->memory_size / PAGE;

	for (size_t page = 0; page < pages; page += MIB / PAGE) {
		size_t size = subject->memory_size - page * PAGE;
		UINT32 got = 0;

		if (size > MIB)
			size = MIB;
		if (ReadGuestPhysicalAddress(handle, page * PAGE, read_buffer, (UINT32)size,
					     &got) == S_OK && got == size &&
		    memcmp(read_buffer, subject->memory + page * PAGE, size) == 0)
			continue;
		for (size_t i = 0; i < size / PAGE; i++)
			check_page(subject, handle, damage, page + i);
	}
}

/* Answers are looked at elsewhere; here it is enough that there are some. */
static void ask_processors(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	UINT32 count = 0;

	assert_int_equal(GetVpCount(handle, &count), S_OK);
	for (UINT32 vp = 0; vp < count && vp < 8; vp++) {
		VIRTUAL_PROCESSOR_ARCH architecture;
		PAGING_MODE mode;

		assert_int_equal(GetArchitecture(handle, vp, &architecture), S_OK);
		assert_int_equal(GetPagingMode(handle, vp, &mode), S_OK);
		for (DWORD id = 0; id < 160; id += 7) {
			VIRTUAL_PROCESSOR_REGISTER value;

			GetRegisterValue(handle, vp, id, &value);
		}
		for (unsigned bit = 4; bit < 64; bit += 9) {
			GUEST_PHYSICAL_ADDRESS gpa;
			GUEST_VIRTUAL_ADDRESS unmapped;

			GuestVirtualAddressToPhysicalAddress(handle, vp, UINT64_MAX << bit, &gpa,
							     &unmapped);
			GuestVirtualAddressToPhysicalAddress(handle, vp, 0xABCull << bit, &gpa,
							     &unmapped);
		}
	}
}

static void check_chunks(const struct subject *subject, VM_SAVED_STATE_DUMP_HANDLE handle,
			 const struct damage *damage)
{
	GPA_MEMORY_CHUNK chunks[16];
	UINT64 page_size, count = 16;
	HRESULT result = GetGuestPhysicalMemoryChunks(handle, &page_size, chunks, &count);

	if (damage->unchecked)
		return;
	assert_int_equal(result, S_OK);
	assert_int_equal(count, 1);
	assert_int_equal(chunks[0].PageCount * PAGE, subject->memory_size);
}

static void check_damaged(const struct subject *subject, const struct bytes files[2],
			  const struct damage *damage)
{
	VMSAVEDSTATE_SOURCE source = source_of(files);
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;
	char text[8];
	UINT32 needed = 0;

	if (VmSavedStateOpen(&source, &handle) != S_OK) {
		assert_null(handle);
		VmSavedStateGetErrorText(NULL, text, sizeof(text), &needed);
		if (needed < 20)
			refuse(damage, 0, "is refused without a sentence");
		return;
	}
	check_chunks(subject, handle, damage);
	check_memory(subject, handle, damage);
	ask_processors(handle);
	assert_int_equal(ReleaseSavedStateFiles(handle), S_OK);
}

/* ---- The sweeps ----------------------------------------------------------- */

static size_t stride_over(size_t size)
{
	if (getenv("VMSS_EXHAUSTIVE") != NULL)
		return size > 256 * 1024 ? 251 : 1;
	return size / CASES | 1;
}

static void change_byte(const struct subject *subject, unsigned file, size_t offset,
			uint8_t changed)
{
	struct bytes files[2] = { subject->files[0], subject->files[1] };
	struct damage damage = damage_at(subject, file, offset);
	uint8_t before = files[file].start[offset];

	/* In place: the bytes are read only while the handle is open. */
	files[file].start[offset] = changed;
	check_damaged(subject, files, &damage);
	files[file].start[offset] = before;
}

static void cut_at(const struct subject *subject, unsigned file, size_t length)
{
	struct bytes files[2] = { subject->files[0], subject->files[1] };
	struct damage damage = { .file = file, .offset = length };
	uint8_t *exact = malloc(length + 1);

	/* A copy of just that length, so that a sanitizer sees any read behind it. */
	assert_non_null(exact);
	memcpy(exact, files[file].start, length);
	exact = realloc(exact, length != 0 ? length : 1);
	assert_non_null(exact);
	files[file].start = exact;
	files[file].size = length;
	check_damaged(subject, files, &damage);
	free(exact);
}

static void sweep(const char *name, bool pair)
{
	struct subject subject = subject_open(name, pair);

	for (unsigned file = 0; file < (pair ? 2 : 1); file++) {
		size_t size = subject.files[file].size;
		size_t stride = stride_over(size);

		for (size_t i = 0; i < size; i += stride) {
			uint8_t byte = subject.files[file].start[i];

			change_byte(&subject, file, i, byte ^ 0xFF);
			change_byte(&subject, file, i, (uint8_t)(byte + 1));
			cut_at(&subject, file, i);
		}
	}
	subject_close(&subject);
}

/* Every byte that a structure of the container is made of, whatever the stride. */
static void sweep_structures(const char *name)
{
	static struct hvs_part parts[4096];
	struct subject subject = subject_open(name, false);
	size_t count = hvs_image_parts(subject.files[0].start, subject.files[0].size, parts, 4096);

	assert_true(count > 10);
	for (size_t i = 0; i < count; i++) {
		size_t size = parts[i].kind == PART_VALUE || parts[i].size > 256 ? 24
										 : parts[i].size;

		for (size_t j = 0; j < size; j++) {
			size_t offset = parts[i].offset + j;

			change_byte(&subject, 0, offset, subject.files[0].start[offset] ^ 0x80);
		}
	}
	subject_close(&subject);
}

static void a_changed_byte_of_a_vmrs_is_seen_or_harmless(void **state)
{
	(void)state;
	sweep("minimal", false);
	sweep("partial-last-block", false);
	sweep("log-past-eof", false);
}

static void a_changed_byte_under_a_pending_log_is_seen_or_harmless(void **state)
{
	(void)state;
	sweep("pending-log", false);
	sweep("pending-log-several", false);
}

static void a_changed_byte_of_a_structure_is_seen_or_harmless(void **state)
{
	(void)state;
	sweep_structures("minimal");
	sweep_structures("pending-log-several");
}

static void a_changed_byte_of_any_page_record_stays_on_its_pages(void **state)
{
	(void)state;
	sweep("unaligned-fc-records", false);
	sweep("every-record-kind", false);
}

static void a_changed_byte_of_a_pair_does_no_harm(void **state)
{
	(void)state;
	sweep("legacy-value-type-3", true);
}

static int allocate_buffer(void **state)
{
	(void)state;
	read_buffer = malloc(MIB);
	return read_buffer == NULL;
}

static int free_buffer(void **state)
{
	(void)state;
	free(read_buffer);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_changed_byte_of_a_vmrs_is_seen_or_harmless),
		cmocka_unit_test(a_changed_byte_under_a_pending_log_is_seen_or_harmless),
		cmocka_unit_test(a_changed_byte_of_a_structure_is_seen_or_harmless),
		cmocka_unit_test(a_changed_byte_of_any_page_record_stays_on_its_pages),
		cmocka_unit_test(a_changed_byte_of_a_pair_does_no_harm),
	};

	return cmocka_run_group_tests(tests, allocate_buffer, free_buffer);
}
