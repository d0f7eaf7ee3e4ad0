/* SPDX-License-Identifier: MIT */
/* Images, symbols, types and stacks: declared, and not offered by this version. */
#include "api/call.h"

#include <vmsavedstatedump.h>

/* Answers a call whose family is missing, once its handle has been found good. */
static HRESULT not_offered(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	struct call call;

	if (call_begin(&call, handle, HANDLE_READS))
		call.status = error_set(&call.error, STATUS_NOT_IMPLEMENTED,
					"symbols, images and stacks are not available");
	return call_end(&call);
}

HRESULT WINAPI LoadSavedStateSymbolProvider(VM_SAVED_STATE_DUMP_HANDLE handle, LPCWSTR userSymbols,
					    BOOL force)
{
	(void)userSymbols;
	(void)force;
	return not_offered(handle);
}

HRESULT WINAPI ReleaseSavedStateSymbolProvider(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	return not_offered(handle);
}

HANDLE WINAPI GetSavedStateSymbolProviderHandle(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	not_offered(handle);
	return INVALID_HANDLE_VALUE;
}

HRESULT SetSavedStateSymbolProviderDebugInfoCallback(
	VM_SAVED_STATE_DUMP_HANDLE handle, GUEST_SYMBOLS_PROVIDER_DEBUG_INFO_CALLBACK Callback)
{
	(void)Callback;
	return not_offered(handle);
}

HRESULT WINAPI LoadSavedStateModuleSymbols(VM_SAVED_STATE_DUMP_HANDLE handle, LPCSTR imageName,
					   LPCSTR moduleName, GUEST_VIRTUAL_ADDRESS baseAddress,
					   DWORD sizeOfBase)
{
	(void)imageName;
	(void)moduleName;
	(void)baseAddress;
	(void)sizeOfBase;
	return not_offered(handle);
}

HRESULT WINAPI LoadSavedStateModuleSymbolsEx(VM_SAVED_STATE_DUMP_HANDLE handle, LPCSTR imageName,
					     UINT32 imageTimestamp, LPCSTR moduleName,
					     GUEST_VIRTUAL_ADDRESS baseAddress, DWORD sizeOfBase)
{
	(void)imageName;
	(void)imageTimestamp;
	(void)moduleName;
	(void)baseAddress;
	(void)sizeOfBase;
	return not_offered(handle);
}

HRESULT WINAPI ResolveSavedStateGlobalVariableAddress(VM_SAVED_STATE_DUMP_HANDLE handle,
						      UINT32 vpId, LPCSTR globalName,
						      GUEST_VIRTUAL_ADDRESS *virtualAddress,
						      ULONG *size)
{
	(void)vpId;
	(void)globalName;
	(void)virtualAddress;
	(void)size;
	return not_offered(handle);
}

HRESULT WINAPI ReadSavedStateGlobalVariable(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
					    LPCSTR globalName, LPVOID buffer, ULONG bufferSize)
{
	(void)vpId;
	(void)globalName;
	(void)buffer;
	(void)bufferSize;
	return not_offered(handle);
}

HRESULT WINAPI GetSavedStateSymbolTypeSize(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
					   LPCSTR typeName, ULONG *size)
{
	(void)vpId;
	(void)typeName;
	(void)size;
	return not_offered(handle);
}

HRESULT WINAPI FindSavedStateSymbolFieldInType(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
					       LPCSTR typeName, LPCWSTR fieldName, UINT32 *offset,
					       BOOL *found)
{
	(void)vpId;
	(void)typeName;
	(void)fieldName;
	(void)offset;
	(void)found;
	return not_offered(handle);
}

HRESULT WINAPI GetSavedStateSymbolFieldInfo(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
					    LPCSTR typeName, LPWSTR *typeFieldInfoMap)
{
	(void)vpId;
	(void)typeName;
	(void)typeFieldInfoMap;
	return not_offered(handle);
}

HRESULT WINAPI ScanMemoryForDosImages(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
				      GUEST_VIRTUAL_ADDRESS startAddress,
				      GUEST_VIRTUAL_ADDRESS endAddress, PVOID callbackContext,
				      FOUND_IMAGE_CALLBACK foundImageCallback,
				      GUEST_VIRTUAL_ADDRESS *standaloneAddress,
				      DWORD standaloneAddressCount)
{
	(void)vpId;
	(void)startAddress;
	(void)endAddress;
	(void)callbackContext;
	(void)foundImageCallback;
	(void)standaloneAddress;
	(void)standaloneAddressCount;
	return not_offered(handle);
}

HRESULT WINAPI CallStackUnwind(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
			       PMODULE_INFO imageInfo, DWORD imageInfoCount, UINT32 frameCount,
			       LPWSTR *callStack)
{
	(void)vpId;
	(void)imageInfo;
	(void)imageInfoCount;
	(void)frameCount;
	(void)callStack;
	return not_offered(handle);
}
