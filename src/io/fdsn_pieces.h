/** @file fdsn_pieces.h  The folder of answers: what is in it need not be asked for again. */
#ifndef ETAS_IO_FDSN_PIECES_H
#define ETAS_IO_FDSN_PIECES_H

#include "io/fdsn_walk.h"

/** Starts as {0}; etas_fdsn_pieces_close is idempotent and leaves the files. */
typedef struct etas_fdsn_pieces {
    char *folder;
    int lock; /**< of the file "query"; 0: none */
    etas_fdsn_format format;
} etas_fdsn_pieces;

/** Opens OUTPUT.pieces, or makes it, and keeps others out. Sets query->end to the one that pieces
 * are for when cfg->end_is_now. E_EXISTS for another query's, or another process's. */
ETAS_NODISCARD etas_status etas_fdsn_pieces_open(etas_fdsn_pieces *self, etas_fdsn_query *query,
                                                 const etas_fdsn_fetch_config *cfg,
                                                 etas_error *err);

/** Whether the page's answer is there; then *body (starts as {0}) is its text. */
ETAS_NODISCARD etas_status etas_fdsn_pieces_find(const etas_fdsn_pieces *self,
                                                 const etas_fdsn_page *page, bool *found,
                                                 etas_fdsn_answer *answer, etas_text *body,
                                                 etas_error *err);
/** Body is empty but for ETAS_FDSN_EVENTS. */
ETAS_NODISCARD etas_status etas_fdsn_pieces_keep(const etas_fdsn_pieces *self,
                                                 const etas_fdsn_page *page,
                                                 etas_fdsn_answer answer, const etas_text *body,
                                                 etas_error *err);
/** Removes everything and closes. */
ETAS_NODISCARD etas_status etas_fdsn_pieces_remove(etas_fdsn_pieces *self, etas_error *err);
void etas_fdsn_pieces_close(etas_fdsn_pieces *self);

#endif
