/* The store's part of a snapshot: rows become models, a refresh equals a snapshot that was made anew, and keys only go
 * where they may. On SQLite. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/compiler.h"
#include "base/secret.h"
#include "config/load.h"
#include "registry/difference.h"
#include "registry/last_used.h"
#include "registry/lease.h"
#include "registry/load.h"
#include "registry/outcome.h"
#include "registry/vault/vault.h"

#define ALICE "01920000-0000-7000-8000-00000000a11c"

static const char config_text[] =
    "providers:\n"
    "  - {id: box, kind: custom, base_url: 'http://127.0.0.1:9/v1', headers: {x-inside: secret}}\n"
    "models:\n"
    "  - {name: fixed, provider: box, aliases: [other]}\n";

struct scene {
    char folder[64], path[128];
    struct sl_config *config;
    struct sl_store *store;
    struct sl_keyring *keyring;
    struct sl_secret_cache *secrets;
    struct sl_arena arena;
    struct sl_err err;
};

static struct sl_registry_sources sources(const struct scene *s)
{
    return (struct sl_registry_sources){
        .config = s->config, .keyring = s->keyring, .secrets = s->secrets, .store = s->store};
}

static int set_up(void **state)
{
    static struct scene s;
    static const char keys[] = "one:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    s = (struct scene){.folder = "/tmp/sluice-stored-XXXXXX"};
    setenv("OPENAI_API_KEY", "sk-test-environment", 1);
    if (!mkdtemp(s.folder) ||
        sl_config_parse("s.yaml", config_text, strlen(config_text), &s.config, &s.err) ||
        sl_store_open(&(struct sl_store_options){.data_dir = s.folder}, &s.store, &s.err) ||
        sl_keyring_parse("keys", keys, strlen(keys), &s.keyring, &s.err))
        fail_msg("%s", s.err.text);
    s.secrets = sl_secret_cache_create();
    sl_arena_init(&s.arena, SIZE_MAX);
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    static const char *const files[] = {"sluice.db", "sluice.db-wal", "sluice.db-shm"};
    sl_store_close(s->store);
    for (size_t i = 0; i < SL_ARRAY_LEN(files); i++) {
        snprintf(s->path, sizeof(s->path), "%s/%s", s->folder, files[i]);
        unlink(s->path);
    }
    rmdir(s->folder);
    sl_keyring_unref(s->keyring);
    sl_secret_cache_destroy(s->secrets);
    sl_config_destroy(s->config);
    sl_arena_fini(&s->arena);
    return 0;
}

/* ---- writing ---- */

static struct sl_tx *begin(struct scene *s, const char *user)
{
    const struct sl_store_session session = {.user = user, .admin = !user};
    struct sl_tx *tx = NULL;
    if (sl_store_begin(s->store, &session, true, &tx, &s->err))
        fail_msg("%s", s->err.text);
    return tx;
}

static void commit(struct scene *s, struct sl_tx *tx, enum sl_code code)
{
    if (sl_tx_end(tx, code, NULL, &s->err))
        fail_msg("%s (%s)", s->err.text, s->err.field);
}

static struct sl_row *model_row(struct scene *s, const char *name, const char *provider)
{
    struct sl_row *row = sl_row_create(&s->arena, SL_TABLE_MODELS);
    sl_row_set_text(row, SL_COL_NAME, name);
    sl_row_set_text(row, SL_MODELS_PROVIDER, provider);
    sl_row_set_text(row, SL_MODELS_MODEL_ID, name);
    sl_row_set_text(row, SL_MODELS_SOURCE, "api");
    return row;
}

/* The id that the row got. */
static const char *insert(struct scene *s, struct sl_row *row, const char *user)
{
    struct sl_tx *tx = begin(s, user);
    commit(s, tx, sl_tx_insert(tx, row, &s->err));
    return sl_row_text(row, SL_COL_ID);
}

