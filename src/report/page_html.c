/* HTML text. */
#include <stdarg.h>
#include <string.h>

#include "report/page.h"
#include "report/svg.h"

void etas_page_put(etas_page *self, const char *fmt, ...)
{
    char few[1024];
    va_list ap;

    va_start(ap, fmt);
    (void)etas_vformat(sizeof few, few, fmt, ap);
    va_end(ap);
    if (etas_text_append(self->out, strlen(few), few) != ETAS_OK)
        self->failed = true;
}

void etas_page_text(etas_page *self, const char *text)
{
    if (text != NULL && etas_xml_escape(self->out, text) != ETAS_OK)
        self->failed = true;
}

void etas_page_section(etas_page *self, const char *id, const char *title)
{
    etas_page_put(self, "<section id=\"%s\" aria-labelledby=\"%s-title\">\n", id, id);
    etas_page_put(self, "<h2 id=\"%s-title\">%s</h2>\n", id, title);
}

void etas_page_section_end(etas_page *self)
{
    etas_page_put(self, "</section>\n");
}

void etas_page_table(etas_page *self, const char *caption, const char *head)
{
    etas_page_put(self, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"");
    etas_page_text(self, caption);
    etas_page_put(self, "\"><table><caption>");
    etas_page_text(self, caption);
    etas_page_put(self, "</caption>\n<thead><tr>");
    while (*head != '\0') {
        const size_t len = strcspn(head, "|");
        const bool left = *head == '<';

        etas_page_put(self, "<th scope=\"col\"%s>%.*s</th>", left ? " class=\"text\"" : "",
                      (int)(len - left), head + left);
        head += len + (head[len] == '|');
    }
    etas_page_put(self, "</tr></thead>\n<tbody>\n");
}

void etas_page_table_end(etas_page *self)
{
    etas_page_put(self, "</tbody></table></div>\n");
}

void etas_page_csv(etas_page *self, const char *name, const etas_text *csv)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789,._-+";
    const char *at = csv->data != NULL ? csv->data : "";

    etas_page_put(self,
                  "<p class=\"download\"><a download=\"%s.csv\" "
                  "href=\"data:text/csv;charset=utf-8,",
                  name);
    while (*at != '\0') {
        const size_t len = strspn(at, plain);

        if (len > 0 && etas_text_append(self->out, len, at) != ETAS_OK)
            self->failed = true;
        at += len;
        if (*at != '\0')
            etas_page_put(self, "%%%02X", (unsigned)(unsigned char)*at++);
    }
    etas_page_put(self, "\">The numbers as CSV<span class=\"quiet\"> (%s.csv)</span></a></p>\n",
                  name);
}

void etas_page_figure(etas_page *self, const etas_figure *figure)
{
    etas_page_put(self, "<figure>\n<h3>");
    etas_page_text(self, figure->title);
    etas_page_put(self, "</h3>\n");
    if (figure->svg.len > 0 &&
        etas_text_append(self->out, figure->svg.len, figure->svg.data) != ETAS_OK)
        self->failed = true;
    etas_page_put(self, "<figcaption><p>");
    etas_page_text(self, figure->text);
    etas_page_put(self, "</p>\n");
    etas_page_csv(self, figure->name, &figure->csv);
    etas_page_put(self, "</figcaption>\n</figure>\n");
}
