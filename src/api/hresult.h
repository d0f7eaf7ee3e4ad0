/* SPDX-License-Identifier: MIT */
/*
 * From internal statuses to the HRESULTs of the public API.
 *
 * May include: everything.
 */
#ifndef API_HRESULT_H
#define API_HRESULT_H

#include "base/status.h"

#include <vmsavedstate_platform.h>

#include <stdint.h>

HRESULT hresult_of_status(enum status status);

#endif
