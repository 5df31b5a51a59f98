#include <math.h>
#include <string.h>

#include "etas/time.h"
#include "report/scale.h"
#include "support/check.h"

static const etas_letters HOW = {.size = 13};

static double uniform(uint64_t *x)
{
    *x = *x * 6364136223846793005u + 1442695040888963407u;
    return (double)(*x >> 11) * 0x1p-53;
}

/* Ascending, inside, texts differ and keep apart; how many have a text. */
static size_t check_ticks(const etas_ticks *t, const etas_scale *s, bool beside)
{
    const etas_tick *last = NULL;
    size_t n = 0;

    for (size_t i = 0; i < t->n; i++) {
        const etas_tick *const now = &t->tick[i];
        const double at = etas_scale_place(s, now->value);

        assert_true(at >= fmin(s->from, s->to) - 0.01 && at <= fmax(s->from, s->to) + 0.01);
        assert_true(i == 0 || now->value > t->tick[i - 1].value);
        if (now->text[0] == '\0')
            continue;
        n++;
        if (last != NULL) {
            const double gap = fabs(at - etas_scale_place(s, last->value));
            const double need =
                beside ? (etas_text_width(&HOW, now->text) + etas_text_width(&HOW, last->text)) / 2
                       : HOW.size;

            assert_string_not_equal(now->text, last->text);
            assert_true(gap > need);
        }
        last = now;
    }
    return n;
}

/* The number that a text shows. */
static double read_text(const char *text)
{
    char plain[64];
    size_t n = 0;
    double value, exponent = 0;
    const char *const power = strstr(text, "10^{");
    const char *const end = power != NULL ? power : text + strlen(text);

    for (const char *p = text; p < end; p++)
        if (strncmp(p, "\xe2\x88\x92", 3) == 0) {
            plain[n++] = '-';
            p += 2;
        } else if (strncmp(p, "\xc3\x97", 2) == 0) {
            p++;
        } else if (*p != ',') {
            plain[n++] = *p;
        }
    if (n == 0)
        plain[n++] = '1';
    assert_true(etas_parse_double(plain, n, &value));
    if (power != NULL) {
        const bool negative = strncmp(power + 4, "\xe2\x88\x92", 3) == 0;
        const char *const digits = power + 4 + (negative ? 3 : 0);

        assert_true(etas_parse_double(digits, strcspn(digits, "}"), &exponent));
        exponent = negative ? -exponent : exponent;
    }
    return value * pow(10, exponent);
}

static void linear_ticks_keep_apart_and_say_what_they_are(void **state)
{
    uint64_t x = 5;

    (void)state;
    for (int k = 0; k < 3000; k++) {
        const double width = pow(10, 16 * uniform(&x) - 7), low = (uniform(&x) - 0.5) * 20 * width;
        const bool beside = k % 2 == 0;
        const etas_scale s = {
            ETAS_SCALE_LINEAR, {low, low + width}, 50, 50 + 240 + 250 * uniform(&x)};
        etas_ticks t;

        etas_ticks_make(&t, &s, &HOW, beside);
        if (check_ticks(&t, &s, beside) < (beside ? 1 : 2)) /* long texts: one may be all */
            fail_msg("%g to %g on %g: %zu ticks", low, low + width, s.to - s.from, t.n);
        for (size_t i = 0; i < t.n; i++)
            if (t.tick[i].text[0] != '\0')
                check_abs(read_text(t.tick[i].text), t.tick[i].value, 1e-9 * 11 * width);
    }
}

static void logarithmic_ticks_keep_apart_and_say_what_they_are(void **state)
{
    uint64_t x = 6;

    (void)state;
    for (int k = 0; k < 3000; k++) {
        const double decades = 0.2 + 20 * uniform(&x) * uniform(&x);
        const double low = pow(10, 12 * uniform(&x) - 8);
        const bool beside = k % 2 == 0;
        const etas_scale s = {
            ETAS_SCALE_LOG, {low, low * pow(10, decades)}, 300, 300 - 200 * uniform(&x) - 80};
        etas_ticks t;

        etas_ticks_make(&t, &s, &HOW, beside);
        if (check_ticks(&t, &s, beside) < 1)
            fail_msg("%g, %g decades on %g: %zu ticks", low, decades, s.from - s.to, t.n);
        for (size_t i = 0; i < t.n; i++)
            if (t.tick[i].text[0] != '\0')
                check_rel(read_text(t.tick[i].text), t.tick[i].value, 1e-9);
    }
}

