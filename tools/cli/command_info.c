/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <inttypes.h>
#include <stdio.h>

#include "facts.h"
#include "json_writer.h"
#include "print.h"
#include "saved_state.h"
#include "words.h"

enum { RAM_BLOCK_SIZE = 1 << 20 };	/* guest memory in one block */

/* ---- Text --------------------------------------------------------------- */

static void print_file(const char *label, const char *path, UINT64 size)
{
	char text[SIZE_TEXT_SIZE];

	print_label(label);
	print_safely(stdout, path);
	printf(", %s\n", size_text(size, text));
}

static const char *container_text(const VMSAVEDSTATE_INFO *info)
{
	if (info->Container == VMSAVEDSTATE_CONTAINER_VMRS)
		return ".vmrs";
	return info->SecondFileSize > 0 ? ".bin and .vsv pair" : "half of a .bin and .vsv pair";
}

static void print_vm_version(UINT32 version)
{
	const char *release = windows_release(version);

	print_label("VM version");
	if (version == 0) {
		printf("not known\n");
		return;
	}
	printf("%u.%u", version >> 8, version & 0xFF);
	if (release != NULL)
		printf(" (%s)", release);
	printf("\n");
}

static void print_replay_log(UINT32 pending)
{
	print_label("Replay log");
	if (pending == 0)
		printf("nothing pending\n");
	else
		printf("%u write%s pending; what is shown here is as if made\n", pending,
		       pending == 1 ? "" : "s");
}

static void print_container(const struct saved_state *state, const VMSAVEDSTATE_INFO *info)
{
	print_file("File", state->source.Path, info->FileSize);
	if (info->SecondFileSize > 0)
		print_file("", state->source.SecondPath, info->SecondFileSize);
	print_label("Format");
	printf("%s, version %u.%u\n", container_text(info), info->ContainerVersion >> 8,
	       info->ContainerVersion & 0xFF);
	if (saved_state_is_salvaged(state)) {
		print_label("Salvaged");
		printf("this is what is left; 'vmsavedstate check' lists what is damaged and "
		       "which guest addresses are lost\n");
	}
	print_vm_version(info->VmVersion);
	if (info->Container == VMSAVEDSTATE_CONTAINER_VMRS)
		print_replay_log(info->PendingLogEntries);
}

static void print_vtls(UINT32 vtls)
{
	const char *separator = "";

	for (unsigned vtl = 0; vtl < 32; vtl++) {
		if (vtls >> vtl & 1) {
			printf("%s%u", separator, vtl);
			separator = ", ";
		}
	}
}

static void print_guest(const struct state_facts *facts)
{
	char text[VMSAVEDSTATE_GUEST_OS_TEXT];

	for (unsigned vtl = 0; vtl <= HIGHEST_VTL; vtl++) {
		if ((facts->enabled_vtls >> vtl & 1) == 0)
			continue;
		print_label("Guest OS");
		printf("%s", guest_os_text(facts->guest_os[vtl], text));
		if (facts->enabled_vtls != 1)
			printf(" in VTL %u", vtl);
		printf("\n");
	}
	print_label("Nested VMs");
	printf("%s\n", facts->nested_virtualization ? "enabled" : "not enabled");
}

/* Of what is salvaged, a block may be there in part, which only a check can tell. */
static void print_stored(const struct state_facts *facts, uint64_t memory, bool salvaged)
{
	char size[SIZE_TEXT_SIZE];

	print_label("Stored");
	if (!facts->memory_readable) {
		printf("in a form that is not known, and cannot be read\n");
		return;
	}
	printf("%s in %" PRIu64 " block%s\n", size_text(facts->info.StoredBytes, size),
	       facts->info.RamBlockCount, facts->info.RamBlockCount == 1 ? "" : "s");
	if (memory / RAM_BLOCK_SIZE > facts->info.RamBlockCount) {
		print_label("Missing");
		printf("%s%s of the memory is not in the file\n", salvaged ? "at least " : "",
		       size_text(memory - facts->info.RamBlockCount * RAM_BLOCK_SIZE, size));
	}
}

