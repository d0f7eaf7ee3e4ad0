/* SPDX-License-Identifier: MIT */
/*
 * Types and constants of the saved-state provider.
 *
 * Names, values and layouts are those of the Windows SDK's header of the same
 * name, so that sources written for it compile unchanged, in C and in C++, on
 * every system.  Two generations of the SDK differ:
 *
 *   default                 SDK 22000 and later
 *   VMSAVEDSTATE_ABI_17134  defined before this header: SDK 17134 to 20348
 *
 * A program and the library it loads must be of the same generation: the two
 * libraries have the same file name and the same exports, but GetRegisterValue
 * and GuestVirtualAddressToPhysicalAddress take other parameters.  Only the
 * register types, the register ids and the translation errors below differ.
 *
 * The SDK's own header and this one exclude each other: whichever is included
 * first is used, the other adds nothing.
 */
#ifndef VMSAVEDSTATEDUMPDEFS_H
#define VMSAVEDSTATEDUMPDEFS_H

#include "vmsavedstate_platform.h"

#ifndef _VMSAVEDSTATEDUMPDEFS_H_
#define _VMSAVEDSTATEDUMPDEFS_H_	/* the guard of the SDK's header */

/*
 * One loaded saved state.  A handle is a number that the library looks up, not
 * an address: NULL, a released handle and an invented one are refused with
 * E_INVALIDARG by every function.
 */
typedef VOID *VM_SAVED_STATE_DUMP_HANDLE;

typedef UINT64 GUEST_VIRTUAL_ADDRESS;	/* GVA, in bytes */
typedef UINT64 GUEST_PHYSICAL_ADDRESS;	/* GPA, in bytes */

/* How a VP translates virtual addresses. */
typedef enum PAGING_MODE {
	Paging_Invalid = 0,	/* EFER.LME without CR4.PAE, which no processor runs */
	Paging_NonPaged = 1,
	Paging_32Bit = 2,	/* two levels, 4-byte entries */
	Paging_Pae = 3,		/* three levels, 8-byte entries */
	Paging_Long = 4,	/* four levels, or five with CR4.LA57 */
	Paging_Armv8 = 5
} PAGING_MODE;

/* A range of guest memory as the saved state lists it. */
typedef struct GPA_MEMORY_CHUNK {
	UINT64 GuestPhysicalStartPageIndex;	/* first page: GPA divided by the page size */
	UINT64 PageCount;
} GPA_MEMORY_CHUNK;

/* The instruction set that a VP was running, which on x64 is a mode, not a capability. */
typedef enum VIRTUAL_PROCESSOR_ARCH {
	Arch_Unknown = 0,
#ifdef VMSAVEDSTATE_ABI_17134
	Arch_Unkown = Arch_Unknown,	/* the spelling of the earliest SDK */
#endif
	Arch_x86 = 1,
	Arch_x64 = 2,
	Arch_Armv8 = 3
} VIRTUAL_PROCESSOR_ARCH;

typedef enum VIRTUAL_PROCESSOR_VENDOR {
	ProcessorVendor_Unknown = 0,
	ProcessorVendor_Amd = 1,
	ProcessorVendor_Intel = 2,
	ProcessorVendor_Hygon = 3,
	ProcessorVendor_Arm = 4
} VIRTUAL_PROCESSOR_VENDOR;

/* GUEST_OS_INFO.ClosedSource.VendorId */
typedef enum GUEST_OS_VENDOR {
	GuestOsVendorUndefined = 0x0000,
	GuestOsVendorMicrosoft = 0x0001,
	GuestOsVendorHPE = 0x0002,
	GuestOsVendorLANCOM = 0x0200
} GUEST_OS_VENDOR;

/* GUEST_OS_INFO.ClosedSource.OsId, for GuestOsVendorMicrosoft */
typedef enum GUEST_OS_MICROSOFT_IDS {
	GuestOsMicrosoftUndefined = 0,
	GuestOsMicrosoftMSDOS = 1,
	GuestOsMicrosoftWindows3x = 2,
	GuestOsMicrosoftWindows9x = 3,
	GuestOsMicrosoftWindowsNT = 4,
	GuestOsMicrosoftWindowsCE = 5
} GUEST_OS_MICROSOFT_IDS;