static void add_credential(struct scene *s, const char *provider, const char *user, const char *url,
                           const char *key)
{
    char binding[300], id[37];
    struct sl_buf envelope;
    struct sl_secret *secret = sl_secret_create(key, strlen(key));
    struct sl_row *row = sl_row_create(&s->arena, SL_TABLE_CREDENTIALS);
    static int count;
    snprintf(id, sizeof(id), "01930000-0000-7000-8000-%012d", ++count);
    assert_true(sl_vault_bind(url, binding, sizeof(binding)));
    const struct sl_vault_place place = {"credential", id, binding};
    sl_buf_init(&envelope, SL_VAULT_MAX_ENVELOPE);
    assert_int_equal(sl_vault_seal(s->keyring, &place, secret, &envelope, &s->err), SL_OK);
    sl_row_set_text(row, SL_COL_ID, id);
    sl_row_set_text(row, SL_CREDENTIALS_PROVIDER, provider);
    sl_row_set_text(row, SL_CREDENTIALS_BINDING, binding);
    sl_row_set_bytes(row, SL_CREDENTIALS_SECRET, envelope.p, envelope.n);
    insert(s, row, user);
    sl_buf_fini(&envelope);
    sl_secret_unref(secret);
}

/* ---- snapshots ---- */

static struct sl_registry *make(struct scene *s)
{
    const struct sl_registry_sources from = sources(s);
    struct sl_registry *r = NULL;
    if (sl_registry_create(&from, &r, &s->err))
        fail_msg("%s", s->err.text);
    return r;
}

static void refresh(struct scene *s, struct sl_registry **r)
{
    const struct sl_registry_sources from = sources(s);
    struct sl_registry *next = NULL;
    if (sl_registry_refresh(*r, &from, &next, &s->err))
        fail_msg("%s", s->err.text);
    sl_registry_unref(*r);
    *r = next;
}

/* The names that a walk gives, with what may differ. */
static void describe(const struct sl_registry *r, const char *owner, char *text, size_t size)
{
    struct sl_registry_walk w;
    size_t n = 0;
    *text = '\0';
    sl_registry_walk(&w, r, owner, NULL);
    for (const struct sl_model *m; (m = sl_registry_next(&w)) && n < size;)
        n += (size_t)snprintf(text + n, size - n, "%s/%s/%s/%d/%s;", m->name, m->provider,
                              m->description, m->deleted_ms != 0,
                              m->aliases[0] ? m->aliases[0] : "");
}

static void check_equal(struct scene *s, const struct sl_registry *refreshed)
{
    static const char *const owners[] = {"", ALICE};
    struct sl_registry *anew = make(s);
    for (size_t i = 0; i < SL_ARRAY_LEN(owners); i++) {
        char a[4096], b[4096];
        describe(refreshed, owners[i], a, sizeof(a));
        describe(anew, owners[i], b, sizeof(b));
        assert_string_equal(a, b);
    }
    assert_int_equal(refreshed->n_models, anew->n_models);
    assert_int_equal(sl_registry_store_revision(refreshed), sl_registry_store_revision(anew));
    sl_registry_unref(anew);
}

static void follows_the_store(void **state)
{
    struct scene *s = *state;
    struct sl_registry *r = make(s);
    struct sl_row *row = model_row(s, "fixed", "openai");
    const char *id = insert(s, row, NULL);
    insert(s, model_row(s, "mine", "openai"), ALICE);
    refresh(s, &r);
    check_equal(s, r);
    assert_string_equal(sl_registry_find(r, "fixed", NULL)->provider, "openai");
    assert_null(sl_registry_find(r, "other", NULL)); /* an alias of what is hidden */
    assert_null(sl_registry_find(r, "mine", NULL));
    assert_string_equal(sl_registry_find_personal(r, ALICE, "mine", NULL)->owner, ALICE);
    struct sl_row *change = sl_row_create(&s->arena, SL_TABLE_MODELS);
    sl_row_set_text(change, SL_COL_ID, id);
    sl_row_set_text(change, SL_MODELS_DESCRIPTION, "changed");
    sl_row_set_text(change, SL_MODELS_ALIASES, "[\"quick\"]");
    struct sl_tx *tx = begin(s, NULL);
    commit(s, tx, sl_tx_update(tx, change, 0, &s->err));
    refresh(s, &r);
    check_equal(s, r);
    assert_string_equal(sl_registry_find(r, "quick", NULL)->description, "changed");
    tx = begin(s, NULL);
    commit(s, tx, sl_tx_delete(tx, (struct sl_row_key){SL_TABLE_MODELS, id}, 0, &s->err));
    refresh(s, &r);
    check_equal(s, r);
    assert_string_equal(sl_registry_find(r, "fixed", NULL)->provider,
                        "box"); /* not hidden any more */
    assert_true(sl_registry_get(r, id)->deleted_ms != 0);
    sl_registry_unref(r);
}

