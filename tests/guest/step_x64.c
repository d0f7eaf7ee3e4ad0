/* SPDX-License-Identifier: MIT */
/*
 * Runs the code of an x64 Windows image instruction by instruction, and
 * unwinds its stack after each.
 *
 * usage: step_x64 IMAGE [DEPTH FILE]
 *
 * The image is one without imports, linked for a fixed address; its entry
 * point is called as Windows would.  What was true when each function was
 * entered is written down, and every unwinding has to give it back: return
 * address, stack pointer and the registers that a function must keep, for the
 * whole stack.  Prints how much was compared.
 *
 * With DEPTH, stops when that many calls are under way, writes the stack to
 * FILE, and prints the registers, where the stack was, and the callers.
 */
#include "base/bytes.h"
#include "guest/unwind_x64.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEEPEST = 4096, PAGE = 4096, STEP_LIMIT = 5000000 };

/* ---- The program that is run ------------------------------------------------------------ */

struct loaded_image {
	uint8_t *bytes;
	size_t size;
	uint64_t base;
	uint32_t entry;
};

static void fail(const char *what)
{
	fprintf(stderr, "step_x64: %s\n", what);
	exit(1);
}

static void load_image(const char *path, struct loaded_image *out)
{
	static uint8_t file[8 << 20];
	FILE *stream = fopen(path, "rb");
	const uint8_t *nt, *section;

	if (stream == NULL || fread(file, 1, sizeof(file), stream) < PAGE / 4)
		fail("no image");
	fclose(stream);
	nt = file + load_le32(file + 60);
	out->base = load_le64(nt + 24 + 24);
	out->size = load_le32(nt + 24 + 56);
	out->entry = load_le32(nt + 24 + 16);
	out->bytes = mmap((void *)(uintptr_t)out->base, out->size,
			  PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (out->bytes != (uint8_t *)(uintptr_t)out->base)
		fail("the image's address is taken");
	memcpy(out->bytes, file, load_le32(nt + 24 + 60));
	section = nt + 24 + load_le16(nt + 20);
	for (unsigned i = 0; i < load_le16(nt + 6); i++, section += 40) {
		uint32_t room = load_le32(section + 8), stored = load_le32(section + 16);

		memcpy(out->bytes + load_le32(section + 12), file + load_le32(section + 20),
		       stored < room ? stored : room);
	}
}

static void run_image(const struct loaded_image *image)
{
	int (*entry)(void) __attribute__((ms_abi));
	uint64_t address = image->base + image->entry;

	memcpy(&entry, &address, sizeof(entry));
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	_exit(entry() & 0x7F);
}

/* ---- Looking at it ----------------------------------------------------------------------- */

static enum status read_process(void *context, uint64_t address, void *buffer, size_t size,
				size_t *read_out)
{
	const pid_t *process = context;
	struct iovec to = { buffer, size }, from = { (void *)(uintptr_t)address, size };
	ssize_t done = process_vm_readv(*process, &to, 1, &from, 1, 0);

	*read_out = done > 0 ? (size_t)done : 0;
	return STATUS_OK;
}

static struct x64_registers registers_of(pid_t process)
{
	struct user_regs_struct user;
	struct x64_registers out;

	ptrace(PTRACE_GETREGS, process, NULL, &user);
	out.rip = user.rip;
	out.general[X64_RAX] = user.rax;
	out.general[X64_RCX] = user.rcx;
	out.general[X64_RDX] = user.rdx;
	out.general[X64_RBX] = user.rbx;
	out.general[X64_RSP] = user.rsp;
	out.general[X64_RBP] = user.rbp;
	out.general[X64_RSI] = user.rsi;
	out.general[X64_RDI] = user.rdi;
	out.general[X64_R8] = user.r8;
	out.general[X64_R9] = user.r9;
	out.general[X64_R10] = user.r10;
	out.general[X64_R11] = user.r11;
	out.general[X64_R12] = user.r12;
	out.general[X64_R13] = user.r13;
	out.general[X64_R14] = user.r14;
	out.general[X64_R15] = user.r15;
	return out;
}

/* A call without a prefix that matters here: E8, FF /2. */
static bool is_call(struct image_memory *memory, uint64_t address)
{
	uint8_t code[3] = { 0 };
	size_t done;

	memory->read(memory->context, address, code, sizeof(code), &done);
	if ((code[0] & 0xF0) == 0x40)
		memmove(code, code + 1, 2);
	return code[0] == 0xE8 || (code[0] == 0xFF && (code[1] & 0x38) == 2 << 3);
}

/* ---- Comparing ---------------------------------------------------------------------------- */

/* The caller's registers at the call, after it has returned. */
static struct x64_registers shadow[DEEPEST];
static unsigned depth;

static bool same_caller(const struct x64_registers *a, const struct x64_registers *b)
{
	static const uint8_t kept[] = { X64_RSP, X64_RBX, X64_RBP, X64_RSI, X64_RDI, X64_R12,
					X64_R13, X64_R14, X64_R15 };

	for (size_t i = 0; i < sizeof(kept); i++)
		if (a->general[kept[i]] != b->general[kept[i]])
			return false;
	return a->rip == b->rip;
}

static unsigned long compare(const struct pe_image *image, const struct x64_registers *now)
{
	struct x64_registers registers = *now;

	for (unsigned frame = depth; frame > 0; frame--) {
		enum unwind_result result = unwind_x64(image, frame == depth, &registers);

		if (result == UNWIND_CALLER && same_caller(&registers, &shadow[frame - 1]))
			continue;
		fprintf(stderr, "at 0x%" PRIx64 ", frame %u of %u: result %d, RIP 0x%" PRIx64
			" RSP 0x%" PRIx64 ", not 0x%" PRIx64 " 0x%" PRIx64 "\n", now->rip,
			depth - frame, depth, (int)result, registers.rip,
			registers.general[X64_RSP], shadow[frame - 1].rip,
			shadow[frame - 1].general[X64_RSP]);
		exit(1);
	}
	return depth;
}

static void note_call(struct image_memory *memory, const struct x64_registers *now)
{
	struct x64_registers caller = *now;

	if (depth == DEEPEST)
		fail("calls too deep");
	unwind_read_u64(memory, now->general[X64_RSP], &caller.rip);
	caller.general[X64_RSP] += 8;
	shadow[depth++] = caller;
}

/* A lone page may be missing at either end; what is there is written. */
static void write_stack(struct image_memory *memory, uint64_t from, uint64_t to, const char *path)
{
	uint8_t page[PAGE];
	FILE *file = fopen(path, "wb");

	if (file == NULL)
		fail("cannot write the stack");
	for (uint64_t at = from; at < to; at += PAGE) {
		size_t done;

		memset(page, 0, sizeof(page));
		memory->read(memory->context, at, page, sizeof(page), &done);
		if (fwrite(page, 1, sizeof(page), file) != sizeof(page))
			fail("cannot write the stack");
	}
	fclose(file);
}

static void write_snapshot(struct image_memory *memory, const struct x64_registers *now,
			   const char *path)
{
	static const char *const names[X64_REGISTER_COUNT] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
	};
	uint64_t from = now->general[X64_RSP] / PAGE * PAGE;
	uint64_t to = (shadow[0].general[X64_RSP] / PAGE + 1) * PAGE;

	write_stack(memory, from, to, path);
	printf("stack 0x%" PRIx64 "\nregister rip 0x%" PRIx64 "\n", from, now->rip);
	for (unsigned i = 0; i < X64_REGISTER_COUNT; i++)
		printf("register %s 0x%" PRIx64 "\n", names[i], now->general[i]);
	for (unsigned i = depth; i > 0; i--)
		printf("caller 0x%" PRIx64 " 0x%" PRIx64 "\n", shadow[i - 1].rip,
		       shadow[i - 1].general[X64_RSP]);
}