/* GUEST_OS_INFO.OpenSource.OsId */
typedef enum GUEST_OS_OPENSOURCE_IDS {
	GuestOsOpenSourceUndefined = 0,
	GuestOsOpenSourceLinux = 1,
	GuestOsOpenSourceFreeBSD = 2,
	GuestOsOpenSourceXen = 3,
	GuestOsOpenSourceIllumos = 4
} GUEST_OS_OPENSOURCE_IDS;

/* Nameless structures and bit-fields of other types than int are part of the SDK's interface. */
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#elif defined(_MSC_VER)
#pragma warning(push)
#pragma warning(disable : 4201)
#endif

/*
 * What the guest's operating system told the hypervisor about itself; 0 when
 * it said nothing.  OpenSource.IsOpenSource, bit 63, tells which form holds.
 */
typedef union GUEST_OS_INFO {
	UINT64 AsUINT64;
	struct {
		UINT64 BuildNumber : 16;
		UINT64 ServiceVersion : 8;
		UINT64 MinorVersion : 8;
		UINT64 MajorVersion : 8;
		UINT64 OsId : 8;
		UINT64 VendorId : 16;
	} ClosedSource;
	struct {
		UINT64 VendorSpecific1 : 16;
		UINT64 Version : 32;
		UINT64 VendorSpecific2 : 8;
		UINT64 OsId : 7;
		UINT64 IsOpenSource : 1;
	} OpenSource;
} GUEST_OS_INFO;

#ifndef VMSAVEDSTATE_ABI_17134

/*
 * What GetRegisterValue can be asked for.  The X64_ ids serve 32-bit VPs too.
 * One id a line: there are programs that read this list from the header.
 */
