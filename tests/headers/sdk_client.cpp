/* SPDX-License-Identifier: MIT */
/*
 * C++ clients of the SDK's interface, written as existing programs are: that
 * they compile without a change is half of the test.  Run with a saved state,
 * the program reads it in the way of each client.
 */
#if defined(_WIN32)
#include <windows.h>
#endif

#include <vmsavedstatedump.h>

#include "interface_checks.h"

#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

/* Strings of the API are the system's UTF-16 strings. */
#if defined(_WIN32)
using wide_string = std::wstring;
#else
using wide_string = std::u16string;
#endif
static_assert(std::is_same<wide_string::value_type, WCHAR>::value, "WCHAR has a string class");

static int failures;

static void expect(bool holds, const char *fact)
{
	if (!holds) {
		std::fprintf(stderr, "not so: %s\n", fact);
		failures++;
	}
}

#define EXPECT(fact) expect((fact), #fact)

/* ---- A converter to ELF cores ------------------------------------------- */

/* Passes the address of nothing and an unlimited count, and expects not to be served. */
static std::vector<GPA_MEMORY_CHUNK> memory_map(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	std::vector<GPA_MEMORY_CHUNK> chunks;
	UINT64 page_size = 0;
	UINT64 count = ~UINT64{ 0 };

	HRESULT result = GetGuestPhysicalMemoryChunks(handle, &page_size, chunks.data(), &count);
	if (result == S_OK)
		return {};
	chunks.resize(static_cast<size_t>(count));
	result = GetGuestPhysicalMemoryChunks(handle, &page_size, chunks.data(), &count);
	EXPECT(result == S_OK);
	EXPECT(page_size == 4096);
	return chunks;
}

#ifdef VMSAVEDSTATE_ABI_17134
static UINT64 register_value(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp, REGISTER_ID_X64 id)
{
	auto value = std::make_unique<VIRTUAL_PROCESSOR_REGISTER>();
	value->Architecture = Arch_x64;
	value->RegisterId_x64 = id;
	GetRegisterValue(handle, vp, value.get());
	return value->RegisterValue;
}
#else
static UINT64 register_value(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp, REGISTER_ID id)
{
	VIRTUAL_PROCESSOR_REGISTER value;
	GetRegisterValue(handle, vp, id, &value);
	return value.Reg64;
}
#endif

static void convert(const wide_string &path)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = nullptr;
	UINT32 vp_count = 0;
	UINT64 raw_size = 0;
	UINT64 map_size = 0;

	EXPECT(LoadSavedStateFile(path.c_str(), &handle) == S_OK);
	EXPECT(GetVpCount(handle, &vp_count) == S_OK);
	for (UINT32 vp = 0; vp < vp_count; vp++)
		std::printf("VP %u: rip %llx\n", static_cast<unsigned>(vp),
			    static_cast<unsigned long long>(
				    register_value(handle, vp, X64_RegisterRip)));
	EXPECT(GetGuestRawSavedMemorySize(handle, &raw_size) == S_OK);
	for (const GPA_MEMORY_CHUNK &chunk : memory_map(handle))
		map_size += chunk.PageCount * 4096;
	EXPECT(map_size > 0 && raw_size > 0);

	std::vector<BYTE> buffer(10 << 20);
	for (UINT64 offset = 0; offset < raw_size;) {
		UINT32 bytes_read = 0;
		ReadGuestRawSavedMemory(handle, offset, buffer.data(),
					static_cast<UINT32>(buffer.size()), &bytes_read);
		EXPECT(bytes_read > 0);
		if (bytes_read == 0)
			break;
		offset += bytes_read;
	}
	EXPECT(ReleaseSavedStateFiles(handle) == S_OK);
}

/* ---- An emulator's cross-check ------------------------------------------ */

struct saved_state {
	VM_SAVED_STATE_DUMP_HANDLE handle = nullptr;

	explicit saved_state(LPCWSTR path)
	{
		if (FAILED(LoadSavedStateFile(path, &handle)))
			handle = nullptr;
	}

	saved_state(const saved_state &) = delete;
	saved_state &operator=(const saved_state &) = delete;

	~saved_state()
	{
		if (handle)
			EXPECT(SUCCEEDED(ReleaseSavedStateFiles(handle)));
	}
};

static void cross_check(const wide_string &path)
{
	saved_state first(path.c_str());
	saved_state second(path.c_str());
	UINT32 count = 0;
	VIRTUAL_PROCESSOR_ARCH architecture = Arch_Unknown;

	EXPECT(first.handle != nullptr && second.handle != nullptr);
	EXPECT(first.handle != second.handle);
	EXPECT(SUCCEEDED(GetVpCount(first.handle, &count)) && count > 0);
	EXPECT(SUCCEEDED(GetArchitecture(second.handle, 0, &architecture)));
	EXPECT(architecture != Arch_Unknown);
}

/* ---- A debugger that scans for modules ---------------------------------- */

static BOOL CALLBACK remember_image(PVOID context, PDOS_IMAGE_INFO image)
{
	auto names = static_cast<std::vector<std::string> *>(context);
	names->push_back(image->PdbName);
	return names->size() == 16 ? TRUE : FALSE;
}

static void scan(const wide_string &path)
{
	saved_state state(path.c_str());
	std::vector<std::string> names;
	GUEST_VIRTUAL_ADDRESS likely[] = { 0x400000, 0x140000000 };

	EXPECT(SUCCEEDED(ScanMemoryForDosImages(state.handle, 0, 0x1000000, 0xFF0000, &names,
						remember_image, likely, 2)));
	EXPECT(ScanMemoryForDosImages(state.handle, 0, 0x1000, 0x2000, &names, remember_image,
				      nullptr, 0) == E_INVALIDARG);
}

/* ---- What the headers themselves do in C++ ------------------------------ */

#ifndef VMSAVEDSTATE_ABI_17134
static void check_constructors()
{
	alignas(VIRTUAL_PROCESSOR_REGISTER) unsigned char bytes[sizeof(VIRTUAL_PROCESSOR_REGISTER)];
	std::memset(bytes, 0xCC, sizeof(bytes));
	auto empty = new (bytes) VIRTUAL_PROCESSOR_REGISTER;
	EXPECT(empty->Reg128.Low64 == 0 && empty->Reg128.High64 == 0);

	std::memset(bytes, 0xCC, sizeof(bytes));
	auto number = new (bytes) VIRTUAL_PROCESSOR_REGISTER(0x1122334455667788);
	EXPECT(number->Reg64 == 0x1122334455667788 && number->Reg128.High64 == 0);
	EXPECT(number->Reg32 == 0x55667788 && number->Reg16 == 0x7788 && number->Reg8 == 0x88);

	VIRTUAL_PROCESSOR_REGISTER converted = 7;
	EXPECT(converted.Reg64 == 7);
}
#else
static_assert(std::is_trivial<VIRTUAL_PROCESSOR_REGISTER>::value, "a plain structure");

static void check_constructors()
{
}
#endif

int main(int argc, char **argv)
{
	EXPECT(check_sdk_prototypes() == 43);
	check_constructors();
	EXPECT(ReleaseSavedStateFiles(nullptr) == E_INVALIDARG);
	if (argc > 1) {
		std::string narrow(argv[1]);
		wide_string path(narrow.begin(), narrow.end());
		convert(path);
		cross_check(path);
		scan(path);
	}
	return failures == 0 ? 0 : 1;
}
