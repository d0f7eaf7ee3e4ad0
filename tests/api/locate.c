/* SPDX-License-Identifier: MIT */
/*
 * Saved states are found by the names of their VMs, in trees of folders as
 * Hyper-V hosts have them.  The configurations come from fixtures; what is
 * saved beside each is chosen by the tests.
 */
#include "test_shim.h"

#include <vmsavedstatedump_ext.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/folder_tree.h"
#include "support/saved_states.h"

#define VM_1 "6B9A0F3C-2D41-4C2E-9C55-0D6B3A1E7F01"
#define VM_2 "6B9A0F3C-2D41-4C2E-9C55-0D6B3A1E7F02"
#define CHECKPOINT_1 "6B9A0F3C-2D41-4C2E-9C55-0D6B3A1E7F11"
#define CHECKPOINT_2 "6B9A0F3C-2D41-4C2E-9C55-0D6B3A1E7F12"

#define SAVED "demo.vmrs"
#define WITHOUT_MEMORY "bad-no-partition-state.vmrs"
#define DAMAGED "bad-truncated.vmrs"

/* Of the fixtures: "Büro Server", and the same in capitals. */
static const WCHAR name_1[] = VMSAVEDSTATE_TEXT("B\u00FCro Server");
static const WCHAR name_2[] = VMSAVEDSTATE_TEXT("B\u00DCRO SERVER");
static const WCHAR mixed_name[] = VMSAVEDSTATE_TEXT("b\u00DCro server");

struct tree {
	char root[TEST_PATH_SIZE];
};

static int begin(void **state)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	*state = tree;
	return tree != NULL && tree_begin(tree->root, "locate") ? 0 : -1;
}

static int end(void **state)
{
	struct tree *tree = *state;

	tree_end(tree->root);
	free(tree);
	set_environment("VMSAVEDSTATE_PATH", NULL);
	return 0;
}

static void put(struct tree *tree, const char *path, const char *fixture, int64_t modified)
{
	if (!tree_copy_fixture(tree->root, path, fixture, modified))
		fail_msg("%s cannot be made", path);
}

/* ---- the original's function ------------------------------------------------------- */

enum { BIN, VSV, VMRS };

struct answer {
	char text[3][TEST_PATH_SIZE];
};

static void narrow(char text[TEST_PATH_SIZE], LPWSTR wide)
{
	size_t i = 0;

	assert_non_null(wide);
	for (; wide[i] != 0 && i < TEST_PATH_SIZE - 1; i++)
		text[i] = wide[i] == '\\' ? '/' : (char)wide[i];
	text[i] = '\0';
	LocalFree(wide);
}

static struct answer locate_below(struct tree *tree, const char *below, LPCWSTR name,
				  LPCWSTR checkpoint)
{
	char folder[TEST_PATH_SIZE + 64];
	LPWSTR wide[3] = { NULL, NULL, NULL };
	struct answer answer;

	snprintf(folder, sizeof(folder), "%s%s", tree->root, below);
	set_environment("VMSAVEDSTATE_PATH", folder);
	assert_result(LocateSavedStateFiles(name, checkpoint, &wide[BIN], &wide[VSV],
					    &wide[VMRS]), S_OK);
	for (int i = 0; i < 3; i++)
		narrow(answer.text[i], wide[i]);
	return answer;
}

/* Expects a .vmrs at a path below the root, or nothing for "". */
static void expect_vmrs(struct tree *tree, LPCWSTR name, LPCWSTR checkpoint, const char *path)
{
	struct answer answer = locate_below(tree, "", name, checkpoint);
	char expected[2 * TEST_PATH_SIZE] = "";

	if (path[0] != '\0')
		snprintf(expected, sizeof(expected), "%s/%s", tree->root, path);
	assert_string_equal(answer.text[VMRS], expected);
	assert_string_equal(answer.text[BIN], "");
	assert_string_equal(answer.text[VSV], "");
}