static void keeps_what_cannot_be_used(void **state)
{
    struct scene *s = *state;
    insert(s, model_row(s, "lost", "no-such-provider"), NULL);
    struct sl_registry *r = make(s);
    assert_string_equal(sl_registry_find(r, "lost", NULL)->problem,
                        "its provider is not there any more");
    sl_registry_unref(r);
}

static void takes_providers_and_defaults(void **state)
{
    struct scene *s = *state;
    struct sl_registry *r = make(s);
    struct sl_row *p = sl_row_create(&s->arena, SL_TABLE_PROVIDERS);
    sl_row_set_text(p, SL_COL_NAME, "corp");
    sl_row_set_text(p, SL_PROVIDERS_KIND, "custom");
    sl_row_set_text(p, SL_PROVIDERS_BASE_URL, "http://127.0.0.1:7");
    insert(s, p, NULL);
    insert(s, model_row(s, "m", "corp"), NULL);
    struct sl_row *d = sl_row_create(&s->arena, SL_TABLE_MODEL_DEFAULTS);
    sl_row_set_text(d, SL_MODEL_DEFAULTS_SCOPE, "registry");
    sl_row_set_text(d, SL_MODEL_DEFAULTS_MODEL, "m");
    insert(s, d, NULL);
    refresh(s, &r);
    check_equal(s, r);
    assert_string_equal(sl_registry_provider(r, "corp")->base_url, "http://127.0.0.1:7");
    assert_string_equal(sl_registry_find(r, "m", NULL)->target.base_url, "http://127.0.0.1:7");
    assert_string_equal(r->default_model->name, "m");
    sl_registry_unref(r);
}

/* ---- keys ---- */

/* The key that an attempt at the model would send; "" : none, NULL: it is refused. */
static const char *key_of(struct scene *s, const struct sl_registry *r, const struct sl_model *m)
{
    struct sl_lease lease;
    struct sl_err err = {0};
    if (sl_lease_take(r, m, &s->arena, 1000000, &lease, &err)) {
        assert_int_equal(err.reason, SL_REASON_PROVIDER_KEY_MISSING);
        assert_false(sl_registry_has_key(r, m));
        return NULL;
    }
    const char *key = lease.target.key ? sl_secret_reveal(lease.target.key) : "";
    key = sl_arena_strdup(&s->arena, key);
    sl_lease_end(&lease);
    return key;
}

static void sends_keys_where_they_may_go(void **state)
{
    static const char openai[] = "https://api.openai.com/v1";
    struct scene *s = *state;
    struct sl_row *elsewhere = model_row(s, "elsewhere", "openai");
    sl_row_set_text(elsewhere, SL_MODELS_BASE_URL, "https://evil.example/v1");
    insert(s, model_row(s, "global", "openai"), NULL);
    insert(s, elsewhere, NULL);
    insert(s, model_row(s, "mine", "openai"), ALICE);
    struct sl_registry *r = make(s);
    const struct sl_model *mine = sl_registry_find_personal(r, ALICE, "mine", NULL);
    assert_string_equal(key_of(s, r, sl_registry_find(r, "global", NULL)), "sk-test-environment");
    assert_null(key_of(s, r, mine)); /* never the environment's */
    assert_true(mine->endpoint->guard);
    assert_int_equal(mine->endpoint->http, SL_HTTP_1_1);
    add_credential(s, "openai", NULL, openai, "sk-test-stored");
    refresh(s, &r);
    mine = sl_registry_find_personal(r, ALICE, "mine", NULL);
    assert_string_equal(key_of(s, r, sl_registry_find(r, "global", NULL)), "sk-test-stored");
    assert_string_equal(key_of(s, r, sl_registry_find(r, "elsewhere", NULL)), "");
    assert_null(key_of(s, r, mine)); /* nor the organisation's */
    add_credential(s, "openai", ALICE, openai, "sk-test-alice");
    refresh(s, &r);
    mine = sl_registry_find_personal(r, ALICE, "mine", NULL);
    assert_string_equal(key_of(s, r, mine), "sk-test-alice");
    assert_string_equal(key_of(s, r, sl_registry_find(r, "global", NULL)), "sk-test-stored");
    sl_registry_unref(r);
}

