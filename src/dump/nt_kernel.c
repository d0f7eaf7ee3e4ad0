/* SPDX-License-Identifier: MIT */
#include "dump/nt_kernel.h"
#include "base/bytes.h"
#include "base/checked.h"
#include "base/text_encoding.h"
#include "guest/pe_image.h"

#include <stdlib.h>
#include <string.h>

enum {
	IMAGE_PAGES_LIMIT = 16384,	/* 64 MiB; kernels have less than 20 */
	IMAGE_SEARCHES_LIMIT = 16,	/* of a guest that looks like Windows and is none */
	DATA_LIMIT = 64 << 20,		/* of a kernel's data that is searched */
	DATA_PIECE = 64 << 10,
	BLOCK_ALIGNMENT = 8,
	SECTION_EXECUTABLE = 0x20000000,
	DOS_SIGNATURE = 0x5A4D,		/* "MZ" */

	/* In a processor's control region while user mode has page tables of its own. */
	PCR_KERNEL_TABLES_AT = 0x7000,
	PCR_PRCB_AT = 0x180,
	PROCESSORS_LIMIT = 2048		/* of Windows */
};

#define SHARED_DATA_64 UINT64_C(0xFFFFF78000000000)
#define SHARED_DATA_32 UINT64_C(0xFFDF0000)
#define ADDRESS_BITS_32 UINT64_C(0xFFFFFFFF)

static enum status read_some(struct nt_kernel *kernel, uint64_t address, void *buffer,
			     size_t size, size_t *read_out)
{
	enum status status = virtual_memory_read(&kernel->memory, address, buffer, size, read_out,
						 NULL);

	if (status == STATUS_OUT_OF_MEMORY)
		kernel->memory_short = true;
	return status;
}

bool nt_kernel_read(struct nt_kernel *kernel, uint64_t address, void *buffer, size_t size)
{
	size_t count;

	if (!kernel->is_64_bit)
		address &= ADDRESS_BITS_32;
	return read_some(kernel, address, buffer, size, &count) == STATUS_OK && count == size;
}

uint64_t nt_kernel_pointer(struct nt_kernel *kernel, uint64_t address)
{
	uint8_t bytes[8] = { 0 };

	if (!nt_kernel_read(kernel, address, bytes, kernel->is_64_bit ? 8 : 4))
		return 0;
	return load_le64(bytes);
}

uint64_t nt_shared_data_address(bool is_64_bit)
{
	return is_64_bit ? SHARED_DATA_64 : SHARED_DATA_32;
}

/* ---- The image --------------------------------------------------------------------- */

static enum status read_image(void *context, uint64_t address, void *buffer, size_t size,
			      size_t *read_out)
{
	return read_some(context, address, buffer, size, read_out);
}

static bool is_kernel_name(const char *pdb_name)
{
	static const char *const names[] = { "ntkrnlmp", "ntoskrnl", "ntkrpamp", "ntkrnlpa" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (ascii_equal_ignore_case(pdb_name, names[i]))
			return true;
	}
	return false;
}

/* The kernel's image if one begins at address; NULL otherwise. */
static struct pe_image *kernel_image_at(struct nt_kernel *kernel, uint64_t address)
{
	const struct image_memory memory = { read_image, kernel };
	struct pe_image *image;
	uint8_t signature[2];
	enum status status;

	if (!nt_kernel_read(kernel, address, signature, sizeof(signature)) ||
	    load_le16(signature) != DOS_SIGNATURE)
		return NULL;
	status = pe_image_open(&memory, address, &image, NULL);
	if (status == STATUS_OUT_OF_MEMORY)
		kernel->memory_short = true;
	if (status != STATUS_OK)
		return NULL;
	if (image->has_pdb && is_kernel_name(image->pdb_name))
		return image;
	pe_image_close(image);
	return NULL;
}

static bool first_handler(struct nt_kernel *kernel, const struct x86_registers *vp,
			  uint64_t *out)
{
	uint8_t gate[16];

	if (!nt_kernel_read(kernel, vp->idtr.base, gate, kernel->is_64_bit ? 16 : 8))
		return false;
	*out = load_le16(gate) | (uint64_t)load_le16(gate + 6) << 16;
	if (kernel->is_64_bit)
		*out |= (uint64_t)load_le32(gate + 8) << 32;
	return *out >> (kernel->is_64_bit ? 63 : 31) != 0;
}

static struct pe_image *find_image(struct nt_kernel *kernel, const struct x86_registers *vp)
{
	uint64_t address;

	if (!first_handler(kernel, vp, &address))
		return NULL;
	address &= ~(PAGE_BYTES - 1);
	for (int i = 0; i < IMAGE_PAGES_LIMIT; i++, address -= PAGE_BYTES) {
		struct pe_image *image = kernel_image_at(kernel, address);

		if (image != NULL)
			return image;
	}
	return NULL;
}

