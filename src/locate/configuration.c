/* SPDX-License-Identifier: MIT */
#include "locate/configuration.h"
#include "base/bytes.h"
#include "base/text.h"
#include "base/text_encoding.h"
#include "container/container.h"
#include "locate/xml_reader.h"
#include "platform/file.h"

#include <stdlib.h>
#include <string.h>

/* Real ones are of some hundred kilobytes; names and paths of Windows are below 64 KiB. */
enum { LARGEST_XML = 16 << 20, LONGEST_STRING = 1 << 16 };

/* A VM of many disks and adapters has some dozen GUIDs. */
enum { MENTION_LIMIT = 4096 };

static const struct container_families no_families = { .count = 0 };

/* ---- keys, from either kind of file ------------------------------------------------ */

struct reading {
	struct configuration *configuration;
	bool is_short_of_memory;
};

static bool replace_text(struct reading *reading, char **place, const char *text)
{
	char *copy = text_copy(text);

	if (copy == NULL) {
		reading->is_short_of_memory = true;
		return false;
	}
	free(*place);
	*place = copy;
	return true;
}

static bool add_mention(struct reading *reading, const struct guid_text *guid)
{
	struct vector *mentions = &reading->configuration->mentions;
	struct guid_text *place;

	if (mentions->count == MENTION_LIMIT)
		return true;
	place = vector_extend(mentions, 1, sizeof(*place));
	if (place == NULL) {
		reading->is_short_of_memory = true;
		return false;
	}
	*place = *guid;
	return true;
}

static bool take_string(struct reading *reading, const char *key, const char *text)
{
	struct configuration *configuration = reading->configuration;
	struct guid_text guid;

	if (ascii_equal_ignore_case(key, "/configuration/properties/name"))
		return replace_text(reading, &configuration->name, text);
	if (ascii_equal_ignore_case(key, "/configuration/savedstate/memlocation"))
		return replace_text(reading, &configuration->bin_path, text);
	if (ascii_equal_ignore_case(key, "/configuration/savedstate/vsvlocation"))
		return replace_text(reading, &configuration->vsv_path, text);
	if (!guid_from_text(text, strlen(text), guid.text))
		return true;
	if (ascii_equal_ignore_case(key, "/configuration/properties/global_id")) {
		memcpy(configuration->id, guid.text, GUID_TEXT_SIZE);
		return true;
	}
	return add_mention(reading, &guid);
}

static void take_number(struct configuration *configuration, const char *key, uint64_t value)
{
	if (ascii_equal_ignore_case(key, "/configuration/properties/version"))
		configuration->vm_version = (uint32_t)value;
	else if (ascii_equal_ignore_case(key, "/configuration/settings/memory/bank/size"))
		configuration->memory_mib = value;
	else if (ascii_equal_ignore_case(key, "/configuration/settings/processors/count"))
		configuration->processors = (uint32_t)value;
}

/* ---- .vmcx ------------------------------------------------------------------------- */

struct container_reading {
	const struct container *container;
	configuration_visitor visit;
	void *context;
	enum status status;
	struct error *error;
};

/* A String that is damaged or absurdly long is passed over, the rest is as good as ever. */
static bool pass_string(struct container_reading *reading, const char *path,
			const struct key_value *value)
{
	uint8_t *units;
	char *text;
	bool go_on;
	enum status status = container_read_value(reading->container, value, LONGEST_STRING,
						  &units, reading->error);

	if (status == STATUS_OUT_OF_MEMORY)
		reading->status = status;
	if (status != STATUS_OK)
		return status != STATUS_OUT_OF_MEMORY;
	text = utf8_from_utf16le(units, (size_t)value->size / 2);
	free(units);
	if (text == NULL) {
		reading->status = error_out_of_memory(reading->error, "a name");
		return false;
	}
	go_on = reading->visit(reading->context, path, text, NULL);
	free(text);
	return go_on;
}

static bool pass_key(void *context, const char *path, const struct key_value *value)
{
	struct container_reading *reading = context;

	if (value->type == KEY_INT || value->type == KEY_UINT)
		return reading->visit(reading->context, path, NULL, &value->scalar);
	return value->type != KEY_STRING || pass_string(reading, path, value);
}

