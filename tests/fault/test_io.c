/* SPDX-License-Identifier: MIT */
/*
 * Reads that fail.  For every n, the n-th read while a saved state is opened
 * and read through fails, is short, or finds half of the file gone: the answer
 * is "the file could not be read", never another one and never wrong data, and
 * a handle that is open goes on working.
 */
#include "api/handle_table.h"
#include "api/hresult.h"
#include "fault/failing_file.h"
#include "test_shim.h"

#include <vmsavedstatedump_ext.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
	PAGE = 4096,
	MEMORY_SIZE = 2 << 20	/* of the fixtures here */
};

/* A saved state and its memory as it is without faults. */
struct subject {
	struct bytes files[2];
	unsigned file_count;
	uint8_t *memory;
	uint8_t *buffer;
};

static enum status open_failing(struct failing_file *first, struct failing_file *second,
				void **handle, struct error *error)
{
	struct provider *provider;
	enum status status;

	status = provider_open(failing_file_open(first),
			       second != NULL ? failing_file_open(second) : NULL, &provider,
			       error);
	if (status == STATUS_OK) {
		*handle = handle_create(provider);
		assert_non_null(*handle);
	}
	return status;
}

static struct subject subject_open(const char *first, const char *second)
{
	struct subject subject = { .files = { fixture_read(first) }, .file_count = 1 };
	struct failing_file failing[2];
	void *handle;
	UINT32 got;

	if (second != NULL) {
		subject.files[1] = fixture_read(second);
		subject.file_count = 2;
	}
	subject.memory = malloc(MEMORY_SIZE);
	subject.buffer = malloc(MEMORY_SIZE);
	assert_non_null(subject.memory);
	assert_non_null(subject.buffer);
	for (unsigned i = 0; i < subject.file_count; i++)
		failing_file_init(&failing[i], subject.files[i]);
	assert_int_equal(open_failing(&failing[0], second != NULL ? &failing[1] : NULL, &handle,
				      NULL), STATUS_OK);
	assert_int_equal(ReadGuestPhysicalAddress(handle, 0, subject.memory, MEMORY_SIZE, &got),
			 S_OK);
	assert_int_equal(got, MEMORY_SIZE);
	assert_int_equal(ReleaseSavedStateFiles(handle), S_OK);
	for (unsigned i = 0; i < subject.file_count; i++)
		failing_file_fini(&failing[i]);
	return subject;
}

static void subject_close(struct subject *subject)
{
	bytes_free(&subject->files[0]);
	bytes_free(&subject->files[1]);
	free(subject->memory);
	free(subject->buffer);
}

/* What a session counts. */
struct outcome {
	unsigned failures;	/* calls that answered that the file could not be read */
	unsigned calls;
};

/* A read that succeeds gives the right bytes; one that fails says why. */
static void try_read(const struct subject *subject, void *handle, uint64_t gpa, uint32_t size,
		     struct outcome *outcome)
{
	UINT32 got = UINT32_MAX;
	HRESULT result = ReadGuestPhysicalAddress(handle, gpa, subject->buffer, size, &got);

	outcome->calls++;
	if (result == S_OK) {
		assert_int_equal(got, size);
		assert_memory_equal(subject->buffer, subject->memory + gpa, size);
		return;
	}
	assert_int_equal(result, VMSAVEDSTATE_E_READ_FAILED);
	assert_int_equal(got, 0);
	outcome->failures++;
}

static void try_raw_read(const struct subject *subject, void *handle, struct outcome *outcome)
{
	UINT32 got = UINT32_MAX;
	HRESULT result = ReadGuestRawSavedMemory(handle, 5 * PAGE, subject->buffer, 300, &got);

	outcome->calls++;
	if (result == S_OK) {
		assert_memory_equal(subject->buffer, subject->memory + 5 * PAGE, 300);
	} else {
		assert_int_equal(result, VMSAVEDSTATE_E_READ_FAILED);
		outcome->failures++;
	}
}