static void put_machine_1(struct tree *tree, const char *state, int64_t modified)
{
	put(tree, "a/Virtual Machines/" VM_1 ".vmcx", "vmcx-machine.vmrs", 0);
	if (state != NULL)
		put(tree, "a/Virtual Machines/" VM_1 ".VMRS", state, modified);
}

static void put_machine_2(struct tree *tree, const char *state, int64_t modified)
{
	put(tree, "b/Virtual Machines/" VM_2 ".vmcx", "vmcx-other-machine.vmrs", 0);
	if (state != NULL)
		put(tree, "b/Virtual Machines/" VM_2 ".vmrs", state, modified);
}

static void put_checkpoints(struct tree *tree, const char *first, int64_t first_modified,
			    const char *second, int64_t second_modified)
{
	put(tree, "a/Snapshots/" CHECKPOINT_1 ".vmcx", "vmcx-checkpoint.vmrs", 0);
	put(tree, "a/Snapshots/" CHECKPOINT_1 ".VMRS", first, first_modified);
	put(tree, "a/Snapshots/" CHECKPOINT_2 ".vmcx", "vmcx-nameless-checkpoint.vmrs", 0);
	put(tree, "a/Snapshots/" CHECKPOINT_2 ".VMRS", second, second_modified);
}

#define PATH_1 "a/Virtual Machines/" VM_1 ".VMRS"
#define PATH_2 "b/Virtual Machines/" VM_2 ".vmrs"
#define CHECKPOINT_PATH_1 "a/Snapshots/" CHECKPOINT_1 ".VMRS"
#define CHECKPOINT_PATH_2 "a/Snapshots/" CHECKPOINT_2 ".VMRS"

static void test_the_same_name_goes_before_one_in_other_case(void **state)
{
	put_machine_1(*state, SAVED, 1000);
	put_machine_2(*state, SAVED, 2000);
	expect_vmrs(*state, name_1, NULL, PATH_1);
	expect_vmrs(*state, name_2, VMSAVEDSTATE_TEXT(""), PATH_2);
}

static void test_of_several_vms_the_one_saved_last_is_taken(void **state)
{
	put_machine_1(*state, SAVED, 3000);
	put_machine_2(*state, SAVED, 2000);
	expect_vmrs(*state, mixed_name, NULL, PATH_1);
	put_machine_2(*state, SAVED, 4000);
	expect_vmrs(*state, mixed_name, NULL, PATH_2);
	put_machine_2(*state, WITHOUT_MEMORY, 4000);
	expect_vmrs(*state, mixed_name, NULL, PATH_1);
}

static void test_a_guid_is_a_name(void **state)
{
	put_machine_1(*state, SAVED, 1000);
	put_machine_2(*state, SAVED, 2000);
	put_checkpoints(*state, SAVED, 1000, SAVED, 2000);
	expect_vmrs(*state, VMSAVEDSTATE_TEXT("{6b9a0f3c-2d41-4c2e-9c55-0d6b3a1e7f01}"), NULL,
		    PATH_1);
	expect_vmrs(*state, VMSAVEDSTATE_TEXT("") VM_2, NULL, PATH_2);
	expect_vmrs(*state, name_1, VMSAVEDSTATE_TEXT("") CHECKPOINT_2, CHECKPOINT_PATH_2);
}

static void test_the_vms_own_state_goes_before_newer_checkpoints(void **state)
{
	put_machine_1(*state, SAVED, 1000);
	put_checkpoints(*state, SAVED, 5000, SAVED, 6000);
	expect_vmrs(*state, name_1, NULL, PATH_1);
}

static void test_without_a_state_the_newest_checkpoint_with_memory_is_taken(void **state)
{
	put_machine_1(*state, WITHOUT_MEMORY, 9000);
	put_checkpoints(*state, SAVED, 5000, SAVED, 6000);
	expect_vmrs(*state, name_1, NULL, CHECKPOINT_PATH_2);
	put_checkpoints(*state, SAVED, 5000, WITHOUT_MEMORY, 6000);
	expect_vmrs(*state, name_1, NULL, CHECKPOINT_PATH_1);
}

