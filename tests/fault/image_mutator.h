/* SPDX-License-Identifier: MIT */
/*
 * Mutations that know where a container's structures are, for libFuzzer.
 *
 * A field is changed, a structure copied over another, a value scrambled; the
 * checksums are made right again afterwards, most of the time, so that what
 * was changed is looked at.
 *
 * May include: nothing of src/.
 */
#ifndef FAULT_IMAGE_MUTATOR_H
#define FAULT_IMAGE_MUTATOR_H

#include "fault/fixture_files.h"

/* libFuzzer's own mutation of bytes; there only under libFuzzer, as are the mutators. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));

/* A mutator of packed images, to be called by LLVMFuzzerCustomMutator. */
size_t packed_image_mutate(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* Mutates an image in memory from malloc, whose size may change. */
void image_mutate(struct bytes *image, unsigned seed);

#endif
