/* HTTP/2's preface and an empty SETTINGS frame; a server answers with its own SETTINGS, one with TLS by hanging up. */
#include "rpc/self_check.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

/* RFC 9113, sections 3.4 and 6.5. */
static const char greeting[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";

static bool wait_for(int fd, short events, int64_t until_us)
{
    struct pollfd p = {.fd = fd, .events = events};
    int64_t left = (until_us - sl_now_us()) / 1000;
    return left > 0 && poll(&p, 1, (int)left) > 0;
}

static bool is_connected(int fd)
{
    int problem = 0;
    socklen_t n = sizeof(problem);
    return !getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &n) && !problem;
}

static bool greet(int fd, const struct sockaddr *to, socklen_t n, int64_t until_us)
{
    char answer[64];
    if (connect(fd, to, n) && errno != EINPROGRESS)
        return false;
    if (!wait_for(fd, POLLOUT, until_us) || !is_connected(fd))
        return false;
    if (send(fd, greeting, sizeof(greeting) - 1, MSG_NOSIGNAL) < 0)
        return errno == EPIPE || errno == ECONNRESET;
    return wait_for(fd, POLLIN, until_us) &&
           (recv(fd, answer, sizeof(answer), 0) >= 0 || errno == ECONNRESET);
}

static bool try_address(const struct sockaddr *to, socklen_t n, int64_t until_us)
{
    int fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool ok = fd >= 0 && greet(fd, to, n, until_us);
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool try_path(const char *path, int64_t until_us)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    return sl_copy(to.sun_path, sizeof(to.sun_path), path) &&
           try_address((const struct sockaddr *)&to, sizeof(to), until_us);
}

static bool try_host(const char *address, int64_t until_us)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char host[256];
    const char *colon = strrchr(address, ':');
    bool brackets = *address == '[', ok = false;
    if (!colon || !sl_copy_n(host, sizeof(host), address + brackets,
                             (size_t)(colon - address) - 2 * (size_t)brackets))
        return false;
    if (getaddrinfo(host, colon + 1, &hints, &found))
        return false;
    for (const struct addrinfo *a = found; a && !ok; a = a->ai_next)
        ok = try_address(a->ai_addr, a->ai_addrlen, until_us);
    freeaddrinfo(found);
    return ok;
}

bool sl_self_check(const char *address, int timeout_ms)
{
    int64_t until_us = sl_now_us() + (int64_t)timeout_ms * 1000;
    if (sl_starts_with(address, "unix:"))
        return try_path(address + strlen("unix:"), until_us);
    return try_host(address, until_us);
}