static void test_a_checkpoint_is_found_by_its_name(void **state)
{
	put_machine_1(*state, SAVED, 9000);
	put_machine_2(*state, SAVED, 9000);
	put_checkpoints(*state, SAVED, 5000, SAVED, 6000);
	expect_vmrs(*state, name_1, VMSAVEDSTATE_TEXT("Before the Update"), CHECKPOINT_PATH_1);
	expect_vmrs(*state, name_1, VMSAVEDSTATE_TEXT("after it"), "");
	expect_vmrs(*state, name_2, VMSAVEDSTATE_TEXT("before the update"), "");
}

static void test_nothing_found_is_three_empty_strings(void **state)
{
	expect_vmrs(*state, name_1, NULL, "");
	put_machine_1(*state, WITHOUT_MEMORY, 1000);
	expect_vmrs(*state, name_1, NULL, "");
	expect_vmrs(*state, VMSAVEDSTATE_TEXT("another"), NULL, "");
}

static void test_a_damaged_state_is_answered_where_there_is_no_better(void **state)
{
	put_machine_1(*state, DAMAGED, 9000);
	expect_vmrs(*state, name_1, NULL, PATH_1);
	put_checkpoints(*state, SAVED, 5000, DAMAGED, 6000);
	expect_vmrs(*state, name_1, NULL, CHECKPOINT_PATH_1);
}

static void test_a_wrong_call_leaves_the_outputs_alone(void **state)
{
	LPWSTR untouched = (LPWSTR)state, bin = untouched, vsv = untouched, vmrs = untouched;

	assert_result(LocateSavedStateFiles(NULL, NULL, &bin, &vsv, &vmrs), E_INVALIDARG);
	assert_ptr_equal(bin, untouched);
	assert_ptr_equal(vsv, untouched);
	assert_ptr_equal(vmrs, untouched);
	assert_result(LocateSavedStateFiles(name_1, NULL, NULL, &vsv, &vmrs), E_INVALIDARG);
	assert_result(LocateSavedStateFiles(name_1, NULL, &bin, NULL, &vmrs), E_INVALIDARG);
	assert_result(LocateSavedStateFiles(name_1, NULL, &bin, &vsv, NULL), E_INVALIDARG);
}

static void test_without_a_folder_to_look_in_the_outputs_are_null(void **state)
{
	LPWSTR bin = (LPWSTR)state, vsv = bin, vmrs = bin;
	char text[ERROR_TEXT_ROOM];

	set_environment("VMSAVEDSTATE_PATH", NULL);
	assert_result(LocateSavedStateFiles(name_1, NULL, &bin, &vsv, &vmrs),
		      VMSAVEDSTATE_E_PATH_NOT_FOUND);
	assert_null(bin);
	assert_null(vsv);
	assert_null(vmrs);
	set_environment("VMSAVEDSTATE_PATH", "/no/such/folder");
	assert_result(LocateSavedStateFiles(name_1, NULL, &bin, &vsv, &vmrs),
		      VMSAVEDSTATE_E_PATH_NOT_FOUND);
	error_text(NULL, text);
	assert_non_null(strstr(text, "such/folder"));
}

/* ---- listing ----------------------------------------------------------------------- */

struct list {
	char text[16384];
	size_t count;
	VMSAVEDSTATE_FOUND last_vm;
};

static const char *last_part(const char *path)
{
	const char *found = path;

	for (const char *c = path; *c != '\0'; c++) {
		if (*c == '/' || *c == '\\')
			found = c + 1;
	}
	return found;
}

