/* reasoning_details: the form in which OpenRouter and MiniMax give reasoning that has to go back
 * unchanged (signatures, encrypted pieces). The objects of a stream are put together by their index
 * and type: texts are joined, other members keep their first value that is not null. At the end the
 * list becomes the reasoning part's provider_state.
 *
 * Sources: OpenRouter's guide "Reasoning Tokens", "Preserving reasoning"; MiniMax's page
 * "OpenAI API compatible"; recordings of both. */
#include "adapters/chat_completions/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

enum {
    MAX_DETAILS = 64,
    MAX_MEMBERS = 16,                   /* of one object */
    MAX_DETAILS_BYTES = 4 * 1024 * 1024 /* of all objects of an answer */
};

struct member {
    struct sl_buf json; /* "key":value, without the closing quote where open */
    size_t key;         /* bytes of the key, quotes included */
    bool open;          /* a text, to which more may be added */
};

struct detail {
    struct detail *next;
    int64_t index;
    char type[48];
    unsigned members;
    struct member member[MAX_MEMBERS];
};

struct cc_details {
    struct detail *first;
    unsigned count;
    size_t bytes;
    bool lost; /* something did not fit */
};

/* ---- memory ---- */

void sl_cc_release(struct sl_answer *a)
{
    struct cc_state *s = a->state;

    if (!s || !s->details)
        return;
    for (struct detail *d = s->details->first, *next; d; d = next) {
        next = d->next;
        for (unsigned i = 0; i < d->members; i++)
            sl_buf_fini(&d->member[i].json);
        sl_free(d);
    }
    sl_free(s->details);
    s->details = NULL;
}

static void add(struct cc_details *all, struct member *m, const char *p, size_t n)
{
    if (all->bytes + n > MAX_DETAILS_BYTES || !sl_buf_add(&m->json, p, n))
        all->lost = true;
    else
        all->bytes += n;
}

/* ---- gathering ---- */

static struct detail *find_detail(struct cc_details *all, int64_t index, const char *type)
{
    struct detail **at = &all->first;

    for (; *at; at = &(*at)->next)
        if ((*at)->index == index && !strcmp((*at)->type, type))
            return *at;
    if (all->count == MAX_DETAILS) {
        all->lost = true;
        return NULL;
    }
    *at = sl_calloc(1, sizeof(**at));
    (*at)->index = index;
    sl_copy((*at)->type, sizeof((*at)->type), type);
    all->count++;
    return *at;
}

static struct member *find_member(struct detail *d, struct sl_str key)
{
    for (unsigned i = 0; i < d->members; i++)
        if (d->member[i].key == key.n && !memcmp(d->member[i].json.p, key.p, key.n))
            return &d->member[i];
    return NULL;
}

static struct member *new_member(struct cc_details *all, struct detail *d, struct sl_str key)
{
    if (d->members == MAX_MEMBERS) {
        all->lost = true;
        return NULL;
    }
    struct member *m = &d->member[d->members];
    sl_buf_init(&m->json, MAX_DETAILS_BYTES);
    add(all, m, key.p, key.n);
    add(all, m, ":", 1);
    m->key = key.n;
    if (m->json.n != key.n + 1) {
        sl_buf_fini(&m->json);
        return NULL;
    }
    d->members++;
    return m;
}

/* Members that come in pieces. */
static bool is_text(struct sl_str key)
{
    return CC_KEY_IS(key, "\"text\"") || CC_KEY_IS(key, "\"summary\"") ||
           CC_KEY_IS(key, "\"data\"");
}

static bool is_null(const struct member *m)
{
    return m->json.n == m->key + 5 && !memcmp(m->json.p + m->key, ":null", 5);
}

static void set_value(struct cc_details *all, struct member *m, struct sl_str raw, bool open)
{
    m->json.n = m->key + 1;
    add(all, m, raw.p, open ? raw.n - 1 : raw.n);
    m->open = open;
}