static void known_axes_have_known_ticks(void **state)
{
    static const struct {
        etas_scale_kind kind;
        double low, high;
        const char *texts;
    } cases[] = {
        {ETAS_SCALE_LINEAR, 0, 10, "0 2 4 6 8 10 "},
        {ETAS_SCALE_LINEAR, -0.35, 0.35,
         "\xe2\x88\x92"
         "0.3 \xe2\x88\x92"
         "0.2 \xe2\x88\x92"
         "0.1 0 0.1 0.2 0.3 "},
        {ETAS_SCALE_LINEAR, 0, 45213, "0 10,000 20,000 30,000 40,000 "},
        {ETAS_SCALE_LINEAR, 0, 3e7,
         "0 10^{7} 2\xc3\x97"
         "10^{7} 3\xc3\x97"
         "10^{7} "},
        {ETAS_SCALE_LOG, 1e-3, 1e3, "0.001 0.01 0.1 1 10 100 1000 "},
        {ETAS_SCALE_LOG, 1e-8, 1,
         "10^{\xe2\x88\x92"
         "8} 10^{\xe2\x88\x92"
         "6} 10^{\xe2\x88\x92"
         "4} 10^{\xe2\x88\x92"
         "2} 10^{0} "},
        {ETAS_SCALE_LOG, 1, 100, "1 2 5 10 20 50 100 "},
    };

    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const etas_scale s = {cases[k].kind, {cases[k].low, cases[k].high}, 0, 340};
        char all[256];
        size_t n = 0;
        etas_ticks t;

        all[0] = '\0';
        etas_ticks_make(&t, &s, &HOW, true);
        for (size_t i = 0; i < t.n; i++)
            if (t.tick[i].text[0] != '\0')
                n += etas_format(sizeof all - n, all + n, "%s ", t.tick[i].text);
        assert_string_equal(all, cases[k].texts);
    }
}

static double seconds(const char *text)
{
    etas_time t;

    check_ok(etas_time_parse(text, strlen(text), &t, NULL), NULL);
    return (double)t / 1e9;
}

static void ticks_of_time_stand_at_the_starts_of_days_months_and_years(void **state)
{
    static const struct {
        const char *low, *high, *first;
        size_t n;
    } cases[] = {{"1989-05-01", "2020-09-01", "1990", 7},
                 {"2019-12-20", "2020-12-31", "2020-01", 4},
                 {"2020-02-27", "2020-03-03", "2020-02-28", 3},
                 {"2020-03-01 22:00", "2020-03-02 23:00", "03-02 00:00", 2},
                 {"2020-03-01 22:00:00", "2020-03-01 22:00:09", "22:00:00", 2},
                 {"1680-01-01", "2260-01-01", "1700", 6}};

    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const etas_scale s = {
            ETAS_SCALE_TIME, {seconds(cases[k].low), seconds(cases[k].high)}, 40, 380};
        etas_ticks t;

        etas_ticks_make(&t, &s, &HOW, true);
        if (check_ticks(&t, &s, true) < cases[k].n || strcmp(t.tick[0].text, cases[k].first) != 0)
            fail_msg("%s: %zu ticks from \"%s\"", cases[k].low, t.n, t.tick[0].text);
    }
}

static void spans_hold_values_and_have_a_length(void **state)
{
    const double values[] = {3, NAN, -1, INFINITY, 0, 8};
    etas_span s = ETAS_SPAN_NONE;

    (void)state;
    etas_span_add(&s, ETAS_SCALE_LINEAR, 6, values);
    assert_true(s.low == -1 && s.high == 8);
    s = ETAS_SPAN_NONE;
    etas_span_add(&s, ETAS_SCALE_LOG, 6, values);
    assert_true(s.low == 3 && s.high == 8);
    for (int kind = 0; kind < 2; kind++) {
        const etas_span none = etas_span_pad(ETAS_SPAN_NONE, (etas_scale_kind)kind, 0.05);
        const etas_span one = etas_span_pad((etas_span){5, 5}, (etas_scale_kind)kind, 0.05);
        const etas_span two = etas_span_pad((etas_span){5, 9}, (etas_scale_kind)kind, 0.05);

        assert_true(none.low < none.high && (kind == 0 || none.low > 0));
        assert_true(one.low < 5 && one.high > 5);
        assert_true(two.low < 5 && two.high > 9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_ticks_keep_apart_and_say_what_they_are),
        cmocka_unit_test(logarithmic_ticks_keep_apart_and_say_what_they_are),
        cmocka_unit_test(known_axes_have_known_ticks),
        cmocka_unit_test(ticks_of_time_stand_at_the_starts_of_days_months_and_years),
        cmocka_unit_test(spans_hold_values_and_have_a_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
