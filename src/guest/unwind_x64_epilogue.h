/* SPDX-License-Identifier: MIT */
/*
 * x64: the rest of an epilogue.
 *
 * The calling convention allows few instructions at the end of a function, so
 * that code which stopped among them can be told from the rest, and finished:
 * RSP is moved at most once, registers are popped, and then the function
 * returns or jumps to another one.
 *
 * May include: src/base, src/guest.
 */
#ifndef GUEST_UNWIND_X64_EPILOGUE_H
#define GUEST_UNWIND_X64_EPILOGUE_H

#include "guest/unwind_x64.h"

enum x64_epilogue_end {
	X64_NO_EPILOGUE,
	X64_RETURNS,
	X64_JUMPS,		/* to a known address, which may as well be in the same function */
	X64_JUMPS_AWAY		/* through a pointer or register, as only calls in last place do */
};

/*
 * Looks at the instructions at rva, and carries out all but the last: RSP is
 * where the return address is then, and the other registers, but for RIP, are
 * those of the caller.  *target_out is an address relative to the image for
 * X64_JUMPS.  frame_register is that of the unwind data, 0 without one.  With
 * X64_NO_EPILOGUE the registers are unspecified.
 */
enum x64_epilogue_end x64_run_epilogue(const struct pe_image *image, uint32_t rva,
				       unsigned frame_register, struct x64_registers *registers,
				       uint32_t *target_out);

#endif
