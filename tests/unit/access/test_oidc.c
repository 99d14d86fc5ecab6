/* An issuer of tokens on this machine: its keys are fetched, kept while it is away, and fetched
 * anew when a token has one that is not there; claims become a caller. */
#include "access/oidc/internal.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../upstream/server.h"
#include "access/rights.h"
#include "base/alloc.h"
#include "config/load.h"
#include "jwt_kit.h"

/* ---- clocks that the test moves ---- */

static atomic_llong moved_ms;

static int64_t fake_now_ms(void)
{
    return 1000000 + moved_ms;
}

static int64_t fake_wall_ms(void)
{
    return 1700000000000 + moved_ms;
}

static const struct sl_oidc_clock clock_of_test = {fake_now_ms, fake_wall_ms};

/* ---- the issuer ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char body[16384];
    const char *headers, *status;
    unsigned fetches, discoveries;
    char issuer[128]; /* as discovery says */
} idp = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static struct server server;

static void play(struct conn *c)
{
    while (conn_read_request(c)) {
        char answer[20000];
        char document[512];
        pthread_mutex_lock(&idp.lock);
        bool discovery = strstr(c->request, "GET /.well-known/openid-configuration ") != NULL;
        snprintf(document, sizeof(document), "{\"issuer\":\"%s\",\"jwks_uri\":\"%s/keys\"}",
                 idp.issuer, server.url);
        const char *body = discovery ? document : idp.body;
        snprintf(answer, sizeof(answer), "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s",
                 idp.status, idp.headers, strlen(body), body);
        if (discovery)
            idp.discoveries++;
        else
            idp.fetches++;
        pthread_cond_broadcast(&idp.changed);
        pthread_mutex_unlock(&idp.lock);
        if (!conn_send_str(c, answer))
            return;
    }
}

static void wait_discoveries(unsigned n)
{
    pthread_mutex_lock(&idp.lock);
    while (idp.discoveries < n)
        pthread_cond_wait(&idp.changed, &idp.lock);
    pthread_mutex_unlock(&idp.lock);
}

static void wait_fetches(unsigned n)
{
    pthread_mutex_lock(&idp.lock);
    while (idp.fetches < n)
        pthread_cond_wait(&idp.changed, &idp.lock);
    pthread_mutex_unlock(&idp.lock);
}

/* keys: JWKs, NULL-terminated. */
static void publish(const char *const *keys)
{
    pthread_mutex_lock(&idp.lock);
    size_t n = (size_t)snprintf(idp.body, sizeof(idp.body), "{\"keys\":[");
    for (; *keys; keys++)
        n +=
            (size_t)snprintf(idp.body + n, sizeof(idp.body) - n, "%s%s", *keys, keys[1] ? "," : "");
    snprintf(idp.body + n, sizeof(idp.body) - n, "]}");
    pthread_mutex_unlock(&idp.lock);
}

static void set_status(const char *status)
{
    pthread_mutex_lock(&idp.lock);
    idp.status = status;
    pthread_mutex_unlock(&idp.lock);
}

/* ---- the scene ---- */

struct scene {
    struct signer a, b;
    char *jwk_a, *jwk_b;
    struct sl_oidc *oidc;
    struct sl_oidc_rules *rules;
    struct sl_arena arena;
};

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct sl_err err = {0};
    moved_ms = 0;
    s->a = signer_create(SL_JWA_ES256, 0);
    s->b = signer_create(SL_JWA_ES256, 0);
    s->jwk_a = signer_jwk(&s->a, "\"kid\":\"a\",");
    s->jwk_b = signer_jwk(&s->b, "\"kid\":\"b\",");
    server = (struct server){.play = play};
    server_start(&server, NULL);
    idp.fetches = idp.discoveries = 0;
    idp.status = "200 OK";
    idp.headers = "Cache-Control: public, max-age=600\r\n";
    snprintf(idp.issuer, sizeof(idp.issuer), "%s", server.url);
    publish((const char *const[]){s->jwk_a, NULL});
    sl_arena_init(&s->arena, SIZE_MAX);
    s->oidc = sl_oidc_create(&clock_of_test);
    *state = s;
    return sl_upstream_global_init(&err);
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    sl_oidc_rules_unref(s->rules);
    sl_oidc_unref(s->oidc);
    server_stop(&server);
    sl_arena_fini(&s->arena);
    signer_destroy(&s->a);
    signer_destroy(&s->b);
    free(s->jwk_a);
    free(s->jwk_b);
    free(s);
    return 0;
}

