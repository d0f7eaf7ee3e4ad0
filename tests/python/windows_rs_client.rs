// SPDX-License-Identifier: MIT
//! A client whose declarations have the shape of windows-sys: raw pointers,
//! `extern "system"`, HRESULT as i32, paths as NUL-terminated UTF-16.
#![allow(non_snake_case)]

use std::ffi::c_void;
use std::process::exit;

type HRESULT = i32;
type PCWSTR = *const u16;

const S_OK: HRESULT = 0;
const E_INVALIDARG: HRESULT = 0x80070057u32 as i32;
const VM_SAVED_STATE_DUMP_E_VA_NOT_MAPPED: HRESULT = 0xC0370505u32 as i32;
const X64_RegisterRip: u32 = 16;
const X64_RegisterGs: u32 = 61;

#[repr(C)]
#[derive(Clone, Copy)]
struct VIRTUAL_PROCESSOR_REGISTER_0_0 {
    Base: u64,
    Limit: u32,
    Selector: u16,
    Attributes: u16,
}

#[repr(C)]
union VIRTUAL_PROCESSOR_REGISTER {
    Reg64: u64,
    Segment: VIRTUAL_PROCESSOR_REGISTER_0_0,
    Bytes: [u8; 16],
}

#[link(name = "vmsavedstatedumpprovider")]
unsafe extern "system" {
    fn LoadSavedStateFile(vmrsfile: PCWSTR, handle: *mut *mut c_void) -> HRESULT;
    fn ReleaseSavedStateFiles(handle: *mut c_void) -> HRESULT;
    fn GetVpCount(handle: *const c_void, vpcount: *mut u32) -> HRESULT;
    fn GetRegisterValue(
        handle: *const c_void,
        vpid: u32,
        registerid: u32,
        registervalue: *mut VIRTUAL_PROCESSOR_REGISTER,
    ) -> HRESULT;
    fn GuestVirtualAddressToPhysicalAddress(
        handle: *const c_void,
        vpid: u32,
        virtualaddress: u64,
        physicaladdress: *mut u64,
        unmappedregionsize: *mut u64,
    ) -> HRESULT;
    fn ReadGuestPhysicalAddress(
        handle: *const c_void,
        physicaladdress: u64,
        buffer: *mut c_void,
        buffersize: u32,
        bytesread: *mut u32,
    ) -> HRESULT;
}

fn expect<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) {
    if found != expected {
        eprintln!("{what} is {found:x?}, expected {expected:x?}");
        exit(1);
    }
}

fn register(handle: *mut c_void, id: u32) -> VIRTUAL_PROCESSOR_REGISTER {
    let mut value = VIRTUAL_PROCESSOR_REGISTER { Bytes: [0xCC; 16] };
    expect("GetRegisterValue", unsafe { GetRegisterValue(handle, 0, id, &mut value) }, S_OK);
    value
}

fn main() {
    let path: Vec<u16> =
        std::env::args().nth(1).expect("a path").encode_utf16().chain(Some(0)).collect();
    let mut handle = std::ptr::null_mut();
    let mut count = 0u32;
    let (mut physical, mut unmapped) = (0u64, 1u64);
    let mut text = [0u8; 24];

    unsafe {
        expect("LoadSavedStateFile", LoadSavedStateFile(path.as_ptr(), &mut handle), S_OK);
        expect("GetVpCount", GetVpCount(handle, &mut count), S_OK);
        expect("the count of VPs", count, 1);
        expect("RIP", register(handle, X64_RegisterRip).Reg64, 0xFFFFF80000010000);
        let gs = register(handle, X64_RegisterGs).Segment;
        expect("the base of GS", gs.Base, 0xFFFFF80000012000);
        expect(
            "the rest of GS",
            (gs.Limit, gs.Selector, gs.Attributes),
            (0xFFFFFFFF, 0x2B, 0xC0F3),
        );
        expect(
            "a translation",
            GuestVirtualAddressToPhysicalAddress(
                handle, 0, 0xFFFFF80000010000, &mut physical, &mut unmapped,
            ),
            S_OK,
        );
        expect("its answer", (physical, unmapped), (0x10000, 0));
        expect(
            "a read",
            ReadGuestPhysicalAddress(
                handle, physical, text.as_mut_ptr().cast(), text.len() as u32, &mut count,
            ),
            S_OK,
        );
        expect("its count", count, 24);
        expect("its bytes", &text[..], &b"a string in guest memory"[..]);
        expect(
            "the translation of an unmapped address",
            GuestVirtualAddressToPhysicalAddress(
                handle, 0, 0x5000, &mut physical, &mut unmapped,
            ),
            VM_SAVED_STATE_DUMP_E_VA_NOT_MAPPED,
        );
        expect("its answer", (physical, unmapped), (0, 4096));
        expect("ReleaseSavedStateFiles", ReleaseSavedStateFiles(handle), S_OK);
        expect("a second release", ReleaseSavedStateFiles(handle), E_INVALIDARG);
    }
    println!("registers and memory read through windows-sys' declarations");
}
