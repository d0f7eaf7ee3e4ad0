/* SPDX-License-Identifier: MIT */
/*
 * The container of a program database (PDB): numbered streams, each scattered
 * over blocks of one file.
 *
 * Only version 7.00 is read, which every compiler since 2002 writes.  Opening
 * reads the first block and the stream directory; the streams themselves are
 * read where and when they are asked for, and neighbouring blocks in one go.
 * Input is hostile.
 *
 * Threads: after pdb_msf_open every function may be called from any number of
 * threads at once.
 *
 * May include: src/base, src/platform.
 */
#ifndef GUEST_PDB_MSF_H
#define GUEST_PDB_MSF_H

#include "base/error.h"
#include "platform/file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pdb_msf;

/* The number that stands for "no stream" wherever a PDB names one. */
enum { PDB_NO_STREAM = 0xFFFF };

/*
 * Reads the stream directory of file, which the result uses but does not own
 * and which must outlive it.  STATUS_UNSUPPORTED_VERSION for the container
 * that came before 7.00, STATUS_CORRUPT for anything else that is no
 * well-formed one, STATUS_READ_FAILED or STATUS_OUT_OF_MEMORY.
 */
enum status pdb_msf_open(const struct file *file, struct pdb_msf **out, struct error *error);

/* NULL is allowed. */
void pdb_msf_close(struct pdb_msf *msf);

uint32_t pdb_msf_stream_count(const struct pdb_msf *msf);

/* Size in bytes, never above that of the file; 0 for a stream that does not exist. */
uint32_t pdb_msf_stream_size(const struct pdb_msf *msf, uint32_t stream);

/*
 * Reads exactly size bytes of a stream.  STATUS_CORRUPT when they lie outside
 * the stream; STATUS_READ_FAILED.  The buffer is unspecified after a failure.
 */
enum status pdb_msf_read(const struct pdb_msf *msf, uint32_t stream, uint64_t offset, void *buffer,
			 size_t size, struct error *error);

/*
 * Reads size bytes of a stream into memory that the caller frees; one byte is
 * allocated even for none.  Statuses as pdb_msf_read, and STATUS_OUT_OF_MEMORY.
 */
enum status pdb_msf_read_new(const struct pdb_msf *msf, uint32_t stream, uint64_t offset,
			     size_t size, uint8_t **out, struct error *error);

#endif