/* ---- The debugger block ------------------------------------------------------------ */

/* Looks at one aligned place of the kernel's data; true to end the search. */
typedef bool (*place_visitor)(struct nt_kernel *kernel, uint64_t address,
			      const uint8_t *bytes, size_t available);

/* A 32-bit kernel writes its addresses sign-extended. */
static uint64_t base_in_block(const struct nt_kernel *kernel)
{
	return kernel->is_64_bit ? kernel->image_base : kernel->image_base | ~ADDRESS_BITS_32;
}

static bool take_block(struct nt_kernel *kernel, uint64_t address, const uint8_t *bytes,
		       size_t available)
{
	kernel->block_address = address;
	return debugger_block_at(bytes, available, base_in_block(kernel), &kernel->block);
}

static bool take_version(struct nt_kernel *kernel, uint64_t address, const uint8_t *bytes,
			 size_t available)
{
	(void)address;
	if (available < VERSION_BLOCK_SIZE)
		return false;
	kernel->has_version = version_block_at(bytes, &kernel->block, kernel->version.machine,
					       &kernel->version);
	return kernel->has_version;
}

/*
 * Visits a section piece by piece.  A piece is read with what a block at its
 * end needs of the next one; pages that are missing are zeros.
 */
static bool search_section(struct nt_kernel *kernel, const struct pe_image *image,
			   const struct image_section *section, uint8_t *buffer,
			   place_visitor visit)
{
	for (uint64_t at = 0; at < section->size && at < DATA_LIMIT; at += DATA_PIECE) {
		size_t size = (size_t)min_u64(section->size - at,
					      DATA_PIECE + DEBUGGER_BLOCK_MOST);

		memset(buffer, 0, size);
		for (size_t page = 0; page < size; page += (size_t)PAGE_BYTES)
			pe_image_read(image, section->rva + (uint32_t)(at + page), buffer + page,
				      (size_t)min_u64(size - page, PAGE_BYTES));
		for (size_t place = 0; place < size && place < DATA_PIECE;
		     place += BLOCK_ALIGNMENT) {
			if (visit(kernel, image->base + section->rva + at + place,
				  buffer + place, size - place))
				return true;
		}
	}
	return false;
}

static bool search_data(struct nt_kernel *kernel, const struct pe_image *image,
			uint8_t *buffer, place_visitor visit)
{
	for (uint32_t i = 0; i < image->section_count; i++) {
		const struct image_section *section = &image->section[i];

		if ((section->flags & SECTION_EXECUTABLE) == 0 && section->rva % PAGE_BYTES == 0 &&
		    search_section(kernel, image, section, buffer, visit))
			return true;
	}
	return false;
}

/* ---- The address space ------------------------------------------------------------- */

/* How far a search came, for the sentence of one that failed. */
enum progress_of_search {
	FOUND_NOTHING,
	FOUND_SHARED_DATA,
	FOUND_IMAGE,
	FOUND_BLOCK
};

struct kernel_search {
	const struct dump_guest *guest;
	struct nt_kernel *kernel;
	uint8_t *buffer;		/* DATA_PIECE + DEBUGGER_BLOCK_MOST */
	enum progress_of_search furthest;
	unsigned image_searches;
};

static bool came_to(struct kernel_search *search, enum progress_of_search progress)
{
	if (search->furthest < progress)
		search->furthest = progress;
	return true;
}

static bool find_blocks(struct kernel_search *search, const struct pe_image *image)
{
	struct nt_kernel *kernel = search->kernel;

	came_to(search, FOUND_IMAGE);
	kernel->image_base = image->base;
	kernel->version.machine = image->machine;
	if (!search_data(kernel, image, search->buffer, take_block))
		return false;
	search_data(kernel, image, search->buffer, take_version);
	return came_to(search, FOUND_BLOCK);
}

/* Tries to find the kernel through a root of page tables. */
static bool try_root(struct kernel_search *search, uint32_t vp_id, const struct x86_registers *vp,
		     uint64_t root)
{
	const struct virtual_memory_choice choice = {
		.architectural = true, .has_root = true, .root = root
	};
	struct nt_kernel *kernel = search->kernel;
	const struct virtual_processor *processor;
	struct pe_image *image;
	uint8_t byte;
	bool found;

	if (dump_guest_vp(search->guest, vp_id, &processor, NULL) != STATUS_OK ||
	    virtual_memory_of_vp(search->guest->memory, processor,
				 &search->guest->overrides[vp_id], &choice, &kernel->memory,
				 NULL) != STATUS_OK)
		return false;
	kernel->is_64_bit = kernel->memory.space.form == PAGING_FORM_LONG4 ||
			    kernel->memory.space.form == PAGING_FORM_LONG5;
	kernel->directory_table_base = root;
	if (!nt_kernel_read(kernel, nt_shared_data_address(kernel->is_64_bit), &byte, 1))
		return false;
	came_to(search, FOUND_SHARED_DATA);
	if (search->image_searches++ >= IMAGE_SEARCHES_LIMIT)
		return false;
	image = find_image(kernel, vp);
	if (image == NULL)
		return false;
	found = find_blocks(search, image);
	pe_image_close(image);
	return found;
}