static void try_storage(void *handle, struct outcome *outcome)
{
	VMSAVEDSTATE_PAGE_STORAGE storage;
	HRESULT result = VmSavedStateGetPageStorage(handle, 0x180000, &storage, NULL);

	outcome->calls++;
	if (result != S_OK) {
		assert_int_equal(result, VMSAVEDSTATE_E_READ_FAILED);
		outcome->failures++;
	}
}

static void try_batch(const struct subject *subject, void *handle, struct outcome *outcome)
{
	VMSAVEDSTATE_READ reads[3] = {
		{ .PhysicalAddress = 0x1000, .Buffer = subject->buffer, .Length = 64 },
		{ .PhysicalAddress = 0x101000, .Buffer = subject->buffer + 64, .Length = PAGE },
		{ .PhysicalAddress = 0x0FF000, .Buffer = subject->buffer + 8192, .Length = 8192 },
	};
	HRESULT result = VmSavedStateReadBatch(handle, reads, 3, 1);
	unsigned failures = 0;

	for (size_t i = 0; i < 3; i++) {
		outcome->calls++;
		if (reads[i].Result == S_OK) {
			assert_int_equal(reads[i].BytesRead, reads[i].Length);
			assert_memory_equal(reads[i].Buffer,
					    subject->memory + reads[i].PhysicalAddress,
					    reads[i].Length);
			continue;
		}
		assert_int_equal(reads[i].Result, VMSAVEDSTATE_E_READ_FAILED);
		failures++;
	}
	assert_int_equal(result, failures != 0 ? S_FALSE : S_OK);
	outcome->failures += failures;
}

static struct outcome use_handle(const struct subject *subject, void *handle)
{
	struct outcome outcome = { 0, 0 };

	try_storage(handle, &outcome);
	try_read(subject, handle, 0x3010, 16, &outcome);
	try_read(subject, handle, 0x3020, 16, &outcome);
	try_read(subject, handle, 0x7000, PAGE, &outcome);
	try_read(subject, handle, 0x0F0123, 0x20000, &outcome);
	try_read(subject, handle, 0, MEMORY_SIZE, &outcome);
	try_batch(subject, handle, &outcome);
	try_raw_read(subject, handle, &outcome);
	return outcome;
}

/* Opening failed, which only a failed read excuses. */
static void check_refusal(const struct failing_file *failing, enum status status,
			  const struct error *error)
{
	if (failing->reads_failed == 0)
		fail_msg("refused with status %d although every read worked", (int)status);
	if (hresult_of_status(status) != VMSAVEDSTATE_E_READ_FAILED)
		fail_msg("read %u failed: refused with status %d, \"%s\"", failing->failing_read,
			 (int)status, error->text);
	assert_true(strlen(error->text) > 10);
}

/* Runs one session; true if the fault came to pass in it. */
static bool run_session(const struct subject *subject, unsigned faulty, enum read_fault fault,
			uint32_t n)
{
	struct failing_file failing[2];
	struct error error;
	struct outcome outcome;
	enum status status;
	bool happened;
	void *handle;

	error_clear(&error);
	for (unsigned i = 0; i < subject->file_count; i++)
		failing_file_init(&failing[i], subject->files[i]);
	failing[faulty].read_fault = fault;
	failing[faulty].failing_read = n;
	status = open_failing(&failing[0], subject->file_count == 2 ? &failing[1] : NULL, &handle,
			      &error);
	if (status != STATUS_OK) {
		check_refusal(&failing[faulty], status, &error);
	} else {
		uint32_t at_open = failing[faulty].reads_failed;

		outcome = use_handle(subject, handle);
		if (failing[faulty].reads_failed > at_open && outcome.failures == 0)
			fail_msg("read %u failed and no call said so", n);
		failing[faulty].failing_read = NEVER;
		outcome = use_handle(subject, handle);
		assert_int_equal(outcome.failures, 0);
		assert_int_equal(ReleaseSavedStateFiles(handle), S_OK);
	}
	happened = failing[faulty].reads_failed > 0;
	for (unsigned i = 0; i < subject->file_count; i++)
		failing_file_fini(&failing[i]);
	return happened;
}