static bool step(pid_t process)
{
	int state = 0;

	if (ptrace(PTRACE_SINGLESTEP, process, NULL, NULL) != 0 ||
	    waitpid(process, &state, 0) != process)
		fail("cannot step");
	return WIFSTOPPED(state) && WSTOPSIG(state) == SIGTRAP;
}

int main(int count, char **arguments)
{
	unsigned long steps = 0, frames = 0;
	struct loaded_image loaded;
	struct pe_image *image;
	struct image_memory memory;
	unsigned stop_at;
	pid_t process;

	if (count != 2 && count != 4)
		fail("usage: step_x64 IMAGE [DEPTH FILE]");
	stop_at = count == 4 ? (unsigned)atoi(arguments[2]) : DEEPEST + 1;
	load_image(arguments[1], &loaded);
	process = fork();
	if (process == 0)
		run_image(&loaded);
	if (waitpid(process, NULL, 0) != process)
		return 77;
	memory = (struct image_memory){ read_process, &process };
	if (pe_image_open(&memory, loaded.base, &image, NULL) != STATUS_OK)
		fail("the image does not open");
	for (unsigned long i = 0; i < STEP_LIMIT && steps < STEP_LIMIT; i++) {
		struct x64_registers before = registers_of(process), now;
		bool calls = is_call(&memory, before.rip);

		if (!step(process))
			break;
		now = registers_of(process);
		if (now.rip - loaded.base < loaded.size && calls)
			note_call(&memory, &now);
		while (depth > 0 && now.rip == shadow[depth - 1].rip &&
		       now.general[X64_RSP] == shadow[depth - 1].general[X64_RSP])
			depth--;
		if (now.rip - loaded.base >= loaded.size)
			continue;
		frames += compare(image, &now);
		steps++;
		if (depth == stop_at) {
			write_snapshot(&memory, &now, arguments[3]);
			kill(process, SIGKILL);
			pe_image_close(image);
			return 0;
		}
	}
	pe_image_close(image);
	printf("%lu instructions, %lu frames\n", steps, frames);
	return steps > 0 ? 0 : 1;
}
