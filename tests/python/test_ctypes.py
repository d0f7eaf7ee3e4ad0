#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A client without a compiler: loads the built library by its path, and reads
registers and memory through both generations of the interface."""
import ctypes
import unittest

from provider_library import fixture, library_path

HANDLE = ctypes.c_void_p
S_OK, E_INVALIDARG, VA_NOT_MAPPED = 0, 0x80070057, 0xC0370505
X64_RIP, X64_GS, X64_CR3 = 16, 61, 46
EARLIER_X64_RIP, ARCH_X64 = 16, 2


class Segment(ctypes.Structure):
	_fields_ = [("base", ctypes.c_uint64), ("limit", ctypes.c_uint32),
		    ("selector", ctypes.c_uint16), ("attributes", ctypes.c_uint16)]


class Register(ctypes.Union):
	_fields_ = [("reg64", ctypes.c_uint64), ("segment", Segment), ("bytes", ctypes.c_uint8 * 16)]


class EarlierRegister(ctypes.Structure):
	_fields_ = [("architecture", ctypes.c_int32), ("value", ctypes.c_uint64),
		    ("id", ctypes.c_uint32)]


class Chunk(ctypes.Structure):
	_fields_ = [("first_page", ctypes.c_uint64), ("page_count", ctypes.c_uint64)]


def call(function, *arguments):
	function.restype = ctypes.c_uint32
	return function(*arguments)


def load(library, name):
	"""The path is UTF-16 on every system, not the compiler's wchar_t."""
	path = (fixture(name) + "\0").encode("utf-16-le")
	handle = HANDLE()
	result = call(library.LoadSavedStateFile, path, ctypes.byref(handle))
	return result, handle


class CurrentInterface(unittest.TestCase):
	def setUp(self):
		self.library = ctypes.CDLL(library_path())
		result, self.handle = load(self.library, "demo.vmrs")
		self.assertEqual(result, S_OK)

	def tearDown(self):
		self.assertEqual(call(self.library.ReleaseSavedStateFiles, self.handle), S_OK)
		self.assertEqual(call(self.library.ReleaseSavedStateFiles, self.handle),
				 E_INVALIDARG)

	def register(self, number):
		value = Register()
		self.assertEqual(call(self.library.GetRegisterValue, self.handle, 0, number,
				      ctypes.byref(value)), S_OK)
		return value

	def test_registers(self):
		self.assertEqual(ctypes.sizeof(Register), 16)
		self.assertEqual(self.register(X64_RIP).reg64, 0xFFFFF80000010000)
		self.assertEqual(self.register(X64_CR3).reg64, 0x1000)
		self.assertEqual(self.register(X64_GS).segment.base, 0xFFFFF80000012000)
		self.assertEqual(self.register(X64_GS).segment.selector, 0x2B)

	def test_memory_by_both_kinds_of_address(self):
		physical, unmapped = ctypes.c_uint64(), ctypes.c_uint64(1)
		address = ctypes.c_uint64(0xFFFFF80000010000)
		self.assertEqual(call(self.library.GuestVirtualAddressToPhysicalAddress,
				      self.handle, 0, address, ctypes.byref(physical),
				      ctypes.byref(unmapped)), S_OK)
		self.assertEqual((physical.value, unmapped.value), (0x10000, 0))
		buffer, count = ctypes.create_string_buffer(64), ctypes.c_uint32()
		self.assertEqual(call(self.library.ReadGuestPhysicalAddress, self.handle, physical,
				      buffer, 25, ctypes.byref(count)), S_OK)
		self.assertEqual((count.value, buffer.value), (25, b"a string in guest memory"))

	def test_unmapped_address(self):
		physical, unmapped = ctypes.c_uint64(1), ctypes.c_uint64()
		self.assertEqual(call(self.library.GuestVirtualAddressToPhysicalAddress,
				      self.handle, 0, ctypes.c_uint64(0x5000),
				      ctypes.byref(physical), ctypes.byref(unmapped)),
				 VA_NOT_MAPPED)
		self.assertEqual((physical.value, unmapped.value), (0, 4096))

	def test_chunks(self):
		page_size, count, chunks = ctypes.c_uint64(), ctypes.c_uint64(4), (Chunk * 4)()
		self.assertEqual(call(self.library.GetGuestPhysicalMemoryChunks, self.handle,
				      ctypes.byref(page_size), chunks, ctypes.byref(count)), S_OK)
		self.assertEqual((page_size.value, count.value), (4096, 1))
		self.assertEqual((chunks[0].first_page, chunks[0].page_count), (0, 2048))

	def test_error_text(self):
		result, _ = load(self.library, "bad-no-version.vmrs")
		self.assertEqual(result, 0x80070002)
		text, needed = ctypes.create_string_buffer(1024), ctypes.c_uint32()
		self.assertEqual(call(self.library.VmSavedStateGetErrorText, None, text, 1024,
				      ctypes.byref(needed)), S_OK)
		self.assertEqual(needed.value, len(text.value) + 1)
		self.assertTrue(text.value.decode("utf-8").endswith("."))


class EarlierInterface(unittest.TestCase):
	def setUp(self):
		self.library = ctypes.CDLL(library_path("abi17134"))
		result, self.handle = load(self.library, "demo.vmrs")
		self.assertEqual(result, S_OK)

	def tearDown(self):
		self.assertEqual(call(self.library.ReleaseSavedStateFiles, self.handle), S_OK)

	def test_registers(self):
		asked = EarlierRegister(ARCH_X64, 0, EARLIER_X64_RIP)
		self.assertEqual(ctypes.sizeof(asked), 24)
		self.assertEqual(call(self.library.GetRegisterValue, self.handle, 0,
				      ctypes.byref(asked)), S_OK)
		self.assertEqual(asked.value, 0xFFFFF80000010000)

	def test_translation(self):
		physical = ctypes.c_uint64()
		self.assertEqual(call(self.library.GuestVirtualAddressToPhysicalAddress,
				      self.handle, 0, ctypes.c_uint64(0xFFFFF80000010000),
				      ctypes.byref(physical)), S_OK)
		self.assertEqual(physical.value, 0x10000)


if __name__ == "__main__":
	library_path()
	unittest.main(verbosity=2)
