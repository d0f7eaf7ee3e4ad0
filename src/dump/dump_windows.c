/* SPDX-License-Identifier: MIT */
/*
 * Windows crash dumps: full (the runs of memory behind the header) and bitmap
 * (a bit for each page frame, then the pages whose bit is set).
 *
 * Debuggers find everything else through the block of data that the kernel
 * keeps for them, and a VP's registers through the pointer in its PRCB.  Where
 * the guest's copies are of no use to them (an encoded block, a CONTEXT of some
 * earlier crash), the dumped memory gets others.
 */
#include "base/bytes.h"
#include "base/checked.h"
#include "dump/crash_header.h"
#include "dump/dump_job.h"
#include "dump/nt_context.h"

#include <stdlib.h>
#include <string.h>

enum {
	MACHINE_I386 = 0x14C,
	MACHINE_AMD64 = 0x8664,
	MAJOR_FREE_BUILD = 0xF,
	BUG_CHECK_LIVE_DUMP = 0x161,

	SHARED_INTERRUPT_TIME_AT = 0x8,
	SHARED_SYSTEM_TIME_AT = 0x14,
	SHARED_PRODUCT_TYPE_AT = 0x264,
	SHARED_SUITE_MASK_AT = 0x2D0,

	BITMAP_HEADER_SIZE = 0x38,
	BITMAP_PIECE = 4096,
	BITMAP_PIECE_PAGES = BITMAP_PIECE * 8
};

/* 64 TiB of guest-physical addresses, for a bitmap of 2 GiB. */
#define BITMAP_PAGES_LIMIT (UINT64_C(1) << 34)
#define PAGES_32_BIT (UINT64_C(1) << (32 - PAGE_SHIFT))
#define CR4_PAE (UINT64_C(1) << 5)
#define PAE_ROOT_BYTES UINT64_C(32)

struct crash_dump {
	struct dump_job *job;
	bool is_64_bit;
	bool has_kernel;
	struct nt_kernel kernel;
	struct crash_header header;
	uint64_t pages_offset;
};

/* ---- Facts ------------------------------------------------------------------------- */

static uint64_t read_split_time(const uint8_t *shared)
{
	return load_le32(shared) | (uint64_t)load_le32(shared + 4) << 32;
}

static void take_shared_data(struct crash_dump *dump)
{
	struct crash_facts *facts = &dump->header.facts;
	uint8_t shared[SHARED_SUITE_MASK_AT + 4];

	if (!nt_kernel_read(&dump->kernel, nt_shared_data_address(dump->is_64_bit),
				 shared, sizeof(shared)))
		return;
	facts->up_time = read_split_time(shared + SHARED_INTERRUPT_TIME_AT);
	facts->system_time = read_split_time(shared + SHARED_SYSTEM_TIME_AT);
	facts->product_type = load_le32(shared + SHARED_PRODUCT_TYPE_AT);
	facts->suite_mask = load_le32(shared + SHARED_SUITE_MASK_AT);
}

/* The reason of a crash, if the guest has crashed before it was saved. */
static void take_bug_check(struct crash_dump *dump)
{
	uint64_t address = debugger_block_u64(&dump->kernel.block, BLOCK_BUGCHECK_DATA);
	uint64_t width = dump->is_64_bit ? 8 : 4;
	uint64_t *bug_check = dump->header.facts.bug_check;

	if (address == 0 || nt_kernel_pointer(&dump->kernel, address) == 0)
		return;
	for (size_t i = 0; i < 5; i++)
		bug_check[i] = nt_kernel_pointer(&dump->kernel, address + width * i);
}

/* CR3 without what is no address; a root of PAE need not begin a page. */
static uint64_t root_of(const struct crash_dump *dump, uint64_t cr3)
{
	bool pae = !dump->is_64_bit && (dump->header.vp.cr4 & CR4_PAE) != 0;

	return cr3 & ~((pae ? PAE_ROOT_BYTES : PAGE_BYTES) - 1);
}