/* A line for each: kind, state, names, and the file that it is known by. */
static BOOL CALLBACK note(void *context, const VMSAVEDSTATE_FOUND *found)
{
	static const char *const kinds[] = { "?", "vm", "checkpoint", "problem" };
	struct list *list = context;
	size_t length = strlen(list->text);

	assert_int_equal(found->StructSize, sizeof(*found));
	if (found->Kind == VMSAVEDSTATE_FOUND_PROBLEM) {
		assert_non_null(found->Problem);
		snprintf(list->text + length, sizeof(list->text) - length, "problem %s\n",
			 last_part(found->Path));
		return FALSE;
	}
	assert_int_equal(found->Problem != NULL, found->State == VMSAVEDSTATE_STATE_UNREADABLE);
	list->count++;
	if (found->Kind == VMSAVEDSTATE_FOUND_VM)
		list->last_vm = *found;
	if (list->count <= 100)
		snprintf(list->text + length, sizeof(list->text) - length, "%s %d '%s' '%s'\n",
			 kinds[found->Kind], (int)found->State,
			 found->VmName != NULL ? found->VmName : "-",
			 found->CheckpointName != NULL ? found->CheckpointName : "-");
	return FALSE;
}

static struct list list_below(struct tree *tree, const char *below, const char *name)
{
	char folder[TEST_PATH_SIZE + 64];
	struct list list = { .count = 0 };

	snprintf(folder, sizeof(folder), "%s%s", tree->root, below);
	assert_result(VmSavedStateLocate(folder, name, NULL, note, &list), S_OK);
	return list;
}

static void test_vms_are_listed_with_their_checkpoints_and_states(void **state)
{
	struct list list;

	put_machine_1(*state, WITHOUT_MEMORY, 1000);
	put_machine_2(*state, NULL, 0);
	put_checkpoints(*state, DAMAGED, 6000, SAVED, 5000);
	list = list_below(*state, "", NULL);
	assert_string_equal(list.text, "vm 0 'B\xC3\x9CRO SERVER' '-'\n"
				       "vm 1 'B\xC3\xBCro Server' '-'\n"
				       "checkpoint 2 'B\xC3\xBCro Server' ''\n"
				       "checkpoint 4 'B\xC3\xBCro Server' 'before the update'\n");
	assert_int_equal(list.last_vm.VmVersion, 0x900);
	assert_int_equal(list.last_vm.MemorySize, 2048ULL << 20);
	assert_int_equal(list.last_vm.ProcessorCount, 2);
	assert_int_equal(list.last_vm.ModifiedTime, 1000);
}

static void test_the_folder_may_be_given_at_every_level(void **state)
{
	static const char *const places[] = { "", "/x", "/x/a", "/x/a/", "/x/a/Virtual Machines" };

	put(*state, "x/a/Virtual Machines/" VM_1 ".vmcx", "vmcx-machine.vmrs", 0);
	put(*state, "x/a/Virtual Machines/" VM_1 ".vmrs", SAVED, 1000);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		assert_string_equal(list_below(*state, places[i], NULL).text,
				    "vm 2 'B\xC3\xBCro Server' '-'\n");
}

static void test_a_vm_that_two_ways_lead_to_is_listed_once(void **state)
{
	struct tree *tree = *state;
	struct list list = { .count = 0 };
	char path[3 * TEST_PATH_SIZE];
	const char *separator = strchr(tree->root, ':') != NULL ? ";" : ":";

	put_machine_1(tree, SAVED, 1000);
	snprintf(path, sizeof(path), "%s/a%s%s%s", tree->root, separator, tree->root, separator);
	assert_result(VmSavedStateLocate(path, NULL, NULL, note, &list), S_OK);
	assert_int_equal(list.count, 1);
}

