/* Forms of stored credentials. Entra: the application's secret alone, or with tenant and application as one JSON object, with
 * the names of `az ad sp create-for-rbac` (appId, password, tenant), of its former --sdk-auth (clientId, clientSecret,
 * tenantId), or our own (client_id, client_secret, tenant). AWS: ID:SECRET[:TOKEN], or a JSON object with the names of
 * ~/.aws/credentials (aws_access_key_id, aws_secret_access_key, aws_session_token, role_arn) or of the Security Token
 * Service (AccessKeyId, SecretAccessKey, SessionToken). Google: its files as they are. */
#include "registry/cloud_stored.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

enum { KEEPER_ID_MAX = 64, JOINED_MAX = 16 * 1024 };

/* ---- reading ---- */

/* What a stored key says. */
struct parts {
    struct sl_arena arena; /* of the texts, nothing secret */
    struct sl_secret *secret;
    const char *tenant, *client_id, *role;
};

static void parts_init(struct parts *p)
{
    *p = (struct parts){.tenant = "", .client_id = "", .role = ""};
    sl_arena_init(&p->arena, SIZE_MAX);
}

static void parts_fini(struct parts *p)
{
    sl_secret_unref(p->secret);
    sl_arena_fini(&p->arena);
}

/* The first of the members that is a text, NULL: none is. */
static const char *member(struct sl_json *j, const char *const *names)
{
    for (; *names; names++) {
        int value = sl_json_present(j, SL_JSON_ROOT, *names);
        const char *text = value < 0 ? NULL : sl_json_string(j, value, NULL, NULL);
        if (text && *text)
            return text;
    }
    return NULL;
}

static const char *kept(struct parts *p, const char *text)
{
    return text ? sl_arena_strdup(&p->arena, text) : "";
}

static void read_entra(struct parts *p, struct sl_json *j)
{
    static const char *const secrets[] = {"client_secret", "clientSecret", "password", NULL},
                             *const ids[] = {"client_id", "clientId", "appId", NULL},
                             *const tenants[] = {"tenant", "tenantId", NULL};
    const char *secret = member(j, secrets);
    p->tenant = kept(p, member(j, tenants));
    p->client_id = kept(p, member(j, ids));
    if (secret)
        p->secret = sl_secret_create(secret, strlen(secret));
}

static void read_aws(struct parts *p, struct sl_json *j)
{
    static const char *const ids[] = {"aws_access_key_id", "AccessKeyId", NULL},
                             *const secrets[] = {"aws_secret_access_key", "SecretAccessKey", NULL},
                             *const tokens[] = {"aws_session_token", "SessionToken", NULL},
                             *const roles[] = {"role_arn", NULL};
    const char *id = member(j, ids), *secret = member(j, secrets), *token = member(j, tokens);
    struct sl_buf joined;
    p->role = kept(p, member(j, roles));
    if (!id || !secret)
        return;
    sl_buf_init(&joined, JOINED_MAX);
    if (sl_buf_printf(&joined, "%s:%s%s%s", id, secret, token ? ":" : "", token ? token : ""))
        p->secret = sl_secret_create(joined.p, joined.n);
    sl_buf_wipe(&joined);
}

static void read_object(struct parts *p, enum sl_cloud cloud, const struct sl_secret *stored)
{
    struct sl_json_parser parser;
    struct sl_json j;
    struct sl_err ignored = {0};
    size_t n = sl_secret_length(stored);
    char *text = sl_malloc(n + 1);
    memcpy(text, sl_secret_reveal(stored), n + 1);
    sl_json_parser_init(&parser);
    if (sl_json_parse(&parser, text, n, &j, &ignored) == SL_OK) {
        if (cloud == SL_CLOUD_ENTRA)
            read_entra(p, &j);
        else
            read_aws(p, &j);
    }
    sl_json_parser_fini(&parser);
    sl_wipe(text, n + 1);
    sl_free(text);
}

static bool is_object(const struct sl_secret *stored)
{
    const char *text = sl_secret_reveal(stored);
    return text[strspn(text, " \t\r\n")] == '{';
}

