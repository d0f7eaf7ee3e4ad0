/* SPDX-License-Identifier: MIT */
#include "locate/path_set.h"
#include "base/text.h"
#include "base/text_encoding.h"

#include <stdlib.h>
#include <string.h>

/* A table that cannot grow for want of memory must not end the process. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(entry) ((entry)->is_lost = true)
#include <uthash.h>

struct path_set {
	char *path;
	bool is_lost;
	UT_hash_handle hh;
};

enum status path_set_add(struct path_set **set, const char *path, bool *is_new_out,
			 struct error *error)
{
	struct path_set *found, *entry = calloc(1, sizeof(*entry));
	char *key = text_copy(path);

	if (entry == NULL || key == NULL) {
		free(entry);
		free(key);
		return error_out_of_memory(error, "a path");
	}
	for (char *c = key; *c != '\0'; c++)
		*c = (char)ascii_lower((unsigned char)*c);
	HASH_FIND_STR(*set, key, found);
	*is_new_out = found == NULL;
	entry->path = key;
	if (found == NULL)
		HASH_ADD_KEYPTR(hh, *set, entry->path, strlen(entry->path), entry);
	if (found == NULL && !entry->is_lost)
		return STATUS_OK;
	free(entry);
	free(key);
	return found != NULL ? STATUS_OK : error_out_of_memory(error, "a path");
}

void path_set_free(struct path_set **set)
{
	struct path_set *entry = *set, *next;

	HASH_CLEAR(hh, *set);	/* frees the table; the entries stay linked */
	for (; entry != NULL; entry = next) {
		next = entry->hh.next;
		free(entry->path);
		free(entry);
	}
}