/* more: fields of the entry, as in "tier_claim: tier". */
static struct sl_oidc_rules *make_rules(struct scene *s, const char *more)
{
    char text[512];
    struct sl_config *c = NULL;
    struct sl_oidc_rules *rules = NULL;
    struct sl_err err = {0};
    snprintf(text, sizeof(text), "access: {jwt: [{issuer: '%s', audience: sluice%s%s}]}",
             server.url, *more ? ", " : "", more);
    if (sl_config_parse("s.yaml", text, strlen(text), &c, &err) ||
        sl_oidc_rules_create(s->oidc, c, &rules, &err))
        fail_msg("%s", err.text);
    sl_config_destroy(c);
    return rules;
}

static char *token_of(const struct signer *signer, const char *kid, const char *claims)
{
    char header[64], whole[1024];
    snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"kid\":\"%s\"}", kid);
    snprintf(whole, sizeof(whole), "{\"iss\":\"%s\",\"aud\":\"sluice\",\"exp\":%lld,%s}",
             server.url, (long long)(fake_wall_ms() / 1000 + 300), claims);
    return signer_token(signer, header, whole);
}

static enum sl_code check(struct scene *s, const char *token, struct sl_claims *out,
                          struct sl_err *err)
{
    *err = (struct sl_err){0};
    return sl_oidc_check(s->rules, sl_str(token), &s->arena, out, err);
}

/* Asks until the keys are there, as a caller would who is told to come again. */
static void wait_taken(struct scene *s, const char *token)
{
    struct sl_claims claims;
    struct sl_err err;
    for (int i = 0; check(s, token, &claims, &err); i++) {
        if (err.code != SL_UNAVAILABLE || i == 20000)
            fail_msg("%s", err.text);
        assert_int_equal(err.reason, SL_REASON_CREDENTIALS_UNVERIFIED);
        assert_true(err.retryable && err.has_retry_after && err.retry_after_ms == 1000);
        sched_yield();
        usleep(500);
    }
}

static void tick(void *oidc)
{
    oidc_tick(oidc);
}

/* ---- tests ---- */

static void takes_tokens_of_the_issuer(void **state)
{
    struct scene *s = *state;
    struct sl_claims claims;
    struct sl_err err;
    char *token = token_of(&s->a, "a", "\"sub\":\"alice\"");
    char *forged = token_of(&s->b, "a", "\"sub\":\"alice\"");
    s->rules = make_rules(s, "");
    wait_taken(s, token);
    assert_int_equal(idp.discoveries, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(check(s, token, &claims, &err), SL_OK);
        assert_string_equal(claims.subject, "alice");
        assert_string_equal(claims.name, "");
        assert_string_equal(claims.tier, "");
        assert_int_equal(claims.roles, 0);
    }
    assert_int_equal(check(s, forged, &claims, &err), SL_UNAUTHENTICATED);
    assert_int_equal(idp.fetches, 1);
    /* remembered until it expires, and a minute longer, and no more */
    moved_ms += 359 * 1000;
    assert_int_equal(check(s, token, &claims, &err), SL_OK);
    moved_ms += 2 * 1000;
    assert_int_equal(check(s, token, &claims, &err), SL_UNAUTHENTICATED);
    assert_non_null(strstr(err.text, "has expired"));
    free(token);
    free(forged);
}

static void maps_claims(void **state)
{
    static const char rules[] =
        "user_claim: email, user_prefix: 'corp:', name_claim: name, tier_claim: plan, "
        "roles_claim: realm.roles, roles: {admins: admin, devs: operator}";
    static const struct {
        const char *claims;
        const char *subject, *name, *tier; /* subject NULL: refused */
        unsigned roles;
    } rows[] = {
        {"\"email\":\"a@x.example\",\"name\":\"Alice A.\",\"plan\":\"pro\",\"realm\":{\"roles\":["
         "\"devs\",\"other\",\"admins\"]}",
         "corp:a@x.example", "Alice A.", "pro", SL_ROLE_ADMIN | SL_ROLE_OPERATOR},
        {"\"email\":\"a@x.example\",\"realm\":{\"roles\":\"devs other\"}", "corp:a@x.example", "",
         "", SL_ROLE_OPERATOR},
        {"\"email\":\"a@x.example\",\"realm\":{\"roles\":[\"admin\"]},\"roles\":[\"admins\"]",
         "corp:a@x.example", "", "", 0},
        {"\"email\":\"a@x.example\",\"email_verified\":true", "corp:a@x.example", "", "", 0},
        {"\"email\":\"a@x.example\",\"email_verified\":false", NULL, "", "", 0},
        {"\"email\":\"a@x.example\",\"email_verified\":\"false\"", NULL, "", "", 0},
        {"\"email\":\"\"", NULL, "", "", 0},
        {"\"email\":7", NULL, "", "", 0},
        {"\"sub\":\"alice\"", NULL, "", "", 0},
        {"\"email\":\"a\\nb\"", NULL, "", "", 0},
        {"\"email\":\"a\",\"name\":\"x\\u0007\"", "corp:a", "", "", 0},
    };
    struct scene *s = *state;
    s->rules = make_rules(s, rules);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_claims claims;
        struct sl_err err;
        char *token = token_of(&s->a, "a", rows[i].claims);
        if (!i)
            wait_taken(s, token);
        enum sl_code code = check(s, token, &claims, &err);
        if (!code != !!rows[i].subject)
            fail_msg("%s: %s", rows[i].claims, err.text);
        if (!code) {
            assert_string_equal(claims.subject, rows[i].subject);
            assert_string_equal(claims.name, rows[i].name);
            assert_string_equal(claims.tier, rows[i].tier);
            assert_int_equal(claims.roles, rows[i].roles);
        }
        free(token);
    }
}