/* What the configuration says of a provider is not for users' models. */
static void keeps_headers_from_users(void **state)
{
    struct scene *s = *state;
    insert(s, model_row(s, "global", "box"), NULL);
    insert(s, model_row(s, "mine", "box"), ALICE);
    struct sl_registry *r = make(s);
    assert_string_equal(sl_registry_find(r, "global", NULL)->target.headers->name, "x-inside");
    assert_null(sl_registry_find_personal(r, ALICE, "mine", NULL)->target.headers);
    sl_registry_unref(r);
}

/* A snapshot with what is only being tried: the same rules for keys, and nothing of it in the one it was made from. */
static void takes_drafts_for_one(void **state)
{
    struct scene *s = *state;
    insert(s, model_row(s, "m", "box"), NULL);
    struct sl_registry *r = make(s);
    struct sl_row *row = model_row(s, "draft", "openai");
    sl_row_set_text(row, SL_COL_ID, "01920000-0000-7000-8000-00000000d0d0");
    sl_row_set_null(row, SL_COL_OWNER);
    sl_row_set_int(row, SL_COL_REVISION, -1);
    const struct sl_row *const rows[] = {row};
    const struct sl_registry_sources from = sources(s);
    struct sl_registry *with = sl_registry_with(r, &from, rows, 1);
    const struct sl_model *m = sl_registry_find(with, "draft", NULL);
    assert_string_equal(key_of(s, with, m), "sk-test-environment");
    assert_ptr_equal(sl_registry_get(with, "01920000-0000-7000-8000-00000000d0d0"), m);
    assert_non_null(sl_registry_find(with, "m", NULL));
    assert_null(sl_registry_find(r, "draft", NULL));
    sl_registry_note_outcome(m, true, 1000000); /* it says nothing of the provider's health */
    assert_string_equal(sl_registry_provider_health(sl_registry_provider(r, "openai"), 1000000),
                        "unknown");
    sl_registry_unref(with);
    sl_registry_unref(r);
}

/* ---- providers that change ---- */

static const char *add_provider(struct scene *s, const char *name, const char *url)
{
    struct sl_row *row = sl_row_create(&s->arena, SL_TABLE_PROVIDERS);
    sl_row_set_text(row, SL_COL_NAME, name);
    sl_row_set_text(row, SL_PROVIDERS_KIND, "custom");
    sl_row_set_text(row, SL_PROVIDERS_BASE_URL, url);
    return insert(s, row, NULL);
}

/* text NULL: switches it off. */
static void change_provider(struct scene *s, const char *id, unsigned column, const char *text)
{
    struct sl_tx *tx = begin(s, NULL);
    struct sl_row *row = sl_row_create(&s->arena, SL_TABLE_PROVIDERS);
    sl_row_set_text(row, SL_COL_ID, id);
    if (text)
        sl_row_set_text(row, column, text);
    else
        sl_row_set_bool(row, column, false);
    commit(s, tx, sl_tx_update(tx, row, 0, &s->err));
}

static void delete_provider(struct scene *s, const char *id)
{
    struct sl_tx *tx = begin(s, NULL);
    commit(s, tx, sl_tx_delete(tx, (struct sl_row_key){SL_TABLE_PROVIDERS, id}, 0, &s->err));
}

static const char *place_of(const struct sl_registry *r, const char *owner, const char *name)
{
    const struct sl_model *m =
        *owner ? sl_registry_find_personal(r, owner, name, NULL) : sl_registry_find(r, name, NULL);
    return *m->problem ? m->problem : m->target.base_url;
}

/* As a snapshot that is made anew has them; a model of another provider is the very same. */
static void check_places(struct scene *s, struct sl_registry **r, const char *const places[4])
{
    static const char *const names[] = {"m", "early", "at-box"};
    const struct sl_model *aside = sl_registry_find(*r, "aside", NULL);
    refresh(s, r);
    struct sl_registry *anew = make(s);
    for (size_t i = 0; i < SL_ARRAY_LEN(names); i++) {
        assert_string_equal(place_of(*r, "", names[i]), places[i]);
        assert_string_equal(place_of(anew, "", names[i]), places[i]);
    }
    assert_string_equal(place_of(*r, ALICE, "mine"), places[3]);
    assert_string_equal(place_of(anew, ALICE, "mine"), places[3]);
    assert_int_equal((*r)->n_providers, anew->n_providers);
    for (size_t i = 0; i < anew->n_providers; i++) {
        assert_string_equal((*r)->providers[i]->id, anew->providers[i]->id);
        assert_string_equal((*r)->providers[i]->base_url, anew->providers[i]->base_url);
    }
    assert_ptr_equal(sl_registry_find(*r, "aside", NULL), aside);
    check_equal(s, *r);
    sl_registry_unref(anew);
}

