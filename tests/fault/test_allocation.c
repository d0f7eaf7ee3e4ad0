/* SPDX-License-Identifier: MIT */
/*
 * Memory that runs short.  For every n, the n-th allocation of a session of
 * loads, calls of every kind and a release fails: each call succeeds or answers
 * E_OUTOFMEMORY, a handle that is open goes on working, and nothing leaks.
 *
 * And how much memory a load takes: no file makes it more than a small multiple
 * of the file's own size.
 */
#include "fault/fixture_files.h"
#include "fault/hvs_image.h"
#include "fault/short_memory.h"
#include "test_shim.h"

#include <vmsavedstatedump_ext.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Sessions ------------------------------------------------------------- */

enum { BUFFER_SIZE = 3 << 20 };

static struct bytes files[2];
static bool is_pair;
static uint8_t *buffer;
static uint8_t *intact;		/* the first BUFFER_SIZE bytes of guest memory, or fewer */
static UINT32 intact_size;

static VMSAVEDSTATE_SOURCE source(void)
{
	VMSAVEDSTATE_SOURCE source = { .StructSize = sizeof(source) };

	source.Bytes = files[0].start;
	source.ByteCount = files[0].size;
	if (is_pair) {
		source.SecondBytes = files[1].start;
		source.SecondByteCount = files[1].size;
	}
	return source;
}

static BOOL CALLBACK ignore_key(void *context, const VMSAVEDSTATE_KEY *key)
{
	(void)context;
	(void)key;
	return FALSE;
}

static BOOL CALLBACK ignore_entry(void *context, const VMSAVEDSTATE_REPLAY_ENTRY *entry)
{
	(void)context;
	(void)entry;
	return FALSE;
}

static void check_read(VM_SAVED_STATE_DUMP_HANDLE handle, UINT64 gpa, UINT32 size)
{
	UINT32 got = 0;

	if (TRY(S_OK, ReadGuestPhysicalAddress, handle, gpa, buffer, size, &got) &&
	    (got != size || memcmp(buffer, intact + gpa, size) != 0))
		allowed("ReadGuestPhysicalAddress, wrong data", E_UNEXPECTED, S_OK);
}

static void use_container(void)
{
	VMSAVEDSTATE_SOURCE from = source();
	VMSAVEDSTATE_REPLAY_LOG log = { .StructSize = sizeof(log) };
	UINT64 size;

	TRY(S_OK, VmSavedStateEnumerateKeys, &from, NULL, ignore_key, NULL);
	TRY(S_OK, VmSavedStateReadKey, &from,
	    is_pair ? "/savedVM/partition_state" : "/savedstate/savedVM/partition_state", 0, buffer,
	    256, &size);
	TRY(VMSAVEDSTATE_E_FILE_NOT_FOUND, VmSavedStateReadKey, &from, "/no/such/key", 0, buffer,
	    256, &size);
	TRY(S_OK, VmSavedStateGetReplayLog, &from, ignore_entry, NULL, &log);
}

