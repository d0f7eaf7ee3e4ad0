/* SPDX-License-Identifier: MIT */
#include "container/damage.h"

enum status damage_tolerate(struct damage *damage, enum saved_part part, enum status status,
			    struct error *error)
{
	if (damage == NULL || status == STATUS_OK || status == STATUS_OUT_OF_MEMORY)
		return status;
	damage->damaged[part]++;
	if (damage->listener != NULL)
		damage->listener(damage->context, part, error);
	error_clear(error);
	return STATUS_OK;
}
