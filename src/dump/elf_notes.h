/* SPDX-License-Identifier: MIT */
/*
 * The notes of an ELF core: each VP's registers, and what is known of the
 * guest's kernel.
 *
 * May include: everything below src/dump.
 */
#ifndef DUMP_ELF_NOTES_H
#define DUMP_ELF_NOTES_H

#include "dump/field_writer.h"
#include "dump/vmcoreinfo.h"

struct elf_notes {
	enum dump_machine machine;
	uint32_t vp_count;
	bool with_qemu;			/* x86 alone has these */
	const struct vmcoreinfo *info;	/* its size is 0 when there is none */
};

/* Bytes that the notes take. */
uint64_t elf_notes_size(const struct elf_notes *notes);

/*
 * Writes the notes: registers of all VPs, QEMU's of all VPs, VMCOREINFO.
 * Failures of the sink are kept in the writer.
 */
void elf_notes_write(const struct elf_notes *notes, struct field_writer *writer);

#endif