/*
 * With page-table isolation a VP in user mode has a CR3 that maps next to
 * nothing of the kernel.  The root to change to on entry stands in the
 * processor's control region, which KERNEL_GS_BASE points to meanwhile; the
 * little that CR3 does map includes it.
 */
static bool try_kernel_tables(struct kernel_search *search, uint32_t vp_id,
			      const struct x86_registers *vp)
{
	const struct virtual_memory_choice choice = { .architectural = true };
	const struct virtual_processor *processor;
	struct nt_kernel user = { .is_64_bit = true };
	uint64_t root;

	if (!vp->has_kernel_gs_base ||
	    dump_guest_vp(search->guest, vp_id, &processor, NULL) != STATUS_OK ||
	    virtual_memory_of_vp(search->guest->memory, processor,
				 &search->guest->overrides[vp_id], &choice, &user.memory,
				 NULL) != STATUS_OK)
		return false;
	root = nt_kernel_pointer(&user, vp->kernel_gs_base + PCR_KERNEL_TABLES_AT);
	search->kernel->memory_short |= user.memory_short;
	return root != 0 && try_root(search, vp_id, vp, root);
}

static bool is_in_kernel(const struct dump_guest *guest, uint32_t vp_id)
{
	const struct virtual_processor *vp;
	bool in_kernel;

	return dump_guest_vp(guest, vp_id, &vp, NULL) == STATUS_OK &&
	       vp_in_kernel_space(vp, &guest->overrides[vp_id], &in_kernel, NULL) == STATUS_OK &&
	       in_kernel;
}

/* VPs in the kernel first: their CR3 is a kernel's for certain. */
static bool try_vps(struct kernel_search *search)
{
	uint32_t count = dump_guest_vp_count(search->guest);
	struct x86_registers vp;

	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < count; i++) {
			if (is_in_kernel(search->guest, i) != (pass == 0) ||
			    dump_guest_x86(search->guest, i, &vp, NULL) != STATUS_OK)
				continue;
			if (try_root(search, i, &vp, vp.cr3) ||
			    (pass == 1 && try_kernel_tables(search, i, &vp)))
				return true;
		}
	}
	return false;
}

static const char *reason(enum progress_of_search furthest)
{
	switch (furthest) {
	case FOUND_NOTHING:
		return "no VP's page tables map the page that Windows shares with its processes";
	case FOUND_SHARED_DATA:
		return "no kernel image lies around the handlers of the VPs' interrupts";
	default:
		return "the kernel's image is there, but not its block of data for debuggers";
	}
}

enum status nt_kernel_find(const struct dump_guest *guest, struct nt_kernel *out,
				struct error *error)
{
	struct kernel_search search = { .guest = guest };
	bool found, memory_short;

	search.kernel = calloc(1, sizeof(*search.kernel));
	search.buffer = malloc(DATA_PIECE + DEBUGGER_BLOCK_MOST);
	if (search.kernel == NULL || search.buffer == NULL) {
		free(search.kernel);
		free(search.buffer);
		return error_out_of_memory(error, "the search for the kernel");
	}
	found = try_vps(&search);
	memory_short = search.kernel->memory_short;
	if (found)
		*out = *search.kernel;
	free(search.kernel);
	free(search.buffer);
	if (memory_short)
		return error_out_of_memory(error, "the search for the kernel");
	if (found)
		return STATUS_OK;
	return error_set(error, STATUS_NO_WINDOWS_KERNEL, "no Windows kernel was found: %s",
			 reason(search.furthest));
}

/* ---- Processors -------------------------------------------------------------------- */

uint64_t nt_kernel_prcb(struct nt_kernel *kernel, uint32_t vp_id,
			     const struct x86_registers *vp)
{
	uint64_t array = debugger_block_u64(&kernel->block, BLOCK_PROCESSOR_BLOCK);
	uint64_t width = kernel->is_64_bit ? 8 : 4;
	uint64_t gs_base = vp->segment[X86_GS].base;
	uint64_t region = gs_base >> 63 != 0 ? gs_base : vp->kernel_gs_base;

	if (array == 0)
		return 0;
	for (uint32_t i = 0; kernel->is_64_bit && i < PROCESSORS_LIMIT; i++) {
		uint64_t prcb = nt_kernel_pointer(kernel, array + width * i);

		if (prcb == 0)
			break;
		if (prcb - PCR_PRCB_AT == region)
			return prcb;
	}
	return nt_kernel_pointer(kernel, array + width * vp_id);
}
