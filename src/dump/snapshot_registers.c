/* SPDX-License-Identifier: MIT */
#include "dump/snapshot_registers.h"
#include "base/bytes.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	LINE_SIZE = 128,
	ABSENT_SIZE = 256,

	FXSAVE_FCW_AT = 0,
	FXSAVE_FSW_AT = 2,
	FXSAVE_TAG_AT = 4,
	FXSAVE_FOP_AT = 6,
	FXSAVE_MXCSR_AT = 24,
	FXSAVE_MXCSR_MASK_AT = 28,
	FXSAVE_ST_AT = 32,
	FXSAVE_ST_STRIDE = 16,
	ST_COUNT = 8,

	ATTRIBUTE_PRESENT = 0x80,
	ATTRIBUTE_BUSY_TSS = 0x02
};

/* Values after a reset, of what a saved state may not hold. */
#define RESET_APIC_BASE UINT64_C(0xFEE00900)
#define RESET_PAT UINT64_C(0x0007040600070406)
#define RESET_XCR0 UINT64_C(1)
#define RESET_MXCSR_MASK UINT32_C(0xFFBF)

/* Text that grows; a failure is kept until the end. */
struct text {
	struct vector bytes;
	bool failed;
	bool first;			/* of the members of an object */
	char absent[ABSENT_SIZE];	/* names of what was not saved */
};

static void add(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);

static void add(struct text *text, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list arguments;
	char *room;
	int length;

	va_start(arguments, format);
	length = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	room = length < 0 || length >= LINE_SIZE ? NULL :
	       vector_extend(&text->bytes, (size_t)length, 1);
	if (room == NULL)
		text->failed = true;
	else
		memcpy(room, line, (size_t)length);
}

static void begin_member(struct text *text, const char *name)
{
	add(text, "%s  \"%s\": ", text->first ? "" : ",\n", name);
	text->first = false;
}

static void add_number(struct text *text, const char *name, uint64_t value)
{
	begin_member(text, name);
	add(text, "\"0x%" PRIx64 "\"", value);
}

static void add_absent(struct text *text, const char *name, uint64_t reset)
{
	size_t used = strlen(text->absent);

	snprintf(text->absent + used, sizeof(text->absent) - used, "%s%s", used == 0 ? "" : ", ",
		 name);
	add_number(text, name, reset);
}

static void add_general(struct text *text, const struct x86_registers *vp)
{
	static const char *const names[X86_GENERAL_COUNT] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"
	};

	for (size_t i = 0; i < X86_GENERAL_COUNT; i++)
		add_number(text, names[i], vp->general[i]);
	add_number(text, "rip", vp->rip);
	add_number(text, "rflags", vp->rflags);
}

/* Registers by number, in the row in which the saved state lists them. */
static void add_msrs(struct text *text, const struct dump_guest *guest, uint32_t vp_id)
{
	static const struct {
		const char *name;
		uint64_t reset;
	} rows[X86_SAVED_MSR_COUNT] = {
		[X86_SAVED_TSC] = { "tsc", 0 },
		[X86_SAVED_KERNEL_GS_BASE] = { "kernel_gs_base", 0 },
		[X86_SAVED_APIC_BASE] = { "apic_base", RESET_APIC_BASE },
		[X86_SAVED_PAT] = { "pat", RESET_PAT },
		[X86_SAVED_SYSENTER_CS] = { "sysenter_cs", 0 },
		[X86_SAVED_SYSENTER_EIP] = { "sysenter_eip", 0 },
		[X86_SAVED_SYSENTER_ESP] = { "sysenter_esp", 0 },
		[X86_SAVED_STAR] = { "star", 0 },
		[X86_SAVED_LSTAR] = { "lstar", 0 },
		[X86_SAVED_CSTAR] = { "cstar", 0 },
		[X86_SAVED_SFMASK] = { "sfmask", 0 },
	};
	uint64_t values[X86_SAVED_MSR_COUNT];
	size_t count;

	dump_guest_msrs(guest, vp_id, values, &count);
	for (size_t i = 0; i < X86_SAVED_MSR_COUNT; i++) {
		if (i < count)
			add_number(text, rows[i].name, values[i]);
		else
			add_absent(text, rows[i].name, rows[i].reset);
	}
	add_absent(text, "tsc_aux", 0);
}

static void add_control(struct text *text, const struct x86_registers *vp)
{
	add_number(text, "efer", vp->efer);
	add_number(text, "cr0", vp->cr0);
	add_number(text, "cr2", vp->cr2);
	add_number(text, "cr3", vp->cr3);
	add_number(text, "cr4", vp->cr4);
	add_number(text, "cr8", vp->cr8);
	add_number(text, "dr0", vp->dr0);
	add_number(text, "dr1", vp->dr1);
	add_number(text, "dr2", vp->dr2);
	add_number(text, "dr3", vp->dr3);
	add_number(text, "dr6", vp->dr6);
	add_number(text, "dr7", vp->dr7);
}

/* What FXSAVE leaves out of a tag: whether a full register is valid, zero or special. */
static unsigned tag_of_value(const uint8_t *value)
{
	uint64_t fraction = load_le64(value);
	unsigned exponent = load_le16(value + 8) & 0x7FFF;

	if (exponent == 0 && fraction == 0)
		return 1;
	return exponent == 0x7FFF || fraction >> 63 == 0 ? 2 : 0;
}

