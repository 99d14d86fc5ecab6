/* What MiniMax's two chat-completions APIs share. */
#ifndef SL_ADAPTERS_MINIMAX_H
#define SL_ADAPTERS_MINIMAX_H

#include "adapters/chat_completions/chat_completions.h"

/* Meanings of base_resp.status_code ("Error Code"). */
extern const struct sl_cc_word sl_minimax_words[];

#endif
