/** @file golden.h  Folders of small input files, each with the text that reading it must give. */
#ifndef ETAS_TESTS_GOLDEN_H
#define ETAS_TESTS_GOLDEN_H

#include "etas/text.h"

/**
 * For every file NAME in tests/data/io/@p folder beside which lies NAME.expected: changes into the
 * folder, calls show(NAME, out), and fails when the text is another one. A file without its
 * .expected fails too, and so does a folder with fewer than @p at_least files.
 */
void golden_check(const char *folder, size_t at_least,
                  void (*show)(const char *path, etas_text *out));

/** Changes into tests/data/io/@p folder. */
void golden_enter(const char *folder);
/** printf into @p out. */
void golden_print(etas_text *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** The error as a user sees it, and its code. */
void golden_error(etas_text *out, const etas_error *err);

#endif
