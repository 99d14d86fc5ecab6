/* `sluiced rotate-keys`: seals what is stored anew under the current key, while replicas serve. */
#ifndef SL_ROTATE_KEYS_H
#define SL_ROTATE_KEYS_H

/* Arguments behind the name; the exit code. Blocks SIGINT and SIGTERM, which end it between two
 * batches. */
int sl_rotate_keys(int argc, char **argv, char **envp);

#endif
