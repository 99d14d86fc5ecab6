/* Preloaded into sluiced by the tests: a resolver that takes its time. getaddrinfo of the host named by SLOW_HOST waits
 * SLOW_MS milliseconds and then answers 127.0.0.1; every other host goes to the real one. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int (*resolver_fn)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static void wait_ms(long ms)
{
    struct timespec left = {ms / 1000, (ms % 1000) * 1000000};

    while (nanosleep(&left, &left) && errno == EINTR)
        ;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    resolver_fn real = (resolver_fn)dlsym(RTLD_NEXT, "getaddrinfo");
    const char *host = getenv("SLOW_HOST"), *ms = getenv("SLOW_MS");

    if (!node || !host || strcmp(node, host) != 0)
        return real(node, service, hints, out);
    wait_ms(ms ? strtol(ms, NULL, 10) : 0);
    return real("127.0.0.1", service, hints, out);
}
