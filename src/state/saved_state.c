/* SPDX-License-Identifier: MIT */
#include "state/saved_state.h"
#include "base/text_encoding.h"
#include "state/memory_block.h"

#include <string.h>

static const char KEY_VM_VERSION[] = "/configuration/properties/version";
static const char KEY_PARTITION_STATE[] = "/savedstate/savedVM/partition_state";

/* Key names of VM versions up to 5.0, in the .vsv. */
static const char KEY_LEGACY_PARTITION_STATE[] = "/savedVM/partition_state";

/* VM versions above this one use the names with /savedstate. */
enum { NEWEST_LEGACY_VERSION = 0x500 };

static const struct numbered_family hvs_families[FAMILY_COUNT] = {
	[FAMILY_RAM_BLOCK] = { "savedstate", "RamBlock", "" },
	[FAMILY_MEMORY_BLOCK] = { "savedstate", "RamMemoryBlock", "" },
};

static const struct numbered_family legacy_families[FAMILY_COUNT] = {
	[FAMILY_RAM_BLOCK] = { "", "RamBlock/", "" },
	[FAMILY_MEMORY_BLOCK] = { "", "RamMemoryBlock/", "" },
};

const struct container_families saved_state_families = {
	.hvs = hvs_families,
	.legacy = legacy_families,
	.count = FAMILY_COUNT,
};

const struct numbered_keys *saved_state_ram_blocks(const struct saved_state *state)
{
	return container_numbered(state->ram, FAMILY_RAM_BLOCK);
}

static enum status read_vm_version(struct saved_state *state, struct error *error)
{
	struct key_value value;

	if (container_find(state->state, KEY_VM_VERSION, &value) != STATUS_OK)
		return error_set(error, STATUS_KEY_NOT_FOUND, "the key %s is missing",
				 KEY_VM_VERSION);
	if (value.type != KEY_INT)
		return error_set(error, STATUS_WRONG_KEY_TYPE, "the key %s is not an Int",
				 KEY_VM_VERSION);
	/* The original compares the low half as an unsigned number: -5 loads, 2^32 does not. */
	state->vm_version = (uint32_t)value.scalar;
	return STATUS_OK;
}

static enum status check_vm_version(const struct saved_state *state, struct error *error)
{
	struct key_value ignored;
	bool has_state;

	if (state->vm_version > NEWEST_LEGACY_VERSION)
		return STATUS_OK;
	has_state = container_find(state->state, KEY_LEGACY_PARTITION_STATE, &ignored) == STATUS_OK;
	return error_set(error, has_state ? STATUS_UNSUPPORTED_LAYOUT : STATUS_NO_PARTITION_STATE,
			 "VM version %u.%u keeps no saved state in a .vmrs", state->vm_version >> 8,
			 state->vm_version & 0xFF);
}

/* The original answers the same for a key that lost its value as for none; what helps differs. */
static enum status find_partition_state(const struct saved_state *state, const char *path,
					struct damage *damage, struct key_value *out,
					struct error *error)
{
	if (container_find(state->state, path, out) != STATUS_OK)
		return error_set(error, STATUS_NO_PARTITION_STATE,
				 "the file holds no saved processors: %s is missing", path);
	damage_count(damage, PART_PARTITION_STATE);
	if (out->broken)
		return error_set(error, STATUS_STATE_LOST,
				 "the saved processors are lost: the file object of %s is missing, "
				 "or smaller than the key says", path);
	return STATUS_OK;
}

static enum status read_partition_state(struct saved_state *state, const struct key_value *value,
					struct error *error)
{
	enum status status;
	uint8_t *blob;

	if (value->type != KEY_ARRAY)
		return error_set(error, STATUS_CORRUPT_STATE,
				 "the partition state is not an array of bytes");
	status = container_read_value(state->state, value, UINT32_MAX, &blob, error);
	if (status != STATUS_OK)
		return error_prefix(error, status, "partition state");
	status = partition_state_parse(blob, (size_t)value->size, &state->partition, error);
	free(blob);
	return status;
}

struct ram_layout_search {
	bool found;
};

static bool starts_with(const char *text, const char *prefix)
{
	for (; *prefix != '\0'; text++, prefix++) {
		if (ascii_lower((unsigned char)*text) != ascii_lower((unsigned char)*prefix))
			return false;
	}
	return true;
}

