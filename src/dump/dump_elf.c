/* SPDX-License-Identifier: MIT */
/*
 * ELF core: one PT_NOTE, then one PT_LOAD for each run of memory with its
 * guest-physical address as both of its addresses.
 *
 * p_align is 0 throughout although the pages are aligned: crash 8.0.2 takes a
 * file whose first PT_LOAD says 4096 and is aligned for a netdump of old and
 * refuses it.
 */
#include "base/checked.h"
#include "dump/elf_notes.h"

#include <string.h>

enum {
	ET_CORE = 4,
	EM_386 = 3,
	EM_X86_64 = 62,
	EM_AARCH64 = 183,
	PT_LOAD = 1,
	PT_NOTE = 4,
	SEGMENT_RWX = 7,

	HEADER_64_SIZE = 64,
	HEADER_32_SIZE = 52,
	PROGRAM_HEADER_64_SIZE = 56,
	PROGRAM_HEADER_32_SIZE = 32,
	SECTION_HEADER_64_SIZE = 64,
	SECTION_HEADER_32_SIZE = 40,

	/* From this count on, the real one stands in sh_info of section header 0. */
	PN_XNUM = 0xFFFF
};

#define LIMIT_32_BIT (UINT64_C(1) << 32)

/* Where x86-64 Linux maps its image, and the most that the mapping spans. */
#define KERNEL_MAP UINT64_C(0xFFFFFFFF80000000)
#define KERNEL_IMAGE_SIZE_DEFAULT (UINT64_C(1) << 30)

/* The part of a run that the kernel's own mapping shows; size 0: not known. */
struct kernel_text {
	uint64_t virtual_address;
	uint64_t gpa;
	uint64_t position;	/* in the memory of the dump */
	uint64_t size;
};

struct elf_core {
	struct dump_job *job;
	struct elf_notes notes;
	struct vmcoreinfo info;
	struct kernel_text text;
	bool is_64_bit;
	uint64_t segment_count;
	uint64_t notes_offset;
	uint64_t section_offset;	/* 0 when no section header is needed */
	uint64_t memory_offset;
};

/* ---- VMCOREINFO -------------------------------------------------------------------- */

/* A note may lie across the end of a piece. */
struct note_search {
	struct vmcoreinfo *info;
	uint8_t joint[2 * VMCOREINFO_NOTE_LIMIT];	/* the end of one piece, the start of the next */
	size_t tail;			/* bytes of the first part */
	uint64_t next;			/* where that piece ended */
};

static bool search_note(void *context, uint64_t gpa, const uint8_t *bytes, size_t size)
{
	struct note_search *search = context;
	size_t head = (size_t)min_u64(size, VMCOREINFO_NOTE_LIMIT);

	if (search->tail > 0 && gpa == search->next) {
		memcpy(search->joint + search->tail, bytes, head);
		vmcoreinfo_find(search->joint, search->tail + head, gpa - search->tail,
				search->info);
	}
	vmcoreinfo_find(bytes, size, gpa, search->info);
	memcpy(search->joint, bytes + size - head, head);
	search->tail = head;
	search->next = gpa + size;
	return search->info->size != 0;
}

/* Windows says who it is; a guest that says nothing may be anything. */
static bool may_be_linux(const struct dump_guest *guest)
{
	const uint64_t open_source = UINT64_C(1) << 63;
	uint64_t os_id;

	return partition_state_os_id(guest->state->partition, 0, &os_id, NULL) != STATUS_OK ||
	       os_id == 0 || (os_id & open_source) != 0;
}

static enum status find_vmcoreinfo(struct elf_core *core, struct error *error)
{
	struct note_search search = { .info = &core->info };
	enum status status;

	if (!may_be_linux(&core->job->guest))
		return STATUS_OK;
	status = dump_job_search(core->job, search_note, &search, error);
	if (status == STATUS_OK && core->info.size == 0)
		dump_remark(core->job, "No VMCOREINFO was found in the guest's memory: readers of "
			    "Linux dumps need to be told about its kernel%s.",
			    core->notes.with_qemu ? ", and drgn refuses the file unless QEMU's "
						    "notes are left out" : "");
	return status;
}

