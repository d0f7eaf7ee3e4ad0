/* SPDX-License-Identifier: MIT */
#include "api/provider.h"

static enum status open_parts(struct provider *provider, struct file *file, struct file *vsv,
			      struct damage *damage, struct error *error)
{
	enum status status;

	if (damage != NULL)
		status = saved_state_salvage(file, vsv, damage, &provider->state, error);
	else if (vsv != NULL)
		status = saved_state_open_pair(file, vsv, &provider->state, error);
	else
		status = saved_state_open(file, &provider->state, error);
	if (status == STATUS_OK)
		status = guest_memory_open(provider->state, &provider->memory, error);
	if (status != STATUS_OK)
		return status;
	/* One more than there are: what is salvaged may have none. */
	provider->overrides = calloc(partition_state_vp_count(provider->state->partition) + 1,
				     sizeof(*provider->overrides));
	if (provider->overrides == NULL)
		return error_out_of_memory(error, "the processors");
	return STATUS_OK;
}

enum status provider_open(struct file *file, struct file *vsv, struct provider **out,
			  struct error *error)
{
	return provider_salvage(file, vsv, NULL, out, error);
}

enum status provider_salvage(struct file *file, struct file *vsv, struct damage *damage,
			     struct provider **out, struct error *error)
{
	struct provider *provider = calloc(1, sizeof(*provider));
	enum status status;

	if (provider == NULL) {
		file_close(file);
		file_close(vsv);
		return error_out_of_memory(error, "a saved state");
	}
	mutex_init(&provider->error_lock);
	provider->file_size = file_size(file);
	provider->second_file_size = vsv != NULL ? file_size(vsv) : 0;
	status = open_parts(provider, file, vsv, damage, error);
	if (status != STATUS_OK) {
		provider_close(provider);
		return status;
	}
	*out = provider;
	return STATUS_OK;
}

void provider_close(struct provider *provider)
{
	if (provider == NULL)
		return;
	symbol_provider_close(provider->symbols);
	free(provider->overrides);
	guest_memory_close(provider->memory);
	saved_state_close(provider->state);
	mutex_fini(&provider->error_lock);
	free(provider);
}
