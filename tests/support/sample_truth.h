/* SPDX-License-Identifier: MIT */
/*
 * Runs the truth of a sample, one statement a line, as samples/sample_truth.py
 * writes it, against the saved state that its first line names.
 *
 * May include: nothing of src/.
 */
#ifndef TEST_SAMPLE_TRUTH_H
#define TEST_SAMPLE_TRUTH_H

#include "support/test_files.h"

#include <vmsavedstatedump.h>

/* What a skipped program answers to ctest. */
enum { SKIPPED_PROGRAM = 77 };

/* The saved states among the samples, in the order of the index. */
#define EACH_SAMPLE(X)        \
	X("a1-x64-1cpu")      \
	X("f1-real-reset")    \
	X("f3-prot-nopaging") \
	X("t1-tiny-long4")    \
	X("t3-tiny-pae")      \
	X("arm64_four")       \
	X("four_vp")          \
	X("mmio_split")       \
	X("multi_vtl")        \
	X("osid_linux")       \
	X("single_vp")        \
	X("hyperv-5.0")

struct sample {
	VM_SAVED_STATE_DUMP_HANDLE handle;
	const char *name;
	const char *kind;
	struct text_lines lines;
	void *context; /* of the test */
};

struct sample_statement {
	const char *word;
	size_t argument_count;
	void (*check)(struct sample *sample, char **arguments);
};

/*
 * Loads the sample, runs every line of NAME.kind and releases the handle.  A
 * line that no statement explains fails the test.
 */
void run_sample_truth(const char *name, const char *kind, const struct sample_statement *statements,
		      size_t statement_count, void *context);

/* Fails the test, naming the line, unless both are equal. */
void sample_expect(const struct sample *sample, const char *what, uint64_t found,
		   uint64_t expected);
void sample_expect_text(const struct sample *sample, const char *what, const char *found,
			const char *expected);
void sample_expect_bytes(const struct sample *sample, const char *what, const void *found,
			 const void *expected, size_t size);

/* Says so and returns true when there are no samples to test with. */
bool samples_are_absent(size_t test_count);

#endif