static enum status visit_container(const struct container *container,
				   configuration_visitor visit, void *context,
				   struct error *error)
{
	struct container_reading reading = { container, visit, context, STATUS_OK, error };
	enum status status = container_visit(container, pass_key, &reading, error);

	return status == STATUS_OK ? reading.status : status;
}

enum status configuration_visit(const char *path, configuration_visitor visit, void *context,
				struct error *error)
{
	struct container *container;
	struct file *file;
	enum status status = file_open(path, FILE_READ_SHARED, &file, error);

	if (status == STATUS_OK)
		status = container_open(file, &no_families, &container, error);
	if (status != STATUS_OK)
		return status;
	status = visit_container(container, visit, context, error);
	container_close(container);
	return status;
}

static bool take_value(void *context, const char *key, const char *text, const uint64_t *number)
{
	struct reading *reading = context;

	if (text != NULL)
		return take_string(reading, key, text);
	take_number(reading->configuration, key, *number);
	return true;
}

static void read_creation_time(const struct container *container, uint64_t *out)
{
	struct key_value value;
	uint8_t bytes[8];

	if (container_find(container, "/configuration/properties/creation_time", &value) ==
		    STATUS_OK &&
	    value.type == KEY_ARRAY && value.size == sizeof(bytes) && !value.broken &&
	    container_read(container, value.offset, bytes, sizeof(bytes), NULL) == STATUS_OK)
		*out = load_le64(bytes);
}

static enum status read_vmcx(struct file *file, struct reading *reading, struct error *error)
{
	struct container *container;
	enum status status = container_open(file, &no_families, &container, error);

	if (status != STATUS_OK)
		return status;
	status = visit_container(container, take_value, reading, error);
	read_creation_time(container, &reading->configuration->created);
	container_close(container);
	return status;
}

/* ---- .xml -------------------------------------------------------------------------- */

static bool take_element(void *context, const char *path, const char *text)
{
	struct reading *reading = context;
	char *end;
	unsigned long long number = strtoull(text, &end, 10);

	if (end != text && *end == '\0')
		take_number(reading->configuration, path, number);
	return take_string(reading, path, text);
}

static enum status read_xml(struct file *file, struct reading *reading, struct error *error)
{
	uint64_t size = file_size(file);
	uint8_t *bytes;
	enum status status;

	if (size > LARGEST_XML)
		return error_set(error, STATUS_CORRUPT, "XML: %llu bytes are no configuration",
				 (unsigned long long)size);
	bytes = malloc((size_t)size + 1);
	if (bytes == NULL)
		return error_out_of_memory(error, "a configuration file");
	status = file_read_at(file, 0, bytes, (size_t)size, error);
	if (status == STATUS_OK)
		status = xml_read(bytes, (size_t)size, take_element, reading, error);
	free(bytes);
	return status;
}

/* ---- either ------------------------------------------------------------------------ */

static bool has_xml_name(const char *path)
{
	size_t length = strlen(path);

	return length > 4 && ascii_equal_ignore_case(path + length - 4, ".xml");
}

enum status configuration_read(const char *path, struct configuration *out, struct error *error)
{
	struct configuration configuration = { .name = text_copy("") };
	struct reading reading = { &configuration, configuration.name == NULL };
	struct file *file;
	enum status status = file_open(path, FILE_READ_SHARED, &file, error);

	if (status == STATUS_OK && has_xml_name(path)) {
		status = read_xml(file, &reading, error);
		file_close(file);
	} else if (status == STATUS_OK) {
		status = read_vmcx(file, &reading, error);
	}
	if (status == STATUS_OK && reading.is_short_of_memory)
		status = error_out_of_memory(error, "a configuration");
	if (status != STATUS_OK) {
		configuration_free(&configuration);
		return status;
	}
	*out = configuration;
	return STATUS_OK;
}

void configuration_free(struct configuration *configuration)
{
	vector_free(&configuration->mentions);
	free(configuration->vsv_path);
	free(configuration->bin_path);
	free(configuration->name);
}
