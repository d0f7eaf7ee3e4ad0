/* SPDX-License-Identifier: MIT */
#include "windows_image.h"
#include "base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, PE_AT = 0x80, OPTIONAL_SIZE = 240, SECTION_HEADER_SIZE = 40 };

static enum status read_memory(void *context, uint64_t address, void *buffer, size_t size,
			       size_t *read_out)
{
	const struct windows_memory *memory = context;
	uint8_t *to = buffer;

	for (*read_out = 0; *read_out < size; (*read_out)++, address++) {
		if (memory->missing_page != 0 && address / PAGE == memory->missing_page / PAGE)
			return STATUS_OK;
		if (address - IMAGE_BASE < memory->image_size)
			to[*read_out] = memory->image[address - IMAGE_BASE];
		else if (address - STACK_BASE < STACK_SIZE)
			to[*read_out] = memory->stack[address - STACK_BASE];
		else
			return STATUS_OK;
	}
	return STATUS_OK;
}

static uint8_t *read_file(const char *path, size_t *size_out)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes;
	long size;

	if (file == NULL)
		return NULL;
	if (fseek(file, 0, SEEK_END) != 0)
		abort();
	size = ftell(file);
	rewind(file);
	bytes = malloc((size_t)size);
	if (bytes == NULL || fread(bytes, 1, (size_t)size, file) != (size_t)size)
		abort();
	fclose(file);
	*size_out = (size_t)size;
	return bytes;
}

static uint8_t *allocate(size_t size)
{
	uint8_t *bytes = calloc(1, size);

	if (bytes == NULL)
		abort();
	return bytes;
}

bool windows_memory_load(struct windows_memory *memory, const char *path)
{
	size_t size;
	uint8_t *file = read_file(path, &size);
	const uint8_t *nt, *section;

	if (file == NULL)
		return false;
	nt = file + load_le32(file + 60);
	*memory = (struct windows_memory){ .image_size = load_le32(nt + 24 + 56) };
	memory->image = allocate(memory->image_size);
	memory->stack = allocate(STACK_SIZE);
	memcpy(memory->image, file, load_le32(nt + 24 + 60));
	section = nt + 24 + load_le16(nt + 20);
	for (unsigned i = 0; i < load_le16(nt + 6); i++, section += SECTION_HEADER_SIZE) {
		uint32_t room = load_le32(section + 8), stored = load_le32(section + 16);

		memcpy(memory->image + load_le32(section + 12), file + load_le32(section + 20),
		       stored < room ? stored : room);
	}
	free(file);
	return true;
}

void windows_memory_create(struct windows_memory *memory, size_t size, uint16_t machine,
			   uint32_t exceptions_rva, uint32_t exceptions_size)
{
	uint8_t *nt;

	*memory = (struct windows_memory){ .image_size = size };
	memory->image = allocate(size);
	memory->stack = allocate(STACK_SIZE);
	memcpy(memory->image, "MZ", 2);
	store_le32(memory->image + 60, PE_AT);
	nt = memory->image + PE_AT;
	memcpy(nt, "PE\0", 4);
	store_le16(nt + 4, machine);
	store_le16(nt + 20, OPTIONAL_SIZE);
	store_le16(nt + 24, 0x20B);
	store_le32(nt + 24 + 56, (uint32_t)size);
	store_le32(nt + 24 + 108, IMAGE_DIRECTORY_COUNT);
	store_le32(nt + 24 + 112 + 8 * IMAGE_DIRECTORY_EXCEPTION, exceptions_rva);
	store_le32(nt + 24 + 116 + 8 * IMAGE_DIRECTORY_EXCEPTION, exceptions_size);
}

void windows_memory_free(struct windows_memory *memory)
{
	free(memory->image);
	free(memory->stack);
}

struct image_memory windows_memory_view(struct windows_memory *memory)
{
	struct image_memory view = { read_memory, memory };

	return view;
}

struct pe_image *windows_memory_open(struct windows_memory *memory)
{
	struct image_memory view = windows_memory_view(memory);
	struct pe_image *image;

	return pe_image_open(&view, IMAGE_BASE, &image, NULL) == STATUS_OK ? image : NULL;
}

void stack_put(struct windows_memory *memory, uint64_t address, uint64_t value)
{
	store_le64(memory->stack + (address - STACK_BASE), value);
}

uint64_t stack_value(uint64_t address)
{
	return 0xABCD000000000000 | (address - STACK_BASE);
}

void stack_fill(struct windows_memory *memory)
{
	for (uint64_t at = STACK_BASE; at < STACK_BASE + STACK_SIZE; at += 8)
		stack_put(memory, at, stack_value(at));
}