static void use_memory(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	VMSAVEDSTATE_READ reads[3] = {
		{ .PhysicalAddress = 0x2000, .Buffer = buffer, .Length = 64 },
		{ .PhysicalAddress = 0x4000, .Buffer = buffer + 4096, .Length = 4096 },
		{ .PhysicalAddress = 0x10000, .Buffer = buffer + 65536, .Length = 65536 },
	};
	VMSAVEDSTATE_CACHE_COUNTERS counters = { .StructSize = sizeof(counters) };
	GPA_MEMORY_CHUNK chunks[8];
	VMSAVEDSTATE_PAGE_STORAGE storage;
	UINT64 page_size, number, count = 8;
	UINT32 got;
	HRESULT result;

	check_read(handle, 0x1230, 100);
	check_read(handle, 0x1240, 100);
	check_read(handle, 0x5000, 4096);
	check_read(handle, 0xFF000, 8192);
	check_read(handle, 0, intact_size);
	TRY(S_OK, ReadGuestRawSavedMemory, handle, 0x100, buffer, 512, &got);
	TRY(S_OK, GetGuestPhysicalMemoryChunks, handle, &page_size, chunks, &count);
	TRY(S_OK, GetGuestRawSavedMemorySize, handle, &number);
	TRY(S_OK, GuestPhysicalAddressToRawSavedMemoryOffset, handle, 0x1000, &number);
	TRY(S_OK, VmSavedStateGetPageStorage, handle, 0x81000, &storage, NULL);
	TRY(S_OK, VmSavedStateGetCacheCounters, handle, &counters);
	TRY(S_OK, SetMemoryBlockCacheLimit, handle, 1);
	TRY(S_OK, GetMemoryBlockCacheLimit, handle, &number);
	/* A batch makes the other reads all the same. */
	result = VmSavedStateReadBatch(handle, reads, 3, 1);
	allowed("VmSavedStateReadBatch", result == S_FALSE ? S_OK : result, S_OK);
	for (size_t i = 0; i < 3; i++)
		allowed("a read of VmSavedStateReadBatch",
			result == E_OUTOFMEMORY ? S_OK : reads[i].Result, S_OK);
}

static void use_processors(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	VIRTUAL_PROCESSOR_ARCH architecture;
	VIRTUAL_PROCESSOR_REGISTER value;
	VMSAVEDSTATE_TRANSLATION translation = { .StructSize = sizeof(translation) };
	GUEST_VIRTUAL_ADDRESS unmapped;
	GUEST_PHYSICAL_ADDRESS gpa;
	GUEST_OS_INFO os;
	PAGING_MODE mode;
	UINT8 bytes[16], vtl;
	UINT32 number;
	BOOL flag;

	TRY(S_OK, GetVpCount, handle, &number);
	TRY(S_OK, GetGuestEnabledVirtualTrustLevels, handle, &number);
	TRY(S_OK, GetGuestOsInfo, handle, 0, &os);
	TRY(S_OK, IsNestedVirtualizationEnabled, handle, &flag);
	TRY(S_OK, GetArchitecture, handle, 0, &architecture);
	TRY(S_OK, ForceArchitecture, handle, 0, architecture);
	TRY(S_OK, GetActiveVirtualTrustLevel, handle, 0, &vtl);
	TRY(S_OK, GetEnabledVirtualTrustLevels, handle, 0, &number);
	TRY(S_OK, ForceActiveVirtualTrustLevel, handle, 0, 0);
	TRY(S_OK, IsActiveVirtualTrustLevelEnabled, handle, 0, &flag);
	TRY(S_OK, GetNestedVirtualizationMode, handle, 0, &flag);
	TRY(S_OK, InKernelSpace, handle, 0, &flag);
	TRY(S_OK, GetRegisterValue, handle, 0, 1, &value);
	TRY(S_OK, GetPagingMode, handle, 0, &mode);
	TRY(S_OK, ForcePagingMode, handle, 0, mode);
	TRY(S_OK, VmSavedStateGetVpIndex, handle, 0, &number);
	TRY(S_OK, VmSavedStateGetRegister, handle, 0, VMSAVEDSTATE_ACTIVE_VTL, 1, bytes, &number);
	/* Whether the address is mapped depends on the fixture. */
	for (UINT64 gva = 0x3000; gva <= 0x6000; gva += 0x1000) {
		HRESULT result = GuestVirtualAddressToPhysicalAddress(handle, 0, gva, &gpa,
								      &unmapped);

		allowed("GuestVirtualAddressToPhysicalAddress",
			result == VMSAVEDSTATE_E_VA_NOT_MAPPED ? S_OK : result, S_OK);
		result = VmSavedStateTranslate(handle, 0, NULL, gva, &translation);
		allowed("VmSavedStateTranslate",
			result == VMSAVEDSTATE_E_VA_NOT_MAPPED ? S_OK : result, S_OK);
		TRY(S_OK, VmSavedStateReadVirtual, handle, 0, NULL, gva, buffer, 5000, &number);
	}
}

