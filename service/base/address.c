/* Special addresses by the IANA registries, and lists of allowed ones. Everything is compared as
 * sixteen bytes, IPv4 addresses as ::ffff:a.b.c.d. */
#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/str.h"

struct bits {
    unsigned char p[16];
};

struct network {
    struct bits from;
    unsigned prefix;
};

struct sl_address_list {
    struct network *networks;
    size_t n_networks;
    const char **hosts;
    size_t n_hosts;
};

/* IANA IPv4 Special-Purpose Address Registry (RFC 6890 and its updates), and multicast (RFC 5771).
 * 168.63.129.16 is Azure's own service address, public by its number alone (Azure documentation,
 * "What is IP address 168.63.129.16?"). */
static const struct {
    unsigned char from[4];
    unsigned prefix;
    const char *what;
} special4[] = {
    {{0, 0, 0, 0}, 8, "an unspecified address"},
    {{10, 0, 0, 0}, 8, "a private address"},
    {{100, 64, 0, 0}, 10, "an address of a carrier's shared network"},
    {{127, 0, 0, 0}, 8, "a loopback address"},
    {{169, 254, 169, 254}, 32, "a cloud's metadata address"},
    {{169, 254, 0, 0}, 16, "a link-local address"},
    {{168, 63, 129, 16}, 32, "a cloud's metadata address"},
    {{172, 16, 0, 0}, 12, "a private address"},
    {{192, 0, 0, 0}, 24, "a reserved address"},
    {{192, 0, 2, 0}, 24, "a documentation address"},
    {{192, 88, 99, 0}, 24, "a reserved address"},
    {{192, 168, 0, 0}, 16, "a private address"},
    {{198, 18, 0, 0}, 15, "a reserved address"},
    {{198, 51, 100, 0}, 24, "a documentation address"},
    {{203, 0, 113, 0}, 24, "a documentation address"},
    {{224, 0, 0, 0}, 4, "a multicast address"},
    {{240, 0, 0, 0}, 4, "a reserved address"},
};

/* IANA IPv6 Special-Purpose Address Registry; fd00:ec2::254 is EC2's metadata service (Amazon EC2
 * documentation, "Use the Instance Metadata Service"). Outside 2000::/3 nothing is public. */
static const struct {
    unsigned char from[16];
    unsigned prefix;
    const char *what;
} special6[] = {
    {{[15] = 1}, 128, "a loopback address"},
    {{0}, 128, "an unspecified address"},
    {{0xfd, 0, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54}, 128, "a cloud's metadata address"},
    {{0xfc}, 7, "a unique local address"},
    {{0xfe, 0x80}, 10, "a link-local address"},
    {{0xfe, 0xc0}, 10, "a site-local address"},
    {{0xff}, 8, "a multicast address"},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "a documentation address"},
    {{0x3f, 0xff}, 20, "a documentation address"},
    {{0x20, 0x01}, 23, "a reserved address"},
};

static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned n)
{
    if (memcmp(a, b, n / 8) != 0)
        return false;
    return n % 8 == 0 || (a[n / 8] ^ b[n / 8]) >> (8 - n % 8) == 0;
}

static const char *special_4(const unsigned char *p)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(special4); i++) {
        if (same_bits(p, special4[i].from, special4[i].prefix))
            return special4[i].what;
    }
    return NULL;
}

static const char *special_6(const unsigned char *p)
{
    /* RFC 4291, section 2.5.5.2; RFC 6052, section 2.1; RFC 3056, section 2 */
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const unsigned char nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    if (same_bits(p, mapped, 96) || same_bits(p, nat64, 96))
        return special_4(p + 12);
    if (p[0] == 0x20 && p[1] == 0x02)
        return special_4(p + 2);
    for (size_t i = 0; i < SL_ARRAY_LEN(special6); i++) {
        if (same_bits(p, special6[i].from, special6[i].prefix))
            return special6[i].what;
    }
    return p[0] >> 5 == 1 ? NULL : "a reserved address";
}

/* False where it is neither IPv4 nor IPv6. */
static bool bits_of(const struct sockaddr *address, struct bits *out)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in a;
        memcpy(&a, address, sizeof(a));
        *out = (struct bits){.p = {[10] = 0xff, [11] = 0xff}};
        memcpy(out->p + 12, &a.sin_addr, 4);
        return true;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 a;
        memcpy(&a, address, sizeof(a));
        memcpy(out->p, &a.sin6_addr, 16);
        return true;
    }
    return false;
}

const char *sl_address_special(const struct sockaddr *address)
{
    struct bits b;
    if (!bits_of(address, &b))
        return "no address of the internet";
    return special_6(b.p);
}

