/** @file stored_frame.h  Frames as a store gives them back. */
#ifndef ETAS_SRC_RUNNER_STORED_FRAME_H
#define ETAS_SRC_RUNNER_STORED_FRAME_H

#include "etas/store.h"
#include "work/payload.h"

/** Decodes a frame of @p run. E_CORRUPT when it is damaged or another one's, which the message says
 * of @p one ("catalogue") and its number. */
ETAS_NODISCARD etas_status etas_stored_frame_decode(etas_payload *out, const etas_store_run *run,
                                                    const etas_store_frame *frame, const char *one,
                                                    etas_error *err);

#endif
