/* SPDX-License-Identifier: MIT */
/* The guest's types: sizes, fields, layouts. */
#include "api/symbol_call.h"
#include "base/text_encoding.h"
#include "base/vector.h"
#include "guest/symbol_provider.h"
#include "guest/type_layout.h"

#include <vmsavedstatedump_ext.h>

struct found_type {
	const struct pdb_types *types;
	uint32_t type;
};

/* Checks what all these calls are given, and finds the type; the call has begun. */
static bool find_type(struct call *call, const char *name, struct found_type *out)
{
	struct symbol_provider *symbols;

	if (call_lacks(call, name, "the name of the type"))
		return false;
	symbols = call_symbols(call);
	if (symbols == NULL)
		return false;
	call->status = symbol_provider_find_type(symbols, name, &out->types, &out->type,
						 &call->error);
	return call->status == STATUS_OK;
}

/* The SDK's calls answer "unknown" with S_OK. */
static bool is_unknown(struct call *call)
{
	if (call->status != STATUS_SYMBOL_NOT_FOUND)
		return false;
	call->status = STATUS_OK;
	return true;
}

HRESULT WINAPI GetSavedStateSymbolTypeSize(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
					   LPCSTR typeName, ULONG *size)
{
	struct found_type found;
	uint64_t bytes = 0;
	struct vp_view view;
	struct call call;

	if (!call_begin(&call, handle, HANDLE_READS) ||
	    call_lacks(&call, size, "the pointer for the size") ||
	    !call_find_vp(&call, vpId, &view))
		return call_end(&call);
	if (find_type(&call, typeName, &found))
		call.status = pdb_types_size(found.types, found.type, &bytes, &call.error);
	is_unknown(&call);
	*size = bytes <= UINT32_MAX ? (ULONG)bytes : 0;
	return call_end(&call);
}

static enum status find_field(const struct found_type *found, LPCWSTR name,
			      struct pdb_member *out, struct error *error)
{
	const uint16_t *units = (const uint16_t *)name;
	char *text = utf8_from_utf16(units, utf16_length(units));
	enum status status;

	if (text == NULL)
		return error_out_of_memory(error, "the name of a field");
	status = pdb_types_find_field(found->types, found->type, text, out, error);
	free(text);
	return status;
}

HRESULT WINAPI FindSavedStateSymbolFieldInType(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
					       LPCSTR typeName, LPCWSTR fieldName, UINT32 *offset,
					       BOOL *found)
{
	struct pdb_member member = { .kind = PDB_MEMBER_FIELD };
	struct found_type type;
	struct vp_view view;
	struct call call;
	bool known;

	if (!call_begin(&call, handle, HANDLE_READS) ||
	    call_lacks(&call, fieldName, "the name of the field") ||
	    call_lacks(&call, offset, "the pointer for the offset") ||
	    call_lacks(&call, found, "the pointer for the answer") ||
	    !call_find_vp(&call, vpId, &view))
		return call_end(&call);
	if (find_type(&call, typeName, &type))
		call.status = find_field(&type, fieldName, &member, &call.error);
	known = call.status == STATUS_OK && member.offset <= UINT32_MAX;
	if (known || is_unknown(&call)) {
		*found = known;
		*offset = known ? (UINT32)member.offset : 0;
	}
	return call_end(&call);
}

HRESULT WINAPI GetSavedStateSymbolFieldInfo(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
					    LPCSTR typeName, LPWSTR *typeFieldInfoMap)
{
	struct text_buffer json = { 0 };
	struct found_type found;
	struct vp_view view;
	struct call call;

	if (!call_begin(&call, handle, HANDLE_READS) ||
	    call_lacks(&call, typeFieldInfoMap, "the pointer for the text") ||
	    !call_find_vp(&call, vpId, &view))
		return call_end(&call);
	if (find_type(&call, typeName, &found))
		call.status = type_layout_write_json(found.types, found.type, &json, &call.error);
	if (is_unknown(&call))
		call.status = hand_out_text("{}", typeFieldInfoMap, &call.error);
	else if (call.status == STATUS_OK)
		call.status = hand_out_text(json.text, typeFieldInfoMap, &call.error);
	text_buffer_fini(&json);
	return call_end(&call);
}

/* ---- Layouts ------------------------------------------------------------ */

enum { TYPE_TEXT_SIZE = 1024 };

/*
 * Members as they will be handed out, gathered while the provider is locked.
 * Their texts may still move until the last is there.
 */