/* The list is on drive C, the VM it names on D, in other letters; a third VM is gone. */
static void put_host(struct tree *tree)
{
	static const char hyperv[] = "c/ProgramData/Microsoft/Windows/Hyper-V";
	char path[TEST_PATH_SIZE];

	snprintf(path, sizeof(path), "%s/data.vmcx", hyperv);
	put(tree, path, "vmcx-host-list.vmrs", 0);
	snprintf(path, sizeof(path), "%s/Virtual Machines Cache/" VM_2 ".vmcx", hyperv);
	put(tree, path, "vmcx-other-machine.vmrs", 0);
	put(tree, "d/guests/office/Virtual Machines/" VM_1 ".vmcx", "vmcx-machine.vmrs", 0);
	put(tree, "d/guests/office/Virtual Machines/" VM_1 ".vmrs", WITHOUT_MEMORY, 1000);
	put(tree, "d/guests/office/snapshots/" CHECKPOINT_1 ".vmcx", "vmcx-checkpoint.vmrs", 0);
	put(tree, "d/guests/office/snapshots/" CHECKPOINT_1 ".vmrs", SAVED, 1000);
}

static void test_the_hosts_list_leads_to_drives_beside_its_own(void **state)
{
	static const char *const places[] = { "/c", "/c/ProgramData/Microsoft/Windows/Hyper-V" };

	put_host(*state);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		assert_string_equal(list_below(*state, places[i], NULL).text,
				    "vm 0 'B\xC3\x9CRO SERVER' '-'\n"
				    "vm 1 'B\xC3\xBCro Server' '-'\n"
				    "checkpoint 2 'B\xC3\xBCro Server' 'before the update'\n"
				    "problem " VM_2 ".vmcx\n");
}

/* Without folders of the caller's those of the host itself are looked in. */
static void test_the_hosts_own_folder_is_looked_in_last(void **state)
{
	struct tree *tree = *state;
	char path[TEST_PATH_SIZE + 32];
	struct list list = { .count = 0 };
	LPWSTR bin = NULL, vsv = NULL, vmrs = NULL;
	char text[TEST_PATH_SIZE];

	put_host(tree);
	snprintf(path, sizeof(path), "%s/c/ProgramData", tree->root);
	set_environment("ProgramData", path);
	assert_result(VmSavedStateLocate(NULL, NULL, NULL, note, &list), S_OK);
	assert_int_equal(list.count, 3);
	assert_result(LocateSavedStateFiles(name_1, NULL, &bin, &vsv, &vmrs), S_OK);
	narrow(text, vmrs);
	assert_string_equal(last_part(text), CHECKPOINT_1 ".vmrs");
	narrow(text, bin);
	narrow(text, vsv);
	/* A host without Hyper-V has no such folder, which is no problem to tell of. */
	snprintf(path, sizeof(path), "%s/d", tree->root);
	set_environment("ProgramData", path);
	put_machine_1(tree, SAVED, 1000);
	set_environment("VMSAVEDSTATE_PATH", tree->root);
	list = (struct list){ .count = 0 };
	assert_result(VmSavedStateLocate(NULL, NULL, NULL, note, &list), S_OK);
	assert_non_null(strstr(list.text, "vm 2"));
	assert_null(strstr(list.text, "problem Hyper-V"));
	set_environment("ProgramData", NULL);
}

static void test_a_checkpoint_that_tells_no_vm_may_be_any_in_its_folder(void **state)
{
	put_machine_1(*state, NULL, 0);
	put(*state, "a/Virtual Machines/" VM_2 ".vmcx", "vmcx-other-machine.vmrs", 0);
	put(*state, "a/Snapshots/" CHECKPOINT_2 ".vmcx", "vmcx-nameless-checkpoint.vmrs", 0);
	put(*state, "a/Snapshots/" CHECKPOINT_2 ".vmrs", SAVED, 1000);
	expect_vmrs(*state, name_1, NULL, "a/Snapshots/" CHECKPOINT_2 ".vmrs");
	expect_vmrs(*state, name_2, NULL, "a/Snapshots/" CHECKPOINT_2 ".vmrs");
	assert_string_equal(list_below(*state, "", NULL).text,
			    "vm 0 'B\xC3\x9CRO SERVER' '-'\n"
			    "vm 0 'B\xC3\xBCro Server' '-'\n"
			    "checkpoint 2 '-' ''\n");
}

