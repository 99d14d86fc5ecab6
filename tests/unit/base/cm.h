/* cmocka with what its header wants before it. */
#ifndef TESTS_UNIT_BASE_CM_H
#define TESTS_UNIT_BASE_CM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