static void fail_every_read(const char *first, const char *second, enum read_fault fault)
{
	struct subject subject = subject_open(first, second);

	for (unsigned faulty = 0; faulty < subject.file_count; faulty++) {
		uint32_t n = 0;

		while (run_session(&subject, faulty, fault, n))
			n++;
		assert_true(n > 5);
	}
	subject_close(&subject);
}

static void a_read_that_fails_is_reported_as_such(void **state)
{
	(void)state;
	fail_every_read("minimal.vmrs", NULL, READ_FAULT_ERROR);
	fail_every_read("pending-log-several.vmrs", NULL, READ_FAULT_ERROR);
}

static void a_short_read_is_never_taken_for_a_whole_one(void **state)
{
	(void)state;
	fail_every_read("minimal.vmrs", NULL, READ_FAULT_SHORT);
	fail_every_read("pending-log-several.vmrs", NULL, READ_FAULT_SHORT);
}

static void a_file_that_shrinks_is_reported_as_unreadable(void **state)
{
	(void)state;
	fail_every_read("minimal.vmrs", NULL, READ_FAULT_SHRUNK);
	fail_every_read("pending-log-several.vmrs", NULL, READ_FAULT_SHRUNK);
}

static void reads_of_a_pair_that_fail_are_reported_as_such(void **state)
{
	(void)state;
	fail_every_read("legacy-value-type-3.bin", "legacy-value-type-3.vsv", READ_FAULT_ERROR);
	fail_every_read("legacy-value-type-3.bin", "legacy-value-type-3.vsv", READ_FAULT_SHORT);
	fail_every_read("legacy-value-type-3.bin", "legacy-value-type-3.vsv", READ_FAULT_SHRUNK);
}

/* ---- Images, stacks and dumps ------------------------------------------- */

/* What a session finds of a Windows guest. */
struct findings {
	unsigned images;
	unsigned frames;
	uint32_t dump;		/* a checksum */
};

static BOOL CALLBACK count_image(PVOID context, PDOS_IMAGE_INFO image)
{
	struct findings *found = context;

	(void)image;
	found->images++;
	return FALSE;
}

static BOOL CALLBACK count_frame(void *context, const VMSAVEDSTATE_FRAME *frame)
{
	struct findings *found = context;

	(void)frame;
	found->frames++;
	return FALSE;
}

static HRESULT CALLBACK add_to_sum(void *context, UINT64 offset, const void *bytes, UINT32 size)
{
	struct findings *found = context;

	found->dump = (uint32_t)crc32(found->dump, (const Bytef *)&offset, sizeof(offset));
	found->dump = (uint32_t)crc32(found->dump, bytes, size);
	return S_OK;
}

/* Images and frames that cannot be read are not there; a dump is whole or fails. */
static HRESULT look_into(void *handle, struct findings *out)
{
	const VMSAVEDSTATE_DUMP_OPTIONS options = {
		.StructSize = sizeof(options),
		.Format = VMSAVEDSTATE_DUMP_WINDOWS,
		.Threads = 1,
		.Write = add_to_sum,
		.Context = out,
	};

	*out = (struct findings){ 0 };
	assert_int_equal(ScanMemoryForDosImages(handle, 0, UINT64_MAX, 0, out, count_image, NULL,
						0), S_OK);
	assert_int_equal(VmSavedStateUnwind(handle, 0, 20, count_frame, out), S_OK);
	return VmSavedStateWriteDump(handle, &options, NULL);
}

