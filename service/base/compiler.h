/* Attributes behind macros, so that the code reads the same under gcc and clang. */
#ifndef SL_BASE_COMPILER_H
#define SL_BASE_COMPILER_H

#define SL_MUST_CHECK __attribute__((warn_unused_result))
#define SL_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define SL_NORETURN __attribute__((noreturn))
#define SL_NONNULL __attribute__((nonnull))
#define SL_LIKELY(x) __builtin_expect(!!(x), 1)
#define SL_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define SL_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define SL_CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