static bool notice_ram_layout(void *context, const char *path, const struct key_value *value)
{
	struct ram_layout_search *search = context;

	(void)value;
	search->found = starts_with(path, "/savedstate/Iteration") ||
			starts_with(path, "/savedstate/RamIndexStart");
	return !search->found;
}

/*
 * Fast saves of recent hosts are said to keep RAM under other keys.  Their
 * meaning is unknown; what matters is not to take such a file for one whose
 * memory is empty.
 */
static enum status check_ram_layout(struct saved_state *state, struct error *error)
{
	struct ram_layout_search search = { false };
	enum status status;

	if (numbered_keys_count(saved_state_ram_blocks(state)) > 0)
		return STATUS_OK;
	status = container_visit(state->state, notice_ram_layout, &search, error);
	state->unknown_ram_layout = search.found;
	return status;
}

static enum status read_processors(struct saved_state *state, const struct key_value *value,
				   struct damage *damage, struct error *error)
{
	enum status status = STATUS_OK;

	if (value != NULL) {
		status = read_partition_state(state, value, error);
		status = damage_tolerate(damage, PART_PARTITION_STATE, status, error);
	}
	if (status == STATUS_OK && state->partition == NULL)
		state->partition = partition_state_create_empty();
	if (status == STATUS_OK && state->partition == NULL)
		return error_out_of_memory(error, "the processors");
	return status;
}

/* The order of the checks is the original's. */
static enum status read_parts(struct saved_state *state, const char *partition_state_path,
			      struct damage *damage, struct error *error)
{
	struct key_value partition;
	const struct key_value *found = NULL;
	enum status status =
		find_partition_state(state, partition_state_path, damage, &partition, error);

	if (status == STATUS_OK)
		found = &partition;
	status = damage_tolerate(damage, PART_PARTITION_STATE, status, error);
	if (status == STATUS_OK)
		status = memory_blocks_read(state->state,
					    container_numbered(state->state, FAMILY_MEMORY_BLOCK),
					    damage, &state->memory_blocks, error);
	if (status == STATUS_OK)
		status = read_processors(state, found, damage, error);
	if (status == STATUS_OK)
		status = check_ram_layout(state, error);
	return status;
}

static enum status check_kind(const struct container *container, struct error *error)
{
	if (container_facts(container).kind == CONTAINER_HVS)
		return STATUS_OK;
	return error_set(error, STATUS_NOT_A_SAVED_STATE,
			 "this is one file of a .bin and .vsv pair, which are opened together");
}

/* What a container of either kind holds, once it is open. */
static enum status read_contents(struct saved_state *state, struct damage *damage,
				 struct error *error)
{
	enum status status;

	if (container_facts(state->state).kind == CONTAINER_LEGACY) {
		state->vm_version = NEWEST_LEGACY_VERSION;
		return read_parts(state, KEY_LEGACY_PARTITION_STATE, damage, error);
	}
	status = read_vm_version(state, error);
	if (status == STATUS_OK)
		status = check_vm_version(state, error);
	status = damage_tolerate(damage, PART_KEY, status, error);
	if (status == STATUS_OK)
		status = read_parts(state, KEY_PARTITION_STATE, damage, error);
	return status;
}

static enum status finish(struct saved_state *state, enum status status, struct saved_state **out)
{
	if (status != STATUS_OK) {
		saved_state_close(state);
		return status;
	}
	*out = state;
	return STATUS_OK;
}

enum status saved_state_open(struct file *file, struct saved_state **out, struct error *error)
{
	struct saved_state *state = calloc(1, sizeof(*state));
	enum status status;

	if (state == NULL) {
		file_close(file);
		return error_out_of_memory(error, "a saved state");
	}
	status = container_open(file, &saved_state_families, &state->state, error);
	state->ram = state->state;
	if (status == STATUS_OK)
		status = check_kind(state->state, error);
	if (status == STATUS_OK)
		status = read_contents(state, NULL, error);
	return finish(state, status, out);
}

/* Opens one file of a pair; role is its extension. */
static enum status open_half(struct file *file, const char *role, struct damage *damage,
			     struct container **out, struct error *error)
{
	enum status status =
		container_open_tolerant(file, &saved_state_families, damage, out, error);

	if (status != STATUS_OK)
		return error_prefix(error, status, "the %s", role);
	if (container_facts(*out).kind == CONTAINER_LEGACY)
		return STATUS_OK;
	return error_set(error, STATUS_OTHER_CONTAINER, "the file given as %s is a .vmrs", role);
}