#define BOX "http://127.0.0.1:9/v1"
#define ONE "http://127.0.0.1:11/v1"
#define TWO "http://127.0.0.1:12/v1"
#define GONE "its provider is not there any more"
#define OFF "its provider is switched off"

static void follows_providers_one_by_one(void **state)
{
    struct scene *s = *state;
    const char *house = add_provider(s, "house", ONE);
    insert(s, model_row(s, "m", "house"), NULL);
    insert(s, model_row(s, "early", "later"), NULL);
    insert(s, model_row(s, "at-box", "box"), NULL);
    insert(s, model_row(s, "aside", "openai"), NULL);
    insert(s, model_row(s, "mine", house), ALICE); /* by the row's id */
    struct sl_registry *r = make(s), *old = sl_registry_ref(r);
    check_places(s, &r, (const char *const[]){ONE, GONE, BOX, ONE});
    change_provider(s, house, SL_PROVIDERS_BASE_URL, TWO);
    check_places(s, &r, (const char *const[]){TWO, GONE, BOX, TWO});
    const char *later = add_provider(s, "later", ONE);
    const char *box = add_provider(s, "box", TWO);
    check_places(s, &r, (const char *const[]){TWO, ONE, TWO, TWO});
    change_provider(s, later, SL_PROVIDERS_ENABLED, NULL);
    change_provider(s, box, SL_COL_NAME, "crate"); /* the configuration's is seen again */
    check_places(s, &r, (const char *const[]){TWO, OFF, BOX, TWO});
    change_provider(s, box, SL_COL_NAME, "box");
    check_places(s, &r, (const char *const[]){TWO, OFF, TWO, TWO});
    delete_provider(s, box);
    delete_provider(s, later);
    check_places(s, &r, (const char *const[]){TWO, GONE, BOX, TWO});
    for (int i = 0; i < 40; i++) { /* maps are merged meanwhile */
        const char *now = i % 2 ? TWO : ONE;
        change_provider(s, house, SL_PROVIDERS_BASE_URL, now);
        check_places(s, &r, (const char *const[]){now, GONE, BOX, now});
    }
    assert_string_equal(place_of(old, "", "m"), ONE);
    sl_registry_unref(old);
    sl_registry_unref(r);
}

/* ---- uses ---- */

static int64_t used(const struct sl_registry *r, const char *name)
{
    return sl_registry_last_used(sl_registry_find(r, name, NULL));
}

static void use(const struct sl_registry *r, const char *name, int64_t ms)
{
    sl_registry_note_use(sl_registry_find(r, name, NULL), ms);
}

/* At most once a second; a change of the model, of a provider and of the configuration loses none. */
static void carries_uses(void **state)
{
    struct scene *s = *state;
    const char *id = insert(s, model_row(s, "mine", "box"), NULL);
    struct sl_registry *r = make(s);
    assert_int_equal(used(r, "mine"), 0);
    use(r, "mine", 5000);
    use(r, "mine", 5999);
    use(r, "fixed", 7000);
    assert_int_equal(used(r, "mine"), 5000);
    use(r, "mine", 6000);
    use(r, "mine", 100);
    assert_int_equal(used(r, "mine"), 6000);
    struct sl_tx *tx = begin(s, NULL);
    struct sl_row *change = sl_row_create(&s->arena, SL_TABLE_MODELS);
    sl_row_set_text(change, SL_COL_ID, id);
    sl_row_set_text(change, SL_COL_NAME, "renamed");
    commit(s, tx, sl_tx_update(tx, change, 0, &s->err));
    refresh(s, &r);
    assert_int_equal(used(r, "renamed"), 6000);
    struct sl_row *provider = sl_row_create(&s->arena, SL_TABLE_PROVIDERS);
    sl_row_set_text(provider, SL_COL_NAME, "other");
    sl_row_set_text(provider, SL_PROVIDERS_KIND, "custom");
    sl_row_set_text(provider, SL_PROVIDERS_BASE_URL, "http://127.0.0.1:8/v1");
    insert(s, provider, NULL);
    refresh(s, &r);
    assert_int_equal(used(r, "renamed"), 6000);
    assert_int_equal(used(r, "fixed"), 7000);
    struct sl_registry *anew = make(s);
    assert_int_equal(used(anew, "fixed"), 0);
    sl_registry_carry_uses(anew, r);
    sl_registry_carry_uses(anew, NULL);
    assert_int_equal(used(anew, "renamed"), 6000);
    assert_int_equal(used(anew, "fixed"), 7000);
    sl_registry_unref(anew);
    sl_registry_unref(r);
}