/* What is laid over the memory is there afterwards or not at all. */
static void lay_fix(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	static const char fix[] = "a fix over two pages";
	const VMSAVEDSTATE_TRANSLATE_OPTIONS physical = {
		.StructSize = sizeof(physical),
		.Flags = VMSAVEDSTATE_TRANSLATE_ARCHITECTURAL,
	};
	UINT64 gva = 0x3FF8;
	HRESULT result = ApplyGuestMemoryFix(handle, 0, gva, (LPVOID)fix, sizeof(fix));
	UINT32 got;

	allowed("ApplyGuestMemoryFix", result == VMSAVEDSTATE_E_VA_NOT_MAPPED ? S_OK : result, S_OK);
	TRY(S_OK, VmSavedStateReadVirtual, handle, 0, &physical, gva, buffer, sizeof(fix), &got);
}

static void use_information(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	VMSAVEDSTATE_INFO info = { .StructSize = sizeof(info) };
	char text[1024];
	UINT32 needed;

	TRY(S_OK, VmSavedStateGetInfo, handle, &info);
	TRY(S_OK, VmSavedStateGetErrorText, handle, text, sizeof(text), &needed);
	TRY(S_OK, VmSavedStateGetErrorText, NULL, text, sizeof(text), &needed);
}

/* All calls once; true if the saved state was opened. */
static bool run_session(void)
{
	VMSAVEDSTATE_SOURCE from = source();
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;

	use_container();
	if (!TRY(S_OK, VmSavedStateOpen, &from, &handle))
		return false;
	use_information(handle);
	use_processors(handle);
	use_memory(handle);
	lay_fix(handle);
	/* With memory to spare again, the handle does all it should. */
	counter.failing_call = -1;
	check_read(handle, 0x8000, 8192);
	allowed("ReleaseSavedStateFiles", ReleaseSavedStateFiles(handle), S_OK);
	return true;
}

static void load_files(const char *first, const char *second)
{
	VM_SAVED_STATE_DUMP_HANDLE handle;
	VMSAVEDSTATE_SOURCE from;

	files[0] = fixture_read(first);
	is_pair = second != NULL;
	if (is_pair)
		files[1] = fixture_read(second);
	from = source();
	assert_int_equal(VmSavedStateOpen(&from, &handle), S_OK);
	assert_int_equal(ReadGuestPhysicalAddress(handle, 0, intact, 2 << 20, &intact_size), S_OK);
	assert_int_equal(ReleaseSavedStateFiles(handle), S_OK);
}

static void unload_files(void)
{
	bytes_free(&files[0]);
	bytes_free(&files[1]);
}

static void fail_every_allocation(const char *first, const char *second)
{
	unsigned refused = 0;
	long long n;

	load_files(first, second);
	run_session();		/* what lives as long as the process is allocated now */
	assert_null(wrong.call);
	for (n = 0;; n++) {
		bool opened;

		start_counting(n);
		opened = run_session();
		stop_counting();
		if (wrong.call != NULL)
			fail_msg("%s, allocation %lld failed: %s answers %08x", first, n,
				 wrong.call, (unsigned)wrong.result);
		if (counter.live != 0)
			fail_msg("%s, allocation %lld failed: %lld allocations are left", first, n,
				 (long long)counter.live);
		refused += !opened;
		if (counter.failed == 0)
			break;
	}
	if (n < 30 || refused < 5)
		fail_msg("only %lld allocations, %u of them in the load", n, refused);
	printf("%s: %lld allocations failed, %u of them in the load\n", first, n, refused);
	unload_files();
}

