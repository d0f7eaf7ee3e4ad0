/* SPDX-License-Identifier: MIT */
/*
 * Names that the original exports and no public header declares.
 *
 * They are here so that whatever binds to all names of the original can be
 * linked.  Their arguments are unknown, so they take none, which the calling
 * conventions of 64-bit systems allow, and answer E_NOTIMPL.
 */
#include <vmsavedstate_platform.h>

VMSAVEDSTATE_DECLARATIONS_BEGIN

HRESULT WINAPI GetCrashDumpHeader(void);
HRESULT WINAPI GetWindowsCrashDumpHeader(void);
HRESULT WINAPI LoadKernelImage(void);
HRESULT WINAPI LocateKernelImage(void);
HRESULT WINAPI WriteCrashDumpFile(void);
HRESULT WINAPI WriteWindowsCrashDumpFile(void);

VMSAVEDSTATE_DECLARATIONS_END

HRESULT WINAPI GetCrashDumpHeader(void)
{
	return E_NOTIMPL;
}

HRESULT WINAPI GetWindowsCrashDumpHeader(void)
{
	return E_NOTIMPL;
}

HRESULT WINAPI LoadKernelImage(void)
{
	return E_NOTIMPL;
}

HRESULT WINAPI LocateKernelImage(void)
{
	return E_NOTIMPL;
}

HRESULT WINAPI WriteCrashDumpFile(void)
{
	return E_NOTIMPL;
}

HRESULT WINAPI WriteWindowsCrashDumpFile(void)
{
	return E_NOTIMPL;
}