typedef enum REGISTER_ID {
	/* general purpose; RFlags and Rip answer 64 bits */
	X64_RegisterRax = 0,
	X64_RegisterRcx = 1,
	X64_RegisterRdx = 2,
	X64_RegisterRbx = 3,
	X64_RegisterRsp = 4,
	X64_RegisterRbp = 5,
	X64_RegisterRsi = 6,
	X64_RegisterRdi = 7,
	X64_RegisterR8 = 8,
	X64_RegisterR9 = 9,
	X64_RegisterR10 = 10,
	X64_RegisterR11 = 11,
	X64_RegisterR12 = 12,
	X64_RegisterR13 = 13,
	X64_RegisterR14 = 14,
	X64_RegisterR15 = 15,
	X64_RegisterRip = 16,
	X64_RegisterRFlags = 17,

	/* XMM, 128 bits */
	X64_RegisterXmm0 = 18,
	X64_RegisterXmm1 = 19,
	X64_RegisterXmm2 = 20,
	X64_RegisterXmm3 = 21,
	X64_RegisterXmm4 = 22,
	X64_RegisterXmm5 = 23,
	X64_RegisterXmm6 = 24,
	X64_RegisterXmm7 = 25,
	X64_RegisterXmm8 = 26,
	X64_RegisterXmm9 = 27,
	X64_RegisterXmm10 = 28,
	X64_RegisterXmm11 = 29,
	X64_RegisterXmm12 = 30,
	X64_RegisterXmm13 = 31,
	X64_RegisterXmm14 = 32,
	X64_RegisterXmm15 = 33,

	/* x87 and MMX, 128 bits */
	X64_RegisterFpMmx0 = 34,
	X64_RegisterFpMmx1 = 35,
	X64_RegisterFpMmx2 = 36,
	X64_RegisterFpMmx3 = 37,
	X64_RegisterFpMmx4 = 38,
	X64_RegisterFpMmx5 = 39,
	X64_RegisterFpMmx6 = 40,
	X64_RegisterFpMmx7 = 41,

	/* X64.FpControlStatus and X64.XmmControlStatus */
	X64_RegisterFpControlStatus = 42,
	X64_RegisterXmmControlStatus = 43,

	/* control */
	X64_RegisterCr0 = 44,
	X64_RegisterCr2 = 45,
	X64_RegisterCr3 = 46,
	X64_RegisterCr4 = 47,
	X64_RegisterCr8 = 48,
	X64_RegisterEfer = 49,

	/* debug */
	X64_RegisterDr0 = 50,
	X64_RegisterDr1 = 51,
	X64_RegisterDr2 = 52,
	X64_RegisterDr3 = 53,
	X64_RegisterDr6 = 54,
	X64_RegisterDr7 = 55,

	/* X64.Segment */
	X64_RegisterEs = 56,
	X64_RegisterCs = 57,
	X64_RegisterSs = 58,
	X64_RegisterDs = 59,
	X64_RegisterFs = 60,
	X64_RegisterGs = 61,
	X64_RegisterLdtr = 62,
	X64_RegisterTr = 63,

	/* X64.Table */
	X64_RegisterIdtr = 64,
	X64_RegisterGdtr = 65,

	/* end of the x86 and x64 ids, not a register */
	X64_RegisterMax = 66,

	/* general purpose; Pc and Cpsr are the values at the exit from the guest */
	ARM64_RegisterX0 = 67,
	ARM64_RegisterX1 = 68,
	ARM64_RegisterX2 = 69,
	ARM64_RegisterX3 = 70,
	ARM64_RegisterX4 = 71,
	ARM64_RegisterX5 = 72,
	ARM64_RegisterX6 = 73,
	ARM64_RegisterX7 = 74,
	ARM64_RegisterX8 = 75,
	ARM64_RegisterX9 = 76,
	ARM64_RegisterX10 = 77,
	ARM64_RegisterX11 = 78,
	ARM64_RegisterX12 = 79,
	ARM64_RegisterX13 = 80,
	ARM64_RegisterX14 = 81,
	ARM64_RegisterX15 = 82,
	ARM64_RegisterX16 = 83,
	ARM64_RegisterX17 = 84,
	ARM64_RegisterX18 = 85,
	ARM64_RegisterX19 = 86,
	ARM64_RegisterX20 = 87,
	ARM64_RegisterX21 = 88,
	ARM64_RegisterX22 = 89,
	ARM64_RegisterX23 = 90,
	ARM64_RegisterX24 = 91,
	ARM64_RegisterX25 = 92,
	ARM64_RegisterX26 = 93,
	ARM64_RegisterX27 = 94,
	ARM64_RegisterX28 = 95,
	ARM64_RegisterXFp = 96,
	ARM64_RegisterXLr = 97,
	ARM64_RegisterPc = 98,
	ARM64_RegisterSpEl0 = 99,
	ARM64_RegisterSpEl1 = 100,
	ARM64_RegisterCpsr = 101,

	/* SIMD and floating point, 128 bits */
	ARM64_RegisterQ0 = 102,
	ARM64_RegisterQ1 = 103,
	ARM64_RegisterQ2 = 104,
	ARM64_RegisterQ3 = 105,
	ARM64_RegisterQ4 = 106,
	ARM64_RegisterQ5 = 107,
	ARM64_RegisterQ6 = 108,
	ARM64_RegisterQ7 = 109,
	ARM64_RegisterQ8 = 110,
	ARM64_RegisterQ9 = 111,
	ARM64_RegisterQ10 = 112,
	ARM64_RegisterQ11 = 113,
	ARM64_RegisterQ12 = 114,
	ARM64_RegisterQ13 = 115,
	ARM64_RegisterQ14 = 116,
	ARM64_RegisterQ15 = 117,
	ARM64_RegisterQ16 = 118,
	ARM64_RegisterQ17 = 119,
	ARM64_RegisterQ18 = 120,
	ARM64_RegisterQ19 = 121,
	ARM64_RegisterQ20 = 122,
	ARM64_RegisterQ21 = 123,
	ARM64_RegisterQ22 = 124,
	ARM64_RegisterQ23 = 125,
	ARM64_RegisterQ24 = 126,
	ARM64_RegisterQ25 = 127,
	ARM64_RegisterQ26 = 128,
	ARM64_RegisterQ27 = 129,
	ARM64_RegisterQ28 = 130,
	ARM64_RegisterQ29 = 131,
	ARM64_RegisterQ30 = 132,
	ARM64_RegisterQ31 = 133,

	ARM64_RegisterFpStatus = 134,
	ARM64_RegisterFpControl = 135,

	/* system */
	ARM64_RegisterEsrEl1 = 136,
	ARM64_RegisterSpsrEl1 = 137,
	ARM64_RegisterFarEl1 = 138,
	ARM64_RegisterParEl1 = 139,
	ARM64_RegisterElrEl1 = 140,
	ARM64_RegisterTtbr0El1 = 141,
	ARM64_RegisterTtbr1El1 = 142,
	ARM64_RegisterVbarEl1 = 143,
	ARM64_RegisterSctlrEl1 = 144,
	ARM64_RegisterActlrEl1 = 145,
	ARM64_RegisterTcrEl1 = 146,
	ARM64_RegisterMairEl1 = 147,
	ARM64_RegisterAmairEl1 = 148,
	ARM64_RegisterTpidrEl0 = 149,
	ARM64_RegisterTpidrroEl0 = 150,
	ARM64_RegisterTpidrEl1 = 151,
	ARM64_RegisterContextIdrEl1 = 152,
	ARM64_RegisterCpacrEl1 = 153,
	ARM64_RegisterCsselrEl1 = 154,
	ARM64_RegisterCntkctlEl1 = 155,
	ARM64_RegisterCntvCvalEl0 = 156,
	ARM64_RegisterCntvCtlEl0 = 157,

	/* end of the ARM64 ids, not a register */
	ARM64_RegisterMax = 158
} REGISTER_ID;

