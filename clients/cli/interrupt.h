/* Ctrl-C, SIGTERM and SIGHUP. A thread of its own takes them, so that what they start (cancelling a call, waking a
 * prompt) is not bound by what a signal handler may do. Without a guard they end the process as they always do. */
#ifndef SLUICE_CLI_INTERRUPT_H
#define SLUICE_CLI_INTERRUPT_H

/* Turns the first signal into a call of on_signal (may be NULL: it is only remembered), on the signal thread and under
 * the lock of interrupt_pop: short, and no use of this module. A second signal ends the process. The innermost guard
 * gets it; SIGTERM and SIGHUP are remembered in all of them. */
struct interrupt_guard {
    void (*on_signal)(void *ctx);
    void *ctx;
    int signal; /* the one seen, 0 if none; read it after interrupt_pop, or by interrupt_seen */
    struct interrupt_guard *outer;
};

/* Once, on the main thread, before any other thread starts. */
void interrupt_start(void);
void interrupt_push(struct interrupt_guard *guard);
/* Innermost first. Afterwards on_signal does not run any more. */
void interrupt_pop(struct interrupt_guard *guard);
int interrupt_seen(const struct interrupt_guard *guard);
/* Ends the process by the signal, so that a shell sees it. */
void interrupt_die(int signal);

#endif
