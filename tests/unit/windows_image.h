/* SPDX-License-Identifier: MIT */
/*
 * A Windows image and a stack in memory, for tests of what is read from both.
 *
 * May include: src/base, src/guest.
 */
#ifndef WINDOWS_IMAGE_H
#define WINDOWS_IMAGE_H

#include "guest/pe_image.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_BASE UINT64_C(0xFFFFF80012340000)
#define STACK_BASE UINT64_C(0xFFFFA00000010000)

enum { STACK_SIZE = 1 << 20 };

struct windows_memory {
	uint8_t *image;
	size_t image_size;
	uint8_t *stack;			/* STACK_SIZE bytes from STACK_BASE */
	uint64_t missing_page;		/* reads of it find nothing; 0 for none */
};

/* Lays out the file at path as Windows loads it; false when there is no such file. */
bool windows_memory_load(struct windows_memory *memory, const char *path);

/* An image of size bytes for machine: headers with an exception directory, and zeros. */
void windows_memory_create(struct windows_memory *memory, size_t size, uint16_t machine,
			   uint32_t exceptions_rva, uint32_t exceptions_size);
void windows_memory_free(struct windows_memory *memory);

struct image_memory windows_memory_view(struct windows_memory *memory);
struct pe_image *windows_memory_open(struct windows_memory *memory);

/* A number on the stack, at an address of the guest. */
void stack_put(struct windows_memory *memory, uint64_t address, uint64_t value);

/* Fills the stack so that each number tells its own address: stack_value(address). */
void stack_fill(struct windows_memory *memory);
uint64_t stack_value(uint64_t address);

#endif