/*
 * The value of a register, 16 bytes.  Which view holds depends on the id; the
 * bytes that a view does not cover are 0.
 */
typedef union VIRTUAL_PROCESSOR_REGISTER {
	UINT64 Reg64;
	UINT32 Reg32;
	UINT16 Reg16;
	UINT8 Reg8;

	struct {
		UINT64 Low64;
		UINT64 High64;
	} Reg128;

	union {
		struct {
			UINT64 Base;
			UINT32 Limit;		/* in bytes, the last byte included */
			UINT16 Selector;
			union {
				UINT16 Attributes;
				struct {
					UINT16 SegmentType : 4;
					UINT16 NonSystemSegment : 1;
					UINT16 DescriptorPrivilegeLevel : 2;
					UINT16 Present : 1;
					UINT16 Reserved : 4;
					UINT16 Available : 1;
					UINT16 Long : 1;
					UINT16 Default : 1;
					UINT16 Granularity : 1;
				};
			};
		} Segment;

		/* The limit comes first, unlike in the hypervisor's own table register. */
		struct {
			UINT16 Limit;
			UINT64 Base;
		} Table;

		struct {
			UINT16 FpControl;
			UINT16 FpStatus;
			UINT8 FpTag;
			UINT8 Reserved;
			UINT16 LastFpOp;
			union {
				UINT64 LastFpRip;	/* 64-bit code */
				struct {
					UINT32 LastFpEip;	/* 32-bit code */
					UINT16 LastFpCs;
				};
			};
		} FpControlStatus;

		struct {
			union {
				UINT64 LastFpRdp;	/* 64-bit code */
				struct {
					UINT32 LastFpDp;	/* 32-bit code */
					UINT16 LastFpDs;
				};
			};
			UINT32 XmmStatusControl;	/* MXCSR */
			UINT32 XmmStatusControlMask;
		} XmmControlStatus;
	} X64;

#ifdef __cplusplus
	VIRTUAL_PROCESSOR_REGISTER()
	{
		Reg128.Low64 = 0;
		Reg128.High64 = 0;
	}

	VIRTUAL_PROCESSOR_REGISTER(UINT64 value)
	{
		Reg128.Low64 = value;
		Reg128.High64 = 0;
	}
#endif
} VIRTUAL_PROCESSOR_REGISTER;

#else /* VMSAVEDSTATE_ABI_17134 */

/*
 * What GetRegisterValue can be asked for, by the VP's architecture.  ARM64 VPs
 * have no ids in this generation; VmSavedStateGetRegister reads them.
 */
