/* Walks through the secrets in pages: a page is read, sealed anew outside of any transaction, and
 * written. Whole walks are repeated until one finds nothing, each behind the writes that were in
 * progress when it began: such a write may have read what was there before (the undo of an import,
 * say). */
#include "registry/rotate/rotate.h"

#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "registry/rotate/places.h"
#include "registry/vault/vault.h"

/* More walks than that are needed only where something goes on sealing under a former key. */
enum { MAX_WALKS = 100 };

static const struct sl_store_session session = {.role = SL_STORE_SYNC};

/* ---- counting ---- */

static void count(struct sl_rotate_counts *c, const char *id)
{
    size_t i = 0;
    while (i < c->n && strcmp(c->keys[i].id, id) != 0)
        i++;
    if (i == SL_ROTATE_KEYS) {
        c->damaged++;
        return;
    }
    if (i == c->n)
        sl_copy(c->keys[c->n++].id, sizeof(c->keys[0].id), id);
    c->keys[i].secrets++;
}

static enum sl_code on_counted(void *owner, const struct sl_stored_secret *s, struct sl_err *err)
{
    struct sl_rotate_counts *c = owner;
    char id[SL_KEY_ID_MAX + 1];
    (void)err;
    if (sl_vault_key_id(s->ciphertext.p, s->ciphertext.n, id))
        count(c, id);
    else
        c->damaged++;
    return SL_OK;
}

enum sl_code sl_rotate_count(struct sl_store *s, struct sl_rotate_counts *out, struct sl_err *err)
{
    struct sl_tx *tx = NULL;
    size_t n = 0;
    const struct sl_secret_column *columns = sl_secret_columns(&n);
    struct sl_rotate_counts counts = {.n = 0};
    enum sl_code code = sl_store_begin(s, &session, false, &tx, err);
    if (code)
        return code;
    for (size_t i = 0; !code && i < n; i++) {
        const struct sl_secret_page all = {.column = &columns[i]};
        code = sl_tx_secrets(tx, &all, on_counted, &counts, err);
    }
    code = sl_tx_end(tx, code, NULL, err);
    if (!code)
        *out = counts;
    return code;
}

int64_t sl_rotate_under(const struct sl_rotate_counts *c, const char *id)
{
    for (size_t i = 0; i < c->n; i++) {
        if (!strcmp(c->keys[i].id, id))
            return c->keys[i].secrets;
    }
    return 0;
}

int64_t sl_rotate_besides(const struct sl_rotate_counts *c, const char *id)
{
    int64_t all = c->damaged;
    for (size_t i = 0; i < c->n; i++)
        all += c->keys[i].secrets;
    return all - sl_rotate_under(c, id);
}

/* ---- a page ---- */

/* A secret to be written; lives in the page's arena. */
struct item {
    const char *place;
    struct sl_str from, to;
    struct item *next;
};

/* Lives in the walk's arena. */
struct problem {
    const char *table, *id, *row;
    struct sl_err why;
    struct problem *next;
};

/* From one end of the store to the other. */
struct walk {
    const struct sl_rotate *r;
    struct sl_rotate_result *out;
    struct sl_places *places;
    int64_t total;
    int64_t found; /* secrets that were not under the current key, but can be opened */
    struct sl_arena arena;
    struct problem *problems, **last_problem;
    int64_t n_problems;
};

struct page {
    struct walk *walk;
    const struct sl_secret_column *column;
    struct sl_arena arena;
    size_t seen;
    const char *last; /* place of the last one; in the walk's arena */
    struct item *items;
    struct item **tail;
};

static void add_problem(struct page *page, const struct sl_stored_secret *s,
                        const struct sl_err *why)
{
    struct walk *w = page->walk;
    struct problem *p = SL_ARENA_NEW(&w->arena, struct problem);
    p->table = page->column->table;
    p->id = sl_arena_strdup(&w->arena, s->place);
    p->row = sl_arena_strdup(&w->arena, s->row_id);
    p->why = *why;
    *w->last_problem = p;
    w->last_problem = &p->next;
    w->n_problems++;
}

