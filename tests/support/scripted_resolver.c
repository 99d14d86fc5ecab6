/* Preloaded into sluiced by the tests: a resolver that changes its mind, and an internet of one machine.
 *
 * getaddrinfo of RESOLVER_NAME answers by RESOLVER_SCRIPT: address,address/address/... Each look-up takes the next answer,
 * the last one stays; every other name goes to the real resolver. A connection to the address of RESOLVER_OUTSIDE leads
 * to 127.0.0.1 and says that it leads to the former. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MAX_ANSWER = 256, MAX_FD = 4096 };

typedef int resolver_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);
typedef int address_fn(int, struct sockaddr *, socklen_t *);
typedef int connect_fn(int, const struct sockaddr *, socklen_t);

static atomic_uint look_ups;
static atomic_bool is_outside[MAX_FD];

/* The next answer, addresses with commas between them. */
static void take_answer(char *dst)
{
    const char *script = getenv("RESOLVER_SCRIPT");
    unsigned n = atomic_fetch_add(&look_ups, 1);

    for (; n && strchr(script, '/'); n--)
        script = strchr(script, '/') + 1;
    size_t length = strcspn(script, "/");
    if (length >= MAX_ANSWER)
        abort();
    memcpy(dst, script, length);
    dst[length] = '\0';
}

/* Addresses of the real resolver, one after the other, so that the real freeaddrinfo takes them back. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    resolver_fn *real = (resolver_fn *)dlsym(RTLD_NEXT, "getaddrinfo");
    const char *name = getenv("RESOLVER_NAME");
    struct addrinfo **end = out;
    char answer[MAX_ANSWER], *rest = NULL;

    if (!node || !name || strcmp(node, name) != 0)
        return real(node, service, hints, out);
    take_answer(answer);
    for (char *a = strtok_r(answer, ",", &rest); a; a = strtok_r(NULL, ",", &rest)) {
        int code = real(a, service, hints, end);
        if (code)
            return code;
        while (*end)
            end = &(*end)->ai_next;
    }
    return 0;
}

static bool leads_outside(const struct sockaddr *to)
{
    const char *outside = getenv("RESOLVER_OUTSIDE");
    struct sockaddr_in four;

    if (!outside || to->sa_family != AF_INET)
        return false;
    memcpy(&four, to, sizeof(four));
    return four.sin_addr.s_addr == inet_addr(outside);
}

int connect(int fd, const struct sockaddr *to, socklen_t size)
{
    connect_fn *real = (connect_fn *)dlsym(RTLD_NEXT, "connect");
    bool outside = leads_outside(to);
    struct sockaddr_in here;

    if (fd >= 0 && fd < MAX_FD)
        atomic_store(&is_outside[fd], outside);
    if (!outside)
        return real(fd, to, size);
    memcpy(&here, to, sizeof(here));
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return real(fd, (struct sockaddr *)&here, sizeof(here));
}

int getpeername(int fd, struct sockaddr *address, socklen_t *size)
{
    address_fn *real = (address_fn *)dlsym(RTLD_NEXT, "getpeername");
    struct sockaddr_in there;
    int code = real(fd, address, size);

    if (code || fd < 0 || fd >= MAX_FD || !atomic_load(&is_outside[fd]) ||
        address->sa_family != AF_INET)
        return code;
    memcpy(&there, address, sizeof(there));
    there.sin_addr.s_addr = inet_addr(getenv("RESOLVER_OUTSIDE"));
    memcpy(address, &there, sizeof(there));
    return 0;
}
