/* SPDX-License-Identifier: MIT */
/*
 * What a test program includes: cmocka and the headers it asks for before it.
 *
 * For Windows there is no cmocka to link with; support/windows/cmocka.h stands
 * in for it there, found under the same name.
 *
 * May include: nothing of src/.
 */
#ifndef TEST_SHIM_H
#define TEST_SHIM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