/* Where the text stands among the memory, from what the note says of its addresses. */
static void locate_kernel_text(struct elf_core *core)
{
	struct kernel_text *text = &core->text;
	uint64_t image_size = KERNEL_IMAGE_SIZE_DEFAULT;
	uint64_t start, physical_base, before, page;
	const struct memory_run *run;

	if (core->notes.machine != DUMP_MACHINE_X64 ||
	    !vmcoreinfo_symbol(&core->info, "_stext", &start) || start < KERNEL_MAP ||
	    !vmcoreinfo_number(&core->info, "phys_base", &physical_base))
		return;
	vmcoreinfo_number(&core->info, "KERNEL_IMAGE_SIZE", &image_size);
	start &= ~(PAGE_BYTES - 1);
	page = (start - KERNEL_MAP + physical_base) >> PAGE_SHIFT;
	run = memory_runs_find(&core->job->runs, page, &before);
	if (run == NULL || start - KERNEL_MAP >= image_size)
		return;
	text->virtual_address = start;
	text->gpa = page << PAGE_SHIFT;
	text->position = (before + (page - run->page)) << PAGE_SHIFT;
	text->size = min_u64(image_size - (start - KERNEL_MAP),
			     (run->page_count - (page - run->page)) << PAGE_SHIFT);
}

/* ---- Headers ----------------------------------------------------------------------- */

static uint64_t program_header_size(const struct elf_core *core)
{
	return core->is_64_bit ? PROGRAM_HEADER_64_SIZE : PROGRAM_HEADER_32_SIZE;
}

static void place_parts(struct elf_core *core)
{
	uint64_t end;

	core->notes_offset = (core->is_64_bit ? HEADER_64_SIZE : HEADER_32_SIZE) +
			     core->segment_count * program_header_size(core);
	end = core->notes_offset + elf_notes_size(&core->notes);
	core->section_offset = 0;
	if (core->segment_count >= PN_XNUM) {
		core->section_offset = align_up(end, 8);
		end = core->section_offset +
		      (core->is_64_bit ? SECTION_HEADER_64_SIZE : SECTION_HEADER_32_SIZE);
	}
	core->memory_offset = align_up(end, PAGE_BYTES);
}

/* A 32-bit guest gets a 32-bit file if everything can be told in 32 bits. */
static void choose_class(struct elf_core *core)
{
	const struct memory_runs *runs = &core->job->runs;

	core->is_64_bit = core->notes.machine != DUMP_MACHINE_X86;
	place_parts(core);
	if (core->is_64_bit || (memory_runs_end(runs) <= LIMIT_32_BIT >> PAGE_SHIFT &&
				core->memory_offset + (runs->page_count << PAGE_SHIFT) <
					LIMIT_32_BIT))
		return;
	core->is_64_bit = true;
	place_parts(core);
}

static uint16_t elf_machine(enum dump_machine machine)
{
	switch (machine) {
	case DUMP_MACHINE_X64:
		return EM_X86_64;
	case DUMP_MACHINE_X86:
		return EM_386;
	default:
		return EM_AARCH64;
	}
}

static void write_file_header(const struct elf_core *core, struct field_writer *writer)
{
	const uint8_t identification[16] = {
		0x7F, 'E', 'L', 'F', core->is_64_bit ? 2 : 1, 1, 1
	};
	bool has_section = core->section_offset != 0;

	field_bytes(writer, identification, sizeof(identification));
	field_u16(writer, ET_CORE);
	field_u16(writer, elf_machine(core->notes.machine));
	field_u32(writer, 1);
	field_word(writer, core->is_64_bit, 0);				/* e_entry */
	field_word(writer, core->is_64_bit,
		   core->is_64_bit ? HEADER_64_SIZE : HEADER_32_SIZE);	/* e_phoff */
	field_word(writer, core->is_64_bit, core->section_offset);
	field_u32(writer, 0);						/* e_flags */
	field_u16(writer, core->is_64_bit ? HEADER_64_SIZE : HEADER_32_SIZE);
	field_u16(writer, (uint16_t)program_header_size(core));
	field_u16(writer, has_section ? PN_XNUM : (uint16_t)core->segment_count);
	field_u16(writer, core->is_64_bit ? SECTION_HEADER_64_SIZE : SECTION_HEADER_32_SIZE);
	field_u16(writer, has_section ? 1 : 0);
	field_u16(writer, 0);						/* e_shstrndx */
}

struct segment {
	uint32_t type;
	uint32_t flags;
	uint64_t offset;
	uint64_t virtual_address;
	uint64_t physical_address;
	uint64_t size;
};