/* ---- lists ---- */

/* An address in its own spelling only: no octal, no hex, no missing parts. */
static bool parse_address(const char *text, struct network *out)
{
    *out = (struct network){.from = {.p = {[10] = 0xff, [11] = 0xff}}, .prefix = 128};
    return inet_pton(AF_INET, text, out->from.p + 12) == 1 ||
           inet_pton(AF_INET6, text, out->from.p) == 1;
}

static bool is_cut(const struct network *n)
{
    for (unsigned i = n->prefix; i < 128; i++) {
        if (n->from.p[i / 8] & 0x80 >> i % 8)
            return false;
    }
    return true;
}

static const char *parse_network(const char *entry, struct network *out)
{
    char text[INET6_ADDRSTRLEN];
    const char *slash = strchr(entry, '/');
    size_t n = slash ? (size_t)(slash - entry) : strlen(entry);
    int64_t prefix = 128;
    if (!sl_copy_n(text, sizeof(text), entry, n) || !parse_address(text, out))
        return "is no address, network or host name";
    bool four = !strchr(text, ':');
    if (slash &&
        (!sl_parse_i64(sl_str(slash + 1), &prefix) || prefix < 0 || prefix > (four ? 32 : 128)))
        return "has no prefix length after '/'";
    out->prefix = (unsigned)(slash && four ? prefix + 96 : prefix);
    return is_cut(out) ? NULL : "has bits behind its prefix: write the network's first address";
}

/* Letters, digits, '-', '_' and single dots; at least one letter, so that no spelling of an address
 * is taken for a name. */
static bool is_host(const char *host)
{
    bool letter = false;
    if (sl_starts_with(host, "*."))
        host += 2;
    if (!*host || *host == '.' || strlen(host) > 253)
        return false;
    for (const char *c = host; *c; c++) {
        bool alpha = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
        letter |= alpha;
        if (*c == '.' && c[1] == '.')
            return false;
        if (!alpha && !(*c >= '0' && *c <= '9') && !strchr(".-_", *c))
            return false;
    }
    return letter && !sl_starts_with(host, "0x") && !sl_starts_with(host, "0X");
}

static bool is_name(const char *entry)
{
    return !strchr(entry, ':') && !strchr(entry, '/') && is_host(entry);
}

const char *sl_address_entry_problem(const char *entry)
{
    struct network n;
    return is_name(entry) ? NULL : parse_network(entry, &n);
}

enum sl_code sl_address_list_load(const char *const *entries, size_t n, struct sl_arena *arena,
                                  const struct sl_address_list **out, struct sl_err *err)
{
    struct sl_address_list *l = SL_ARENA_NEW(arena, struct sl_address_list);
    l->networks = sl_arena_zalloc(arena, (n + 1) * sizeof(*l->networks));
    l->hosts = sl_arena_zalloc(arena, (n + 1) * sizeof(*l->hosts));
    for (size_t i = 0; i < n; i++) {
        if (is_name(entries[i])) {
            l->hosts[l->n_hosts++] = sl_arena_strdup(arena, entries[i]);
            continue;
        }
        const char *wrong = parse_network(entries[i], &l->networks[l->n_networks]);
        if (wrong)
            return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "'%.80s' %s",
                              entries[i], wrong);
        l->n_networks++;
    }
    *out = l;
    return SL_OK;
}

bool sl_address_list_has(const struct sl_address_list *list, const struct sockaddr *address)
{
    struct bits b;
    if (!list || !bits_of(address, &b))
        return false;
    for (size_t i = 0; i < list->n_networks; i++) {
        if (same_bits(b.p, list->networks[i].from.p, list->networks[i].prefix))
            return true;
    }
    return false;
}

static struct sl_str without_dot(const char *host)
{
    struct sl_str h = sl_str(host);
    if (h.n && h.p[h.n - 1] == '.')
        h.n--;
    return h;
}

bool sl_address_list_has_host(const struct sl_address_list *list, const char *host)
{
    struct sl_str h = without_dot(host);
    for (size_t i = 0; list && i < list->n_hosts; i++) {
        struct sl_str wanted = without_dot(list->hosts[i]);
        bool below = *wanted.p == '*';
        wanted.p += below;
        wanted.n -= below;
        if (below ? h.n <= wanted.n : h.n != wanted.n)
            continue;
        const struct sl_str end = {h.p + h.n - wanted.n, wanted.n};
        char text[256];
        if (sl_copy_n(text, sizeof(text), wanted.p, wanted.n) && sl_str_ieq(end, text))
            return true;
    }
    return false;
}