/* For the first of its places that it opens for; out is empty where there is none. */
static enum sl_code reseal(const struct page *page, const struct sl_stored_secret *s,
                           struct sl_buf *out, struct sl_err *err)
{
    const struct walk *w = page->walk;
    struct sl_place_list list;
    enum sl_code code = SL_FAILED_PRECONDITION;
    sl_places_find(w->places, page->column, s, &list);
    if (!list.n) /* nothing says where it may be sent; the error should still say more */
        sl_copy(list.bindings[list.n++], SL_PLACE_BINDING, "");
    for (size_t i = 0; code == SL_FAILED_PRECONDITION && i < list.n; i++) {
        const struct sl_vault_place at = {list.purpose, s->row_id, list.bindings[i]};
        *err = (struct sl_err){0};
        code = sl_vault_reseal(w->r->keyring, &at, s->ciphertext.p, s->ciphertext.n, out, err);
    }
    return code;
}

static enum sl_code take(struct page *page, const struct sl_stored_secret *s, struct sl_err *err)
{
    struct sl_buf envelope;
    struct sl_err why = {0};
    sl_buf_init(&envelope, SL_VAULT_MAX_ENVELOPE);
    enum sl_code code = reseal(page, s, &envelope, &why);
    if (code == SL_OK) {
        struct item *item = SL_ARENA_NEW(&page->arena, struct item);
        item->place = page->last;
        item->from.p = sl_arena_strndup(&page->arena, s->ciphertext.p, s->ciphertext.n);
        item->from.n = s->ciphertext.n;
        item->to.p = sl_arena_strndup(&page->arena, envelope.p, envelope.n);
        item->to.n = envelope.n;
        *page->tail = item;
        page->tail = &item->next;
        page->walk->found++;
    } else if (code == SL_FAILED_PRECONDITION) {
        add_problem(page, s, &why);
        code = SL_OK;
    } else {
        code = sl_err_set(err, code, why.reason, "%s", why.text);
    }
    sl_buf_fini(&envelope);
    return code;
}

static enum sl_code on_secret(void *owner, const struct sl_stored_secret *s, struct sl_err *err)
{
    struct page *page = owner;
    const struct sl_keyring *k = page->walk->r->keyring;
    char id[SL_KEY_ID_MAX + 1];
    page->seen++;
    page->last = sl_arena_strdup(&page->walk->arena, s->place);
    if (sl_vault_key_id(s->ciphertext.p, s->ciphertext.n, id) &&
        !sl_vault_needs_rotation(k, s->ciphertext.p, s->ciphertext.n))
        return SL_OK;
    return take(page, s, err);
}

static enum sl_code read_page(struct page *page, const char *after, struct sl_err *err)
{
    const struct sl_rotate *r = page->walk->r;
    const struct sl_secret_page from = {page->column, after, r->batch};
    struct sl_tx *tx = NULL;
    enum sl_code code = sl_store_begin(r->store, &session, false, &tx, err);
    if (code)
        return code;
    code = sl_tx_secrets(tx, &from, on_secret, page, err);
    return sl_tx_end(tx, code, NULL, err);
}

static enum sl_code write_items(const struct page *page, struct sl_tx *tx, int64_t *done,
                                struct sl_err *err)
{
    enum sl_code code = SL_OK;
    for (const struct item *i = page->items; !code && i; i = i->next) {
        const struct sl_rotation rotation = {page->column, i->place, i->from, i->to,
                                             sl_keyring_id(page->walk->r->keyring, 0)};
        bool replaced = false;
        code = sl_tx_rotate(tx, &rotation, &replaced, err);
        *done += replaced;
    }
    return code;
}

/* What somebody else is writing at this moment is left to the next walk. */
static enum sl_code write_page(const struct page *page, struct sl_err *err)
{
    struct walk *w = page->walk;
    struct sl_tx *tx = NULL;
    struct sl_err why = {0};
    int64_t done = 0;
    enum sl_code code = sl_store_begin(w->r->store, &session, true, &tx, &why);
    if (!code) {
        code = write_items(page, tx, &done, &why);
        code = sl_tx_end(tx, code, NULL, &why);
    }
    if (code == SL_ABORTED)
        return SL_OK;
    if (code)
        return sl_err_set(err, code, why.reason, "%s", why.text);
    w->out->resealed += done;
    if (w->total < w->out->resealed)
        w->total = w->out->resealed;
    if (w->r->on_progress)
        w->r->on_progress(w->r->owner, w->out->resealed, w->total);
    return SL_OK;
}