static void test_what_cannot_be_read_is_passed_over_and_told(void **state)
{
	static const char *const good = "vm 2 'B\xC3\xBCro Server' '-'\n";
	struct list list;

	put_machine_1(*state, SAVED, 1000);
	put(*state, "a/Virtual Machines/" VM_2 ".vmcx", DAMAGED, 0);
	assert_true(tree_write(((struct tree *)*state)->root, "a/data.vmcx", "junk", 4, 0));
	assert_true(tree_write(((struct tree *)*state)->root, "a/Snapshots/x.xml", "<a>", 3, 0));
	list = list_below(*state, "", NULL);
	assert_memory_equal(list.text, good, strlen(good));
	assert_non_null(strstr(list.text, "problem " VM_2 ".vmcx\n"));
	assert_non_null(strstr(list.text, "problem data.vmcx\n"));
	assert_non_null(strstr(list.text, "problem x.xml\n"));
	expect_vmrs(*state, name_1, NULL, PATH_1);
}

static BOOL CALLBACK stop_at_once(void *context, const VMSAVEDSTATE_FOUND *found)
{
	(void)found;
	++*(int *)context;
	return TRUE;
}

static void test_the_callback_can_end_the_list(void **state)
{
	int calls = 0;

	put_machine_1(*state, SAVED, 1000);
	put_machine_2(*state, SAVED, 1000);
	assert_result(VmSavedStateLocate(((struct tree *)*state)->root, NULL, NULL, stop_at_once,
					 &calls), S_OK);
	assert_int_equal(calls, 1);
	assert_result(VmSavedStateLocate(NULL, NULL, NULL, NULL, NULL), E_INVALIDARG);
}

static void test_a_thousand_vms_are_found_in_one_folder(void **state)
{
	enum { MACHINES = 1000 };
	struct tree *tree = *state;
	WCHAR id[TEST_PATH_SIZE];
	char path[TEST_PATH_SIZE];

	for (unsigned i = 0; i < MACHINES; i++) {
		snprintf(path, sizeof(path),
			 "Virtual Machines/6B9A0F3C-2D41-4C2E-9C55-0D6B%08X.vmcx", i);
		put(tree, path, "vmcx-machine.vmrs", 0);
	}
	put(tree, "Virtual Machines/6B9A0F3C-2D41-4C2E-9C55-0D6B000003E7.vmrs", SAVED, 1000);
	assert_int_equal(list_below(tree, "", NULL).count, MACHINES);
	wide_path(id, "6b9a0f3c-2d41-4c2e-9c55-0d6b000003e7");
	expect_vmrs(tree, id, NULL,
		    "Virtual Machines/6B9A0F3C-2D41-4C2E-9C55-0D6B000003E7.vmrs");
}

/* ---- before version 6 -------------------------------------------------------------- */

#define XML_ID "0D9F8A31-7C55-4D0C-8A3B-2B6C5E4F1A01"

static const char xml[] =
	"<?xml version=\"1.0\" encoding=\"UTF-16\" standalone=\"yes\"?>\r\n"
	"<configuration>\r\n"
	"  <properties>\r\n"
	"    <global_id type=\"string\">" XML_ID "</global_id>\r\n"
	"    <name type=\"string\">R&amp;D &lt;old&gt;</name>\r\n"
	"    <type_id type=\"string\">Virtual Machines</type_id>\r\n"
	"    <version type=\"integer\">1280</version>\r\n"
	"  </properties>\r\n"
	"  <savedstate>\r\n"
	"    <memlocation type=\"string\">D:\\saved\\" XML_ID ".bin</memlocation>\r\n"
	"    <type type=\"string\">Normal</type>\r\n"
	"    <vsvlocation type=\"string\">D:\\saved\\" XML_ID ".vsv</vsvlocation>\r\n"
	"  </savedstate>\r\n"
	"</configuration>\r\n";

