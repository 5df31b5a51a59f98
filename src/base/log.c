#include "etas/log.h"

#include <stdarg.h>
#include <stddef.h>

#include "etas/text.h"

void etas_log_write(const etas_log *log, etas_log_level level, const char *fmt, ...)
{
    char line[1024];
    va_list ap;

    if (log == NULL || log->emit == NULL || level > log->max_level)
        return;
    va_start(ap, fmt);
    etas_vformat(sizeof line, line, fmt, ap);
    va_end(ap);
    log->emit(log->context, level, line);
}