static void print_memory(const struct state_facts *facts, bool salvaged)
{
	uint64_t memory = memory_ranges_size(&facts->chunks);
	char size[SIZE_TEXT_SIZE];

	print_label("Memory");
	if (facts->chunks.count == 0)
		printf("nothing tells its addresses\n");
	else
		printf("%s in %zu range%s\n", size_text(memory, size), facts->chunks.count,
		       facts->chunks.count == 1 ? "" : "s");
	memory_ranges_print(&facts->chunks);
	if (facts->holes.count > 0) {
		print_label("Holes");
		printf("%s between them\n", size_text(memory_ranges_size(&facts->holes), size));
	}
	print_stored(facts, memory, salvaged);
}

static void print_vp(UINT32 id, const struct vp_facts *vp)
{
	char label[24];

	snprintf(label, sizeof(label), "VP %u", id);
	print_label(label);
	if (!vp->described) {
		printf("not described in the saved state\n");
		return;
	}
	printf("%s, %s, %s %u (%s)", architecture_name(vp->architecture),
	       paging_form_text(vp->paging_form), vp->is_arm64 ? "EL" : "CPL", vp->privilege,
	       vp->in_kernel ? "kernel" : "user");
	printf(vp->enabled_vtls == 1 ? ", VTL " : ", VTLs ");
	print_vtls(vp->enabled_vtls);
	if (vp->enabled_vtls != 1)
		printf(" with %u active", vp->active_vtl);
	if (vp->in_nested_guest)
		printf(", in a nested guest");
	if (vp->index != id)
		printf(", index %u", vp->index);
	printf("\n");
	print_label("");
	if (vp->is_arm64)
		printf("PC 0x%016" PRIX64 ", TTBR0_EL1 0x%" PRIX64 ", TTBR1_EL1 0x%" PRIX64 "\n",
		       vp->program_counter, vp->roots[0], vp->roots[1]);
	else
		printf("RIP 0x%016" PRIX64 ", CR3 0x%" PRIX64 "\n", vp->program_counter,
		       vp->roots[0]);
}

static void print_facts(const struct saved_state *state, const struct state_facts *facts)
{
	print_container(state, &facts->info);
	print_guest(facts);
	print_memory(facts, saved_state_is_salvaged(state));
	print_label("Processors");
	if (facts->info.VpCount == 0)
		printf("none is left\n");
	else
		printf("%u, vendor %s\n", facts->info.VpCount, vendor_name(facts->info.Vendor));
	for (UINT32 vp = 0; vp < facts->info.VpCount; vp++)
		print_vp(vp, &facts->vps[vp]);
}

/* ---- JSON --------------------------------------------------------------- */

static void write_version(struct json_writer *json, const char *name, UINT32 version)
{
	char text[24];

	snprintf(text, sizeof(text), "%u.%u", version >> 8, version & 0xFF);
	json_text(json, name, text);
}

static void write_vtls(struct json_writer *json, const char *name, UINT32 vtls)
{
	json_array_begin(json, name);
	for (unsigned vtl = 0; vtl < 32; vtl++) {
		if (vtls >> vtl & 1)
			json_number(json, NULL, vtl);
	}
	json_close(json);
}

static void write_container(struct json_writer *json, const struct saved_state *state,
			    const VMSAVEDSTATE_INFO *info)
{
	bool is_legacy = info->Container == VMSAVEDSTATE_CONTAINER_LEGACY;

	json_text(json, "file", state->source.Path);
	json_number(json, "file_size", info->FileSize);
	json_text(json, "second_file", state->source.SecondPath);
	json_number(json, "second_file_size", info->SecondFileSize);
	json_text(json, "container", is_legacy ? "legacy" : "vmrs");
	json_boolean(json, "salvaged", saved_state_is_salvaged(state));
	write_version(json, "container_version", info->ContainerVersion);
	if (info->VmVersion == 0)
		json_null(json, "vm_version");
	else
		write_version(json, "vm_version", info->VmVersion);
	json_text(json, "windows_release", windows_release(info->VmVersion));
	json_number(json, "pending_log_entries", info->PendingLogEntries);
}