static void put_xml(struct tree *tree, const char *path)
{
	uint8_t units[2 * sizeof(xml)] = { 0xFF, 0xFE };

	for (size_t i = 0; i < sizeof(xml) - 1; i++)
		units[2 + 2 * i] = (uint8_t)xml[i];
	if (!tree_write(tree->root, path, units, 2 * sizeof(xml), 0))
		fail_msg("%s cannot be made", path);
}

static void expect_pair(struct tree *tree, const char *below, const char *path)
{
	struct answer answer =
		locate_below(tree, below, VMSAVEDSTATE_TEXT("r&d <OLD>"), NULL);
	char expected[2 * TEST_PATH_SIZE];

	snprintf(expected, sizeof(expected), "%s/%s.bin", tree->root, path);
	assert_string_equal(answer.text[BIN], expected);
	snprintf(expected, sizeof(expected), "%s/%s.vsv", tree->root, path);
	assert_string_equal(answer.text[VSV], expected);
	assert_string_equal(answer.text[VMRS], "");
}

static void test_a_pair_is_found_in_the_folder_of_its_configuration(void **state)
{
	put_xml(*state, "v/Virtual Machines/" XML_ID ".xml");
	put(*state, "v/Virtual Machines/" XML_ID "/" XML_ID ".bin", "legacy-pair.bin", 1000);
	put(*state, "v/Virtual Machines/" XML_ID "/" XML_ID ".vsv", "legacy-pair.vsv", 2000);
	expect_pair(*state, "", "v/Virtual Machines/" XML_ID "/" XML_ID);
	assert_string_equal(list_below(*state, "", NULL).text, "vm 3 'R&D <old>' '-'\n");
}

static void test_a_pair_is_found_where_its_configuration_says(void **state)
{
	put_xml(*state, "c/ProgramData/Microsoft/Windows/Hyper-V/Virtual Machines/" XML_ID ".xml");
	put(*state, "d/saved/" XML_ID ".bin", "legacy-pair.bin", 1000);
	put(*state, "d/saved/" XML_ID ".vsv", "legacy-pair.vsv", 1000);
	expect_pair(*state, "/c", "d/saved/" XML_ID);
}

static void test_an_upgraded_vm_is_not_listed_twice(void **state)
{
	put_machine_1(*state, SAVED, 1000);
	put_xml(*state, "a/Virtual Machines/" VM_1 ".xml");
	assert_string_equal(list_below(*state, "", NULL).text,
			    "vm 2 'B\xC3\xBCro Server' '-'\n");
}

#define test(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_the_same_name_goes_before_one_in_other_case),
		test(test_of_several_vms_the_one_saved_last_is_taken),
		test(test_a_guid_is_a_name),
		test(test_the_vms_own_state_goes_before_newer_checkpoints),
		test(test_without_a_state_the_newest_checkpoint_with_memory_is_taken),
		test(test_a_checkpoint_is_found_by_its_name),
		test(test_nothing_found_is_three_empty_strings),
		test(test_a_damaged_state_is_answered_where_there_is_no_better),
		test(test_a_wrong_call_leaves_the_outputs_alone),
		test(test_without_a_folder_to_look_in_the_outputs_are_null),
		test(test_vms_are_listed_with_their_checkpoints_and_states),
		test(test_the_folder_may_be_given_at_every_level),
		test(test_a_vm_that_two_ways_lead_to_is_listed_once),
		test(test_the_hosts_list_leads_to_drives_beside_its_own),
		test(test_the_hosts_own_folder_is_looked_in_last),
		test(test_a_checkpoint_that_tells_no_vm_may_be_any_in_its_folder),
		test(test_what_cannot_be_read_is_passed_over_and_told),
		test(test_the_callback_can_end_the_list),
		test(test_a_thousand_vms_are_found_in_one_folder),
		test(test_a_pair_is_found_in_the_folder_of_its_configuration),
		test(test_a_pair_is_found_where_its_configuration_says),
		test(test_an_upgraded_vm_is_not_listed_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
