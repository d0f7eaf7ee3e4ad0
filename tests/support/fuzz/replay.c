/* SPDX-License-Identifier: MIT */
/*
 * Runs a libFuzzer target over every file of the folders given, without
 * libFuzzer: the known inputs stay harmless in every build.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t inputs_run;

static int replay_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(size != 0 ? size : 1);
	int failed = file == NULL || data == NULL || fread(data, 1, size, file) != size;

	if (failed) {
		fprintf(stderr, "%s: cannot be read\n", path);
	} else {
		LLVMFuzzerTestOneInput(data, size);
		inputs_run++;
	}
	free(data);
	if (file != NULL)
		fclose(file);
	return failed;
}

static int replay_folder(const char *folder)
{
	DIR *directory = opendir(folder);
	const struct dirent *entry;
	int failed = 0;

	if (directory == NULL) {
		printf("%s: no such folder\n", folder);
		return 0;
	}
	while ((entry = readdir(directory)) != NULL) {
		char path[4096];
		struct stat status;
		int length = snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);

		if (length < 0 || (size_t)length >= sizeof(path))
			failed = 1;
		else if (stat(path, &status) == 0 && S_ISREG(status.st_mode))
			failed |= replay_file(path, (size_t)status.st_size);
	}
	closedir(directory);
	return failed;
}

int main(int argc, char **argv)
{
	int failed = 0;

	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++)
		failed |= replay_folder(argv[i]);
	printf("%zu inputs replayed\n", inputs_run);
	return failed;
}
