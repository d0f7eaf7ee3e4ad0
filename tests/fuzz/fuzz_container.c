/* SPDX-License-Identifier: MIT */
/*
 * A container of any kind opens or has a sentence, and so does every value that
 * it lists; keys are found by their paths, as far as duplicates leave them a
 * path of their own.  What is opened tolerantly has a fault noted if a plain open
 * refuses it, and otherwise none but keys whose values are larger than their
 * objects, which matter to who reads them alone.
 *
 * Input: a .vmrs, .bin or .vsv, plain or packed (fault/packed_image.h).
 */
#include "container/container.h"
#include "fault/image_mutator.h"
#include "fault/packed_image.h"
#include "state/saved_state.h"

#include <stdlib.h>
#include <string.h>

enum { LARGEST_VALUE = 1 << 22 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void require_sentence(enum status status, const struct error *error)
{
	if (status != STATUS_OK)
		require(error->status == status && error->text[0] != '\0');
}

static void read_value(const struct container *container, const struct key_value *value)
{
	struct error error;
	uint8_t *bytes;
	enum status status;

	error_clear(&error);
	status = container_read_value(container, value, LARGEST_VALUE, &bytes, &error);
	require_sentence(status, &error);
	if (status == STATUS_OK) {
		require(value->size <= container_facts(container).size);
		free(bytes);
	}
}

struct visit {
	const struct container *container;
	unsigned keys;
};

static bool visit_key(void *context, const char *path, const struct key_value *value)
{
	struct visit *visit = context;
	struct key_value found;
	enum status status;

	status = container_find(visit->container, path, &found);
	require(status == STATUS_OK || status == STATUS_KEY_NOT_FOUND);
	if (value->type == KEY_STRING || value->type == KEY_ARRAY)
		read_value(visit->container, value);
	return ++visit->keys < 2000;
}

static void read_numbered(const struct container *container, size_t family, bool tolerant)
{
	const struct numbered_keys *keys = container_numbered(container, family);
	uint8_t bytes[64];

	for (uint64_t number = 0; number < keys->run_count && number < 64; number++) {
		struct numbered_value value = numbered_keys_find(keys, number);
		enum status status = STATUS_OK;

		require(value.state != NUMBERED_MISSING);
		if (value.state == NUMBERED_ARRAY && value.size >= sizeof(bytes))
			status = container_read(container, value.offset, bytes, sizeof(bytes),
						NULL);
		require(status == STATUS_OK || tolerant);
	}
	require(numbered_keys_find(keys, keys->run_count).state == NUMBERED_MISSING);
}

static unsigned read_container(struct container *container, bool tolerant)
{
	struct visit visit = { container, 0 };

	require(container_visit(container, visit_key, &visit, NULL) == STATUS_OK);
	for (size_t family = 0; family < saved_state_families.count; family++)
		read_numbered(container, family, tolerant);
	container_close(container);
	return visit.keys;
}

struct noted {
	unsigned faults;
	unsigned cut_values;	/* of them */
};

static void note_fault(void *context, enum saved_part part, const struct error *error)
{
	struct noted *noted = context;

	require((unsigned)part < PART_COUNT);
	require(error->status != STATUS_OK && error->text[0] != '\0');
	noted->faults++;
	noted->cut_values += part == PART_KEY && error->status == STATUS_CORRUPT_LINK &&
			     strstr(error->text, "its value has") != NULL;
}

/* Opens a container either way; NULL if it is refused. */
static struct container *open_image(struct bytes image, struct damage *damage)
{
	struct container *container = NULL;
	struct error error;
	struct file *file;
	enum status status;

	error_clear(&error);
	require(file_open_memory(image.start, image.size, &file, NULL) == STATUS_OK);
	status = container_open_tolerant(file, &saved_state_families, damage, &container, &error);
	require_sentence(status, &error);
	require((status == STATUS_OK) == (container != NULL));
	return container;
}

static void read_everything(struct bytes image)
{
	unsigned keys = 0;
	struct noted noted = { 0, 0 };
	struct damage damage = { .listener = note_fault, .context = &noted };
	struct container *strict = open_image(image, NULL);
	struct container *tolerant = open_image(image, &damage);

	require(strict == NULL || tolerant != NULL);
	if (strict != NULL)
		keys = read_container(strict, false);
	if (tolerant == NULL)
		return;
	require((noted.faults == noted.cut_values) == (strict != NULL));
	require(read_container(tolerant, true) == keys || strict == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes image = image_unpack(data, size);

	read_everything(image);
	bytes_free(&image);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return packed_image_mutate(data, size, max_size, seed);
}