/* Swapped arguments are the likeliest mistake with a pair. */
static bool halves_are_swapped(const struct saved_state *state)
{
	struct key_value ignored;

	return container_find(state->ram, KEY_LEGACY_PARTITION_STATE, &ignored) == STATUS_OK &&
	       container_find(state->state, KEY_LEGACY_PARTITION_STATE, &ignored) != STATUS_OK;
}

static enum status open_halves(struct saved_state *state, struct file *bin, struct file *vsv,
			       struct damage *damage, struct error *error)
{
	enum status status = open_half(bin, ".bin", damage, &state->ram, error);

	if (status != STATUS_OK) {
		file_close(vsv);
		return status;
	}
	status = open_half(vsv, ".vsv", damage, &state->state, error);
	if (status == STATUS_OK && halves_are_swapped(state))
		status = error_set(error, STATUS_PAIR_SWAPPED,
				   "the .bin and the .vsv are given in each other's place");
	return status;
}

enum status saved_state_open_pair(struct file *bin, struct file *vsv, struct saved_state **out,
				  struct error *error)
{
	struct saved_state *state = calloc(1, sizeof(*state));
	enum status status;

	if (state == NULL) {
		file_close(bin);
		file_close(vsv);
		return error_out_of_memory(error, "a saved state");
	}
	status = open_halves(state, bin, vsv, NULL, error);
	if (status == STATUS_OK)
		status = read_contents(state, NULL, error);
	return finish(state, status, out);
}

/* A container that is refused even so is beyond salvage, and no list tells what is damaged. */
static enum status nothing_readable(enum status status, struct error *error)
{
	if (status_class(status) != STATUS_CLASS_CORRUPT)
		return status;
	error->status = STATUS_NOTHING_LEFT;
	return error_prefix(error, STATUS_NOTHING_LEFT, "nothing can be salvaged");
}

static enum status open_tolerant(struct saved_state *state, struct file *first,
				 struct file *second, struct damage *damage, struct error *error)
{
	enum status status;

	if (second != NULL) {
		status = open_halves(state, first, second, damage, error);
	} else {
		status = container_open_tolerant(first, &saved_state_families, damage,
						 &state->state, error);
		state->ram = state->state;
	}
	return nothing_readable(status, error);
}

/* Before anything is read from it.  Every container has keys: one without them has lost them. */
static bool container_is_sound(const struct damage *damage)
{
	for (int part = 0; part < PART_COUNT; part++) {
		if (damage->damaged[part] > 0)
			return false;
	}
	return damage->checked[PART_KEY] > 0;
}

/* Whether there is a saved state in the container, in whatever condition. */
static bool was_described(const struct damage *damage)
{
	return damage->checked[PART_PARTITION_STATE] > 0 || damage->checked[PART_MEMORY_MAP] > 0;
}

static enum status check_anything_left(const struct saved_state *state, bool sound_container,
				       const struct damage *damage, struct error *error)
{
	if (partition_state_vp_count(state->partition) > 0 || state->memory_blocks.count > 0 ||
	    numbered_keys_count(saved_state_ram_blocks(state)) > 0)
		return STATUS_OK;
	if (sound_container && !was_described(damage))
		return error_set(error, STATUS_NO_PARTITION_STATE,
				 "the file holds no saved state: neither processors nor memory");
	return error_set(error, STATUS_NOTHING_LEFT,
			 "nothing of a saved state is left in the file");
}

enum status saved_state_salvage(struct file *first, struct file *second, struct damage *damage,
				struct saved_state **out, struct error *error)
{
	struct saved_state *state = calloc(1, sizeof(*state));
	bool sound_container;
	enum status status;

	if (state == NULL) {
		file_close(first);
		file_close(second);
		return error_out_of_memory(error, "a saved state");
	}
	status = open_tolerant(state, first, second, damage, error);
	sound_container = container_is_sound(damage);
	if (status == STATUS_OK)
		status = read_contents(state, damage, error);
	if (status == STATUS_OK)
		status = check_anything_left(state, sound_container, damage, error);
	return finish(state, status, out);
}

void saved_state_close(struct saved_state *state)
{
	if (state == NULL)
		return;
	if (state->ram != state->state)
		container_close(state->ram);
	container_close(state->state);
	vector_free(&state->memory_blocks);
	partition_state_free(state->partition);
	free(state);
}
