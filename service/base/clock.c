/* Clocks and time-ordered ids. */
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

int64_t sl_now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t sl_wall_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void sl_format_time(char *dst, size_t size, int64_t wall_ms)
{
    int64_t ms = wall_ms % 1000;
    time_t seconds = (time_t)(wall_ms / 1000);
    if (ms < 0) {
        ms += 1000;
        seconds--;
    }
    struct tm tm;
    if (!gmtime_r(&seconds, &tm))
        memset(&tm, 0, sizeof(tm));
    /* Unsigned and bounded, so that 25 bytes are always enough. */
    snprintf(dst, size, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
             (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)(tm.tm_mon + 1) % 100,
             (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
             (unsigned)tm.tm_sec % 100, (unsigned)ms % 1000);
}

/* Eight random bytes from this thread's stock: one system call for 32 ids. A child after fork()
 * would repeat its parent's ids; the service does not fork. */
static void random8(unsigned char out[8])
{
    enum {
        STOCK = 256
    }; /* getrandom never cuts a request of up to 256 bytes short: getrandom(2) */
    static _Thread_local unsigned char stock[STOCK];
    static _Thread_local unsigned left;
    if (left == 0) {
        ssize_t n;
        do
            n = getrandom(stock, STOCK, 0);
        while (n < 0 && errno == EINTR);
        if (n != STOCK)
            abort(); /* a kernel without it: ids would collide */
        left = STOCK;
    }
    left -= 8;
    memcpy(out, stock + left, 8);
}

/* RFC 9562, 5.7: 48 bits of milliseconds, version 7, 12 bits of the millisecond's fraction (6.2,
 * method 3), variant, 62 random bits. */
static void fill_uuid7(unsigned char id[16])
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    uint64_t ms = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
    unsigned fraction = (unsigned)((uint64_t)(ts.tv_nsec % 1000000) * 4096 / 1000000);
    for (int i = 0; i < 6; i++)
        id[i] = (unsigned char)(ms >> (40 - 8 * i));
    id[6] = (unsigned char)(0x70 | fraction >> 8);
    id[7] = (unsigned char)fraction;
    random8(id + 8);
    id[8] = (unsigned char)(0x80 | (id[8] & 0x3F));
}

void sl_uuid7(char dst[37])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char id[16];
    fill_uuid7(id);
    char *to = dst;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = hex[id[i] >> 4];
        *to++ = hex[id[i] & 15];
    }
    *to = '\0';
}