/* p->secret stays NULL where the key is not what that cloud has. */
static void read_parts(struct parts *p, enum sl_cloud cloud, struct sl_secret *stored)
{
    if (cloud != SL_CLOUD_GOOGLE && is_object(stored))
        read_object(p, cloud, stored);
    else
        p->secret = sl_secret_ref(stored);
}

/* ---- opening ---- */

enum sl_code sl_cloud_reveal(const struct sl_cloud_opener *o, const struct sl_stored_credential *c,
                             int64_t now_us, struct sl_secret **out, struct sl_err *err)
{
    const struct sl_sealed sealed = {
        .id = c->id,
        .revision = c->revision,
        .place = {"credential", c->id, c->binding},
        .envelope = c->envelope,
        .n = c->n,
    };
    struct sl_secret *found = NULL;
    if (*c->reference) {
        if (o->references)
            found = sl_references_find(o->references, c->reference, SL_REFERENCE_ADMIN);
        if (!found)
            return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_KEY_MISSING,
                              "%.200s leads nowhere", c->reference);
        *out = found;
        return SL_OK;
    }
    if (!o->keyring || !o->secrets)
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_ENCRYPTION_KEY_MISSING,
                          "there is no key to open stored secrets with");
    return sl_secret_cache_open(o->secrets, o->keyring, &sealed, now_us, out, err);
}

/* ---- for each minting ---- */

/* A copy of what opens the credential: the source may outlive it, by a minting. */
struct keeper {
    struct sl_token_keeper base;
    struct sl_cloud_opener opener;
    enum sl_cloud cloud;
    struct sl_stored_credential credential;
    struct sl_arena arena; /* of its strings */
    char id[KEEPER_ID_MAX];
};

static enum sl_code open_kept(struct sl_token_keeper *base, struct sl_secret **out,
                              struct sl_err *err)
{
    struct keeper *k = SL_CONTAINER_OF(base, struct keeper, base);
    struct sl_secret *stored = NULL;
    struct parts p;
    if (sl_cloud_reveal(&k->opener, &k->credential, sl_now_us(), &stored, err) != SL_OK)
        return err->code;
    parts_init(&p);
    read_parts(&p, k->cloud, stored);
    *out = sl_secret_ref(p.secret);
    parts_fini(&p);
    sl_secret_unref(stored);
    if (*out)
        return SL_OK;
    return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH,
                      "the stored credential is none of its cloud's any more");
}

static void free_keeper(struct sl_token_keeper *base)
{
    struct keeper *k = SL_CONTAINER_OF(base, struct keeper, base);
    sl_keyring_unref(k->opener.keyring);
    sl_arena_fini(&k->arena);
    sl_free(k);
}

static struct keeper *new_keeper(const struct sl_cloud_opener *o,
                                 const struct sl_stored_credential *c, enum sl_cloud cloud)
{
    struct keeper *k = SL_NEW(struct keeper);
    sl_arena_init(&k->arena, SIZE_MAX);
    k->base = (struct sl_token_keeper){open_kept, free_keeper, k->id};
    k->opener = *o;
    k->opener.keyring = o->keyring ? sl_keyring_ref(o->keyring) : NULL;
    k->cloud = cloud;
    char *envelope = sl_arena_alloc(&k->arena, c->n + 1);
    if (c->n)
        memcpy(envelope, c->envelope, c->n);
    k->credential = (struct sl_stored_credential){
        .id = sl_arena_strdup(&k->arena, c->id),
        .binding = sl_arena_strdup(&k->arena, c->binding),
        .reference = sl_arena_strdup(&k->arena, c->reference),
        .envelope = envelope,
        .n = c->n,
        .revision = c->revision,
    };
    snprintf(k->id, sizeof(k->id), "%.36s@%lld", c->id, (long long)c->revision);
    return k;
}

/* ---- the sources of a credential ---- */

struct entry {
    struct entry *next;
    struct sl_arena arena;
    struct sl_cloud_use use;
    struct sl_token_source *source; /* NULL: it is a key to be sent as it is */
};

struct sl_cloud_sources {
    atomic_uint refs;
    pthread_mutex_t lock; /* of entries; for a few instructions */
    struct entry *entries;
};