typedef enum REGISTER_ID_X86 {
	/* general purpose */
	X86_RegisterEax = 0,
	X86_RegisterEcx = 1,
	X86_RegisterEdx = 2,
	X86_RegisterEbx = 3,
	X86_RegisterEsp = 4,
	X86_RegisterEbp = 5,
	X86_RegisterEsi = 6,
	X86_RegisterEdi = 7,
	X86_RegisterEip = 8,
	X86_RegisterEFlags = 9,

	/* halves of 128-bit registers */
	X86_RegisterLowXmm0 = 10,
	X86_RegisterHighXmm0 = 11,
	X86_RegisterLowXmm1 = 12,
	X86_RegisterHighXmm1 = 13,
	X86_RegisterLowXmm2 = 14,
	X86_RegisterHighXmm2 = 15,
	X86_RegisterLowXmm3 = 16,
	X86_RegisterHighXmm3 = 17,
	X86_RegisterLowXmm4 = 18,
	X86_RegisterHighXmm4 = 19,
	X86_RegisterLowXmm5 = 20,
	X86_RegisterHighXmm5 = 21,
	X86_RegisterLowXmm6 = 22,
	X86_RegisterHighXmm6 = 23,
	X86_RegisterLowXmm7 = 24,
	X86_RegisterHighXmm7 = 25,
	X86_RegisterLowXmm8 = 26,
	X86_RegisterHighXmm8 = 27,
	X86_RegisterLowXmm9 = 28,
	X86_RegisterHighXmm9 = 29,
	X86_RegisterLowXmm10 = 30,
	X86_RegisterHighXmm10 = 31,
	X86_RegisterLowXmm11 = 32,
	X86_RegisterHighXmm11 = 33,
	X86_RegisterLowXmm12 = 34,
	X86_RegisterHighXmm12 = 35,
	X86_RegisterLowXmm13 = 36,
	X86_RegisterHighXmm13 = 37,
	X86_RegisterLowXmm14 = 38,
	X86_RegisterHighXmm14 = 39,
	X86_RegisterLowXmm15 = 40,
	X86_RegisterHighXmm15 = 41,
	X86_RegisterLowXmmControlStatus = 42,
	X86_RegisterHighXmmControlStatus = 43,
	X86_RegisterLowFpControlStatus = 44,
	X86_RegisterHighFpControlStatus = 45,

	/* control */
	X86_RegisterCr0 = 46,
	X86_RegisterCr2 = 47,
	X86_RegisterCr3 = 48,
	X86_RegisterCr4 = 49,
	X86_RegisterCr8 = 50,
	X86_RegisterEfer = 51,

	/* debug */
	X86_RegisterDr0 = 52,
	X86_RegisterDr1 = 53,
	X86_RegisterDr2 = 54,
	X86_RegisterDr3 = 55,
	X86_RegisterDr6 = 56,
	X86_RegisterDr7 = 57,

	/* bases are 64 bits wide, Seg..., Tr and Ldtr are selectors */
	X86_RegisterBaseGs = 58,
	X86_RegisterBaseFs = 59,
	X86_RegisterSegCs = 60,
	X86_RegisterSegDs = 61,
	X86_RegisterSegEs = 62,
	X86_RegisterSegFs = 63,
	X86_RegisterSegGs = 64,
	X86_RegisterSegSs = 65,
	X86_RegisterTr = 66,
	X86_RegisterLdtr = 67,
	X86_RegisterBaseIdtr = 68,
	X86_RegisterLimitIdtr = 69,
	X86_RegisterBaseGdtr = 70,
	X86_RegisterLimitGdtr = 71,

	/* number of ids, not a register */
	X86_RegisterCount = 72
} REGISTER_ID_X86;

