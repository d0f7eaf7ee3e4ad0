/* SPDX-License-Identifier: MIT */
/* Finding saved states by the name of their VM: not offered by this version. */
#include "api/call.h"

#include <vmsavedstatedump.h>

HRESULT WINAPI LocateSavedStateFiles(LPCWSTR vmName, LPCWSTR snapshotName, LPWSTR *binPath,
				     LPWSTR *vsvPath, LPWSTR *vmrsPath)
{
	struct call call;

	(void)snapshotName;
	(void)binPath;
	(void)vsvPath;
	(void)vmrsPath;
	call_begin_free(&call);
	if (!call_lacks(&call, vmName, "the name of the VM"))
		call.status = error_set(&call.error, STATUS_NOT_IMPLEMENTED,
					"finding saved states by name is not available");
	return call_end(&call);
}
