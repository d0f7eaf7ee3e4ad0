/* SPDX-License-Identifier: MIT */
/*
 * The types of registers that GDB's users know by name, such as
 * $xmm0.v4_float, as elements of a target description.  A type holds in the
 * feature that it stands in.
 *
 * May include: nothing.
 */
#ifndef CLI_GDB_TYPES_H
#define CLI_GDB_TYPES_H

#define GDB_FLAG(name, bit)                                                                        \
	"<field name=\"" name "\" start=\"" #bit "\" end=\"" #bit "\" type=\"bool\"/>"
#define GDB_BITS(name, first, last)                                                                \
	"<field name=\"" name "\" start=\"" #first "\" end=\"" #last "\"/>"
#define GDB_VECTOR(name, type, count)                                                              \
	"<vector id=\"" name "\" type=\"" type "\" count=\"" #count "\"/>\n"
#define GDB_FIELD(name, type) "<field name=\"" name "\" type=\"" type "\"/>"

#define gdb_types_x86_core                                                                         \
	"<flags id=\"i386_eflags\" size=\"4\">"                                                    \
	GDB_FLAG("CF", 0) GDB_FLAG("", 1) GDB_FLAG("PF", 2) GDB_FLAG("AF", 4) GDB_FLAG("ZF", 6)    \
	GDB_FLAG("SF", 7) GDB_FLAG("TF", 8) GDB_FLAG("IF", 9) GDB_FLAG("DF", 10)                   \
	GDB_FLAG("OF", 11) GDB_BITS("IOPL", 12, 13) GDB_FLAG("NT", 14) GDB_FLAG("RF", 16)          \
	GDB_FLAG("VM", 17) GDB_FLAG("AC", 18) GDB_FLAG("VIF", 19) GDB_FLAG("VIP", 20)              \
	GDB_FLAG("ID", 21) "</flags>\n"

#define gdb_types_x86_sse                                                                          \
	GDB_VECTOR("v4f", "ieee_single", 4) GDB_VECTOR("v2d", "ieee_double", 2)                    \
	GDB_VECTOR("v16i8", "int8", 16) GDB_VECTOR("v8i16", "int16", 8)                            \
	GDB_VECTOR("v4i32", "int32", 4) GDB_VECTOR("v2i64", "int64", 2)                            \
	"<union id=\"vec128\">"                                                                    \
	GDB_FIELD("v4_float", "v4f") GDB_FIELD("v2_double", "v2d") GDB_FIELD("v16_int8", "v16i8")  \
	GDB_FIELD("v8_int16", "v8i16") GDB_FIELD("v4_int32", "v4i32")                              \
	GDB_FIELD("v2_int64", "v2i64") GDB_FIELD("uint128", "uint128") "</union>\n"                \
	"<flags id=\"i386_mxcsr\" size=\"4\">"                                                     \
	GDB_FLAG("IE", 0) GDB_FLAG("DE", 1) GDB_FLAG("ZE", 2) GDB_FLAG("OE", 3) GDB_FLAG("UE", 4)  \
	GDB_FLAG("PE", 5) GDB_FLAG("DAZ", 6) GDB_FLAG("IM", 7) GDB_FLAG("DM", 8)                   \
	GDB_FLAG("ZM", 9) GDB_FLAG("OM", 10) GDB_FLAG("UM", 11) GDB_FLAG("PM", 12)                 \
	GDB_BITS("RC", 13, 14) GDB_FLAG("FZ", 15) "</flags>\n"

#define gdb_types_aarch64_core                                                                     \
	"<flags id=\"cpsr_flags\" size=\"4\">"                                                     \
	GDB_FLAG("SP", 0) GDB_BITS("EL", 2, 3) GDB_FLAG("nRW", 4) GDB_FLAG("F", 6)                 \
	GDB_FLAG("I", 7) GDB_FLAG("A", 8) GDB_FLAG("D", 9) GDB_FLAG("IL", 20)                      \
	GDB_FLAG("SS", 21) GDB_FLAG("PAN", 22) GDB_FLAG("UAO", 23) GDB_FLAG("V", 28)               \
	GDB_FLAG("C", 29) GDB_FLAG("Z", 30) GDB_FLAG("N", 31) "</flags>\n"

#define gdb_types_aarch64_fpu                                                                      \
	GDB_VECTOR("v2d", "ieee_double", 2) GDB_VECTOR("v2u", "uint64", 2)                         \
	GDB_VECTOR("v2i", "int64", 2) GDB_VECTOR("v4f", "ieee_single", 4)                          \
	GDB_VECTOR("v4u", "uint32", 4) GDB_VECTOR("v4i", "int32", 4)                               \
	GDB_VECTOR("v8u", "uint16", 8) GDB_VECTOR("v8i", "int16", 8)                               \
	GDB_VECTOR("v16u", "uint8", 16) GDB_VECTOR("v16i", "int8", 16)                             \
	GDB_VECTOR("v1u", "uint128", 1) GDB_VECTOR("v1i", "int128", 1)                             \
	"<union id=\"vnd\">" GDB_FIELD("f", "v2d") GDB_FIELD("u", "v2u") GDB_FIELD("s", "v2i")     \
	"</union>\n"                                                                               \
	"<union id=\"vns\">" GDB_FIELD("f", "v4f") GDB_FIELD("u", "v4u") GDB_FIELD("s", "v4i")     \
	"</union>\n"                                                                               \
	"<union id=\"vnh\">" GDB_FIELD("u", "v8u") GDB_FIELD("s", "v8i") "</union>\n"              \
	"<union id=\"vnb\">" GDB_FIELD("u", "v16u") GDB_FIELD("s", "v16i") "</union>\n"            \
	"<union id=\"vnq\">" GDB_FIELD("u", "v1u") GDB_FIELD("s", "v1i") "</union>\n"              \
	"<union id=\"aarch64v\">" GDB_FIELD("d", "vnd") GDB_FIELD("s", "vns")                      \
	GDB_FIELD("h", "vnh") GDB_FIELD("b", "vnb") GDB_FIELD("q", "vnq") "</union>\n"

#endif
