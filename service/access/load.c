/* Fills an access object: keys of the configuration by reference or hash, keys of the store by
 * hash. */
#include "access/load.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "access/digest.h"
#include "access/internal.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/str.h"

/* Shorter ones can be guessed. */
enum { MIN_KEY = 16 };

static enum sl_code fail(struct sl_err *err, const struct sl_config_key *k, const char *what,
                         const char *why)
{
    return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "access.keys",
                        "%s: access.keys has for '%.100s' %s%.250s", k->place, k->name, what, why);
}

static unsigned role_bits(const struct sl_config_strings *roles)
{
    static const struct {
        const char *name;
        enum sl_role role;
    } table[] = {{"user", SL_ROLE_USER},
                 {"auditor", SL_ROLE_AUDITOR},
                 {"operator", SL_ROLE_OPERATOR},
                 {"admin", SL_ROLE_ADMIN}};
    unsigned bits = 0;
    for (size_t i = 0; i < roles->count; i++) {
        for (size_t k = 0; k < SL_ARRAY_LEN(table); k++) {
            if (!strcmp(roles->list[i], table[k].name))
                bits |= table[k].role;
        }
    }
    return bits;
}

static const struct sl_principal *new_principal(struct sl_access *a, const char *name,
                                                const char *tier, unsigned roles, const char *proof)
{
    struct sl_principal *p = SL_ARENA_NEW(&a->arena, struct sl_principal);
    p->id = sl_arena_strdup(&a->arena, name);
    p->name = p->id;
    p->tier = sl_arena_strdup(&a->arena, tier);
    p->roles = roles;
    p->proof = proof;
    return p;
}

static void grow(struct sl_access *a)
{
    struct sl_access_key *old = a->keys;
    size_t n = a->n_slots;
    a->n_slots = n ? 2 * n : 16;
    a->keys = sl_calloc(a->n_slots, sizeof(*a->keys));
    for (size_t i = 0; i < n; i++) {
        if (old[i].principal)
            *sl_access_slot(a, old[i].sha256) = old[i];
    }
    sl_free(old);
}

/* False where the key is there already. */
static bool add_key(struct sl_access *a, const unsigned char sha256[SL_STORE_DIGEST],
                    const struct sl_principal *p)
{
    if (2 * (a->n_keys + 1) > a->n_slots)
        grow(a);
    struct sl_access_key *slot = sl_access_slot(a, sha256);
    if (slot->principal)
        return false;
    memcpy(slot->sha256, sha256, SL_STORE_DIGEST);
    slot->principal = p;
    a->n_keys++;
    return true;
}

static unsigned hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    return (unsigned)((c | 0x20) - 'a') + 10;
}

/* hex: 64 digits, which config/check_lists.c has looked at. */
static void decode_hex(const char *hex, unsigned char out[SL_STORE_DIGEST])
{
    for (size_t i = 0; i < SL_STORE_DIGEST; i++)
        out[i] = (unsigned char)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
}

static enum sl_code digest_of(const struct sl_config_key *k, unsigned char out[SL_STORE_DIGEST],
                              struct sl_err *err)
{
    struct sl_secret *secret = NULL;
    struct sl_err why = {0};
    enum sl_code code = SL_OK;
    if (sl_starts_with(k->key, "sha256:")) {
        decode_hex(k->key + 7, out);
        return SL_OK;
    }
    if (sl_config_secret(k->key, &secret, &why))
        return fail(err, k, "a key that is not there: ", why.text);
    if (sl_secret_length(secret) < MIN_KEY)
        code = fail(err, k, "a key of fewer than 16 bytes", "");
    else if (!sl_sha256(sl_secret_reveal(secret), sl_secret_length(secret), out))
        code = sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "no SHA-256");
    sl_secret_unref(secret);
    return code;
}

static enum sl_code add_configured(struct sl_access *a, const struct sl_config_key *k,
                                   struct sl_err *err)
{
    unsigned char sha256[SL_STORE_DIGEST];
    const char *proof = *k->key ? "api_key" : "certificate";
    const struct sl_principal *p = new_principal(a, k->name, k->tier, role_bits(&k->roles), proof);
    if (!*k->key) {
        a->certificates[a->n_certificates++] =
            (struct sl_access_certificate){sl_arena_strdup(&a->arena, k->certificate), p};
        return SL_OK;
    }
    if (digest_of(k, sha256, err))
        return err->code;
    return add_key(a, sha256, p) ? SL_OK : fail(err, k, "the same key as another entry", "");
}

static int compare_certificates(const void *x, const void *y)
{
    const struct sl_access_certificate *a = x, *b = y;
    return strcmp(a->name, b->name);
}

/* Users of the store while their keys are read. */
struct stored_user {
    const char *id;
    const struct sl_principal *principal; /* NULL: disabled or deleted */
};

struct stored {
    struct sl_access *access;
    struct stored_user *users; /* by id */
    size_t n_users, room;
    int64_t now_ms;
};

