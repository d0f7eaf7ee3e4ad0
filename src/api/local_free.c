/* SPDX-License-Identifier: MIT */
/* Off Windows, the LocalFree with which callers free the strings of the API. */
#include "platform/local_memory.h"

#include <vmsavedstate_platform.h>

#ifndef _WIN32
HLOCAL LocalFree(HLOCAL memory)
{
	local_memory_free(memory);
	return NULL;
}
#else
/* ISO C wants at least one declaration; Windows has the function. */
typedef int local_free_is_empty;
#endif