typedef enum REGISTER_ID_X64 {
	/* general purpose */
	X64_RegisterRax = 0,
	X64_RegisterRcx = 1,
	X64_RegisterRdx = 2,
	X64_RegisterRbx = 3,
	X64_RegisterRsp = 4,
	X64_RegisterRbp = 5,
	X64_RegisterRsi = 6,
	X64_RegisterRdi = 7,
	X64_RegisterR8 = 8,
	X64_RegisterR9 = 9,
	X64_RegisterR10 = 10,
	X64_RegisterR11 = 11,
	X64_RegisterR12 = 12,
	X64_RegisterR13 = 13,
	X64_RegisterR14 = 14,
	X64_RegisterR15 = 15,
	X64_RegisterRip = 16,
	X64_RegisterRFlags = 17,

	/* halves of 128-bit registers */
	X64_RegisterLowXmm0 = 18,
	X64_RegisterHighXmm0 = 19,
	X64_RegisterLowXmm1 = 20,
	X64_RegisterHighXmm1 = 21,
	X64_RegisterLowXmm2 = 22,
	X64_RegisterHighXmm2 = 23,
	X64_RegisterLowXmm3 = 24,
	X64_RegisterHighXmm3 = 25,
	X64_RegisterLowXmm4 = 26,
	X64_RegisterHighXmm4 = 27,
	X64_RegisterLowXmm5 = 28,
	X64_RegisterHighXmm5 = 29,
	X64_RegisterLowXmm6 = 30,
	X64_RegisterHighXmm6 = 31,
	X64_RegisterLowXmm7 = 32,
	X64_RegisterHighXmm7 = 33,
	X64_RegisterLowXmm8 = 34,
	X64_RegisterHighXmm8 = 35,
	X64_RegisterLowXmm9 = 36,
	X64_RegisterHighXmm9 = 37,
	X64_RegisterLowXmm10 = 38,
	X64_RegisterHighXmm10 = 39,
	X64_RegisterLowXmm11 = 40,
	X64_RegisterHighXmm11 = 41,
	X64_RegisterLowXmm12 = 42,
	X64_RegisterHighXmm12 = 43,
	X64_RegisterLowXmm13 = 44,
	X64_RegisterHighXmm13 = 45,
	X64_RegisterLowXmm14 = 46,
	X64_RegisterHighXmm14 = 47,
	X64_RegisterLowXmm15 = 48,
	X64_RegisterHighXmm15 = 49,
	X64_RegisterLowXmmControlStatus = 50,
	X64_RegisterHighXmmControlStatus = 51,
	X64_RegisterLowFpControlStatus = 52,
	X64_RegisterHighFpControlStatus = 53,

	/* control */
	X64_RegisterCr0 = 54,
	X64_RegisterCr2 = 55,
	X64_RegisterCr3 = 56,
	X64_RegisterCr4 = 57,
	X64_RegisterCr8 = 58,
	X64_RegisterEfer = 59,

	/* debug */
	X64_RegisterDr0 = 60,
	X64_RegisterDr1 = 61,
	X64_RegisterDr2 = 62,
	X64_RegisterDr3 = 63,
	X64_RegisterDr6 = 64,
	X64_RegisterDr7 = 65,

	/* bases are 64 bits wide, Seg..., Tr and Ldtr are selectors */
	X64_RegisterBaseGs = 66,
	X64_RegisterBaseFs = 67,
	X64_RegisterSegCs = 68,
	X64_RegisterSegDs = 69,
	X64_RegisterSegEs = 70,
	X64_RegisterSegFs = 71,
	X64_RegisterSegGs = 72,
	X64_RegisterSegSs = 73,
	X64_RegisterTr = 74,
	X64_RegisterLdtr = 75,
	X64_RegisterBaseIdtr = 76,
	X64_RegisterLimitIdtr = 77,
	X64_RegisterBaseGdtr = 78,
	X64_RegisterLimitGdtr = 79,

	/* number of ids, not a register */
	X64_RegisterCount = 80
} REGISTER_ID_X64;

/* A register to be read: the caller sets the architecture and the id. */
typedef struct VIRTUAL_PROCESSOR_REGISTER {
	VIRTUAL_PROCESSOR_ARCH Architecture;	/* in: as GetArchitecture answers */
	UINT64 RegisterValue;			/* out */
	union {
		REGISTER_ID_X86 RegisterId_x86;	/* in, for Arch_x86 */
		REGISTER_ID_X64 RegisterId_x64;	/* in, for Arch_x64 */
		DWORD RegisterId;
	};
} VIRTUAL_PROCESSOR_REGISTER;

#endif /* generation */

#if defined(__GNUC__)
#pragma GCC diagnostic pop
#elif defined(_MSC_VER)
#pragma warning(pop)
#endif

/* A PE image in guest memory. */
typedef struct _DOS_IMAGE_INFO {
	LPCSTR PdbName;		/* stem of the PDB's file name, "" if none; UTF-8 */
	GUEST_VIRTUAL_ADDRESS ImageBaseAddress;
	DWORD ImageSize;	/* SizeOfImage, in bytes */
	UINT32 Timestamp;	/* TimeDateStamp of the file header */
} DOS_IMAGE_INFO, *PDOS_IMAGE_INFO;

/* A module whose symbols CallStackUnwind may load. */
typedef struct _MODULE_INFO {
	LPCSTR ProcessImageName;
	DOS_IMAGE_INFO Image;
} MODULE_INFO, *PMODULE_INFO;