static void write_guest(struct json_writer *json, const struct state_facts *facts)
{
	char text[VMSAVEDSTATE_GUEST_OS_TEXT];

	json_array_begin(json, "guest_os");
	for (unsigned vtl = 0; vtl <= HIGHEST_VTL; vtl++) {
		if ((facts->enabled_vtls >> vtl & 1) == 0)
			continue;
		json_object_begin(json, NULL);
		json_number(json, "vtl", vtl);
		json_hex(json, "id", facts->guest_os[vtl].AsUINT64, 16);
		json_text(json, "text", guest_os_text(facts->guest_os[vtl], text));
		json_close(json);
	}
	json_close(json);
	json_boolean(json, "nested_virtualization", facts->nested_virtualization);
}

static void write_memory(struct json_writer *json, const struct state_facts *facts)
{
	json_object_begin(json, "memory");
	json_number(json, "size", memory_ranges_size(&facts->chunks));
	json_boolean(json, "readable", facts->memory_readable);
	memory_ranges_json(json, "ranges", &facts->chunks);
	memory_ranges_json(json, "holes", &facts->holes);
	json_number(json, "raw_size", facts->info.RawSize);
	json_number(json, "ram_blocks", facts->info.RamBlockCount);
	json_number(json, "stored_size", facts->info.StoredBytes);
	json_close(json);
}

static void write_vp(struct json_writer *json, UINT32 id, const struct vp_facts *vp)
{
	json_object_begin(json, NULL);
	json_number(json, "vp", id);
	json_number(json, "index", vp->index);
	json_boolean(json, "described", vp->described);
	if (vp->described) {
		json_text(json, "architecture", architecture_name(vp->architecture));
		json_text(json, "paging_mode", paging_mode_name(vp->paging_mode));
		json_text(json, "paging_form", paging_form_name(vp->paging_form));
		json_number(json, vp->is_arm64 ? "el" : "cpl", vp->privilege);
		json_boolean(json, "in_kernel", vp->in_kernel);
		write_vtls(json, "vtls", vp->enabled_vtls);
		json_number(json, "active_vtl", vp->active_vtl);
		json_boolean(json, "in_nested_guest", vp->in_nested_guest);
		json_hex(json, vp->is_arm64 ? "pc" : "rip", vp->program_counter, 16);
		json_hex(json, vp->is_arm64 ? "ttbr0_el1" : "cr3", vp->roots[0], 16);
		if (vp->is_arm64)
			json_hex(json, "ttbr1_el1", vp->roots[1], 16);
	}
	json_close(json);
}

static void write_facts(const struct saved_state *state, const struct state_facts *facts)
{
	struct json_writer json;

	json_begin(&json, stdout);
	write_container(&json, state, &facts->info);
	write_guest(&json, facts);
	write_memory(&json, facts);
	json_text(&json, "vendor", vendor_name(facts->info.Vendor));
	json_array_begin(&json, "vps");
	for (UINT32 vp = 0; vp < facts->info.VpCount; vp++)
		write_vp(&json, vp, &facts->vps[vp]);
	json_end(&json);
}

enum exit_code command_info(const struct arguments *arguments)
{
	struct saved_state state;
	struct state_facts facts;
	enum exit_code code = saved_state_open(arguments, &state);

	if (code != EXIT_DONE)
		return code;
	code = facts_gather(&state, &facts);
	if (code == EXIT_DONE) {
		if (arguments->given[OPTION_JSON])
			write_facts(&state, &facts);
		else
			print_facts(&state, &facts);
		facts_free(&facts);
	}
	saved_state_close(&state);
	return code;
}
