/* The loop: letters arrive in order and once, hooks follow whatever ran, stop delivers what was
 * posted. Run it under TSan, too. */
#include "base/loop.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cm.h"

static int set_up(void **state)
{
    struct sl_err err = {0};
    struct sl_loop *loop = sl_loop_create("test-loop", &err);
    if (!loop || sl_loop_start(loop, &err) != SL_OK)
        return 1;
    *state = loop;
    return 0;
}

static int tear_down(void **state)
{
    sl_loop_stop(*state);
    sl_loop_destroy(*state);
    return 0;
}

static void no_op(void *arg)
{
    (void)arg;
}

struct seen {
    bool current;
    char name[16];
    sigset_t mask;
};

static void look(void *arg)
{
    struct seen *seen = arg;
    pthread_getname_np(pthread_self(), seen->name, sizeof(seen->name));
    pthread_sigmask(SIG_BLOCK, NULL, &seen->mask);
}

static void the_thread_has_a_name_and_no_signals(void **state)
{
    struct seen seen = {0};
    sl_loop_call(*state, look, &seen);
    assert_string_equal(seen.name, "test-loop");
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGUSR1, SIGCHLD};
    for (size_t i = 0; i < SL_ARRAY_LEN(signals); i++)
        assert_true(sigismember(&seen.mask, signals[i]));
    sigset_t own;
    pthread_sigmask(SIG_BLOCK, NULL, &own);
    assert_false(sigismember(&own, SIGTERM));
    assert_false(sl_loop_is_current(*state));
}

/* ---- letters ---- */

enum { SENDERS = 4, LETTERS = 5000 };

struct letter {
    struct sl_mail mail;
    struct sender *sender;
    int number;
};

struct sender {
    struct sl_loop *loop;
    int expected;           /* loop's thread */
    int *total;             /* loop's thread */
    atomic_int out_of_turn; /* letters that came in another order */
    struct letter letters[LETTERS];
};

static void on_letter(struct sl_mail *mail)
{
    struct letter *l = SL_CONTAINER_OF(mail, struct letter, mail);
    if (l->number != l->sender->expected++ || !sl_loop_is_current(l->sender->loop))
        atomic_fetch_add(&l->sender->out_of_turn, 1);
    ++*l->sender->total;
}

static void *send_letters(void *arg)
{
    struct sender *s = arg;
    for (int i = 0; i < LETTERS; i++) {
        s->letters[i] = (struct letter){.mail = {.deliver = on_letter}, .sender = s, .number = i};
        sl_loop_post(s->loop, &s->letters[i].mail);
    }
    return NULL;
}

/* Without waiting for delivery: stop must deliver what was posted before it. */
static void letters_arrive_once_and_in_order(void **state)
{
    static struct sender senders[SENDERS];
    int total = 0;
    pthread_t threads[SENDERS];
    for (int i = 0; i < SENDERS; i++) {
        senders[i].loop = *state;
        senders[i].total = &total;
        assert_int_equal(pthread_create(&threads[i], NULL, send_letters, &senders[i]), 0);
    }
    for (int i = 0; i < SENDERS; i++)
        pthread_join(threads[i], NULL);
    sl_loop_stop(*state);
    assert_int_equal(total, SENDERS * LETTERS);
    for (int i = 0; i < SENDERS; i++)
        assert_int_equal(senders[i].out_of_turn, 0);
}

struct chain {
    struct sl_mail mail;
    struct sl_loop *loop;
    int left;
    sem_t done;
};

static void on_chain(struct sl_mail *mail)
{
    struct chain *c = SL_CONTAINER_OF(mail, struct chain, mail);
    if (--c->left > 0)
        sl_loop_post(c->loop, mail);
    else
        sem_post(&c->done);
}

static void a_delivered_letter_may_be_posted_again(void **state)
{
    struct chain c = {.mail = {.deliver = on_chain}, .loop = *state, .left = 1000};
    sem_init(&c.done, 0, 0);
    sl_loop_post(*state, &c.mail);
    sem_wait(&c.done);
    assert_int_equal(c.left, 0);
    sem_destroy(&c.done);
}

/* A letter that makes another thread destroy the loop, while its sender may still be inside post.
 */
struct last_letter {
    struct sl_mail mail;
    struct sl_loop *loop;
    sem_t delivered;
};

static void on_last(struct sl_mail *mail)
{
    sem_post(&SL_CONTAINER_OF(mail, struct last_letter, mail)->delivered);
}