/* Tags go by the registers' own numbers, values by their place on the stack. */
static uint16_t full_tag_word(const uint8_t *fxsave)
{
	unsigned top = (load_le16(fxsave + FXSAVE_FSW_AT) >> 11) & 7;
	unsigned word = 0;

	for (unsigned i = 0; i < ST_COUNT; i++) {
		size_t place = (i - top) % ST_COUNT;
		const uint8_t *value = fxsave + FXSAVE_ST_AT + FXSAVE_ST_STRIDE * place;
		bool is_full = (fxsave[FXSAVE_TAG_AT] >> i & 1) != 0;

		word |= (is_full ? tag_of_value(value) : 3) << (2 * i);
	}
	return (uint16_t)word;
}

static void add_floating_point(struct text *text, const uint8_t *fxsave)
{
	uint32_t mask = load_le32(fxsave + FXSAVE_MXCSR_MASK_AT);

	add_number(text, "fpcw", load_le16(fxsave + FXSAVE_FCW_AT));
	add_number(text, "fpsw", load_le16(fxsave + FXSAVE_FSW_AT));
	add_number(text, "fptw", full_tag_word(fxsave));
	add_number(text, "fpop", load_le16(fxsave + FXSAVE_FOP_AT));
	add_number(text, "mxcsr", load_le32(fxsave + FXSAVE_MXCSR_AT));
	if (mask != 0)
		add_number(text, "mxcsr_mask", mask);
	else
		add_absent(text, "mxcsr_mask", RESET_MXCSR_MASK);
	begin_member(text, "fpst");
	for (size_t i = 0; i < ST_COUNT; i++) {
		const uint8_t *value = fxsave + FXSAVE_ST_AT + FXSAVE_ST_STRIDE * i;

		add(text, "%s    {\"fraction\": \"0x%" PRIx64 "\", \"exp\": \"0x%x\"}",
		    i == 0 ? "[\n" : ",\n", load_le64(value), load_le16(value + 8));
	}
	add(text, "\n  ]");
}

/* Bits 8 to 11 repeat bits 16 to 19 of the limit, as a descriptor has them. */
static void add_segment(struct text *text, const char *name, const struct x86_segment *segment,
			uint16_t more_attributes)
{
	unsigned attributes = (segment->attributes & 0xF0FFu) | more_attributes |
			      (segment->limit >> 16 & 0xF) << 8;

	begin_member(text, name);
	add(text, "{\"present\": %s, \"selector\": \"0x%x\", ",
	    (segment->attributes & ATTRIBUTE_PRESENT) != 0 ? "true" : "false", segment->selector);
	add(text, "\"base\": \"0x%" PRIx64 "\", \"limit\": \"0x%x\", \"attr\": \"0x%x\"}",
	    segment->base, (unsigned)segment->limit, attributes);
}

static void add_table(struct text *text, const char *name, const struct x86_table *table)
{
	begin_member(text, name);
	add(text, "{\"base\": \"0x%" PRIx64 "\", \"limit\": \"0x%x\"}", table->base, table->limit);
}

/* A processor's task register always holds a busy TSS; loaders insist on that. */
static void add_segments(struct text *text, const struct x86_registers *vp)
{
	static const char *const names[X86_SEGMENT_COUNT] = {
		"es", "cs", "ss", "ds", "fs", "gs", "ldtr", "tr"
	};

	for (size_t i = 0; i < X86_SEGMENT_COUNT; i++)
		add_segment(text, names[i], &vp->segment[i],
			    i == X86_TR ? ATTRIBUTE_BUSY_TSS : 0);
	add_table(text, "gdtr", &vp->gdtr);
	add_table(text, "idtr", &vp->idtr);
}

static void add_registers(struct text *text, const struct dump_guest *guest, uint32_t vp_id,
			  const struct x86_registers *vp)
{
	uint64_t xcr0;

	text->first = true;
	add(text, "{\n");
	add_general(text, vp);
	add_control(text, vp);
	add_msrs(text, guest, vp_id);
	if (dump_guest_xcr0(guest, vp_id, &xcr0))
		add_number(text, "xcr0", xcr0);
	else
		add_absent(text, "xcr0", RESET_XCR0);
	add_floating_point(text, vp->fxsave);
	add_segments(text, vp);
	add(text, "\n}\n");
}

enum status snapshot_registers_write(struct dump_job *job, const struct dump_sink *sink,
				     uint64_t *size_out, struct error *error)
{
	struct text text = { .failed = false };
	uint32_t vp_id = job->request->vp_id;
	struct x86_registers vp;
	enum status status = dump_guest_x86(&job->guest, vp_id, &vp, error);

	if (status != STATUS_OK)
		return status;
	add_registers(&text, &job->guest, vp_id, &vp);
	if (text.failed)
		status = error_out_of_memory(error, "the registers");
	else
		status = sink->write_at(sink->context, 0, text.bytes.items, text.bytes.count,
					error);
	*size_out = text.bytes.count;
	vector_free(&text.bytes);
	if (status == STATUS_OK && text.absent[0] != '\0')
		dump_remark(job, "Not in the saved state, so set as after a reset: %s.",
			    text.absent);
	return status;
}
