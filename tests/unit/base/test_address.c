/* Where addresses lead, in every dress they come in; and lists of allowed ones. */
#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "cm.h"

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    struct sockaddr_un local;
};

static union address address_of(const char *text)
{
    union address a;
    memset(&a, 0, sizeof(a));
    if (inet_pton(AF_INET, text, &a.four.sin_addr) == 1)
        a.any.sa_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &a.six.sin6_addr) == 1)
        a.any.sa_family = AF_INET6;
    else
        fail_msg("'%s' is no address", text);
    return a;
}

static void tells_inside_from_outside(void **state)
{
    static const struct {
        const char *text, *what; /* NULL: public */
    } rows[] = {
        {"8.8.8.8", NULL},
        {"1.1.1.1", NULL},
        {"9.255.255.255", NULL},
        {"11.0.0.0", NULL},
        {"100.63.255.255", NULL},
        {"100.128.0.0", NULL},
        {"172.15.255.255", NULL},
        {"172.32.0.0", NULL},
        {"192.167.255.255", NULL},
        {"192.169.0.0", NULL},
        {"169.253.255.255", NULL},
        {"223.255.255.255", NULL},
        {"0.0.0.0", "unspecified"},
        {"0.1.2.3", "unspecified"},
        {"10.0.0.1", "private"},
        {"10.255.255.255", "private"},
        {"100.64.0.1", "shared"},
        {"100.100.100.200", "shared"},
        {"100.127.255.255", "shared"},
        {"127.0.0.1", "loopback"},
        {"127.255.255.254", "loopback"},
        {"169.254.1.1", "link-local"},
        {"169.254.169.254", "metadata"},
        {"168.63.129.16", "metadata"},
        {"172.16.0.0", "private"},
        {"172.31.255.255", "private"},
        {"192.0.0.192", "reserved"},
        {"192.0.2.1", "documentation"},
        {"192.168.0.1", "private"},
        {"198.18.0.1", "reserved"},
        {"198.19.255.255", "reserved"},
        {"198.51.100.1", "documentation"},
        {"203.0.113.1", "documentation"},
        {"224.0.0.1", "multicast"},
        {"239.255.255.255", "multicast"},
        {"240.0.0.1", "reserved"},
        {"255.255.255.255", "reserved"},
        {"2606:4700:4700::1111", NULL},
        {"2a00:1450:4001::1", NULL},
        {"::", "unspecified"},
        {"::1", "loopback"},
        {"::2", "reserved"},
        {"::127.0.0.1", "reserved"}, /* IPv4-compatible: nobody's any more */
        {"::8.8.8.8", "reserved"},
        {"::ffff:8.8.8.8", NULL},
        {"::ffff:127.0.0.1", "loopback"},
        {"::ffff:10.0.0.1", "private"},
        {"::ffff:169.254.169.254", "metadata"},
        {"::ffff:0:127.0.0.1", "reserved"},
        {"64:ff9b::8.8.8.8", NULL},
        {"64:ff9b::127.0.0.1", "loopback"},
        {"64:ff9b::a9fe:a9fe", "metadata"},
        {"64:ff9b:1::10.0.0.1", "reserved"},
        {"2002:0808:0808::1", NULL},
        {"2002:7f00:0001::1", "loopback"},
        {"2002:0a00:0001::1", "private"},
        {"2002:a9fe:a9fe::", "metadata"},
        {"2001::1", "reserved"}, /* Teredo */
        {"2001:db8::1", "documentation"},
        {"2001:200::1", NULL},
        {"3fff::1", "documentation"},
        {"100::1", "reserved"},
        {"fc00::1", "unique local"},
        {"fd00:ec2::254", "metadata"},
        {"fd12:3456::1", "unique local"},
        {"fe80::1", "link-local"},
        {"febf::1", "link-local"},
        {"fec0::1", "site-local"},
        {"ff02::1", "multicast"},
        {"4000::1", "reserved"},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        union address a = address_of(rows[i].text);
        const char *what = sl_address_special(&a.any);
        if (!what != !rows[i].what || (what && !strstr(what, rows[i].what)))
            fail_msg("%s: '%s'", rows[i].text, what ? what : "public");
    }
    union address local = {.local = {.sun_family = AF_UNIX}};
    assert_non_null(sl_address_special(&local.any));
}