struct sl_cloud_sources *sl_cloud_sources_create(void)
{
    struct sl_cloud_sources *s = SL_NEW(struct sl_cloud_sources);
    atomic_init(&s->refs, 1);
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

struct sl_cloud_sources *sl_cloud_sources_ref(struct sl_cloud_sources *s)
{
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void sl_cloud_sources_unref(struct sl_cloud_sources *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (struct entry *e = s->entries, *next; e; e = next) {
        next = e->next;
        sl_token_source_unref(e->source);
        sl_arena_fini(&e->arena);
        sl_free(e);
    }
    pthread_mutex_destroy(&s->lock);
    sl_free(s);
}

static bool is_same(const struct sl_cloud_use *a, const struct sl_cloud_use *b)
{
    return a->cloud == b->cloud && a->said == b->said && a->personal == b->personal &&
           !strcmp(a->tenant, b->tenant) && !strcmp(a->client_id, b->client_id) &&
           !strcmp(a->role, b->role) && !strcmp(a->region, b->region);
}

/* The caller holds the lock. Entries stay as long as the credential. */
static const struct entry *find(const struct sl_cloud_sources *s, const struct sl_cloud_use *use)
{
    for (const struct entry *e = s->entries; e; e = e->next) {
        if (is_same(&e->use, use))
            return e;
    }
    return NULL;
}

static const struct entry *find_entry(struct sl_cloud_sources *s, const struct sl_cloud_use *use)
{
    pthread_mutex_lock(&s->lock);
    const struct entry *e = find(s, use);
    pthread_mutex_unlock(&s->lock);
    return e;
}

/* Takes the reference over. Where another thread was faster, its entry counts, with the same source. */
static const struct entry *add_entry(struct sl_cloud_sources *s, const struct sl_cloud_use *use,
                                     struct sl_token_source *source)
{
    struct entry *e = SL_NEW(struct entry);
    sl_arena_init(&e->arena, SIZE_MAX);
    e->use = (struct sl_cloud_use){
        .cloud = use->cloud,
        .said = use->said,
        .personal = use->personal,
        .tenant = sl_arena_strdup(&e->arena, use->tenant),
        .client_id = sl_arena_strdup(&e->arena, use->client_id),
        .role = sl_arena_strdup(&e->arena, use->role),
        .region = sl_arena_strdup(&e->arena, use->region),
    };
    e->source = source;
    pthread_mutex_lock(&s->lock);
    const struct entry *there = find(s, use);
    if (!there) {
        e->next = s->entries;
        s->entries = e;
    }
    pthread_mutex_unlock(&s->lock);
    if (!there)
        return e;
    sl_token_source_unref(source);
    sl_arena_fini(&e->arena);
    sl_free(e);
    return there;
}

/* ---- using one ---- */

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "";
}

/* What the key says, then what is configured, then, for those who may have it, what the surroundings say. */
static const char *choose(const struct sl_cloud_use *use, const char *own, const char *configured,
                          const char *name)
{
    if (*own || use->personal)
        return own;
    return *configured ? configured : variable(name);
}

static struct sl_token_spec spec_of(const struct sl_registry_fixed *f,
                                    const struct sl_cloud_use *use, const struct parts *p)
{
    struct sl_token_spec spec = {
        .secret = p->secret,
        .region = use->region,
        .ca_file = f->token_ca,
        .proxy = f->token_proxy,
        .any_host = !use->personal,
    };
    switch (use->cloud) {
    case SL_CLOUD_ENTRA:
        spec.from = SL_TOKEN_ENTRA_SECRET;
        spec.tenant = choose(use, p->tenant, use->tenant, "AZURE_TENANT_ID");
        spec.client_id = choose(use, p->client_id, use->client_id, "AZURE_CLIENT_ID");
        spec.url = variable("AZURE_AUTHORITY_HOST");
        break;
    case SL_CLOUD_AWS:
        spec.from = SL_TOKEN_AWS_ROLE;
        spec.role = *p->role || use->personal ? p->role : use->role;
        spec.session = variable("AWS_ROLE_SESSION_NAME");
        spec.url = variable("AWS_ENDPOINT_URL_STS");
        break;
    default:
        spec.from = SL_TOKEN_GOOGLE_FILE;
        break;
    }
    return spec;
}

/* AWS's key without a role signs itself; where nobody said whose tokens are meant, a key that is no file of Google's is
 * one that is sent. */
static bool is_plain(const struct sl_cloud_use *use, const struct sl_token_spec *spec)
{
    if (use->cloud == SL_CLOUD_AWS)
        return !*spec->role;
    return use->cloud == SL_CLOUD_GOOGLE && !use->said && !is_object(spec->secret);
}

static enum sl_code unusable(struct sl_err *err, const char *why)
{
    return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_MODEL_UNUSABLE,
                      "the stored key is no credential that tokens can be had for: %.300s", why);
}

