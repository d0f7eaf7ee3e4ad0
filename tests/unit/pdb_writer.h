/* SPDX-License-Identifier: MIT */
/*
 * PDBs written by hand, stream by stream.
 *
 * May include: nothing of src/.
 */
#ifndef UNIT_PDB_WRITER_H
#define UNIT_PDB_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Bytes ------------------------------------------------------------------------- */

struct written {
	uint8_t *data;		/* owned */
	size_t size;
	size_t capacity;
};

void put_bytes(struct written *bytes, const void *from, size_t size);
void put8(struct written *bytes, unsigned value);
void put16(struct written *bytes, unsigned value);
void put32(struct written *bytes, uint32_t value);
void put_text(struct written *bytes, const char *text);
void put_zeros(struct written *bytes, size_t count);

/* ---- The container ------------------------------------------------------------------ */

enum { PDB_STREAMS = 16 };

/* Streams by number; those never put are empty. */
struct container {
	struct written stream[PDB_STREAMS];
	uint32_t stream_count;
};

/* The numbers of the streams here; only the first four have the same in every PDB. */
enum { INFO = 1, TPI = 2, DBI = 3, SECTIONS = 5, TO_SOURCE = 6, FROM_SOURCE = 7, OLD_SECTIONS = 8,
       GLOBALS = 9, PUBLICS = 10, RECORDS = 11 };

/* The whole file, in blocks of 512 bytes; the caller frees its data. */
struct written write_container(const struct container *container);
void free_container(struct container *container);

/* ---- What tells of the image ------------------------------------------------------- */

/* The GUID is the bytes 0 to 15. */
void put_info(struct container *pdb, uint32_t age);
void put_section(struct written *stream, uint32_t rva, uint32_t size);

/* Sections of 0x1000 bytes at 0x1000 and of 0x500 at 0x4000; rearranged: with address maps. */
void put_dbi(struct container *pdb, uint32_t age, uint16_t machine, bool rearranged);

/* ---- Symbols ----------------------------------------------------------------------- */

/* A record and its place in the address table and in a hash table without buckets. */
void put_public(struct written *records, struct written *entries, struct written *addresses,
		uint16_t section, uint32_t offset, const char *name);
void put_publics_stream(struct written *stream, const struct written *entries,
			const struct written *addresses);

/* ---- Types ------------------------------------------------------------------------- */

enum { INT = 0x74, CHAR = 0x70, FIRST_TYPE = 0x1000 };

struct type_list {
	struct written records;
	uint32_t count;
};

/* Adds a record, frees its body, and returns the type's number. */
uint32_t add_record(struct type_list *list, unsigned leaf, struct written *body);
void put_member(struct written *fields, uint32_t type, unsigned offset, const char *name);
uint32_t add_structure(struct type_list *list, uint32_t fields, unsigned properties,
		       unsigned size, const char *name);
void put_types(struct container *pdb, const struct type_list *list);

#endif