/* Receives one message of the symbol provider, valid during the call. */
typedef void (CALLBACK *GUEST_SYMBOLS_PROVIDER_DEBUG_INFO_CALLBACK)(LPCSTR InfoMessage);

/*
 * Receives one image found by ScanMemoryForDosImages.  ImageInfo and the name
 * it points to are valid during the call.  Returns TRUE to end the scan, FALSE
 * to go on.
 */
typedef BOOL (CALLBACK *FOUND_IMAGE_CALLBACK)(PVOID Context, PDOS_IMAGE_INFO ImageInfo);

#endif /* _VMSAVEDSTATEDUMPDEFS_H_ */

/*
 * HRESULTs of the provider, where the system's headers do not define them.
 */
#ifndef VM_SAVED_STATE_DUMP_E_PARTITION_STATE_NOT_FOUND
/*
 * The file holds no state of a VM: the VM was off or running, it is a production
 * checkpoint, or damage has taken the state.
 */
#define VM_SAVED_STATE_DUMP_E_PARTITION_STATE_NOT_FOUND ((HRESULT)0xC0370500)
#endif
#ifndef VM_SAVED_STATE_DUMP_E_GUEST_MEMORY_NOT_FOUND
/* The file describes no guest memory. */
#define VM_SAVED_STATE_DUMP_E_GUEST_MEMORY_NOT_FOUND ((HRESULT)0xC0370501)
#endif
#ifndef VM_SAVED_STATE_DUMP_E_NO_VP_FOUND_IN_PARTITION_STATE
/* The state of the VM has no VP. */
#define VM_SAVED_STATE_DUMP_E_NO_VP_FOUND_IN_PARTITION_STATE ((HRESULT)0xC0370502)
#endif
#ifndef VM_SAVED_STATE_DUMP_E_NESTED_VIRTUALIZATION_NOT_SUPPORTED
/* Not returned by this library, which loads nested guests. */
#define VM_SAVED_STATE_DUMP_E_NESTED_VIRTUALIZATION_NOT_SUPPORTED ((HRESULT)0xC0370503)
#endif
#ifndef VM_SAVED_STATE_DUMP_E_WINDOWS_KERNEL_IMAGE_NOT_FOUND
/* No Windows kernel was recognised in the guest's memory. */
#define VM_SAVED_STATE_DUMP_E_WINDOWS_KERNEL_IMAGE_NOT_FOUND ((HRESULT)0xC0370504)
#endif

#ifndef VMSAVEDSTATE_ABI_17134
#ifndef VM_SAVED_STATE_DUMP_E_VA_NOT_MAPPED
/* The guest's page tables do not map the virtual address. */
#define VM_SAVED_STATE_DUMP_E_VA_NOT_MAPPED ((HRESULT)0xC0370505)
#endif
#ifndef VM_SAVED_STATE_DUMP_E_INVALID_VP_STATE
/* The VP is not in a state that allows the operation. */
#define VM_SAVED_STATE_DUMP_E_INVALID_VP_STATE ((HRESULT)0xC0370506)
#endif
#else
/* The level at which the guest's page tables do not map the virtual address. */
#ifndef VM_SAVED_STATE_DUMP_E_PXE_NOT_PRESENT
#define VM_SAVED_STATE_DUMP_E_PXE_NOT_PRESENT ((HRESULT)0xC0370505)
#endif
#ifndef VM_SAVED_STATE_DUMP_E_PDPTE_NOT_PRESENT
#define VM_SAVED_STATE_DUMP_E_PDPTE_NOT_PRESENT ((HRESULT)0xC0370506)
#endif
#ifndef VM_SAVED_STATE_DUMP_E_PDE_NOT_PRESENT
#define VM_SAVED_STATE_DUMP_E_PDE_NOT_PRESENT ((HRESULT)0xC0370507)
#endif
#ifndef VM_SAVED_STATE_DUMP_E_PTE_NOT_PRESENT
#define VM_SAVED_STATE_DUMP_E_PTE_NOT_PRESENT ((HRESULT)0xC0370508)
#endif
#endif

#ifndef VM_SAVED_STATE_DUMP_E_VP_VTL_NOT_ENABLED
/* The VP has no such VTL. */
#define VM_SAVED_STATE_DUMP_E_VP_VTL_NOT_ENABLED ((HRESULT)0xC0370509)
#endif

#endif