static void take_kernel_facts(struct crash_dump *dump)
{
	const struct nt_kernel *kernel = &dump->kernel;
	struct crash_facts *facts = &dump->header.facts;

	facts->directory_table_base = root_of(dump, kernel->directory_table_base);
	facts->pfn_database = debugger_block_u64(&kernel->block, BLOCK_PFN_DATABASE);
	facts->loaded_modules = debugger_block_u64(&kernel->block, BLOCK_LOADED_MODULES);
	facts->active_processes = debugger_block_u64(&kernel->block, BLOCK_ACTIVE_PROCESSES);
	facts->debugger_block = kernel->block_address;
	if (kernel->has_version) {
		facts->major = kernel->version.major;
		facts->minor = kernel->version.minor;
		facts->secondary = kernel->version.secondary;
	} else {
		dump_remark(dump->job, "The kernel's version block was not found: the dump does "
			    "not tell the build of Windows.");
	}
	take_bug_check(dump);
	take_shared_data(dump);
}

static void take_facts(struct crash_dump *dump)
{
	struct crash_facts *facts = &dump->header.facts;

	facts->major = MAJOR_FREE_BUILD;
	facts->machine = dump->is_64_bit ? MACHINE_AMD64 : MACHINE_I386;
	facts->vp_count = dump_guest_vp_count(&dump->job->guest);
	facts->directory_table_base = root_of(dump, dump->header.vp.cr3);
	facts->bug_check[0] = BUG_CHECK_LIVE_DUMP;
	facts->pae = (dump->header.vp.cr4 & CR4_PAE) != 0;
	if (dump->has_kernel)
		take_kernel_facts(dump);
}

/* ---- What is changed in the dumped memory ------------------------------------------ */

/* Lays bytes over the dumped copy at a virtual address; false where nothing is mapped or saved. */
static enum status patch(struct crash_dump *dump, uint64_t address, const uint8_t *bytes,
			 size_t size, bool *done_out, struct error *error)
{
	*done_out = false;
	while (size > 0) {
		size_t part = (size_t)min_u64(size, PAGE_BYTES - address % PAGE_BYTES);
		struct page_walk walk;
		uint64_t before;
		enum status status;

		if (virtual_memory_walk(&dump->kernel.memory, address, NULL, &walk, NULL) !=
			    STATUS_OK || walk.result != PAGE_MAPPED ||
		    memory_runs_find(&dump->job->runs, walk.gpa >> PAGE_SHIFT, &before) == NULL)
			return STATUS_OK;
		status = memory_fixes_add(&dump->job->patches, walk.gpa, bytes, part, error);
		if (status != STATUS_OK)
			return status;
		address += part;
		bytes += part;
		size -= part;
	}
	*done_out = true;
	return STATUS_OK;
}

static enum status decode_block(struct crash_dump *dump, struct error *error)
{
	const struct debugger_block *block = &dump->kernel.block;
	enum status status = STATUS_OK;
	bool done = true;

	if (block->was_encoded)
		status = patch(dump, dump->kernel.block_address, block->bytes, block->size, &done,
			       error);
	if (status == STATUS_OK && !done)
		dump_remark(dump->job, "The kernel's encoded block of data for debuggers could not "
			    "be replaced by the decoded one.");
	return status;
}

/* True if the VP's PRCB leads to room for its registers. */
static enum status place_context(struct crash_dump *dump, uint32_t vp_id, bool *done_out,
				 struct error *error)
{
	uint16_t pointer_at = debugger_block_u16(&dump->kernel.block, BLOCK_PRCB_CONTEXT);
	uint8_t context[CONTEXT_X64_SIZE];
	struct x86_registers vp;
	uint64_t prcb, address;
	enum status status = dump_guest_x86(&dump->job->guest, vp_id, &vp, error);

	*done_out = false;
	if (status != STATUS_OK)
		return status;
	prcb = nt_kernel_prcb(&dump->kernel, vp_id, &vp);
	address = prcb == 0 || pointer_at == 0 ? 0 :
		  nt_kernel_pointer(&dump->kernel, prcb + pointer_at);
	if (address == 0)
		return STATUS_OK;
	nt_context_x64(&vp, context);
	return patch(dump, address, context, sizeof(context), done_out, error);
}

static enum status place_contexts(struct crash_dump *dump, struct error *error)
{
	uint32_t count = dump_guest_vp_count(&dump->job->guest);
	uint32_t placed = 0;

	if (!dump->is_64_bit)
		return STATUS_OK;
	for (uint32_t i = 0; i < count; i++) {
		bool done;
		enum status status = place_context(dump, i, &done, error);

		if (status != STATUS_OK)
			return status;
		placed += done ? 1 : 0;
	}
	if (placed < count)
		dump_remark(dump->job, "The registers of %u of %u processors have no place in the "
			    "kernel's memory: debuggers show what was there before.",
			    (unsigned)(count - placed), (unsigned)count);
	return STATUS_OK;
}

