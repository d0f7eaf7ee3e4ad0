/* SPDX-License-Identifier: MIT */
/*
 * The registers of a VP as JSON, in the form that snapshot fuzzers load beside
 * a crash dump.
 *
 * May include: everything below src/dump.
 */
#ifndef DUMP_SNAPSHOT_REGISTERS_H
#define DUMP_SNAPSHOT_REGISTERS_H

#include "dump/dump_job.h"

/*
 * Writes the registers of the VP that the job names and leaves the sink open;
 * *size_out is how many bytes there are.  A register that is not saved has its
 * value after a reset, and a remark says so.  STATUS_OUT_OF_MEMORY; statuses
 * of the sink.
 */
enum status snapshot_registers_write(struct dump_job *job, const struct dump_sink *sink,
				     uint64_t *size_out, struct error *error);

#endif
