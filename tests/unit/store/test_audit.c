/* The audit log: complete, without secrets, and every change of it shows. */
#include "unit/store/scene.h"

#include <stdio.h>
#include <string.h>

#include "store/audit.h"

static const struct sl_store_session auditor = {.auditor = true};

struct reading {
    struct scene *s;
    char *text; /* "seq action table name actor peer before after\n" */
};

static enum sl_code on_entry(void *owner, const struct sl_audit_entry *e, struct sl_err *err)
{
    struct reading *r = owner;
    (void)err;
    r->text = sl_arena_printf(&r->s->arena, "%s%d %s %s %s %s %s\n", r->text, (int)e->seq,
                              e->action, e->table, e->row_name, e->actor, e->peer);
    return SL_OK;
}

static enum sl_code on_images(void *owner, const struct sl_audit_entry *e, struct sl_err *err)
{
    struct reading *r = owner;
    (void)err;
    r->text = sl_arena_printf(&r->s->arena, "%s%s>%s\n", r->text, e->before, e->after);
    return SL_OK;
}

static const char *read_log(struct scene *s, struct sl_audit_query query, sl_on_audit *on)
{
    struct reading r = {s, sl_arena_strdup(&s->arena, "")};
    struct sl_tx *tx = scene_begin(s, &auditor, false);
    EXPECT_OK(sl_tx_audit(tx, &query, on, &r, &s->err));
    scene_commit(tx);
    return r.text;
}

static struct sl_audit_report verify(struct scene *s)
{
    struct sl_audit_report report = {.entries = -1};
    struct sl_tx *tx = scene_begin(s, &auditor, false);
    EXPECT_OK(sl_tx_audit_verify(tx, &report, &s->err));
    scene_commit(tx);
    return report;
}

static void write_some(struct scene *s)
{
    const char *id = scene_add(s, SL_TABLE_TIERS, NULL, "free");
    struct sl_tx *tx = scene_admin(s);
    struct sl_row *row = scene_get(s, tx, SL_TABLE_TIERS, id);
    sl_row_set_int(row, SL_TIERS_RANK, 3);
    EXPECT_OK(sl_tx_update(tx, row, 0, &s->err));
    scene_commit(tx);
    tx = scene_admin(s);
    EXPECT_OK(sl_tx_delete(tx, (struct sl_row_key){SL_TABLE_TIERS, id}, 0, &s->err));
    scene_commit(tx);
    scene_add(s, SL_TABLE_MODELS, "u1", "mine");
}

static void says_who_did_what(void **state)
{
    struct scene *s = *state;
    write_some(s);
    assert_string_equal(read_log(s, (struct sl_audit_query){.limit = 0}, on_entry),
                        "4 insert models mine u1 \n"
                        "3 delete tiers free root ipv4:192.0.2.1\n"
                        "2 update tiers free root ipv4:192.0.2.1\n"
                        "1 insert tiers free root ipv4:192.0.2.1\n");
    assert_string_equal(
        read_log(s, (struct sl_audit_query){.actor = "root", .action = "update"}, on_entry),
        "2 update tiers free root ipv4:192.0.2.1\n");
    assert_string_equal(
        read_log(s, (struct sl_audit_query){.table = "tiers", .before_seq = 3, .limit = 1},
                 on_entry),
        "2 update tiers free root ipv4:192.0.2.1\n");
    assert_string_equal(read_log(s, (struct sl_audit_query){.to_ms = 1000}, on_entry), "");
    const char *images = read_log(s, (struct sl_audit_query){.action = "update"}, on_images);
    assert_non_null(strstr(images, "\"rank\":0"));
    assert_non_null(strstr(images, "\"rank\":3"));
    assert_null(strstr(images, "rights")); /* what did not change is not repeated */
}

static void masks_secrets(void **state)
{
    struct scene *s = *state;
    struct sl_row *row = scene_row(s, SL_TABLE_CREDENTIALS, NULL, "c");
    struct sl_tx *tx = scene_admin(s);
    sl_row_set_bytes(row, SL_CREDENTIALS_SECRET, "planted", 7);
    EXPECT_OK(sl_tx_insert(tx, row, &s->err));
    scene_commit(tx);
    const char *images = read_log(s, (struct sl_audit_query){.limit = 0}, on_images);
    assert_null(strstr(images, "planted"));
    assert_null(strstr(images, "706c616e746564"));
    assert_non_null(strstr(images, "\"secret\":\"***\""));
}

static void is_for_auditors(void **state)
{
    struct scene *s = *state;
    struct sl_audit_query query = {.limit = 1};
    struct reading r = {s, sl_arena_strdup(&s->arena, "")};
    struct sl_audit_report report;
    write_some(s);
    struct sl_tx *tx = scene_reads(s, "u1");
    EXPECT_ERROR(sl_tx_audit(tx, &query, on_entry, &r, &s->err), SL_PERMISSION_DENIED,
                 SL_REASON_NOT_PERMITTED);
    EXPECT_ERROR(sl_tx_audit_verify(tx, &report, &s->err), SL_PERMISSION_DENIED,
                 SL_REASON_NOT_PERMITTED);
    sl_tx_rollback(tx);
}

static void holds(void **state)
{
    struct scene *s = *state;
    assert_int_equal(verify(s).entries, 0);
    write_some(s);
    scene_reopen(s);
    scene_add(s, SL_TABLE_TIERS, NULL, "pro");
    struct sl_audit_report report = verify(s);
    assert_int_equal(report.broken_seq, 0);
    assert_int_equal(report.entries, 5);
}

/* Who may do anything in the database still cannot hide it. */
static void shows_every_change(void **state)
{
    static const struct {
        const char *sql;
        int broken;
    } rows[] = {
        {"UPDATE audit_log SET actor = 'nobody' WHERE seq = 2", 2},
        {"UPDATE audit_log SET after_image = '{}' WHERE seq = 1", 1},
        {"DELETE FROM audit_log WHERE seq = 2", 2},
        {"DELETE FROM audit_log WHERE seq = 4", 4},
        {"DELETE FROM audit_log", 1},
        {"UPDATE audit_log SET seq = 9 WHERE seq = 3", 3},
        {"UPDATE registry_revision SET audit_seq = 3", 4},
        {"UPDATE registry_revision SET audit_hash = (SELECT hash FROM audit_log WHERE seq = 1)", 4},
    };
    struct scene *s = *state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        write_some(s);
        scene_sql(s, scene_is_postgres() ? "ALTER TABLE audit_log DISABLE TRIGGER ALL"
                                         : "DROP TRIGGER audit_log_no_update; "
                                           "DROP TRIGGER audit_log_no_delete;");
        scene_sql(s, rows[i].sql);
        struct sl_audit_report report = verify(s);
        if (report.broken_seq != rows[i].broken)
            fail_msg("%s: entry %d", rows[i].sql, (int)report.broken_seq);
        assert_true(*report.why);
        scene_tear_down(state);
        scene_set_up(state);
        s = *state;
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(says_who_did_what),  SCENE_TEST(masks_secrets),
        SCENE_TEST(is_for_auditors),    SCENE_TEST(holds),
        SCENE_TEST(shows_every_change),
    };
    return SCENE_MAIN(tests, argc, argv);
}