/* True if the fault came to pass after the load; a dump that succeeded is the intact one. */
static bool look_with_fault(struct bytes image, uint32_t n, const struct findings *intact)
{
	struct failing_file failing;
	struct findings found;
	HRESULT result;
	bool happened;
	void *handle;

	failing_file_init(&failing, image);
	assert_int_equal(open_failing(&failing, NULL, &handle, NULL), STATUS_OK);
	failing.failing_read = failing.reads + n;
	result = look_into(handle, &found);
	happened = failing.reads_failed > 0;
	assert_in_range(found.images, 0, intact->images);
	assert_in_range(found.frames, 1, intact->frames);
	if (result == S_OK)
		assert_int_equal(found.dump, intact->dump);
	else if (result != VM_SAVED_STATE_DUMP_E_WINDOWS_KERNEL_IMAGE_NOT_FOUND)
		assert_int_equal(result, VMSAVEDSTATE_E_READ_FAILED);
	failing.failing_read = NEVER;
	if (result != S_OK) {
		assert_int_equal(look_into(handle, &found), S_OK);
		assert_memory_equal(&found, intact, sizeof(found));
	}
	assert_int_equal(ReleaseSavedStateFiles(handle), S_OK);
	failing_file_fini(&failing);
	return happened;
}

/* Every read of the search for the kernel and of the tables; then, of the pages, every tenth. */
static void what_is_found_in_a_guest_is_right_after_any_failed_read(void **state)
{
	struct bytes image = fixture_read("windows-guest.vmrs");
	struct failing_file failing;
	struct findings intact;
	uint32_t n = 0;
	void *handle;

	(void)state;
	failing_file_init(&failing, image);
	assert_int_equal(open_failing(&failing, NULL, &handle, NULL), STATUS_OK);
	assert_int_equal(look_into(handle, &intact), S_OK);
	assert_int_equal(ReleaseSavedStateFiles(handle), S_OK);
	failing_file_fini(&failing);
	assert_int_equal(intact.images, 1);
	while (look_with_fault(image, n, &intact))
		n += n < 40 ? 1 : 10;
	assert_true(n > 10);
	bytes_free(&image);
}

/* ---- A real file -------------------------------------------------------- */

static void write_file(const char *path, const void *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void a_file_cut_on_the_disk_while_it_is_open_is_an_error_not_a_crash(void **state)
{
	static const char path[] = "fault-io-shrinking.vmrs";
	struct subject subject = subject_open("minimal.vmrs", NULL);
	VMSAVEDSTATE_SOURCE source = { .StructSize = sizeof(source), .Path = path };
	struct outcome outcome = { 0, 0 };
	VM_SAVED_STATE_DUMP_HANDLE handle;

	(void)state;
	write_file(path, subject.files[0].start, subject.files[0].size);
	assert_int_equal(VmSavedStateOpen(&source, &handle), S_OK);
	try_read(&subject, handle, 0x3010, 16, &outcome);
	assert_int_equal(outcome.failures, 0);
	write_file(path, subject.files[0].start, PAGE);
	try_read(&subject, handle, 0x3020, 16, &outcome);	/* from the cache or not at all */
	try_read(&subject, handle, 0x180000, PAGE, &outcome);
	assert_true(outcome.failures > 0);
	write_file(path, subject.files[0].start, subject.files[0].size);
	try_read(&subject, handle, 0x180000, PAGE, &outcome);
	assert_int_equal(ReleaseSavedStateFiles(handle), S_OK);
	remove(path);
	subject_close(&subject);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_read_that_fails_is_reported_as_such),
		cmocka_unit_test(a_short_read_is_never_taken_for_a_whole_one),
		cmocka_unit_test(a_file_that_shrinks_is_reported_as_unreadable),
		cmocka_unit_test(reads_of_a_pair_that_fail_are_reported_as_such),
		cmocka_unit_test(what_is_found_in_a_guest_is_right_after_any_failed_read),
		cmocka_unit_test(
			a_file_cut_on_the_disk_while_it_is_open_is_an_error_not_a_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