/* From one process to another, by the store, whose revision stays. */
static void stores_uses(void **state)
{
    struct scene *s = *state;
    insert(s, model_row(s, "mine", "box"), ALICE);
    insert(s, model_row(s, "all", "box"), NULL);
    struct sl_registry *here = make(s), *there = make(s);
    const struct sl_model *mine = sl_registry_find_personal(here, ALICE, "mine", NULL);
    int64_t before, after;
    assert_int_equal(sl_store_revision(s->store, &before, &s->err), SL_OK);
    sl_registry_note_use(mine, 5000);
    use(here, "fixed", 8000);
    assert_int_equal(sl_registry_flush_uses(here, s->store, 5000, &s->err), SL_OK);
    assert_int_equal(sl_registry_take_uses(there, s->store, 0, true, &s->err), SL_OK);
    mine = sl_registry_find_personal(there, ALICE, "mine", NULL);
    assert_int_equal(sl_registry_last_used(mine), 0); /* at 5000 there was a flush already */
    assert_int_equal(used(there, "fixed"), 8000);
    assert_int_equal(sl_registry_flush_uses(here, s->store, 4999, &s->err), SL_OK);
    assert_int_equal(sl_registry_take_uses(there, s->store, 5000, true, &s->err), SL_OK);
    assert_int_equal(sl_registry_take_uses(there, s->store, 0, false, &s->err), SL_OK);
    assert_int_equal(sl_registry_last_used(mine), 0);
    assert_int_equal(sl_registry_take_uses(there, s->store, 4999, true, &s->err), SL_OK);
    assert_int_equal(sl_registry_last_used(mine), 5000);
    assert_int_equal(used(there, "all"), 0);
    assert_int_equal(sl_store_revision(s->store, &after, &s->err), SL_OK);
    assert_int_equal(before, after);
    struct sl_registry *anew = make(s);
    mine = sl_registry_find_personal(anew, ALICE, "mine", NULL);
    assert_int_equal(sl_registry_last_used(mine), 5000);
    sl_registry_unref(anew);
    sl_registry_unref(there);
    sl_registry_unref(here);
}

/* ---- all of it ---- */

static void note_default(void *owner, const struct sl_registry_default *d)
{
    struct sl_buf *seen = owner;
    assert_true(
        sl_buf_printf(seen, "%s:%s:%s=%s;", d->scope, d->subject, d->conversation, d->model));
}

static void note_credential(void *owner, const struct sl_registry_credential *c)
{
    struct sl_buf *seen = owner;
    assert_true(
        sl_buf_printf(seen, "%s:%s:%s;", *c->owner ? "alice" : "", c->provider, c->reference));
}

static void goes_through_everything(void **state)
{
    struct scene *s = *state;
    struct sl_registry_walk w;
    struct sl_buf seen;
    struct sl_row *pin = sl_row_create(&s->arena, SL_TABLE_CONVERSATIONS);
    sl_row_set_text(pin, SL_COL_NAME, "c-1");
    sl_row_set_text(pin, SL_CONVERSATIONS_MODEL, "mine");
    insert(s, model_row(s, "global", "box"), NULL);
    struct sl_registry *r = make(s);
    insert(s, model_row(s, "mine", "box"), ALICE);
    insert(s, pin, ALICE);
    add_credential(s, "openai", ALICE, "https://api.openai.com/v1", "sk-test-alice");
    refresh(s, &r);
    sl_registry_walk_personal(&w, r);
    assert_string_equal(sl_registry_next(&w)->name, "mine");
    assert_null(sl_registry_next(&w));
    sl_buf_init(&seen, 4096);
    sl_registry_each_default(r, note_default, &seen);
    sl_registry_each_credential(r, note_credential, &seen);
    assert_string_equal(seen.p, "conversation:" ALICE ":c-1=mine;alice:openai:;");
    sl_buf_fini(&seen);
    sl_registry_unref(r);
}