/* ---- Layout ------------------------------------------------------------------------ */

/* Without PAE a 32-bit guest has pages below 4 GiB only, with it below 64. */
static uint64_t highest_page_32(const struct crash_dump *dump)
{
	return (dump->header.vp.cr4 & CR4_PAE) != 0 ? PAGES_32_BIT << 4 : PAGES_32_BIT;
}

static enum status choose_type(struct crash_dump *dump, struct error *error)
{
	struct dump_job *job = dump->job;
	size_t runs = memory_runs_count(&job->runs);
	size_t room = dump->is_64_bit ? CRASH_RUNS_64 : CRASH_RUNS_32;
	bool bitmap = job->request->format == DUMP_WINDOWS_BITMAP;

	if (job->request->format == DUMP_WINDOWS || job->request->format == DUMP_SNAPSHOT)
		bitmap = dump->is_64_bit && runs > room;
	if (!dump->is_64_bit && bitmap)
		return error_set(error, STATUS_NOT_IMPLEMENTED,
				 "a dump of a 32-bit guest is always full");
	if (!dump->is_64_bit && memory_runs_end(&job->runs) > highest_page_32(dump))
		return error_set(error, STATUS_NOT_IMPLEMENTED,
				 "the 32-bit guest has memory above what its paging can reach");
	if (!bitmap && runs > room)
		return error_set(error, STATUS_NOT_IMPLEMENTED,
				 "a full dump has room for %u runs of memory, and this guest has "
				 "%llu%s", (unsigned)room, (unsigned long long)runs,
				 dump->is_64_bit ? ": write a bitmap dump" : "");
	if (bitmap && memory_runs_end(&job->runs) > BITMAP_PAGES_LIMIT)
		return error_set(error, STATUS_NOT_IMPLEMENTED,
				 "the guest has memory above 64 TiB, for which a bitmap would be "
				 "too large");
	dump->header.type = bitmap ? CRASH_DUMP_BITMAP : CRASH_DUMP_FULL;
	job->outcome->format = bitmap ? DUMP_WINDOWS_BITMAP : DUMP_WINDOWS_FULL;
	return STATUS_OK;
}

static void place_parts(struct crash_dump *dump)
{
	const struct memory_runs *runs = &dump->job->runs;
	uint64_t header = dump->is_64_bit ? CRASH_HEADER_64_SIZE : CRASH_HEADER_32_SIZE;
	uint64_t bitmap = (memory_runs_end(runs) + 7) / 8;

	dump->pages_offset = header;
	if (dump->header.type == CRASH_DUMP_BITMAP)
		dump->pages_offset = align_up(header + BITMAP_HEADER_SIZE + bitmap, PAGE_BYTES);
	dump->header.runs = runs;
	dump->header.dump_size = dump->pages_offset + (runs->page_count << PAGE_SHIFT);
}

/* ---- Writing ----------------------------------------------------------------------- */

/* Sets the bits of a piece of the bitmap; *run_at is the first run that may be in it. */
static void set_bits(const struct memory_runs *runs, uint64_t first_page, size_t *run_at,
		     uint8_t bits[BITMAP_PIECE])
{
	uint64_t end_page = first_page + BITMAP_PIECE_PAGES;

	memset(bits, 0, BITMAP_PIECE);
	for (; *run_at < memory_runs_count(runs); (*run_at)++) {
		const struct memory_run *run = memory_runs_at(runs, *run_at);
		uint64_t end = run->page + run->page_count;

		for (uint64_t page = max_u64(run->page, first_page);
		     page < min_u64(end, end_page); page++)
			bits[(page - first_page) / 8] |= (uint8_t)(1 << (page % 8));
		if (end > end_page)
			return;
	}
}

static enum status write_bitmap(struct crash_dump *dump, struct error *error)
{
	struct dump_job *job = dump->job;
	uint64_t pages = memory_runs_end(&job->runs);
	uint64_t offset = CRASH_HEADER_64_SIZE;
	uint8_t header[BITMAP_HEADER_SIZE];
	uint8_t bits[BITMAP_PIECE];
	size_t run_at = 0;
	enum status status;

