/* SPDX-License-Identifier: MIT */
/*
 * A program database: which image it belongs to, which object files went into
 * it, and where its section-relative addresses lie in the image.
 *
 * Opening reads the info stream, the fixed parts of the debug info (DBI)
 * stream and the section headers; symbols and types have readers of their own
 * (guest/pdb_symbols.h, guest/pdb_types.h).  Input is hostile: every number is
 * held against the bytes that are there.
 *
 * Threads: after pdb_file_open every function may be called from any number
 * of threads at once.
 *
 * May include: src/base, src/platform, src/guest.
 */
#ifndef GUEST_PDB_FILE_H
#define GUEST_PDB_FILE_H

#include "base/error.h"
#include "guest/pdb_msf.h"
#include "platform/file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PDB_GUID_SIZE = 16 };

struct pdb_file;

/* One object file that was linked. */
struct pdb_module {
	const char *name;		/* its path, or "* Linker *" and the like */
	const char *object_file;	/* the library that held it, or its path again */
	uint16_t stream;		/* of its symbols; PDB_NO_STREAM when they were stripped */
	uint32_t symbol_bytes;		/* with the four bytes of signature before them */
};

/*
 * Opens a PDB.  On success the result owns file; on failure the caller keeps
 * it.  Statuses as pdb_msf_open.
 */
enum status pdb_file_open(struct file *file, struct pdb_file **out, struct error *error);

/* Closes the file too; NULL is allowed. */
void pdb_file_close(struct pdb_file *pdb);

/* The GUID's 16 bytes as they stand in the PDB and in the image's debug directory. */
const uint8_t *pdb_file_guid(const struct pdb_file *pdb);

/*
 * The number that goes with the GUID: the age in the debug info stream, which
 * linkers copy to the image, or, in a PDB without one, that of the info
 * stream, which tools raise when they edit the PDB afterwards.
 */
uint32_t pdb_file_age(const struct pdb_file *pdb);

/* True if the image that names this GUID and age was linked together with the PDB. */
bool pdb_file_matches(const struct pdb_file *pdb, const uint8_t *guid, uint32_t age);

/* IMAGE_FILE_MACHINE_*; 0 when the PDB has no debug info stream. */
uint16_t pdb_file_machine(const struct pdb_file *pdb);

const struct pdb_msf *pdb_file_msf(const struct pdb_file *pdb);

/* The stream of that name ("/names"), or PDB_NO_STREAM. */
uint32_t pdb_file_named_stream(const struct pdb_file *pdb, const char *name);

/* Streams of symbols; PDB_NO_STREAM where there is none. */
uint16_t pdb_file_globals_stream(const struct pdb_file *pdb);
uint16_t pdb_file_publics_stream(const struct pdb_file *pdb);
uint16_t pdb_file_records_stream(const struct pdb_file *pdb);

uint32_t pdb_file_module_count(const struct pdb_file *pdb);

/* index is below pdb_file_module_count; the module lives as long as the PDB. */
const struct pdb_module *pdb_file_module(const struct pdb_file *pdb, uint32_t index);

/*
 * Reads the symbol records of a module, each behind the other, and a NUL after
 * the last, into memory that the caller frees; none for a module without
 * symbols.  STATUS_CORRUPT, STATUS_READ_FAILED or STATUS_OUT_OF_MEMORY.
 */
enum status pdb_file_read_symbols(const struct pdb_file *pdb, uint32_t index, uint8_t **out,
				  size_t *size_out, struct error *error);

/*
 * The module that contributed the byte at section:offset (sections count from
 * 1).  STATUS_SYMBOL_NOT_FOUND when none did; STATUS_READ_FAILED or
 * STATUS_CORRUPT.
 */
enum status pdb_file_module_at(const struct pdb_file *pdb, uint16_t section, uint32_t offset,
			       uint32_t *index_out, struct error *error);

/*
 * Between section:offset as symbols give it and the address relative to the
 * image's base.  Both go through the address maps of an image that was
 * rearranged after linking.  False when there is no such section, or when the
 * rearranged image has nothing there any more.
 */
bool pdb_file_rva_of(const struct pdb_file *pdb, uint16_t section, uint32_t offset,
		     uint32_t *rva_out);
bool pdb_file_section_of(const struct pdb_file *pdb, uint32_t rva, uint16_t *section_out,
			 uint32_t *offset_out);

#endif