static void every_call_survives_the_failure_of_any_allocation(void **state)
{
	(void)state;
	fail_every_allocation("minimal.vmrs", NULL);
	fail_every_allocation("demo.vmrs", NULL);
	fail_every_allocation("4-vp.vmrs", NULL);
	fail_every_allocation("unaligned-fc-records.vmrs", NULL);
}

static void a_pending_log_survives_the_failure_of_any_allocation(void **state)
{
	(void)state;
	fail_every_allocation("pending-log-several.vmrs", NULL);
}

static void a_pair_survives_the_failure_of_any_allocation(void **state)
{
	(void)state;
	fail_every_allocation("legacy-value-type-3.bin", "legacy-value-type-3.vsv");
}

/* ---- Paths, and the log applied ------------------------------------------- */

static void write_pending_file(const char *path, struct bytes image)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(image.start, 1, image.size, file), image.size);
	assert_int_equal(fclose(file), 0);
}

static void applying_a_log_survives_the_failure_of_any_allocation(void **state)
{
	static const char path[] = "fault-allocation.vmrs";
	static const uint16_t wide_path[] = { 'f', 'a', 'u', 'l', 't', '-', 'a', 'l', 'l', 'o', 'c',
					      'a', 't', 'i', 'o', 'n', '.', 'v', 'm', 'r', 's', 0 };
	struct bytes image = fixture_read("pending-log-several.vmrs");
	HRESULT result = E_OUTOFMEMORY;
	long long n;

	(void)state;
	for (n = 0; result != S_OK; n++) {
		VM_SAVED_STATE_DUMP_HANDLE handle = NULL;

		write_pending_file(path, image);
		start_counting(n);
		result = ApplyPendingSavedStateFileReplayLog((LPCWSTR)wide_path);
		if (result == S_OK)
			result = LoadSavedStateFile((LPCWSTR)wide_path, &handle);
		if (result == S_OK)
			ReleaseSavedStateFiles(handle);
		stop_counting();
		if (result != S_OK)
			assert_int_equal(result, E_OUTOFMEMORY);
		assert_int_equal(counter.live, 0);
		assert_int_equal(LoadSavedStateFile((LPCWSTR)wide_path, &handle), S_OK);
		assert_int_equal(ReleaseSavedStateFiles(handle), S_OK);
	}
	assert_true(n > 5);
	unlink(path);
	bytes_free(&image);
}

/* ---- How much memory a load takes ------------------------------------------ */

/*
 * The bound that the README states: a load of n bytes takes at most 16 n bytes
 * and 2 MiB, of which the empty caches are the larger part.
 */
static long long load_bound(size_t size)
{
	return 16 * (long long)size + (2 << 20);
}

static long long bytes_to_load(const struct bytes image[2], UINT32 flags)
{
	VMSAVEDSTATE_SOURCE from = { .StructSize = sizeof(from), .Flags = flags };
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;

	from.Bytes = image[0].start;
	from.ByteCount = image[0].size;
	if (image[1].start != NULL) {
		from.SecondBytes = image[1].start;
		from.SecondByteCount = image[1].size;
	}
	start_counting(-1);
	if (VmSavedStateOpen(&from, &handle) == S_OK)
		ReleaseSavedStateFiles(handle);
	stop_counting();
	if (counter.live != 0)
		fail_msg("%lld allocations are left", (long long)counter.live);
	return counter.most_bytes;
}

static void check_bound(const char *name, const struct bytes image[2], UINT32 flags)
{
	long long used = bytes_to_load(image, flags);
	size_t size = image[0].size + image[1].size;

	if (used > load_bound(size))
		fail_msg("%s: a file of %zu bytes takes %lld to load", name, size, used);
}