static unsigned stored_roles(const char *json)
{
    struct sl_config_strings roles = {NULL, 0};
    const char *names[8];
    json_t *list = json_loads(json, 0, NULL), *role;
    size_t i;
    json_array_foreach(list, i, role)
    {
        if (roles.count < SL_ARRAY_LEN(names) && json_is_string(role))
            names[roles.count++] = json_string_value(role);
    }
    roles.list = names;
    unsigned bits = role_bits(&roles);
    json_decref(list);
    return bits;
}

static enum sl_code add_user(void *owner, const struct sl_row *row, struct sl_err *err)
{
    struct stored *s = owner;
    (void)err;
    if (s->n_users == s->room) {
        s->room = s->room ? 2 * s->room : 64;
        s->users = sl_realloc(s->users, s->room * sizeof(*s->users));
    }
    struct stored_user *u = &s->users[s->n_users++];
    *u =
        (struct stored_user){.id = sl_arena_strdup(&s->access->arena, sl_row_text(row, SL_COL_ID))};
    if (!sl_row_bool(row, SL_USERS_DISABLED)) {
        struct sl_principal *p = SL_ARENA_NEW(&s->access->arena, struct sl_principal);
        p->id = u->id;
        p->name = sl_arena_strdup(&s->access->arena, sl_row_text(row, SL_COL_NAME));
        p->tier = sl_arena_strdup(&s->access->arena, sl_row_text(row, SL_USERS_TIER));
        p->roles = stored_roles(sl_row_text(row, SL_USERS_ROLES));
        p->proof = "api_key";
        u->principal = p;
    }
    return SL_OK;
}

static int compare_users(const void *x, const void *y)
{
    const struct stored_user *a = x, *b = y;
    return strcmp(a->id, b->id);
}

static enum sl_code add_stored(void *owner, const struct sl_row *row, struct sl_err *err)
{
    struct stored *s = owner;
    struct stored_user wanted = {.id = sl_row_text(row, SL_COL_OWNER)};
    struct sl_str sha256 = sl_row_bytes(row, SL_API_KEYS_SHA256);
    int64_t expires = sl_row_int(row, SL_API_KEYS_EXPIRES_MS);
    (void)err;
    if (sl_row_int(row, SL_API_KEYS_REVOKED_MS) || sha256.n != SL_STORE_DIGEST ||
        (expires && expires <= s->now_ms))
        return SL_OK;
    const struct stored_user *u =
        s->n_users ? bsearch(&wanted, s->users, s->n_users, sizeof(wanted), compare_users) : NULL;
    /* a key that the configuration has too keeps what the configuration says of it */
    if (u && u->principal)
        (void)add_key(s->access, (const unsigned char *)sha256.p, u->principal);
    return SL_OK;
}

static enum sl_code read_stored(struct stored *s, struct sl_tx *tx, struct sl_err *err)
{
    struct sl_query query = {.table = SL_TABLE_USERS, .order = SL_UNORDERED};
    enum sl_code code = sl_tx_each(tx, &query, add_user, s, err);
    if (code)
        return code;
    if (s->n_users)
        qsort(s->users, s->n_users, sizeof(*s->users), compare_users);
    query.table = SL_TABLE_API_KEYS;
    return sl_tx_each(tx, &query, add_stored, s, err);
}

static enum sl_code add_all_stored(struct sl_access *a, struct sl_store *store, struct sl_err *err)
{
    const struct sl_store_session session = {.role = SL_STORE_SYNC};
    struct stored s = {.access = a, .now_ms = sl_wall_ms()};
    struct sl_tx *tx = NULL;
    enum sl_code code = sl_store_begin(store, &session, false, &tx, err);
    if (code)
        return code;
    code = read_stored(&s, tx, err);
    sl_free(s.users);
    return sl_tx_end(tx, code, NULL, err);
}

enum sl_code sl_access_create(const struct sl_config *config, struct sl_store *store,
                              struct sl_access **out, struct sl_err *err)
{
    struct sl_access *a = SL_NEW(struct sl_access);
    enum sl_code code = SL_OK;
    sl_arena_init(&a->arena, SIZE_MAX);
    atomic_init(&a->refs, 1);
    a->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!a->sha256)
        code = sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "no SHA-256");
    a->certificates = sl_calloc(config->n_keys + 1, sizeof(*a->certificates));
    grow(a);
    for (size_t i = 0; !code && i < config->n_keys; i++)
        code = add_configured(a, &config->keys[i], err);
    if (!code && store)
        code = add_all_stored(a, store, err);
    if (code) {
        sl_access_unref(a);
        return code;
    }
    if (a->n_certificates)
        qsort(a->certificates, a->n_certificates, sizeof(*a->certificates), compare_certificates);
    if (config->anonymous)
        a->anonymous = new_principal(a, "anonymous", "", SL_ROLE_USER, "anonymous");
    *out = a;
    return SL_OK;
}