static void checks_entries(void **state)
{
    static const struct {
        const char *text, *problem; /* NULL: none */
    } rows[] = {
        {"10.0.0.0/8", NULL},
        {"0.0.0.0/0", NULL},
        {"10.1.2.3", NULL},
        {"10.1.2.3/32", NULL},
        {"fd00::/8", NULL},
        {"::1", NULL},
        {"::/0", NULL},
        {"localhost", NULL},
        {"ollama.internal", NULL},
        {"ollama.internal.", NULL},
        {"*.corp.example", NULL},
        {"my_host-1", NULL},
        {"10.0.0.1/8", "has bits behind its prefix"},
        {"fd00::1/8", "has bits behind its prefix"},
        {"10.0.0.0/33", "has no prefix length"},
        {"10.0.0.0/-1", "has no prefix length"},
        {"10.0.0.0/", "has no prefix length"},
        {"10.0.0.0/8/8", "has no prefix length"},
        {"fd00::/129", "has no prefix length"},
        {"10.0.0", "is no address"},
        {"010.0.0.1", "is no address"},
        {"0x7f000001", "is no address"},
        {"2130706433", "is no address"},
        {"a.example/8", "is no address"},
        {"a.example:80", "is no address"},
        {"http://a.example", "is no address"},
        {"[::1]", "is no address"},
        {"*", "is no address"},
        {"*.", "is no address"},
        {"a.*", "is no address"},
        {"a..b", "is no address"},
        {".a", "is no address"},
        {"a b", "is no address"},
        {"", "is no address"},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        const char *wrong = sl_address_entry_problem(rows[i].text);
        if (!wrong != !rows[i].problem || (wrong && !strstr(wrong, rows[i].problem)))
            fail_msg("'%s': '%s'", rows[i].text, wrong ? wrong : "taken");
    }
}

static void finds_what_is_listed(void **state)
{
    static const char *const entries[] = {"10.0.0.0/9", "192.168.1.7", "fd00:1::/33",
                                          "Ollama.Internal.", "*.corp.example"};
    static const struct {
        const char *text;
        bool in;
    } addresses[] = {
        {"10.0.0.0", true},        {"10.127.255.255", true},     {"10.128.0.0", false},
        {"9.255.255.255", false},  {"192.168.1.7", true},        {"192.168.1.8", false},
        {"fd00:1::1", true},       {"fd00:1:8000::1", false},    {"fd00:2::1", false},
        {"::ffff:10.0.0.1", true}, {"64:ff9b::10.0.0.1", false},
    };
    static const struct {
        const char *text;
        bool in;
    } hosts[] = {
        {"ollama.internal", true},
        {"OLLAMA.internal.", true},
        {"x.ollama.internal", false},
        {"a.corp.example", true},
        {"a.b.CORP.example.", true},
        {"corp.example", false},
        {"evilcorp.example", false},
        {"corp.example.evil", false},
        {"", false},
        {".", false},
    };
    struct sl_arena arena;
    const struct sl_address_list *list = NULL;
    struct sl_err err = {0};
    (void)state;
    sl_arena_init(&arena, SIZE_MAX);
    assert_int_equal(sl_address_list_load(entries, SL_ARRAY_LEN(entries), &arena, &list, &err),
                     SL_OK);
    for (size_t i = 0; i < SL_ARRAY_LEN(addresses); i++) {
        union address a = address_of(addresses[i].text);
        if (sl_address_list_has(list, &a.any) != addresses[i].in)
            fail_msg("%s", addresses[i].text);
        assert_false(sl_address_list_has(NULL, &a.any));
    }
    for (size_t i = 0; i < SL_ARRAY_LEN(hosts); i++) {
        if (sl_address_list_has_host(list, hosts[i].text) != hosts[i].in)
            fail_msg("%s", hosts[i].text);
        assert_false(sl_address_list_has_host(NULL, hosts[i].text));
    }
    static const char *const bad[] = {"10.0.0.0/8", "nonsense/"};
    assert_int_equal(sl_address_list_load(bad, 2, &arena, &list, &err), SL_INVALID_ARGUMENT);
    assert_non_null(strstr(err.text, "'nonsense/' is no address"));
    sl_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_inside_from_outside),
        cmocka_unit_test(checks_entries),
        cmocka_unit_test(finds_what_is_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