static void fetches_a_key_that_it_does_not_know(void **state)
{
    struct scene *s = *state;
    struct sl_claims claims;
    struct sl_err err;
    char *old = token_of(&s->a, "a", "\"sub\":\"x\""), *new = token_of(&s->b, "b", "\"sub\":\"x\"");
    char *unknown = token_of(&s->b, "c", "\"sub\":\"x\"");
    s->rules = make_rules(s, "");
    wait_taken(s, old);
    publish((const char *const[]){s->jwk_a, s->jwk_b, NULL});
    assert_int_equal(check(s, new, &claims, &err), SL_UNAVAILABLE);
    wait_taken(s, new);
    assert_int_equal(idp.fetches, 2);
    /* made-up keys make nobody fetch again for a while */
    for (int i = 0; i < 10; i++)
        assert_int_equal(check(s, unknown, &claims, &err), SL_UNAUTHENTICATED);
    assert_non_null(strstr(err.text, "its issuer does not have"));
    assert_int_equal(idp.fetches, 2);
    moved_ms += OIDC_ASK_MS;
    assert_int_equal(check(s, unknown, &claims, &err), SL_UNAVAILABLE);
    wait_fetches(3);
    free(old);
    free(new);
    free(unknown);
}

/* A token that was verified with a key which its issuer has taken back is nobody's. */
static void forgets_what_a_lost_key_signed(void **state)
{
    struct scene *s = *state;
    struct sl_claims claims;
    struct sl_err err;
    char *old = token_of(&s->a, "a", "\"sub\":\"x\""), *new = token_of(&s->b, "b", "\"sub\":\"x\"");
    s->rules = make_rules(s, "");
    wait_taken(s, old);
    assert_int_equal(check(s, old, &claims, &err), SL_OK);
    publish((const char *const[]){s->jwk_b, NULL});
    assert_int_equal(check(s, new, &claims, &err), SL_UNAVAILABLE);
    wait_taken(s, new);
    assert_int_equal(check(s, old, &claims, &err), SL_UNAUTHENTICATED);
    free(old);
    free(new);
}

static void goes_on_while_the_issuer_is_away(void **state)
{
    struct scene *s = *state;
    struct sl_claims claims;
    struct sl_err err;
    char *token = token_of(&s->a, "a", "\"sub\":\"x\""),
         *new = token_of(&s->b, "b", "\"sub\":\"x\"");
    s->rules = make_rules(s, "");
    wait_taken(s, token);
    set_status("503 Service Unavailable");
    moved_ms += 601 * 1000; /* the set's age is over */
    free(token);
    token = token_of(&s->a, "a", "\"sub\":\"x\"");
    sl_loop_call(s->oidc->loop, tick, s->oidc);
    wait_discoveries(2);
    assert_int_equal(check(s, token, &claims, &err), SL_OK);
    /* a key that nobody can ask for now may be there later */
    assert_int_equal(check(s, new, &claims, &err), SL_UNAUTHENTICATED); /* expired meanwhile */
    free(new);
    new = token_of(&s->b, "b", "\"sub\":\"y\"");
    assert_int_equal(check(s, new, &claims, &err), SL_UNAVAILABLE);
    set_status("200 OK");
    publish((const char *const[]){s->jwk_a, s->jwk_b, NULL});
    /* seconds go by until the thread asks again */
    for (int i = 0; i < 200 && check(s, new, &claims, &err) == SL_UNAVAILABLE; i++) {
        moved_ms += 1000;
        sl_loop_call(s->oidc->loop, tick, s->oidc);
        usleep(1000);
    }
    assert_int_equal(err.code, SL_OK);
    free(token);
    free(new);
}

