/* Preloaded into sluiced by the tests: its wall clock goes CLOCK_SHIFT_S seconds ahead, so that a day begins when a test
 * wants it to. Monotonic clocks stay, and so does the time of the libraries, which wait for moments of the kernel's. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static bool is_the_programs(const void *code)
{
    Dl_info own, caller;

    return dladdr((const void *)getauxval(AT_ENTRY), &own) && dladdr(code, &caller) &&
           own.dli_fbase == caller.dli_fbase;
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, out);
    const char *shift = getenv("CLOCK_SHIFT_S");

    if (!failed && clock == CLOCK_REALTIME && shift && is_the_programs(__builtin_return_address(0)))
        out->tv_sec += strtol(shift, NULL, 10);
    return failed;
}
