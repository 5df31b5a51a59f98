/** @file page.h  Pieces of the page: HTML text, escaped where it comes from elsewhere. */
#ifndef ETAS_REPORT_PAGE_H
#define ETAS_REPORT_PAGE_H

#include "etas/report.h"
#include "report/forecast_data.h"
#include "report/words.h"

extern const size_t etas_page_css_len, etas_page_js_len;
extern const unsigned char etas_page_css[], etas_page_js[];

/** A page being written. What fails (memory) is remembered. */
typedef struct etas_page {
    etas_text *out;
    bool failed;
} etas_page;

/** Our own markup. */
void etas_page_put(etas_page *self, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** Anybody's text, escaped; NULL is nothing. */
void etas_page_text(etas_page *self, const char *text);
/** Starts a section with its heading. */
void etas_page_section(etas_page *self, const char *id, const char *title);
void etas_page_section_end(etas_page *self);
/** A table that scrolls by itself where it is too wide, up to its body. @p head: "Host|Tasks|...",
 * a title that starts with '<' stands left. */
void etas_page_table(etas_page *self, const char *caption, const char *head);
void etas_page_table_end(etas_page *self);
/** The drawing with its words, and its numbers to be saved as NAME.csv. */
void etas_page_figure(etas_page *self, const etas_figure *figure);
/** A link that saves @p csv as NAME.csv. */
void etas_page_csv(etas_page *self, const char *name, const etas_text *csv);

/* The parts of a report, in its order. */
void etas_page_words(etas_page *p, const etas_report_page *in);
void etas_page_probabilities(etas_page *p, const etas_report_page *in);
void etas_page_parameters(etas_page *p, const etas_report_page *in);
void etas_page_fit(etas_page *p, const etas_report_page *in);
void etas_page_tests(etas_page *p, const etas_report_page *in);
void etas_page_run(etas_page *p, const etas_report_page *in);
void etas_page_provenance(etas_page *p, const etas_report_page *in);

#endif