static void a_load_takes_no_more_than_a_multiple_of_the_file(void **state)
{
	static const char *const names[] = {
		"minimal.vmrs",		"demo.vmrs",	      "many-keys-chained-tables.vmrs",
		"deep-nodes.vmrs",	"4-vp.vmrs",	      "slack-and-free-entries.vmrs",
		"gap-above-4gib.vmrs",	"every-key-type.vmrs", "object-tables-with-holes.vmrs",
		"no-ram-block.vmrs",	"bad-ram-too-large.vmrs", "pending-log-several.vmrs",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bytes image[2] = { fixture_read(names[i]), { NULL, 0 } };

		check_bound(names[i], image, 0);
		bytes_free(&image[0]);
	}
}

/* Each field of each structure claims the most it can, with checksums that fit. */
static void no_number_in_a_vmrs_makes_a_load_take_more(void **state)
{
	static const char *const names[] = { "minimal.vmrs", "pending-log-several.vmrs" };
	static struct hvs_part parts[4096];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct bytes intact_image = fixture_read(names[i]);
		size_t count = hvs_image_parts(intact_image.start, intact_image.size, parts, 4096);

		for (size_t j = 0; j < count; j++) {
			size_t fields = parts[j].kind == PART_VALUE ? 0 : parts[j].size;

			for (size_t field = 0; field + 4 <= fields && field < 120; field++) {
				struct bytes image[2] = { bytes_copy(intact_image), { NULL, 0 } };

				image_store(image[0].start + parts[j].offset + field, 4,
					    field % 2 == 0 ? 0x7FFFFFFF : 0x00FFFFFF);
				hvs_image_repair(image[0].start, image[0].size);
				check_bound(names[i], image, 0);
				bytes_free(&image[0]);
			}
		}
		bytes_free(&intact_image);
	}
}

/* Moves the file object at from, and the key that leads to it, to a place and size of choice. */
static void move_object(struct bytes image, uint64_t from, uint64_t to, uint32_t size)
{
	static struct hvs_part parts[4096];
	size_t count = hvs_image_parts(image.start, image.size, parts, 4096);

	for (size_t i = 0; i < count; i++) {
		uint8_t *at = image.start + parts[i].offset;
		uint8_t *reference = at + 21 + at[20];

		if (parts[i].kind == PART_OBJECT && image_load(at + 5, 8) == from) {
			image_store(at + 5, 8, to);
			image_store(at + 13, 4, size);
		} else if (parts[i].kind == PART_KEY_ENTRY && (at[1] & 1) != 0 &&
			   image_load(reference + 4, 8) == from) {
			image_store(reference, 4, size);
			image_store(reference + 4, 8, to);
		}
	}
}

/*
 * An entry of a replay log may lie at any distance, and the contents then reach
 * as far; what is between is zeros that no byte of the file stands for.
 */
static void a_log_entry_far_away_does_not_make_a_load_take_more(void **state)
{
	static struct hvs_part parts[4096];
	struct bytes intact_image = fixture_read("pending-log-beyond-end.vmrs");
	size_t count = hvs_image_parts(intact_image.start, intact_image.size, parts, 4096);
	unsigned moved = 0;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct bytes image[2] = { bytes_copy(intact_image), { NULL, 0 } };
		uint8_t *slot = image[0].start + parts[i].offset;

		for (size_t j = 0; j < count; j++) {
			uint8_t *entry = image[0].start + parts[j].offset;

			if (parts[j].kind == PART_LOG_ENTRY && image_load(entry, 8) == 0x100000)
				image_store(entry, 8, (uint64_t)1 << 40);
		}
		if (parts[i].kind == PART_OBJECT && slot[0] != 4) {
			move_object(image[0], image_load(slot + 5, 8), 0x200000, 0xFFFFF000);
			moved++;
		}
		hvs_image_repair(image[0].start, image[0].size);
		check_bound("pending-log-beyond-end", image, 0);
		bytes_free(&image[0]);
	}
	assert_true(moved >= 3);
	bytes_free(&intact_image);
}