static void *send_last(void *arg)
{
    struct last_letter *l = arg;
    sl_loop_post(l->loop, &l->mail);
    return NULL;
}

static void a_loop_may_go_once_its_letters_are_delivered(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        struct sl_err err = {0};
        struct sl_loop *loop = sl_loop_create("short", &err);
        assert_non_null(loop);
        assert_int_equal(sl_loop_start(loop, &err), SL_OK);
        struct last_letter l = {.mail = {.deliver = on_last}, .loop = loop};
        sem_init(&l.delivered, 0, 0);
        pthread_t sender;
        assert_int_equal(pthread_create(&sender, NULL, send_last, &l), 0);
        sem_wait(&l.delivered);
        sl_loop_stop(loop);
        sl_loop_destroy(loop);
        pthread_join(sender, NULL);
        sem_destroy(&l.delivered);
    }
}

/* ---- hooks ---- */

struct hook {
    struct sl_turn turn;
    struct sl_loop *loop;
    char name, *order; /* appends its name */
    int turns;
    struct hook *removes; /* in its next turn */
    sem_t ran;
};

static void on_turn(struct sl_turn *turn)
{
    struct hook *h = SL_CONTAINER_OF(turn, struct hook, turn);
    h->turns++;
    if (h->order && strlen(h->order) < 30)
        h->order[strlen(h->order)] = h->name;
    if (h->removes) {
        sl_loop_remove_turn(h->loop, &h->removes->turn);
        h->removes = NULL;
    }
    sem_post(&h->ran);
}

static void hook_init(struct hook *h, struct sl_loop *loop, char name, char *order)
{
    *h = (struct hook){.turn = {.on_turn = on_turn}, .loop = loop, .name = name, .order = order};
    sem_init(&h->ran, 0, 0);
}

static void add_hook(void *arg)
{
    struct hook *h = arg;
    sl_loop_add_turn(h->loop, &h->turn);
}

static void remove_hook(void *arg)
{
    struct hook *h = arg;
    sl_loop_remove_turn(h->loop, &h->turn);
    sl_loop_remove_turn(h->loop, &h->turn);
}

/* Added before the loop starts, so that no turn comes between. */
static void hooks_run_in_order_and_may_remove_each_other(void **state)
{
    (void)state;
    struct sl_err err = {0};
    struct sl_loop *loop = sl_loop_create("hooks", &err);
    assert_non_null(loop);
    char order[32] = "";
    struct hook hooks[4];
    for (int i = 0; i < 4; i++) {
        hook_init(&hooks[i], loop, (char)('a' + i), order);
        add_hook(&hooks[i]);
    }
    hooks[0].removes = &hooks[1]; /* the next */
    hooks[2].removes = &hooks[2]; /* itself */
    hooks[3].removes = &hooks[0]; /* one before */
    assert_int_equal(sl_loop_start(loop, &err), SL_OK);
    sem_wait(&hooks[3].ran);
    sl_loop_call(loop, no_op, NULL);
    sem_wait(&hooks[3].ran);
    sl_loop_stop(loop);
    sl_loop_destroy(loop);
    assert_true(strncmp(order, "acdd", 4) == 0);
    assert_int_equal(hooks[1].turns, 0);
    assert_int_equal(hooks[0].turns, 1);
    assert_int_equal(hooks[2].turns, 1);
}

static void a_letter_is_followed_by_a_turn(void **state)
{
    struct hook h;
    hook_init(&h, *state, 'x', NULL);
    sl_loop_call(*state, add_hook, &h);
    sem_wait(&h.ran);
    for (int i = 0; i < 100; i++) {
        sl_loop_call(*state, no_op, NULL);
        sem_wait(&h.ran);
    }
    sl_loop_call(*state, remove_hook, &h);
    int turns = h.turns;
    sl_loop_call(*state, no_op, NULL);
    sl_loop_call(*state, no_op, NULL);
    assert_int_equal(h.turns, turns);
}

/* A timer's callback leaves work for the hook, as curl's does: the hook must run before the loop
 * sleeps again. */
struct timed {
    struct hook hook;
    uv_timer_t timer;
    bool fired;
    atomic_bool turn_after; /* a turn ran once the timer had fired */
    sem_t done;
};

static void on_timed_turn(struct sl_turn *turn)
{
    struct timed *t = SL_CONTAINER_OF(turn, struct timed, hook.turn);
    if (t->fired && !atomic_exchange(&t->turn_after, true))
        sem_post(&t->done);
}

