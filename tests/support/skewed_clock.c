/* Preloaded into sluiced by the tests: a wall clock that is SKEW_S seconds wrong, for Sluice's own code. The libraries
 * below it keep the real one: some wait for a time of the kernel's clock, which nobody can put wrong for one process. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <time.h>

typedef int (*clock_fn)(clockid_t, struct timespec *);

static const void *base_of(const void *address)
{
    Dl_info info;
    return dladdr(address, &info) ? info.dli_fbase : NULL;
}

static int is_program(const void *caller)
{
    return base_of(caller) == base_of((const void *)getauxval(AT_ENTRY));
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    const char *skew = getenv("SKEW_S");
    int failed = ((clock_fn)dlsym(RTLD_NEXT, "clock_gettime"))(clock, out);

    if (!failed && skew && clock == CLOCK_REALTIME && is_program(__builtin_return_address(0)))
        out->tv_sec += strtol(skew, NULL, 10);
    return failed;
}