/* ---- a walk ---- */

static enum sl_code walk_page(struct page *page, const char *after, struct sl_err *err)
{
    const struct sl_rotate *r = page->walk->r;
    enum sl_code code = read_page(page, after, err);
    if (code || !page->items)
        return code;
    if (r->stop && r->stop(r->owner))
        return sl_err_set(err, SL_CANCELLED, SL_REASON_NONE, "it was interrupted");
    return write_page(page, err);
}

static enum sl_code walk_column(struct walk *w, const struct sl_secret_column *column,
                                struct sl_err *err)
{
    const char *after = NULL;
    enum sl_code code = SL_OK;
    bool more = true;
    while (!code && more) {
        struct page page = {.walk = w, .column = column};
        page.tail = &page.items;
        sl_arena_init(&page.arena, SIZE_MAX);
        code = walk_page(&page, after, err);
        more = page.seen == w->r->batch;
        after = page.last;
        sl_arena_fini(&page.arena);
    }
    return code;
}

/* Returns when the writes that are in progress have ended: they all raise the revision, one after
 * the other. */
static enum sl_code wait_for_writers(const struct sl_rotate *r, struct sl_err *err)
{
    const struct sl_store_session writer = {.role = SL_STORE_APP, .admin = true};
    struct sl_tx *tx = NULL;
    enum sl_code code = sl_store_begin(r->store, &writer, true, &tx, err);
    sl_tx_rollback(tx);
    return code;
}

static enum sl_code walk_all(struct walk *w, struct sl_err *err)
{
    size_t n = 0;
    const struct sl_secret_column *columns = sl_secret_columns(&n);
    enum sl_code code = wait_for_writers(w->r, err);
    if (!code)
        code = sl_places_create(w->r->store, w->r->registry, &w->places, err);
    for (size_t i = 0; !code && i < n; i++)
        code = walk_column(w, &columns[i], err);
    sl_places_destroy(w->places);
    w->places = NULL;
    return code;
}

static void report(const struct walk *w)
{
    for (const struct problem *p = w->problems; p; p = p->next) {
        const struct sl_rotate_problem problem = {p->table, p->id, p->row, &p->why};
        if (w->r->on_problem)
            w->r->on_problem(w->r->owner, &problem);
    }
}

/* *found: whether there was something to do. */
static enum sl_code walk_once(const struct sl_rotate *r, int64_t total,
                              struct sl_rotate_result *out, bool *found, struct sl_err *err)
{
    struct walk w = {.r = r, .out = out, .total = total};
    w.last_problem = &w.problems;
    sl_arena_init(&w.arena, SIZE_MAX);
    enum sl_code code = walk_all(&w, err);
    *found = w.found > 0;
    if (!code && !*found)
        report(&w);
    out->problems = w.n_problems;
    sl_arena_fini(&w.arena);
    return code;
}

enum sl_code sl_rotate_run(const struct sl_rotate *r, struct sl_rotate_result *out,
                           struct sl_err *err)
{
    const char *id = sl_keyring_id(r->keyring, 0);
    struct sl_rotate_counts counts;
    bool found = true;
    *out = (struct sl_rotate_result){.resealed = 0};
    enum sl_code code = sl_rotate_count(r->store, &counts, err);
    int64_t total = code ? 0 : sl_rotate_besides(&counts, id);
    for (int i = 0; !code && found; i++) {
        if (i == MAX_WALKS)
            return sl_err_set(err, SL_ABORTED, SL_REASON_STORE,
                              "secrets under a former key keep coming: first give every replica "
                              "the keys in this order, '%s' in front",
                              id);
        code = walk_once(r, total, out, &found, err);
    }
    return code;
}
