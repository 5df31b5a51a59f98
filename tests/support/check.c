#include "support/check.h"

#include <math.h>

void check_rel_at(double got, double want, double tol, const char *expr, const char *file, int line)
{
    const double err = fabs(got - want) / fmax(fabs(want), 0x1p-1022);

    if (!(err <= tol)) {
        print_error("%s = %.17g, want %.17g (relative error %.3g > %.3g)\n", expr, got, want, err,
                    tol);
        _fail(file, line);
    }
}

void check_abs_at(double got, double want, double tol, const char *expr, const char *file, int line)
{
    const double err = fabs(got - want);

    if (!(err <= tol)) {
        print_error("%s = %.17g, want %.17g (error %.3g > %.3g)\n", expr, got, want, err, tol);
        _fail(file, line);
    }
}

void check_ok_at(etas_status st, const etas_error *err, const char *expr, const char *file,
                 int line)
{
    char text[1024] = "";

    if (st == ETAS_OK)
        return;
    if (err != NULL)
        etas_error_format(err, sizeof text, text);
    print_error("%s: %s: %s\n", expr, etas_strerror(st), text);
    _fail(file, line);
}