	crash_header_fill(header, sizeof(header));
	memcpy(header, "FDMPDUMP", 8);
	store_le64(header + 0x20, dump->pages_offset);
	store_le64(header + 0x28, job->runs.page_count);
	store_le64(header + 0x30, pages);
	status = dump_job_write(job, offset, header, sizeof(header), error);
	offset += sizeof(header);
	for (uint64_t page = 0; page < pages && status == STATUS_OK; page += BITMAP_PIECE_PAGES) {
		size_t size = (size_t)min_u64((pages - page + 7) / 8, BITMAP_PIECE);

		set_bits(&job->runs, page, &run_at, bits);
		status = dump_job_write(job, offset, bits, size, error);
		offset += size;
	}
	return status;
}

static enum status write_header(struct crash_dump *dump, struct error *error)
{
	uint8_t bytes[CRASH_HEADER_64_SIZE];
	enum status status;

	if (!dump->is_64_bit) {
		crash_header_32(&dump->header, bytes);
		return dump_job_write(dump->job, 0, bytes, CRASH_HEADER_32_SIZE, error);
	}
	crash_header_64(&dump->header, bytes);
	status = dump_job_write(dump->job, 0, bytes, CRASH_HEADER_64_SIZE, error);
	if (status == STATUS_OK && dump->header.type == CRASH_DUMP_BITMAP)
		status = write_bitmap(dump, error);
	return status;
}

static enum status write_dump(struct crash_dump *dump, struct error *error)
{
	struct dump_layout layout = { .places = DUMP_PLACES_OF_RUNS };
	enum status status = choose_type(dump, error);

	if (status != STATUS_OK)
		return status;
	place_parts(dump);
	take_facts(dump);
	if (dump->has_kernel) {
		status = decode_block(dump, error);
		if (status == STATUS_OK)
			status = place_contexts(dump, error);
	}
	if (status == STATUS_OK)
		status = write_header(dump, error);
	layout.offset = dump->pages_offset;
	if (status == STATUS_OK)
		status = dump_job_write_pages(dump->job, layout, error);
	return status;
}

/* ---- The kernel -------------------------------------------------------------------- */

/* A snapshot may be of any system; other dumps are of Windows unless they are forced. */
static enum status find_kernel(struct crash_dump *dump, struct error *error)
{
	const struct dump_request *request = dump->job->request;
	struct error reason;
	enum status status = nt_kernel_find(&dump->job->guest, &dump->kernel, &reason);

	dump->has_kernel = status == STATUS_OK;
	if (dump->has_kernel) {
		dump->is_64_bit = dump->kernel.is_64_bit;
		return STATUS_OK;
	}
	if (status != STATUS_NO_WINDOWS_KERNEL ||
	    (!request->without_kernel && request->format != DUMP_SNAPSHOT))
		return error_set(error, status, "%s", reason.text);
	dump_remark(dump->job, "The dump has no pointers to a kernel: %s.", reason.text);
	return STATUS_OK;
}

static enum status check_machine(struct crash_dump *dump, struct error *error)
{
	enum dump_machine machine;
	enum status status = dump_guest_machine(&dump->job->guest, &machine, error);

	if (status != STATUS_OK)
		return status;
	if (machine == DUMP_MACHINE_ARM64)
		return error_set(error, STATUS_NOT_IMPLEMENTED,
				 "crash dumps of ARM64 guests cannot be written: write an ELF core");
	dump->is_64_bit = machine == DUMP_MACHINE_X64;
	return dump_guest_x86(&dump->job->guest, dump->job->request->vp_id, &dump->header.vp,
			      error);
}

enum status dump_windows(struct dump_job *job, uint64_t *size_out, struct error *error)
{
	struct crash_dump *dump = calloc(1, sizeof(*dump));
	enum status status;

	if (dump == NULL)
		return error_out_of_memory(error, "a crash dump");
	dump->job = job;
	status = check_machine(dump, error);
	if (status == STATUS_OK)
		status = find_kernel(dump, error);
	if (status == STATUS_OK)
		status = write_dump(dump, error);
	if (status == STATUS_OK && dump->kernel.memory_short)
		status = error_out_of_memory(error, "what the kernel says of itself");
	if (status == STATUS_OK)
		*size_out = dump->header.dump_size;
	free(dump);
	return status;
}
