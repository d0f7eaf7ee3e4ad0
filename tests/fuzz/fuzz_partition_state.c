/* SPDX-License-Identifier: MIT */
/* The partition state: any bytes either parse and answer every question, or have a sentence. */
#include "unit/partition_state_questions.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct partition_state *state = NULL;
	struct error error;
	enum status status;

	error_clear(&error);
	status = partition_state_parse(data, size, &state, &error);
	if (status != STATUS_OK) {
		if (state != NULL || error.status != status || error.text[0] == '\0')
			abort();
		return 0;
	}
	ask_everything(state);
	partition_state_free(state);
	return 0;
}
