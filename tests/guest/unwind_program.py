# SPDX-License-Identifier: MIT
"""The program whose frames the tests of the unwinders follow, and how it is compiled.

It has every kind of frame that C brings about: many registers kept, vectors
kept, frames larger than a page, stacks that move, recursion, calls in last
place, jump tables, cold paths.
"""
import shutil
import subprocess

TOOLS = ("clang", "lld-link", "llvm-readobj")

SOURCE = r"""
typedef unsigned long long u64;
#define NOINLINE __attribute__((noinline))
#define NO_TAIL __attribute__((disable_tail_calls))
int _fltused;
volatile u64 sink;
volatile double real_sink = 1.5;
volatile unsigned index_sink = 3;

void *memset(void *to, int value, u64 size)
{
	for (volatile char *at = to; size > 0; size--)
		*at++ = (char)value;
	return to;
}

NOINLINE u64 leaf(u64 a) { return a * 7 + sink; }
NOINLINE u64 keeps_many(u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	u64 g = leaf(a), h = leaf(b), i = leaf(c), j = leaf(d);
	u64 k = leaf(e), l = leaf(f), m = leaf(g), n = leaf(h);
	return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i ^ j ^ k ^ l ^ m ^ n;
}
NOINLINE double keeps_vectors(double a, double b, double c, double d)
{
	double e = a * real_sink, f = b * real_sink, g = c * real_sink, h = d * real_sink;
	double i = e + f, j = g + h, k = e - h;
	sink = leaf(1);
	sink += leaf(2);
	return a + b + c + d + e + f + g + h + i + j + k;
}
NOINLINE u64 large_frame(u64 a)
{
	volatile unsigned char room[100000];
	room[a & 0xFFFF] = 3;
	return leaf(room[(a + 1) & 0xFFFF] + a);
}
NOINLINE u64 huge_frame(u64 a)
{
	volatile unsigned char room[1200000];
	room[a & 0xFFFFF] = 3;
	return leaf(room[(a + 1) & 0xFFFFF] + a);
}
NOINLINE u64 moves_stack(u64 size)
{
	volatile unsigned char *room = __builtin_alloca(size);
	volatile unsigned char *more;
	room[size - 1] = 1;
	more = __builtin_alloca(size * 2);
	more[size] = 2;
	return leaf(room[size - 1] + more[size]) + keeps_many(size, 2, 3, 4, 5, 6);
}
NOINLINE u64 moves_stack_and_keeps_vectors(u64 size, double x)
{
	volatile unsigned char *room = __builtin_alloca(size);
	double y = x * real_sink;
	room[0] = 1;
	sink = leaf(room[0]);
	return (u64)(x + y * real_sink);
}
NOINLINE u64 recursion(u64 depth)
{
	volatile u64 here = depth;
	return depth == 0 ? leaf(here) : recursion(depth - 1) + here;
}
NOINLINE u64 last_place(u64 a, u64 b) { sink = leaf(b); return keeps_many(a, b, a, b, a, b); }
#ifdef __x86_64__
NOINLINE u64 last_place_pointer(u64 (*f)(u64), u64 a) { sink = leaf(a); return f(a + sink); }
#else
/* clang 14 joins two loads in this epilogue, and its unwind data does not know of it. */
#define last_place_pointer(f, a) f(a)
#endif
NOINLINE u64 chooses(unsigned what, u64 a)
{
	switch (what) {
	case 0: return leaf(a) + 1;
	case 1: return leaf(a * 2) + leaf(a);
	case 2: sink = a; return leaf(3) * sink;
	case 3: return keeps_many(a, a, a, a, a, a) + 3;
	case 4: sink = 5; return leaf(a) + leaf(sink);
	case 5: return large_frame(a) + 1;
	case 6: return leaf(6);
	default: return a;
	}
}
NOINLINE u64 seldom_keeps(u64 a)
{
	if (__builtin_expect(a == 0, 0))
		return keeps_many(1, 2, 3, 4, 5, 6) + leaf(a) * leaf(a + 1) + leaf(a + 2);
	return a + 1;
}
#ifdef __x86_64__
void parted(void);
#else
#define parted()
#endif
NO_TAIL int entry(void)
{
	u64 sum = keeps_many(1, 2, 3, 4, 5, 6);
	sum += (u64)keeps_vectors(1, 2, 3, 4);
	sum += large_frame(5) + huge_frame(6) + moves_stack(400);
	sum += moves_stack_and_keeps_vectors(200, 2.5);
	sum += recursion(12) + last_place(3, 4) + last_place_pointer(leaf, 9);
	for (unsigned i = 0; i < 8; i++)
		sum += chooses(i, sum);
	sum += seldom_keeps(0) + seldom_keeps(3);
	parted();
	sink = sum;
	return (int)(sum & 0x3F);
}
"""


def run(*command):
    return subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True).stdout


def missing_tools():
    return [tool for tool in TOOLS if shutil.which(tool) is None]


def make_image(folder, name, target, options, assembly, link_options=()):
    """Compiles the program; assembly holds what compilers call or do not write themselves."""
    source, extra = folder / "program.c", folder / "extra.s"
    source.write_text(SOURCE)
    extra.write_text(assembly)
    compiled, assembled = folder / f"{name}.obj", folder / f"{name}-extra.obj"
    image = folder / f"{name}.exe"
    run("clang", f"--target={target}", "-c", "-gcodeview", "-fno-stack-protector", *options,
        source, "-o", compiled)
    run("clang", f"--target={target}", "-c", extra, "-o", assembled)
    run("lld-link", "/nodefaultlib", "/subsystem:console", "/entry:entry", "/debug",
        *link_options, f"/out:{image}", compiled, assembled)
    return image