static void write_segment(const struct elf_core *core, struct field_writer *writer,
			  const struct segment *segment)
{
	field_u32(writer, segment->type);
	if (core->is_64_bit)
		field_u32(writer, segment->flags);
	field_word(writer, core->is_64_bit, segment->offset);
	field_word(writer, core->is_64_bit, segment->virtual_address);
	field_word(writer, core->is_64_bit, segment->physical_address);
	field_word(writer, core->is_64_bit, segment->size);	/* in the file */
	field_word(writer, core->is_64_bit, segment->size);	/* in memory */
	if (!core->is_64_bit)
		field_u32(writer, segment->flags);
	field_word(writer, core->is_64_bit, 0);			/* p_align */
}

static void write_run_segments(const struct elf_core *core, struct field_writer *writer)
{
	const struct memory_runs *runs = &core->job->runs;
	struct segment segment = {
		.type = PT_LOAD, .flags = SEGMENT_RWX, .offset = core->memory_offset
	};

	for (size_t i = 0; i < memory_runs_count(runs) && writer->status == STATUS_OK; i++) {
		const struct memory_run *run = memory_runs_at(runs, i);

		segment.virtual_address = run->page << PAGE_SHIFT;
		segment.physical_address = segment.virtual_address;
		segment.size = run->page_count << PAGE_SHIFT;
		write_segment(core, writer, &segment);
		segment.offset += segment.size;
	}
}

static void write_segments(const struct elf_core *core, struct field_writer *writer)
{
	const struct segment notes = {
		.type = PT_NOTE,
		.offset = core->notes_offset,
		.size = elf_notes_size(&core->notes),
	};
	const struct segment text = {
		.type = PT_LOAD,
		.flags = SEGMENT_RWX,
		.offset = core->memory_offset + core->text.position,
		.virtual_address = core->text.virtual_address,
		.physical_address = core->text.gpa,
		.size = core->text.size,
	};

	write_segment(core, writer, &notes);
	write_run_segments(core, writer);
	if (text.size > 0)
		write_segment(core, writer, &text);
}

/* Section header 0, which holds the count of segments that the file header has no room for. */
static void write_section(const struct elf_core *core, struct field_writer *writer)
{
	const bool is_64_bit = core->is_64_bit;

	field_align(writer, 8);
	field_zeros(writer, 8);						/* name, type */
	field_word(writer, is_64_bit, 0);				/* flags */
	field_word(writer, is_64_bit, 0);				/* address */
	field_word(writer, is_64_bit, 0);				/* offset */
	field_word(writer, is_64_bit, 0);				/* size */
	field_u32(writer, 0);						/* link */
	field_u32(writer, (uint32_t)core->segment_count);		/* info */
	field_word(writer, is_64_bit, 0);				/* alignment */
	field_word(writer, is_64_bit, 0);				/* entry size */
}

static enum status write_headers(const struct elf_core *core, struct error *error)
{
	struct field_writer writer;

	field_writer_begin(&writer, core->job, 0, error);
	write_file_header(core, &writer);
	write_segments(core, &writer);
	elf_notes_write(&core->notes, &writer);
	if (core->section_offset != 0)
		write_section(core, &writer);
	return field_writer_flush(&writer);
}

static enum status write_core(struct elf_core *core, struct error *error)
{
	struct dump_layout layout = { .places = DUMP_PLACES_OF_RUNS };
	enum status status = find_vmcoreinfo(core, error);

	if (status != STATUS_OK)
		return status;
	locate_kernel_text(core);
	core->segment_count = 1 + memory_runs_count(&core->job->runs) +
			      (core->text.size > 0 ? 1 : 0);
	if (core->segment_count > UINT32_MAX)
		return error_set(error, STATUS_NOT_IMPLEMENTED,
				 "the memory is in too many pieces for an ELF core");
	choose_class(core);
	status = write_headers(core, error);
	layout.offset = core->memory_offset;
	if (status == STATUS_OK)
		status = dump_job_write_pages(core->job, layout, error);
	return status;
}

enum status dump_elf(struct dump_job *job, uint64_t *size_out, struct error *error)
{
	struct elf_core core = { .job = job };
	enum status status = dump_guest_machine(&job->guest, &core.notes.machine, error);

	if (status != STATUS_OK)
		return status;
	core.notes.vp_count = dump_guest_vp_count(&job->guest);
	core.notes.with_qemu = core.notes.machine != DUMP_MACHINE_ARM64 &&
			       !job->request->no_qemu_notes;
	core.notes.info = &core.info;
	status = write_core(&core, error);
	if (status == STATUS_OK)
		*size_out = core.memory_offset + (job->runs.page_count << PAGE_SHIFT);
	return status;
}