static void take_member(struct cc *c, struct detail *d, int key)
{
    struct cc_details *all = c->s->details;
    struct sl_str name = sl_json_raw(c->j, key), raw = sl_json_raw(c->j, key + 1);
    bool string = sl_json_type(c->j, key + 1) == SL_JSON_STRING;
    struct member *m = find_member(d, name);

    if (!m) {
        m = new_member(all, d, name);
        if (m)
            set_value(all, m, raw, string && is_text(name));
    } else if (m->open && string) {
        add(all, m, raw.p + 1, raw.n - 2);
    } else if (is_null(m)) {
        set_value(all, m, raw, string && is_text(name));
    }
}

static void take_detail(struct cc *c, int object, int64_t place)
{
    struct sl_str type = sl_json_raw(c->j, sl_json_member(c->j, object, "type"));
    char name[sizeof(((struct detail *)0)->type)];
    int64_t index = place;

    sl_copy_n(name, sizeof(name), type.p ? type.p : "", type.n);
    (void)sl_json_int(c->j, sl_json_member(c->j, object, "index"), &index);
    struct detail *d = find_detail(c->s->details, index, name);
    for (int k = d ? sl_json_first(c->j, object) : -1; k >= 0; k = sl_json_next(c->j, object, k))
        take_member(c, d, k);
}

void cc_read_details(struct cc *c, int list)
{
    int64_t place = 0;

    if (sl_json_type(c->j, list) != SL_JSON_ARRAY || !sl_json_size(c->j, list))
        return;
    if (!c->s->details)
        c->s->details = sl_calloc(1, sizeof(*c->s->details));
    for (int v = sl_json_first(c->j, list); v >= 0; v = sl_json_next(c->j, list, v), place++)
        if (sl_json_type(c->j, v) == SL_JSON_OBJECT)
            take_detail(c, v, place);
}

/* ---- the end ---- */

static bool write_detail(struct sl_buf *out, const struct detail *d)
{
    bool ok = sl_buf_add_char(out, '{');

    for (unsigned i = 0; i < d->members && ok; i++) {
        const struct member *m = &d->member[i];
        ok = (!i || sl_buf_add_char(out, ',')) && sl_buf_add(out, m->json.p, m->json.n) &&
             (!m->open || sl_buf_add_char(out, '"'));
    }
    return ok && sl_buf_add_char(out, '}');
}

static bool write_details(struct sl_buf *out, const struct cc_details *all)
{
    bool ok = sl_buf_add_char(out, '[');

    for (const struct detail *d = all->first; d && ok; d = d->next)
        ok = (d == all->first || sl_buf_add_char(out, ',')) && write_detail(out, d);
    return ok && sl_buf_add_char(out, ']');
}

/* Encrypted reasoning comes without a text: its part begins here. */
static void begin_part(struct cc *c)
{
    Sluice__V1__ReasoningDelta delta = SLUICE__V1__REASONING_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    if (c->s->reasoning_part)
        return;
    delta.part = cc_part(c, &c->s->reasoning_part);
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_REASONING_DELTA;
    event.reasoning_delta = &delta;
    cc_emit(c, &event);
}

static void emit_state(struct cc *c, struct sl_buf *json)
{
    Sluice__V1__ProviderState state = SLUICE__V1__PROVIDER_STATE__INIT;
    Sluice__V1__PartDone done = SLUICE__V1__PART_DONE__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    begin_part(c);
    state.provider = (char *)(uintptr_t)c->d->kind;
    state.data = (ProtobufCBinaryData){json->n, (uint8_t *)json->p};
    done.part = c->s->reasoning_part - 1;
    done.provider_state = &state;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_PART_DONE;
    event.part_done = &done;
    cc_emit(c, &event);
}

void cc_close_details(struct cc *c)
{
    struct cc_details *all = c->s->details;
    struct sl_buf json;

    if (!all || !all->first)
        return;
    if (all->lost) {
        sl_warn(c->a->warnings, "PROVIDER_STATE_DROPPED", "",
                "%s sent more reasoning details than are kept", c->d->title);
        return;
    }
    sl_buf_init(&json, MAX_DETAILS_BYTES + MAX_DETAILS * (MAX_MEMBERS + 4) * 2);
    if (write_details(&json, all)) {
        cc_repair(c, json.p, json.n);
        emit_state(c, &json);
    }
    sl_buf_fini(&json);
}
