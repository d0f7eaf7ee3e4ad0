/* SPDX-License-Identifier: MIT */
#ifndef _WIN32
#define _FILE_OFFSET_BITS 64
#include "platform.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct output_file {
	int descriptor;
};

static volatile sig_atomic_t interrupted;

bool platform_start(int *count, char ***arguments)
{
	(void)count;
	(void)arguments;
	/* A file that becomes too large is an error to be told, not the end. */
	signal(SIGXFSZ, SIG_IGN);
	return true;
}

double platform_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void remember_interrupt(int signal_number)
{
	(void)signal_number;
	interrupted = 1;
}

void platform_watch_interrupt(void)
{
	static const int watched[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = remember_interrupt };

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++) {
		struct sigaction before;

		/* A shell that starts a program in the background or with nohup ignores some. */
		if (sigaction(watched[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN)
			continue;
		sigaction(watched[i], &action, NULL);
	}
}

bool platform_interrupted(void)
{
	return interrupted != 0;
}

bool platform_is_terminal(FILE *stream)
{
	return isatty(fileno(stream)) == 1;
}

bool platform_takes_escapes(FILE *stream)
{
	const char *kind = getenv("TERM");

	return platform_is_terminal(stream) && kind != NULL && strcmp(kind, "dumb") != 0;
}

unsigned platform_terminal_columns(FILE *stream)
{
#ifdef TIOCGWINSZ
	struct winsize size;

	if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
#else
	(void)stream;
#endif
	return 80;
}

static char *join(const char *folder, size_t folder_length, const char *name)
{
	size_t name_length = strlen(name);
	char *path = malloc(folder_length + name_length + 1);

	if (path != NULL) {
		memcpy(path, folder, folder_length);
		memcpy(path + folder_length, name, name_length + 1);
	}
	return path;
}

/* The bytes of name before the dot of its extension. */
static size_t stem_length(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot == NULL ? strlen(name) : (size_t)(dot - name);
}

/* A name that differs in the extension alone is better than one that differs in case too. */
static char *search_folder(DIR *folder, const char *name, const char *extension)
{
	size_t length = stem_length(name);
	const struct dirent *entry;
	char *found = NULL;

	while ((entry = readdir(folder)) != NULL) {
		bool exact = strncmp(entry->d_name, name, length) == 0;

		if (stem_length(entry->d_name) != length || entry->d_name[length] != '.' ||
		    strncasecmp(entry->d_name, name, length) != 0 ||
		    strcasecmp(entry->d_name + length + 1, extension) != 0)
			continue;
		if (found != NULL && !exact)
			continue;
		free(found);
		found = join("", 0, entry->d_name);
		if (exact)
			break;
	}
	return found;
}

char *platform_find_sibling(const char *path, const char *extension)
{
	const char *slash = strrchr(path, '/');
	size_t folder_length = slash == NULL ? 0 : (size_t)(slash + 1 - path);
	char *folder_path = join(path, folder_length, ".");
	char *result = NULL;
	char *name;
	DIR *folder;

	if (folder_path == NULL)
		return NULL;
	folder = opendir(folder_path);
	free(folder_path);
	if (folder == NULL)
		return NULL;
	name = search_folder(folder, path + folder_length, extension);
	closedir(folder);
	if (name != NULL)
		result = join(path, folder_length, name);
	free(name);
	return result;
}

bool platform_same_file(const char *a, const char *b)
{
	struct stat first;
	struct stat second;

	return stat(a, &first) == 0 && stat(b, &second) == 0 &&
	       first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

const char *platform_kind_of_no_file(const char *path)
{
	struct stat facts;

	if (stat(path, &facts) != 0 || S_ISREG(facts.st_mode) || S_ISDIR(facts.st_mode))
		return NULL;
	if (S_ISFIFO(facts.st_mode))
		return "a pipe";
	return S_ISSOCK(facts.st_mode) ? "a socket" : "a device";
}

bool platform_folder_exists(const char *path)
{
	struct stat facts;

	return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

static enum output_status status_of_errno(int code)
{
	switch (code) {
	case EEXIST:
		return OUTPUT_EXISTS;
	case EISDIR:
		return OUTPUT_NOT_A_FILE;
	case ENOENT:
	case ENOTDIR:
		return OUTPUT_NO_FOLDER;
	case EACCES:
	case EPERM:
	case EROFS:
		return OUTPUT_NO_ACCESS;
	case ENOSPC:
	case EDQUOT:
		return OUTPUT_NO_SPACE;
	case EFBIG:
	case EINVAL:		/* a size that the file system cannot write down */
		return OUTPUT_TOO_LARGE;
	case ENOMEM:
		return OUTPUT_NO_MEMORY;
	default:
		return OUTPUT_REFUSED;
	}
}

enum output_status platform_output_name_free(const char *path)
{
	struct stat facts;

	if (stat(path, &facts) != 0)
		return OUTPUT_OK;
	return S_ISREG(facts.st_mode) ? OUTPUT_EXISTS : OUTPUT_NOT_A_FILE;
}

enum output_status platform_output_create(const char *path, struct output_file **out)
{
	struct output_file *file = malloc(sizeof(*file));
	enum output_status status;

	if (file == NULL)
		return OUTPUT_NO_MEMORY;
	/* A dump holds all that was in the guest's memory: for its owner's eyes alone. */
	file->descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file->descriptor < 0) {
		status = status_of_errno(errno);
		free(file);
		return status;
	}
	*out = file;
	return OUTPUT_OK;
}

enum output_status platform_output_write(struct output_file *file, uint64_t offset,
					 const void *bytes, size_t size)
{
	const uint8_t *from = bytes;

	if (offset > INT64_MAX - size)
		return OUTPUT_TOO_LARGE;
	while (size > 0) {
		ssize_t count = pwrite(file->descriptor, from, size, (off_t)offset);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return status_of_errno(errno);
		from += count;
		size -= (size_t)count;
		offset += (uint64_t)count;
	}
	return OUTPUT_OK;
}

enum output_status platform_output_finish(struct output_file *file, uint64_t size)
{
	enum output_status status = OUTPUT_OK;

	if (size > INT64_MAX)
		status = OUTPUT_TOO_LARGE;
	else if (ftruncate(file->descriptor, (off_t)size) != 0)
		status = status_of_errno(errno);
	/* Some file systems tell only now that a write failed. */
	if (close(file->descriptor) != 0 && status == OUTPUT_OK && errno != EINTR)
		status = status_of_errno(errno);
	free(file);
	return status;
}

void platform_output_abandon(struct output_file *file)
{
	if (file == NULL)
		return;
	close(file->descriptor);
	free(file);
}

enum output_status platform_rename(const char *from, const char *to, bool replace)
{
	/* rename() would replace a file that has come since; link() does not. */
	if (!replace && link(from, to) == 0)
		return platform_remove(from);
	if (!replace && errno == EEXIST)
		return OUTPUT_EXISTS;
	/* There are file systems without links. */
	return rename(from, to) == 0 ? OUTPUT_OK : status_of_errno(errno);
}

enum output_status platform_remove(const char *path)
{
	if (unlink(path) != 0 && errno != ENOENT)
		return status_of_errno(errno);
	return OUTPUT_OK;
}

#else
typedef int platform_is_win32;	/* a translation unit must declare something */
#endif
