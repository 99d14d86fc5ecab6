/* accept4 for the gRPC core, which calls it through the dynamic linker and so finds this one first. The core's 1.51 ends
 * its listener for good at the first EMFILE (CVE-2023-4785); here a connection that finds no descriptor is taken with a
 * spare one and closed, so that the listener goes on. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t spare_lock = PTHREAD_MUTEX_INITIALIZER; /* guards spare */
static _Atomic int spare = -1;

/* A sanitizer's own accept4, which has to know of every descriptor. */
extern int __interceptor_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
    __attribute__((weak));

static int raw_accept(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    if (__interceptor_accept4)
        return __interceptor_accept4(fd, address, length, flags);
    return (int)syscall(SYS_accept4, fd, address, length, flags);
}

static int open_spare(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Whether somebody was turned away. The spare is closed for a moment; another thread may take its place. */
static int turn_away(int fd)
{
    pthread_mutex_lock(&spare_lock);
    if (spare >= 0)
        close(spare);
    int refused = raw_accept(fd, NULL, NULL, SOCK_CLOEXEC);
    if (refused >= 0)
        close(refused);
    spare = open_spare();
    pthread_mutex_unlock(&spare_lock);
    return refused >= 0;
}

static int is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    if (spare < 0) {
        pthread_mutex_lock(&spare_lock);
        if (spare < 0)
            spare = open_spare();
        pthread_mutex_unlock(&spare_lock);
    }
    for (;;) {
        int got = raw_accept(fd, address, length, flags);
        if (got >= 0 || !is_shortage(errno))
            return got;
        if (!turn_away(fd)) {
            errno = EAGAIN;
            return -1;
        }
    }
}
