/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "json_writer.h"
#include "registers.h"
#include "saved_state.h"
#include "words.h"

struct regs {
	const struct saved_state *state;
	UINT32 vtl;			/* or VMSAVEDSTATE_ACTIVE_VTL */
	bool all;
	struct json_writer *json;	/* NULL for text */
};

struct register_value {
	const char *name;
	UINT8 bytes[16];
	UINT32 width;
};

static HRESULT get_register(const struct regs *regs, UINT32 vp, UINT32 id,
			    struct register_value *out)
{
	out->name = VmSavedStateGetRegisterName(id);
	return VmSavedStateGetRegister(regs->state->handle, vp, regs->vtl, id, out->bytes,
				       &out->width);
}

/* "0x" and the digits of 16 bytes at most, the most significant first. */
static void format_number(const struct register_value *value, char text[2 + 32 + 1])
{
	char *to = text + sprintf(text, "0x");

	for (UINT32 i = value->width; i > 0; i--)
		to += sprintf(to, "%02X", value->bytes[i - 1]);
}

/* So that the values of a group stand in columns. */
static int longest_name_of(const struct register_group *group)
{
	size_t longest = 0;

	for (UINT32 id = group->first; id <= group->last; id++) {
		size_t length = strlen(VmSavedStateGetRegisterName(id));

		if (length > longest)
			longest = length;
	}
	return (int)longest;
}

static void print_fields(const struct register_group *group, const struct register_value *value)
{
	printf("  %-*s", longest_name_of(group), value->name);
	for (const struct register_field *field = group->fields; field->name != NULL; field++)
		printf("  %s 0x%0*" PRIX64, field->name, (int)(2 * field->width),
		       register_number(value->bytes + field->offset, field->width));
	printf("\n");
}

static void print_number(const struct register_group *group, const struct register_value *value,
			 bool last_of_line)
{
	char number[2 + 32 + 1];

	format_number(value, number);
	printf("  %-*s %s%s", longest_name_of(group), value->name, number,
	       last_of_line ? "\n" : "");
}

static void write_fields(struct json_writer *json, const struct register_group *group,
			 const struct register_value *value)
{
	json_object_begin(json, value->name);
	for (const struct register_field *field = group->fields; field->name != NULL; field++)
		json_hex(json, field->name,
			 register_number(value->bytes + field->offset, field->width),
			 2 * field->width);
	json_close(json);
}

static void write_number(struct json_writer *json, const struct register_value *value)
{
	char number[2 + 32 + 1];

	format_number(value, number);
	json_text(json, value->name, number);
}

static HRESULT show_group(const struct regs *regs, UINT32 vp, const struct register_group *group)
{
	bool has_fields = group->fields[0].name != NULL;

	if (regs->json == NULL)
		printf(" %s\n", group->title);
	for (UINT32 id = group->first; id <= group->last; id++) {
		struct register_value value;
		HRESULT result = get_register(regs, vp, id, &value);
		bool last_of_line = (id - group->first + 1) % group->per_line == 0 ||
				    id == group->last;

		if (FAILED(result))
			return result;
		if (regs->json != NULL && has_fields)
			write_fields(regs->json, group, &value);
		else if (regs->json != NULL)
			write_number(regs->json, &value);
		else if (has_fields)
			print_fields(group, &value);
		else
			print_number(group, &value, last_of_line);
	}
	return S_OK;
}

static HRESULT show_groups(const struct regs *regs, UINT32 vp, VIRTUAL_PROCESSOR_ARCH family)
{
	HRESULT result = S_OK;

	for (const struct register_group *group = register_groups; group->title != NULL; group++) {
		if (group->family != family || (!group->always && !regs->all))
			continue;
		result = show_group(regs, vp, group);
		if (FAILED(result))
			break;
	}
	return result;
}

/* The result of asking for a register that every VP of the family has. */
static HRESULT probe(const struct regs *regs, UINT32 vp, VIRTUAL_PROCESSOR_ARCH family)
{
	struct register_value value;

	return get_register(regs, vp, family == Arch_Armv8 ? ARM64_RegisterPc : X64_RegisterRip,
			    &value);
}

static enum exit_code show_vp(const struct regs *regs, UINT32 vp)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = regs->state->handle;
	VIRTUAL_PROCESSOR_ARCH family = vp_is_arm64(handle, vp) ? Arch_Armv8 : Arch_x64;
	VIRTUAL_PROCESSOR_ARCH architecture = Arch_Unknown;
	UINT8 active = 0;
	UINT32 vtl = regs->vtl;
	HRESULT result = probe(regs, vp, family);

	if (FAILED(result))
		return saved_state_fail_call(regs->state, result);
	GetArchitecture(handle, vp, &architecture);
	GetActiveVirtualTrustLevel(handle, vp, &active);
	if (vtl == VMSAVEDSTATE_ACTIVE_VTL)
		vtl = active;
	if (regs->json != NULL) {
		json_object_begin(regs->json, NULL);
		json_number(regs->json, "vp", vp);
		json_number(regs->json, "vtl", vtl);
		json_text(regs->json, "architecture", architecture_name(architecture));
		json_object_begin(regs->json, "registers");
	} else {
		printf("VP %u, VTL %u, %s\n", vp, vtl, architecture_name(architecture));
	}
	result = show_groups(regs, vp, family);
	if (regs->json != NULL) {
		json_close(regs->json);
		json_close(regs->json);
	}
	if (FAILED(result))
		return saved_state_fail_call(regs->state, result);
	return EXIT_DONE;
}

/* A VP without the trust level asked for does not keep the others from being shown. */
static enum exit_code show_every_vp(const struct regs *regs)
{
	enum exit_code code = EXIT_DONE;
	UINT32 count = 0;
	UINT32 shown = 0;

	GetVpCount(regs->state->handle, &count);
	if (count == 0)
		return saved_state_fail_no_vp(regs->state);
	for (UINT32 vp = 0; vp < count; vp++) {
		if (show_vp(regs, vp) == EXIT_DONE)
			shown++;
		else
			code = EXIT_IN_PART;
	}
	return shown > 0 ? code : EXIT_NOT_READ;
}

static enum exit_code show_chosen(const struct arguments *arguments, const struct regs *regs)
{
	UINT32 vp;
	enum exit_code code;

	if (!arguments->given[OPTION_VP])
		return show_every_vp(regs);
	code = saved_state_vp(regs->state, arguments, &vp);
	return code == EXIT_DONE ? show_vp(regs, vp) : code;
}

enum exit_code command_regs(const struct arguments *arguments)
{
	struct saved_state state;
	struct json_writer json;
	struct regs regs = { .all = arguments->given[OPTION_ALL] };
	enum exit_code code = chosen_vtl(arguments, &regs.vtl);

	if (code == EXIT_DONE)
		code = saved_state_open(arguments, &state);
	if (code != EXIT_DONE)
		return code;
	regs.state = &state;
	if (arguments->given[OPTION_JSON]) {
		regs.json = &json;
		json_begin(&json, stdout);
		json_array_begin(&json, "vps");
	}
	code = show_chosen(arguments, &regs);
	if (regs.json != NULL)
		json_end(&json);
	saved_state_close(&state);
	return code;
}