struct gathered_member {
	VMSAVEDSTATE_MEMBER member;
	size_t name_at;
	size_t type_at;
};

struct gathering {
	const struct pdb_types *types;
	struct vector members;		/* of struct gathered_member */
	struct text_buffer texts;
};

static size_t keep_text(struct text_buffer *texts, const char *text)
{
	size_t at = texts->length;

	text_append(texts, text);
	text_append_bytes(texts, "", 1);
	return at;
}

static VMSAVEDSTATE_MEMBER_KIND public_kind(enum pdb_member_kind kind)
{
	static const VMSAVEDSTATE_MEMBER_KIND kinds[] = {
		[PDB_MEMBER_FIELD] = VMSAVEDSTATE_MEMBER_FIELD,
		[PDB_MEMBER_STATIC] = VMSAVEDSTATE_MEMBER_STATIC,
		[PDB_MEMBER_BASE] = VMSAVEDSTATE_MEMBER_BASE,
		[PDB_MEMBER_VIRTUAL_BASE] = VMSAVEDSTATE_MEMBER_VIRTUAL_BASE,
		[PDB_MEMBER_VTABLE] = VMSAVEDSTATE_MEMBER_VTABLE,
		[PDB_MEMBER_ENUMERATOR] = VMSAVEDSTATE_MEMBER_ENUMERATOR,
		[PDB_MEMBER_NESTED_TYPE] = VMSAVEDSTATE_MEMBER_NESTED_TYPE,
	};

	return kinds[kind];
}

static bool gather_member(void *context, const struct layout_member *item)
{
	struct gathering *gathering = context;
	const struct pdb_member *member = &item->member;
	struct gathered_member *gathered =
		vector_extend(&gathering->members, 1, sizeof(*gathered));
	char type[TYPE_TEXT_SIZE];

	if (gathered == NULL) {
		gathering->texts.failed = true;
		return false;
	}
	pdb_types_spell(gathering->types, member->type, type, sizeof(type));
	gathered->name_at = keep_text(&gathering->texts, member->name);
	gathered->type_at = keep_text(&gathering->texts, type);
	gathered->member = (VMSAVEDSTATE_MEMBER){
		.StructSize = sizeof(gathered->member),
		.Kind = public_kind(member->kind),
		.Offset = member->offset,
		.Size = member->size,
		.BitPosition = member->bit_position,
		.BitLength = member->bit_length,
		.Depth = item->depth,
		.Value = member->value,
	};
	return !gathering->texts.failed;
}

static void hand_out_members(const struct gathering *gathering,
			     VMSAVEDSTATE_MEMBER_CALLBACK callback, void *context)
{
	struct gathered_member *gathered = gathering->members.items;

	for (size_t i = 0; i < gathering->members.count; i++) {
		gathered[i].member.Name = gathering->texts.text + gathered[i].name_at;
		gathered[i].member.Type = gathering->texts.text + gathered[i].type_at;
		if (callback(context, &gathered[i].member))
			break;
	}
}

/* Gathers the members of a type, none for one that has a size alone. */
static enum status gather_layout(const struct found_type *found, uint32_t depth,
				 struct gathering *gathering, uint64_t *size, struct error *error)
{
	enum status status = pdb_types_size(found->types, found->type, size, error);

	if (status != STATUS_OK)
		return status;
	gathering->types = found->types;
	status = type_layout_visit(found->types, found->type, depth, gather_member, gathering,
				   error);
	if (gathering->texts.failed)
		return error_out_of_memory(error, "the members of a type");
	return status == STATUS_SYMBOL_NOT_FOUND ? STATUS_OK : status;
}

HRESULT VmSavedStateGetTypeLayout(VM_SAVED_STATE_DUMP_HANDLE handle, const char *typeName,
				  UINT32 depth, VMSAVEDSTATE_MEMBER_CALLBACK callback,
				  void *context, UINT64 *size)
{
	struct gathering gathering = { 0 };
	struct found_type found;
	uint64_t bytes = 0;
	struct call call;

	if (!call_begin(&call, handle, HANDLE_READS))
		return call_end(&call);
	if (find_type(&call, typeName, &found))
		call.status = gather_layout(&found, depth, &gathering, &bytes, &call.error);
	handle_unlock(&call.hold);
	if (call.status == STATUS_OK) {
		if (size != NULL)
			*size = bytes;
		if (callback != NULL)
			hand_out_members(&gathering, callback, context);
	}
	vector_free(&gathering.members);
	text_buffer_fini(&gathering.texts);
	return call_end(&call);
}
