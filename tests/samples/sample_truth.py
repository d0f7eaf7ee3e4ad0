#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the truth of the samples as lines of words, which C reads easily.

    sample_truth.py SAMPLES OUTPUT

For a sample NAME: NAME.memory, NAME.processors, NAME.translation,
NAME.abi17134 and, for the container of every key type, NAME.keys.  `index`
lists the saved states.  Each file begins with `load HRESULT FILE [SECOND]`.
Nothing is taken from the library: register ids are the published numbers, and
values come from the truth files alone.
"""
import hashlib
import json
import os
import sys

GENERAL = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15 rip rflags".split()
CONTROL = "cr0 cr2 cr3 cr4 cr8 efer".split()
DEBUG = "dr0 dr1 dr2 dr3 dr6 dr7".split()
SEGMENTS = "es cs ss ds fs gs ldtr tr".split()
# The ids of ARM64 from 136 on, with the names that the truth files use.
ARM64_SYSTEM = ("esr_el1 spsr_el1 far_el1 par_el1 elr_el1 ttbr0_el1 ttbr1_el1 vbar_el1 sctlr_el1 "
		"actlr_el1 tcr_el1 mair_el1 amair_el1 tpidr_el0 tpidrro_el0 tpidr_el1 "
		"contextidr_el1 cpacr_el1 csselr_el1 cntkctl_el1 cntv_cval_el0 cntv_ctl_el0").split()
PAGE_SIZES = {"4K": 4096, "2M": 2 << 20, "4M": 4 << 20, "1G": 1 << 30, "none": 0}
ALL_BITS = (1 << 128) - 1
MIB = 1 << 20


def number(text):
	return text if isinstance(text, int) else int(text, 16)


def little_endian(value):
	return value.to_bytes(16, "little").hex()


class Register:
	"""A value of 128 bits, of which the truth knows those in mask."""

	def __init__(self, number_, name, width, value, mask=ALL_BITS):
		self.id, self.name, self.width = number_, name, width
		self.value, self.mask = value & mask, mask


def segment(fields):
	return (number(fields["base"]) | number(fields["limit"]) << 64 |
		number(fields["selector"]) << 96 | number(fields["attributes"]) << 112)


def table(fields):
	return number(fields["limit"]) | number(fields["base"]) << 64


def pair(fields):
	return number(fields["lo"]) | number(fields["hi"]) << 64


def x64_registers(plain, xmm, st, fp_control, xmm_control):
	"""The two last are (value, mask)."""
	registers = [Register(i, name, 8, number(plain[name])) for i, name in enumerate(GENERAL)]
	registers += [Register(18 + i, f"xmm{i}", 16, value) for i, value in enumerate(xmm)]
	registers += [Register(34 + i, f"st{i}", 10, value) for i, value in enumerate(st)]
	registers.append(Register(42, "fp_control_status", 16, *fp_control))
	registers.append(Register(43, "xmm_control_status", 16, *xmm_control))
	registers += [Register(44 + i, name, 8, number(plain[name]))
		      for i, name in enumerate(CONTROL)]
	registers += [Register(50 + i, name, 8, number(plain[name]))
		      for i, name in enumerate(DEBUG)]
	registers += [Register(56 + i, name, 16, segment(plain[name]))
		      for i, name in enumerate(SEGMENTS)]
	registers += [Register(64, "idtr", 16, table(plain["idtr"])),
		      Register(65, "gdtr", 16, table(plain["gdtr"]))]
	return registers


def emulator_registers(plain):
	"""The emulator tells neither the last x87 instruction nor its operands."""
	fp_control = number(plain["fcw"]) | number(plain["fsw"]) << 16 | number(plain["ftw"]) << 32
	xmm_control = number(plain["mxcsr"]) << 64 | number(plain["mxcsr_mask"]) << 96
	return x64_registers(plain, [number(x) for x in plain["xmm"]],
			     [number(x) for x in plain["st"]],
			     (fp_control, (1 << 40) - 1), (xmm_control, ALL_BITS ^ ((1 << 64) - 1)))


def writer_x64_registers(stored):
	plain = {}
	for group in ("GP", "VTL_CONTROL", "SEGMENT", "TABLE", "DEBUG"):
		plain.update(stored[f"VP_{group}_REGISTERS"])
	fp = stored["VP_FP_REGISTERS"]
	return x64_registers(plain, [pair(x) for x in fp["xmm"]],
			     [pair(x) for x in fp["fp_mmx"]],
			     (pair(fp["fp_control_status"]), ALL_BITS),
			     (pair(fp["xmm_control_status"]), ALL_BITS))


def writer_arm64_registers(stored):
	general, fp = stored["VP_GP_REGISTERS"], stored["VP_FP_REGISTERS"]
	system = dict(general)
	system.update(stored["VP_VTL_CONTROL_REGISTERS"])
	system.update(stored["VP_TABLE_REGISTERS"])
	system["cntkctl_el1"] = system["cntk_ctl_el1"]
	registers = [Register(67 + i, f"x{i}", 8, number(x)) for i, x in enumerate(general["x"])]
	for i, (name, key) in enumerate((("fp", "x_fp"), ("lr", "x_lr"), ("pc", "elr_el2"),
					 ("sp_el0", "sp_el0"), ("sp_el1", "sp_el1"),
					 ("cpsr", "spsr_el2"))):
		registers.append(Register(96 + i, name, 8, number(general[key])))
	registers += [Register(102 + i, f"q{i}", 16, pair(x)) for i, x in enumerate(fp["q"])]
	registers += [Register(134, "fpsr", 8, number(fp["fpsr"])),
		      Register(135, "fpcr", 8, number(fp["fpcr"]))]
	registers += [Register(136 + i, name, 8, number(system[name]))
		      for i, name in enumerate(ARM64_SYSTEM)]
	return registers


def earlier_ids(registers, is_x64):
	"""(id, value, mask) of the earlier ABI, whose registers have 64 bits and
	whose numbers follow from how many general and XMM registers there are."""
	by_name = {register.name: register for register in registers}
	general = GENERAL if is_x64 else GENERAL[:8] + ["rip", "rflags"]
	low = (1 << 64) - 1
	values = [(by_name[name].value & low, low) for name in general]
	halves = [f"xmm{i}" for i in range(16)] + ["xmm_control_status", "fp_control_status"]
	for name in halves:
		whole = by_name[name]
		values += [(whole.value & low, whole.mask & low), (whole.value >> 64, whole.mask >> 64)]
	values += [(by_name[name].value & low, low) for name in CONTROL + DEBUG]
	values += [(by_name[name].value & low, low) for name in ("gs", "fs")]
	values += [(by_name[name].value >> 96 & 0xFFFF, low)
		   for name in ("cs", "ds", "es", "fs", "gs", "ss", "tr", "ldtr")]
	for name in ("idtr", "gdtr"):
		values += [(by_name[name].value >> 64, low), (by_name[name].value & 0xFFFF, low)]
	assert len(values) == (80 if is_x64 else 72)
	return [(i, value, mask) for i, (value, mask) in enumerate(values)]


def architecture(registers):
	"""As the original tells it, from EFER.LME, CS.L, CR4.PAE and the DPL of SS."""
	by_name = {register.name: register.value for register in registers}
	if "x0" in by_name:
		mmu = by_name["sctlr_el1"] & 1
		return 3, 5 if mmu else 1, int(by_name["cpsr"] & 15 != 0)
	long_mode, pae = by_name["efer"] >> 8 & 1, by_name["cr4"] >> 5 & 1
	code_is_64 = by_name["cs"] >> (112 + 13) & 1
	paging = (0, 4)[pae] if long_mode else (2, 3)[pae]
	in_kernel = (by_name["ss"] >> (112 + 5) & 3) == 0
	return 2 if long_mode and code_is_64 else 1, paging, int(in_kernel)


class Output:
	def __init__(self, folder, name, load):
		self.folder, self.name, self.load = folder, name, load

	def write(self, kind, lines):
		with open(os.path.join(self.folder, f"{self.name}.{kind}"), "w") as file:
			file.write("\n".join([self.load] + lines) + "\n")


def processor_lines(vp_id, index, vtl_registers, vtl_mask):
	arch, paging, kernel = architecture(vtl_registers[0])
	lines = [f"vp-index {vp_id} {index}", f"architecture {vp_id} {arch}",
		 f"paging-mode {vp_id} {paging}", f"in-kernel {vp_id} {kernel}",
		 f"vp-vtls {vp_id} {vtl_mask}", f"active-vtl {vp_id} 0"]
	for vtl, registers in sorted(vtl_registers.items()):
		for r in registers:
			lines.append(f"register {vp_id} {vtl} {r.id} {r.name} {r.width} "
				     f"{little_endian(r.value)} {little_endian(r.mask)}")
	return lines


def earlier_lines(vp_id, registers):
	arch = architecture(registers)[0]
	if arch == 3:
		return [f"no-ids {vp_id} {arch}"]
	return [f"register {vp_id} {arch} {number_} {value:#x} {mask:#x}"
		for number_, value, mask in earlier_ids(registers, arch == 2)]


# --- Guests that ran in an emulator -------------------------------------------

def memory_of_guest(truth):
	lines = []
	for place in truth["ram"]:
		start, size = number(place["gpa"]), number(place["size"])
		lines.append(f"chunk {start >> 12} {size >> 12}")
		lines += [f"crc {start + i * MIB:#x} {min(MIB, size - i * MIB)} {crc}"
			  for i, crc in enumerate(place["crc32_per_mib"])]
		if "sha256" in place:
			lines.append(f"sha256 {start:#x} {size} {place['sha256']}")
	return lines + holes([(number(p["gpa"]), number(p["size"])) for p in truth["ram"]])


def holes(ranges):
	ends = [start + size for start, size in ranges]
	starts = [start for start, _ in ranges]
	lines = [f"hole {end:#x}" for end in ends if end not in starts]
	return lines + [f"hole {start - 1:#x}" for start in starts if start and start not in ends]


def address_lines(lists):
	lines = []
	for va, pa, size, _, ram in lists.get("mapped", []):
		lines.append(f"mapped {va} {pa} {PAGE_SIZES[size]} {int(ram == 'ram')}")
	lines += [f"unmapped {va} {int(kind == 'canonical')}"
		  for va, kind in lists.get("unmapped", [])]
	lines += [f"mapped {va} {pa} 0 0" for va, pa in lists.get("no_ram", [])]
	lines += [f"read {va} {length} {digest} {first}"
		  for va, length, digest, first, _ in lists.get("reads", [])]
	lines += [f"short {va} {length} {count}"
		  for va, length, count in lists.get("short_reads", [])]
	lines += [f"loaded {va} {pa} {value}" for va, pa, value, _ in lists.get("cpu_loads", [])]
	return lines


def translation_of_guest(vp):
	paged = number(vp["registers"]["cr0"]) >> 31
	lines = ["walk current" if paged else "walk architectural"] + address_lines(vp)
	for space in vp.get("other_cr3", []):
		lines += [f"walk-root {space['cr3']}"] + address_lines(space)
	return lines


def write_guest(output, truth):
	vp = truth["vps"][0]
	registers = emulator_registers(vp["registers"])
	output.write("memory", memory_of_guest(truth))
	output.write("processors", ["vps 1"] + processor_lines(0, 0, {0: registers}, 1))
	output.write("translation", translation_of_guest(vp))
	output.write("abi17134", earlier_lines(0, registers) +
		     (address_lines({k: vp.get(k, []) for k in ("mapped", "unmapped")})
		      if number(vp["registers"]["cr0"]) >> 31 else []))


# --- Files of Microsoft's open-source writer ----------------------------------

def memory_of_writer(truth):
	lines = []
	for place in truth["memory_ranges"]:
		start, length, saved = (number(place["gpa"]), number(place["length"]),
					place["mbp_index_start"] * 4096)
		lines += [f"chunk {start >> 12} {length >> 12}",
			  f"sha256 {start:#x} {length} {place['sha256']}",
			  f"offset {start:#x} {saved:#x}",
			  f"raw-sha256 {saved:#x} {length} {place['sha256']}",
			  f"offset {start + length - 1:#x} {saved + length - 1:#x}"]
		for page in range(start, start + length, 4096 * 97):
			lines.append(f"u64 {page:#x} {page:#x}")
	lines.append(f"raw-size {truth['ram_blocks'] * MIB}")
	return lines + holes([(number(p["gpa"]), number(p["length"]))
			      for p in truth["memory_ranges"]])


def guest_vtls(truth):
	"""A VTL counts once an OS_ID has come while it was the current one."""
	mask = current = 0
	vtls = iter(truth["vtls"])
	for chunk in truth["chunks"]:
		if chunk["id"] == "PARTITION_VTL":
			current = next(vtls)
		elif chunk["id"] == "OS_ID":
			mask |= 1 << current
	return mask


def write_saved(output, truth):
	is_arm = truth["arch"] == "arm64"
	decode = writer_arm64_registers if is_arm else writer_x64_registers
	mask = guest_vtls(truth)
	lines = [f"vps {truth['vp_count']}", f"guest-vtls {mask}"]
	lines += [f"os {vtl} {truth['os_id']}" if mask >> vtl & 1 else f"no-os {vtl}"
		  for vtl in range(4)]
	earlier = []
	for vp_id, vp in enumerate(truth["vps"]):
		vtls = {vtl["vtl"]: decode(vtl["stored"]) for vtl in vp["vtls"]}
		lines += processor_lines(vp_id, vp["vp_index"], vtls, sum(1 << v for v in vtls))
		earlier += earlier_lines(vp_id, vtls[0])
	output.write("memory", memory_of_writer(truth))
	output.write("processors", lines)
	output.write("abi17134", earlier)


def hex_text(text):
	return text.encode().hex() or "-"


def write_keys(output, truth):
	lines = [f"count {len(truth['keys'])}"]
	for key in truth["keys"]:
		kind = {"Int": 3, "UInt": 4, "Double": 5, "String": 6, "Array": 7, "Bool": 8}[key["type"]]
		path = hex_text(key["key"])
		if kind == 7:
			lines.append(f"array {path} {key['size']} {key['sha256']} "
				     f"{int(key['file_object'])}")
		elif kind == 6:
			# This writer stores a NUL and counts it; Hyper-V does not.
			stored = (key["value"] + "\0").encode("utf-16-le")
			lines.append(f"string {path} {len(stored)} "
				     f"{hashlib.sha256(stored).hexdigest()} {hex_text(key['value'])}")
		else:
			lines.append(f"number {path} {kind} {int(key['value']) & (1 << 64) - 1:#x}")
	output.write("keys", lines)


# --- The real pair, as samples/README.md describes it ---------------------------

def write_real_pair(output):
	words = (75826887, 1235222542, 3439375364)
	output.write("memory", [
		"chunk 0 64512", "raw-size 264241152",
		"raw-sha256 0 264241152 "
		"8194744494c6ce2bf969699c5aefac5ccaf895be42d6ab9f410de060d3b4f912"] +
		[f"u32 {0xC0FFE + 4 * i:#x} {word}" for i, word in enumerate(words)])
	all_low = little_endian((1 << 32) - 1)
	output.write("processors", [
		"vps 1", "architecture 0 1", "paging-mode 0 2",
		f"register 0 0 1 rcx 8 {little_endian(0xFFFF0BF0)} {all_low}"])
	output.write("abi17134", [f"register 0 1 1 {0xFFFF0BF0:#x} {0xFFFFFFFF:#x}"])


def main(samples, folder):
	os.makedirs(folder, exist_ok=True)
	index = []
	for kind in ("guests", "writer"):
		for file in sorted(os.listdir(os.path.join(samples, kind))):
			name, extension = os.path.splitext(file)
			if extension not in (".vmrs", ".hvs"):
				continue
			with open(os.path.join(samples, kind, f"{name}.truth.json")) as text:
				truth = json.load(text)
			path = f"{kind}/{file}"
			if extension == ".hvs":
				write_keys(Output(folder, name, f"load 0x80070002 {path}"), truth)
				continue
			index.append(name)
			write = write_guest if kind == "guests" else write_saved
			write(Output(folder, name, f"load 0 {path}"), truth)
	write_real_pair(Output(folder, "hyperv-5.0",
			       "load 0 real/hyperv-5.0.bin real/hyperv-5.0.vsv"))
	with open(os.path.join(folder, "index"), "w") as file:
		file.write("\n".join(index + ["hyperv-5.0"]) + "\n")


if __name__ == "__main__":
	main(*sys.argv[1:3])