/* ---- differences ---- */

struct heard {
    char text[1024];
    size_t n;
};

static void on_models(void *owner, const struct sl_model *was, const struct sl_model *is)
{
    struct heard *h = owner;
    const struct sl_model *m = is ? is : was;
    h->n += (size_t)snprintf(h->text + h->n, sizeof(h->text) - h->n, "%c%s%s ",
                             !was                        ? '+'
                             : !is                       ? '-'
                             : sl_model_is_same(was, is) ? '='
                                                         : '~',
                             m->name, *m->owner ? "(own)" : "");
}

static void check_difference(struct scene *s, struct sl_registry **r, const char *expected)
{
    struct sl_registry *was = sl_registry_ref(*r);
    struct heard h = {.n = 0};
    refresh(s, r);
    sl_registry_difference(was, *r, on_models, &h);
    assert_string_equal(h.text, expected);
    sl_registry_unref(was);
}

static void set_text(struct scene *s, const char *id, unsigned column, const char *value)
{
    struct sl_row *row = sl_row_create(&s->arena, SL_TABLE_MODELS);
    sl_row_set_text(row, SL_COL_ID, id);
    sl_row_set_text(row, column, value);
    struct sl_tx *tx = begin(s, NULL);
    commit(s, tx, sl_tx_update(tx, row, 0, &s->err));
}

static void tells_what_changed(void **state)
{
    struct scene *s = *state;
    struct sl_registry *r = make(s);
    check_difference(s, &r, "");
    const char *id = insert(s, model_row(s, "stored", "box"), NULL);
    check_difference(s, &r, "+stored ");
    set_text(s, id, SL_MODELS_DESCRIPTION, "better");
    check_difference(s, &r, "~stored ");
    set_text(s, id, SL_COL_NAME, "fixed"); /* hides the configuration's */
    check_difference(s, &r, "-fixed ~fixed ");
    assert_ptr_equal(sl_registry_by_key(r, id), sl_registry_find(r, "fixed", NULL));
    assert_null(sl_registry_by_key(r, "fixed"));
    set_text(s, id, SL_COL_NAME, "again");
    check_difference(s, &r, "~again +fixed ");
    assert_string_equal(sl_registry_by_key(r, "fixed")->source, "config");
    insert(s, model_row(s, "mine", "box"), ALICE);
    check_difference(s, &r, "+mine(own) ");
    struct heard all = {.n = 0};
    sl_registry_each(r, on_models, &all);
    assert_non_null(strstr(all.text, "+fixed "));
    assert_non_null(strstr(all.text, "+mine(own) "));
    assert_non_null(strstr(all.text, "+again "));
    sl_registry_unref(r);
}

/* The models of a provider that changed are made again; those that say the same are the same. */
static void tells_what_a_provider_changed(void **state)
{
    struct scene *s = *state;
    insert(s, model_row(s, "stored", "box"), NULL);
    struct sl_registry *r = make(s);
    add_provider(s, "another", TWO);
    check_difference(s, &r, "");
    add_provider(s, "box", BOX);
    check_difference(s, &r, "=stored ");
    sl_registry_unref(r);
}

static void draws_outlines(void **state)
{
    struct scene *s = *state;
    struct sl_registry *r = make(s);
    const struct sl_model *m = sl_registry_find(r, "fixed", NULL);
    struct sl_model *o = sl_model_outline(m);
    sl_model_set_mark(m, 7);
    assert_int_equal(sl_model_mark(m), 7);
    sl_registry_unref(r); /* nothing is borrowed from it */
    assert_string_equal(o->name, "fixed");
    assert_string_equal(o->aliases[0], "other");
    assert_null(o->aliases[1]);
    assert_string_equal(o->provider, "box");
    assert_string_equal(o->adapter->name, "custom");
    assert_true(o->enabled);
    assert_null(o->target.key);
    sl_free(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(follows_the_store, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_what_cannot_be_used, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_providers_and_defaults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sends_keys_where_they_may_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_headers_from_users, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_drafts_for_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(follows_providers_one_by_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(carries_uses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stores_uses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(goes_through_everything, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_what_changed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_what_a_provider_changed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(draws_outlines, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
