/* SPDX-License-Identifier: MIT */
/*
 * The numbers of a saved state in words: longer ones for people, short ones
 * (..._name) for JSON, which stay what they are.
 *
 * May include: the public headers.
 */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include <vmsavedstatedump_ext.h>

const char *architecture_name(VIRTUAL_PROCESSOR_ARCH architecture);
const char *vendor_name(VIRTUAL_PROCESSOR_VENDOR vendor);
const char *paging_mode_name(PAGING_MODE mode);

const char *paging_form_name(VMSAVEDSTATE_PAGING_FORM form);
const char *paging_form_text(VMSAVEDSTATE_PAGING_FORM form);

const char *walk_reason_name(VMSAVEDSTATE_WALK_REASON reason);
const char *walk_reason_text(VMSAVEDSTATE_WALK_REASON reason);

/* Of a part of a saved state: "key_table", "Key table", "Key tables". */
const char *part_name(VMSAVEDSTATE_PART part);
const char *part_text(VMSAVEDSTATE_PART part);
const char *parts_text(VMSAVEDSTATE_PART part);

const char *key_type_name(VMSAVEDSTATE_KEY_TYPE type);

/*
 * The release of Windows whose Hyper-V makes VMs of this version by default
 * (major << 8 | minor), or NULL when it is not known.
 */
const char *windows_release(UINT32 vm_version);

/* What a guest's operating system reported of itself.  Returns text. */
const char *guest_os_text(GUEST_OS_INFO info, char text[VMSAVEDSTATE_GUEST_OS_TEXT]);

#endif