static enum sl_code open_source(const struct sl_registry_fixed *f,
                                const struct sl_stored_credential *c, struct sl_token_spec *spec,
                                enum sl_cloud cloud, struct sl_token_source **out,
                                struct sl_err *err)
{
    const struct sl_cloud_opener opener = {f->keyring, f->secrets, f->references};
    struct sl_err why = {0};
    if (!f->tokens)
        return unusable(err, "nothing mints tokens here");
    spec->keeper = &new_keeper(&opener, c, cloud)->base;
    if (sl_token_source_open(f->tokens, spec, out, &why) != SL_OK)
        return unusable(err, why.text);
    return SL_OK;
}

static enum sl_code use_parts(const struct sl_registry_fixed *f,
                              const struct sl_stored_credential *c, const struct sl_cloud_use *use,
                              const struct parts *p, struct sl_cloud_found *out, struct sl_err *err)
{
    const struct entry *e = find_entry(c->sources, use);
    struct sl_token_source *source = NULL;
    if (!p->secret)
        return unusable(err, "a member is missing, or it is no JSON object");
    if (!e) {
        struct sl_token_spec spec = spec_of(f, use, p);
        if (!is_plain(use, &spec) && open_source(f, c, &spec, use->cloud, &source, err) != SL_OK)
            return err->code;
        e = add_entry(c->sources, use, source);
    }
    *out = (struct sl_cloud_found){e->source, e->source ? NULL : sl_secret_ref(p->secret)};
    return SL_OK;
}

enum sl_code sl_cloud_use_stored(const struct sl_registry_fixed *f,
                                 const struct sl_stored_credential *c, int64_t now_us,
                                 const struct sl_cloud_use *use, struct sl_cloud_found *out,
                                 struct sl_err *err)
{
    const struct sl_cloud_opener opener = {f->keyring, f->secrets, f->references};
    const struct entry *e = find_entry(c->sources, use);
    struct sl_secret *stored = NULL;
    struct parts p;
    if (e && e->source) {
        *out = (struct sl_cloud_found){e->source, NULL};
        return SL_OK;
    }
    if (sl_cloud_reveal(&opener, c, now_us, &stored, err) != SL_OK)
        return err->code;
    parts_init(&p);
    read_parts(&p, use->cloud, stored);
    enum sl_code code = use_parts(f, c, use, &p, out, err);
    parts_fini(&p);
    sl_secret_unref(stored);
    return code;
}

/* ---- from snapshot to snapshot ---- */

static struct sl_stored_credential *credential_of(const struct sl_map_slot *slot)
{
    return SL_CONTAINER_OF(slot->value, struct sl_stored_credential, counted);
}

static void carry(void *owner, const struct sl_map_slot *slot)
{
    const struct sl_registry *from = owner;
    struct sl_stored_credential *c = credential_of(slot);
    const struct sl_map_slot *there = sl_map_find(&from->index->credentials, "", c->id);
    const struct sl_stored_credential *was = there ? credential_of(there) : NULL;
    if (!was || was == c || was->revision != c->revision)
        return;
    sl_cloud_sources_unref(c->sources);
    c->sources = sl_cloud_sources_ref(was->sources);
}

void sl_cloud_carry_sources(const struct sl_registry *to, const struct sl_registry *from)
{
    if (!from)
        return;
    const struct sl_registry_fixed *f = to->index->fixed, *was = from->index->fixed;
    if (!strcmp(f->token_ca, was->token_ca) && !strcmp(f->token_proxy, was->token_proxy))
        sl_map_each(&to->index->credentials, false, carry, (void *)(uintptr_t)from);
}
