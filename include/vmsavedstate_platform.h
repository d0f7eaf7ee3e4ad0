/* SPDX-License-Identifier: MIT */
/*
 * The Windows types that the public headers are written in.
 *
 * On Windows this is <windows.h>; everywhere else the few types and macros
 * below, with the sizes they have on Windows:
 *
 *   HRESULT          32 bits, signed; negative values are failures
 *   DWORD and ULONG  32 bits, also where the compiler's long has 64
 *   BOOL             an int that is TRUE or FALSE
 *   WCHAR            one UTF-16 code unit, never the compiler's wchar_t;
 *                    u"..." is a string of them
 *
 * Threads: LocalFree may be called from any thread.
 */
#ifndef VMSAVEDSTATE_PLATFORM_H
#define VMSAVEDSTATE_PLATFORM_H

#if defined(_WIN32)

#ifndef _WINDOWS_
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#define VMSAVEDSTATE_UNDEFINE_LEAN_AND_MEAN
#endif
#include <windows.h>
#ifdef VMSAVEDSTATE_UNDEFINE_LEAN_AND_MEAN
#undef VMSAVEDSTATE_UNDEFINE_LEAN_AND_MEAN
#undef WIN32_LEAN_AND_MEAN
#endif
#endif

/* A string literal of WCHARs on every system: VMSAVEDSTATE_TEXT("guest.vmrs"). */
#define VMSAVEDSTATE_TEXT(literal) L##literal

#else /* not Windows */

#include <stddef.h>
#include <stdint.h>

#ifndef VOID
#define VOID void
#endif

typedef uint8_t BYTE;
typedef uint8_t UINT8;
typedef uint16_t UINT16;
typedef uint32_t UINT32;
typedef uint64_t UINT64;
typedef int32_t INT32;
typedef int64_t INT64;
typedef uint32_t DWORD;
typedef uint32_t ULONG;
typedef int BOOL;
typedef int32_t HRESULT;

typedef void *PVOID;
typedef void *LPVOID;
typedef void *HANDLE;
typedef void *HLOCAL;

typedef char *LPSTR;
typedef const char *LPCSTR;

#ifdef __cplusplus
typedef char16_t WCHAR;
#else
typedef uint_least16_t WCHAR;	/* C's char16_t, without <uchar.h>, which not every system has */
#endif
typedef WCHAR *LPWSTR;
typedef const WCHAR *LPCWSTR;

#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif

#ifndef WINAPI
#define WINAPI
#endif
#ifndef CALLBACK
#define CALLBACK
#endif

#ifndef INVALID_HANDLE_VALUE
#define INVALID_HANDLE_VALUE ((HANDLE)(intptr_t)-1)
#endif

#ifndef SUCCEEDED
#define SUCCEEDED(result) ((HRESULT)(result) >= 0)
#endif
#ifndef FAILED
#define FAILED(result) ((HRESULT)(result) < 0)
#endif

#ifndef S_OK
#define S_OK ((HRESULT)0)
#endif
#ifndef S_FALSE
#define S_FALSE ((HRESULT)1)
#endif
#ifndef E_NOTIMPL
#define E_NOTIMPL ((HRESULT)0x80004001)
#endif
#ifndef E_POINTER
#define E_POINTER ((HRESULT)0x80004003)
#endif
#ifndef E_ABORT
#define E_ABORT ((HRESULT)0x80004004)
#endif
#ifndef E_FAIL
#define E_FAIL ((HRESULT)0x80004005)
#endif
#ifndef E_UNEXPECTED
#define E_UNEXPECTED ((HRESULT)0x8000FFFF)
#endif
#ifndef E_ACCESSDENIED
#define E_ACCESSDENIED ((HRESULT)0x80070005)
#endif
#ifndef E_HANDLE
#define E_HANDLE ((HRESULT)0x80070006)
#endif
#ifndef E_OUTOFMEMORY
#define E_OUTOFMEMORY ((HRESULT)0x8007000E)
#endif
#ifndef E_INVALIDARG
#define E_INVALIDARG ((HRESULT)0x80070057)
#endif

#define VMSAVEDSTATE_TEXT(literal) u##literal

#endif /* Windows or not */

/*
 * What stands around the functions of every public header: C linkage, and
 * visibility in a library that hides what it does not declare.
 */
#if defined(__GNUC__) && !defined(_WIN32)
#define VMSAVEDSTATE_VISIBLE_BEGIN _Pragma("GCC visibility push(default)")
#define VMSAVEDSTATE_VISIBLE_END _Pragma("GCC visibility pop")
#else
#define VMSAVEDSTATE_VISIBLE_BEGIN
#define VMSAVEDSTATE_VISIBLE_END
#endif

#ifdef __cplusplus
#define VMSAVEDSTATE_DECLARATIONS_BEGIN extern "C" { VMSAVEDSTATE_VISIBLE_BEGIN
#define VMSAVEDSTATE_DECLARATIONS_END VMSAVEDSTATE_VISIBLE_END }
#else
#define VMSAVEDSTATE_DECLARATIONS_BEGIN VMSAVEDSTATE_VISIBLE_BEGIN
#define VMSAVEDSTATE_DECLARATIONS_END VMSAVEDSTATE_VISIBLE_END
#endif

#if !defined(_WIN32)

VMSAVEDSTATE_DECLARATIONS_BEGIN

/*
 * Frees a string that LocateSavedStateFiles, GetSavedStateSymbolFieldInfo or
 * CallStackUnwind returned; NULL is allowed.  Returns NULL.
 */
HLOCAL LocalFree(HLOCAL memory);

VMSAVEDSTATE_DECLARATIONS_END

#endif

#endif
