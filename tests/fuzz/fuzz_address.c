/* Entries of upstream.allowed_addresses, one a line; and the bytes as addresses. What is checked as
 * good loads, and an address is always one or the other. */
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/alloc.h"

enum { MAX_ENTRIES = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

static void try_address(const struct sl_address_list *list, const uint8_t *data)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr_in four = {.sin_family = AF_INET};
    memcpy(&six.sin6_addr, data, 16);
    memcpy(&four.sin_addr, data, 4);
    const char *plain = sl_address_special((struct sockaddr *)&four);
    (void)sl_address_special((struct sockaddr *)&six);
    bool in = sl_address_list_has(list, (struct sockaddr *)&four);
    (void)sl_address_list_has(list, (struct sockaddr *)&six);
    /* the same address in IPv6's clothes */
    six.sin6_addr = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
    memcpy(six.sin6_addr.s6_addr + 12, data, 4);
    require(sl_address_special((struct sockaddr *)&six) == plain);
    require(sl_address_list_has(list, (struct sockaddr *)&six) == in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = sl_strndup((const char *)data, size);
    const char *entries[MAX_ENTRIES];
    size_t n = 0;
    bool good = true;
    struct sl_arena arena;
    const struct sl_address_list *list = NULL;
    struct sl_err err = {0};
    for (char *at = text, *end; at && n < MAX_ENTRIES; at = end) {
        end = strchr(at, '\n');
        if (end)
            *end++ = '\0';
        good &= !sl_address_entry_problem(at);
        entries[n++] = at;
    }
    sl_arena_init(&arena, SIZE_MAX);
    require(good == !sl_address_list_load(entries, n, &arena, &list, &err));
    for (size_t i = 0; i < n; i++)
        (void)sl_address_list_has_host(list, entries[i]);
    if (size >= 16)
        try_address(list, data);
    sl_arena_fini(&arena);
    sl_free(text);
    return 0;
}