static void keeps_keys_over_a_reload(void **state)
{
    struct scene *s = *state;
    struct sl_claims claims;
    struct sl_err err;
    char *token = token_of(&s->a, "a", "\"sub\":\"x\"");
    s->rules = make_rules(s, "");
    wait_taken(s, token);
    struct sl_oidc_rules *again = make_rules(s, "user_prefix: 'p:'");
    sl_oidc_rules_unref(s->rules);
    s->rules = again;
    assert_int_equal(check(s, token, &claims, &err), SL_OK);
    assert_string_equal(claims.subject, "p:x");
    assert_int_equal(idp.fetches, 1);
    again = make_rules(s, "algorithms: RS256");
    sl_oidc_rules_unref(s->rules);
    s->rules = again;
    assert_int_equal(check(s, token, &claims, &err), SL_UNAUTHENTICATED);
    assert_non_null(strstr(err.text, "algorithm"));
    free(token);
}

static void refuses_strangers(void **state)
{
    struct scene *s = *state;
    struct sl_claims claims;
    struct sl_err err;
    char *token =
        signer_token(&s->a, "{\"alg\":\"ES256\",\"kid\":\"a\"}",
                     "{\"iss\":\"https://other.example\",\"aud\":\"sluice\",\"exp\":9e9}");
    s->rules = make_rules(s, "");
    assert_int_equal(check(s, token, &claims, &err), SL_UNAUTHENTICATED);
    assert_non_null(strstr(err.text, "issuer that is not known here"));
    assert_int_equal(check(s, "eyJ.eyJ.eyJ", &claims, &err), SL_UNAUTHENTICATED);
    wait_fetches(1);
    free(token);
}

static void does_not_believe_another_issuers_discovery(void **state)
{
    struct scene *s = *state;
    struct sl_claims claims;
    struct sl_err err;
    char *token = token_of(&s->a, "a", "\"sub\":\"x\"");
    pthread_mutex_lock(&idp.lock);
    snprintf(idp.issuer, sizeof(idp.issuer), "https://other.example");
    pthread_mutex_unlock(&idp.lock);
    s->rules = make_rules(s, "");
    wait_discoveries(1);
    assert_int_equal(check(s, token, &claims, &err), SL_UNAVAILABLE);
    assert_int_equal(idp.fetches, 0);
    free(token);
}

static void reads_documents(void **state)
{
    static const struct {
        const char *text, *uri; /* NULL: refused */
    } rows[] = {
        {"{\"issuer\":\"https://a\",\"jwks_uri\":\"https://b/keys\",\"x\":1}", "https://b/keys"},
        {"{\"issuer\":\"https://a\",\"jwks_uri\":\"http://127.0.0.1:1/\"}", "http://127.0.0.1:1/"},
        {"{\"issuer\":\"https://a/\",\"jwks_uri\":\"https://b/keys\"}", NULL},
        {"{\"issuer\":\"https://a\",\"jwks_uri\":\"http://b/keys\"}", NULL},
        {"{\"issuer\":\"https://a\",\"jwks_uri\":\"file:///etc/passwd\"}", NULL},
        {"{\"issuer\":\"https://a\",\"jwks_uri\":\"http://127.0.0.1@b/\"}", NULL},
        {"{\"issuer\":\"https://a\",\"jwks_uri\":\"http://127.0.0.1.b/\"}", NULL},
        {"{\"issuer\":\"https://a\"}", NULL},
        {"{\"issuer\":7,\"jwks_uri\":\"https://b/keys\"}", NULL},
        {"[]", NULL},
        {"", NULL},
    };
    static const struct {
        const char *value;
        int64_t ms;
    } ages[] = {
        {NULL, OIDC_AGE_MS},
        {"", OIDC_AGE_MS},
        {"public", OIDC_AGE_MS},
        {"max-age=600", 600000},
        {"public, Max-Age=600, must-revalidate", 600000},
        {"max-age=1", OIDC_MIN_AGE_MS},
        {"max-age=99999999999999999999", OIDC_MAX_AGE_MS},
        {"max-age=999999999", OIDC_MAX_AGE_MS},
        {"max-age=x", OIDC_AGE_MS},
        {"no-store", OIDC_MIN_AGE_MS},
        {",,,", OIDC_AGE_MS},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        char uri[64];
        struct sl_err err = {0};
        enum sl_code code = oidc_read_discovery(rows[i].text, strlen(rows[i].text), "https://a",
                                                uri, sizeof(uri), &err);
        if (!code != !!rows[i].uri)
            fail_msg("%s: %s", rows[i].text, err.text);
        if (!code)
            assert_string_equal(uri, rows[i].uri);
    }
    for (size_t i = 0; i < SL_ARRAY_LEN(ages); i++)
        assert_int_equal(oidc_max_age_ms(ages[i].value), ages[i].ms);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(takes_tokens_of_the_issuer),
        TEST(maps_claims),
        TEST(fetches_a_key_that_it_does_not_know),
        TEST(forgets_what_a_lost_key_signed),
        TEST(goes_on_while_the_issuer_is_away),
        TEST(keeps_keys_over_a_reload),
        TEST(refuses_strangers),
        TEST(does_not_believe_another_issuers_discovery),
        cmocka_unit_test(reads_documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