static void no_number_in_a_pair_makes_a_load_take_more(void **state)
{
	struct bytes pair[2] = { fixture_read("legacy-value-type-3.bin"),
				 fixture_read("legacy-value-type-3.vsv") };
	static struct hvs_part parts[64];

	(void)state;
	for (size_t file = 0; file < 2; file++) {
		size_t count = hvs_image_parts(pair[file].start, pair[file].size, parts, 64);

		for (size_t j = 0; j < count; j++) {
			size_t fields = parts[j].kind == PART_VALUE ? 0 : parts[j].size;

			for (size_t field = 0; field + 4 <= fields; field++) {
				uint8_t *at = pair[file].start + parts[j].offset + field;
				uint64_t before = image_load(at, 4);

				image_store(at, 4, 0x00FFFFFF);
				check_bound("legacy-value-type-3", pair, 0);
				image_store(at, 4, 0x7FFFFFFF);
				check_bound("legacy-value-type-3", pair, 0);
				image_store(at, 4, before);
			}
		}
	}
	bytes_free(&pair[0]);
	bytes_free(&pair[1]);
}

enum {
	LEGACY_HEADER = 4096,
	LEGACY_ENTRY = 24,
	SHARING_ENTRIES = 2048,
	SHARED_NAME = 65535		/* the longest, with its NUL */
};

/* A legacy container whose entries all have one name. */
static struct bytes shared_name_image(void)
{
	size_t names = LEGACY_HEADER + SHARING_ENTRIES * LEGACY_ENTRY;
	struct bytes image = { calloc(1, names + SHARED_NAME), names + SHARED_NAME };

	assert_non_null(image.start);
	image_store(image.start, 4, 0x02182003);
	image_store(image.start + 4, 4, 0x500);
	image_store(image.start + 12, 4, SHARING_ENTRIES);
	image_store(image.start + 16, 8, LEGACY_HEADER);
	image_store(image.start + 24, 8, names);
	image_store(image.start + 36, 4, SHARED_NAME);
	for (size_t i = 0; i < SHARING_ENTRIES; i++) {
		uint8_t *entry = image.start + LEGACY_HEADER + i * LEGACY_ENTRY;

		image_store(entry + 4, 2, SHARED_NAME);
		image_store(entry + 6, 2, 0x0101);	/* type and flag */
		image_store(entry + 8, 4, 4096);
		image_store(entry + 12, 4, 16);
		image_store(entry + 16, 8, LEGACY_HEADER);
	}
	memset(image.start + names, 'x', SHARED_NAME - 1);
	return image;
}

static void a_name_that_all_keys_share_does_not_make_a_load_take_more(void **state)
{
	struct bytes pair[2] = { shared_name_image(), shared_name_image() };

	(void)state;
	check_bound("a pair with one name", pair, 0);
	check_bound("a pair with one name, salvaged", pair, VMSAVEDSTATE_SOURCE_SALVAGE);
	bytes_free(&pair[0]);
	bytes_free(&pair[1]);
}

static int set_up(void **state)
{
	(void)state;
	buffer = malloc(BUFFER_SIZE);
	intact = malloc(BUFFER_SIZE);
	return buffer == NULL || intact == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	free(buffer);
	free(intact);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_survives_the_failure_of_any_allocation),
		cmocka_unit_test(a_pending_log_survives_the_failure_of_any_allocation),
		cmocka_unit_test(a_pair_survives_the_failure_of_any_allocation),
		cmocka_unit_test(applying_a_log_survives_the_failure_of_any_allocation),
		cmocka_unit_test(a_load_takes_no_more_than_a_multiple_of_the_file),
		cmocka_unit_test(no_number_in_a_vmrs_makes_a_load_take_more),
		cmocka_unit_test(a_log_entry_far_away_does_not_make_a_load_take_more),
		cmocka_unit_test(no_number_in_a_pair_makes_a_load_take_more),
		cmocka_unit_test(a_name_that_all_keys_share_does_not_make_a_load_take_more),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