static void on_timer(uv_timer_t *timer)
{
    ((struct timed *)timer->data)->fired = true;
}

static void start_timed(void *arg)
{
    struct timed *t = arg;
    t->hook.turn.on_turn = on_timed_turn;
    sl_loop_add_turn(t->hook.loop, &t->hook.turn);
    uv_timer_init(sl_loop_uv(t->hook.loop), &t->timer);
    t->timer.data = t;
    uv_timer_start(&t->timer, on_timer, 20, 0);
}

static void on_closed(uv_handle_t *handle)
{
    sem_post(&((struct timed *)handle->data)->done);
}

static void close_timed(void *arg)
{
    struct timed *t = arg;
    sl_loop_remove_turn(t->hook.loop, &t->hook.turn);
    uv_close((uv_handle_t *)&t->timer, on_closed);
}

static void a_timer_is_followed_by_a_turn(void **state)
{
    struct timed t = {.hook.loop = *state};
    sem_init(&t.done, 0, 0);
    sl_loop_call(*state, start_timed, &t);
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += 10;
    assert_int_equal(sem_timedwait(&t.done, &deadline), 0);
    sl_loop_call(*state, close_timed, &t);
    sem_wait(&t.done);
}

/* A close callback's work, too. */
static void on_closed_work(uv_handle_t *handle)
{
    ((struct timed *)handle->data)->fired = true;
}

static void close_with_work(void *arg)
{
    uv_close((uv_handle_t *)&((struct timed *)arg)->timer, on_closed_work);
}

static void a_close_callback_is_followed_by_a_turn(void **state)
{
    struct timed t = {.hook.loop = *state};
    sem_init(&t.done, 0, 0);
    sl_loop_call(*state, start_timed, &t);
    sem_wait(&t.done);
    t.fired = false;
    atomic_store(&t.turn_after, false);
    sl_loop_call(*state, close_with_work, &t);
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += 10;
    assert_int_equal(sem_timedwait(&t.done, &deadline), 0);
    sl_loop_call(*state, remove_hook, &t.hook);
}

/* ---- the rest ---- */

struct times {
    struct sl_loop *loop;
    int64_t first, again, real;
};

static void read_times(void *arg)
{
    struct times *t = arg;
    t->first = sl_loop_now_us(t->loop);
    t->real = sl_now_us();
    t->again = sl_loop_now_us(t->loop);
}

static void time_stands_still_within_a_turn(void **state)
{
    struct times before = {.loop = *state}, after = {.loop = *state};
    int64_t start = sl_now_us();
    sl_loop_call(*state, read_times, &before);
    sl_loop_call(*state, read_times, &after);
    assert_int_equal(before.first, before.again);
    assert_true(before.first >= start && before.first <= before.real);
    assert_true(after.first >= before.first && after.first <= after.real);
    struct sl_err err = {0};
    struct sl_loop *idle = sl_loop_create("idle", &err);
    int64_t now = sl_now_us();
    assert_true(sl_loop_now_us(idle) >= now);
    sl_loop_destroy(idle);
    sl_loop_destroy(NULL);
}

static void gather_a_line(void *arg)
{
    (void)arg;
    sl_log_gather(SL_LOG_INFO, "from the loop", NULL, 0);
}

static void gathered_log_lines_leave_at_the_end_of_the_turn(void **state)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    sl_log_set_fd(ends[1]);
    sl_loop_call(*state, gather_a_line, NULL);
    char line[256] = "";
    ssize_t n = read(ends[0], line, sizeof(line) - 1); /* waits for it */
    sl_log_set_fd(2);
    assert_true(n > 0);
    assert_non_null(strstr(line, "from the loop"));
    close(ends[0]);
    close(ends[1]);
}

#define WITH_LOOP(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOOP(the_thread_has_a_name_and_no_signals),
        WITH_LOOP(letters_arrive_once_and_in_order),
        WITH_LOOP(a_delivered_letter_may_be_posted_again),
        cmocka_unit_test(a_loop_may_go_once_its_letters_are_delivered),
        cmocka_unit_test(hooks_run_in_order_and_may_remove_each_other),
        WITH_LOOP(a_letter_is_followed_by_a_turn),
        WITH_LOOP(a_timer_is_followed_by_a_turn),
        WITH_LOOP(a_close_callback_is_followed_by_a_turn),
        WITH_LOOP(time_stands_still_within_a_turn),
        WITH_LOOP(gathered_log_lines_leave_at_the_end_of_the_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
