#include <math.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include "report/axes.h"
#include "report/colours.h"
#include "report/map.h"
#include "support/check.h"

static const etas_svg_head HEAD = {.id = "f",
                                   .title = "A <title> & \"more\"",
                                   .desc = "it says",
                                   .width = 400,
                                   .height = 300,
                                   .theme = ETAS_THEME_LIGHT};

/* How many elements an XPath expression finds in a well-formed drawing. */
static int count(const etas_text *svg, const char *path)
{
    xmlDoc *const doc = xmlReadMemory(svg->data, (int)svg->len, "x.svg", NULL, XML_PARSE_NONET);
    xmlXPathContext *context;
    xmlXPathObject *found;
    int n;

    assert_non_null(doc);
    context = xmlXPathNewContext(doc);
    assert_int_equal(
        xmlXPathRegisterNs(context, BAD_CAST "s", BAD_CAST "http://www.w3.org/2000/svg"), 0);
    found = xmlXPathEvalExpression(BAD_CAST path, context);
    assert_non_null(found);
    n = found->nodesetval != NULL ? found->nodesetval->nodeNr : 0;
    xmlXPathFreeObject(found);
    xmlXPathFreeContext(context);
    xmlFreeDoc(doc);
    return n;
}

static void numbers_are_short(void **state)
{
    static const struct {
        double x;
        const char *text;
    } cases[] = {{0, "0"},         {-0.001, "0"},     {12, "12"},         {0.1, "0.1"},
                 {-0.25, "-0.25"}, {3.14159, "3.14"}, {0.07, "0.07"},     {99.999, "100"},
                 {NAN, "0"},       {INFINITY, "0"},   {1e300, "1000000"}, {-1e9, "-1000000"}};
    char out[32];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(etas_svg_number(cases[i].x, out), strlen(cases[i].text));
        assert_string_equal(out, cases[i].text);
    }
}

static void text_is_escaped_whatever_it_holds(void **state)
{
    etas_text out = {0};

    (void)state;
    check_ok(etas_xml_escape(&out, "a<b>&\"c\" \xce\xb2 \xf0\x9f\x8c\x8d"), NULL);
    assert_string_equal(out.data, "a&lt;b&gt;&amp;&quot;c&quot; \xce\xb2 \xf0\x9f\x8c\x8d");
    etas_text_free(&out);
    /* A control character, a lone and a missing continuation, an overlong slash, a surrogate, a
     * noncharacter, beyond Unicode, the end in the middle of a character. */
    check_ok(
        etas_xml_escape(&out, "\x01|\x80|\xc3|\xc0\xaf|\xed\xa0\x80|\xef\xbf\xbf|\xf5|\xe2\x82"),
        NULL);
    for (const char *p = out.data; *p != '\0';) {
        if (*p == '|') {
            p++;
            continue;
        }
        assert_memory_equal(p, "\xef\xbf\xbd", 3);
        p += 3;
    }
    etas_text_free(&out);
}

static void a_drawing_has_words_for_those_who_do_not_see_it(void **state)
{
    etas_text out = {0};
    etas_svg svg;

    (void)state;
    etas_svg_begin(&svg, &HEAD, &out);
    etas_svg_text(&svg, 10, 20, &(etas_letters){.size = 13, .ink = ETAS_INK_TEXT},
                  "x^{2} + P_{ij}");
    check_ok(etas_svg_end(&svg, NULL), NULL);
    assert_int_equal(count(&out, "/s:svg[@role='img' and @aria-labelledby='f-title f-desc' and "
                                 "@viewBox='0 0 400 300']"),
                     1);
    assert_int_equal(count(&out, "/s:svg/s:title[@id='f-title' and .='A <title> & \"more\"']"), 1);
    assert_int_equal(count(&out, "/s:svg/s:desc[@id='f-desc' and .='it says']"), 1);
    assert_int_equal(count(&out, "//s:text[.='x2 + Pij']"), 1);
    assert_int_equal(count(&out, "//s:tspan[.='2' and starts-with(@dy, '-')]"), 1);
    assert_int_equal(count(&out, "//s:tspan[.='ij' and @dy > 0]"), 1);
    etas_text_free(&out);
}

static void raised_letters_are_smaller(void **state)
{
    const etas_letters how = {.size = 10};
    const etas_letters bold = {.size = 10, .bold = true};

    (void)state;
    check_rel(etas_text_width(&how, "00"), 12.8, 1e-12);
    check_rel(etas_text_width(&how, "0^{0}"), 6.4 * 1.75, 1e-12);
    check_rel(etas_text_width(&how, "\xce\xb2"), 8.4, 1e-12);
    assert_true(etas_text_width(&bold, "Magnitudes") > etas_text_width(&how, "Magnitudes"));
    /* Without its end it is no markup, but text. */
    assert_true(etas_text_width(&how, "0^{0") > etas_text_width(&how, "0^{0}"));
}

static void a_page_gets_classes_and_a_file_gets_colours(void **state)
{
    const etas_theme themes[] = {ETAS_THEME_PAGE, ETAS_THEME_LIGHT, ETAS_THEME_DARK};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const bool page = themes[i] == ETAS_THEME_PAGE;
        etas_svg_head head = HEAD;
        etas_text out = {0};
        etas_svg svg;

        head.theme = themes[i];
        etas_svg_begin(&svg, &head, &out);
        etas_svg_line(&svg, (double[]){1, 2}, (double[]){3, 4}, &(etas_pen){.stroke = ETAS_INK_2});
        check_ok(etas_svg_end(&svg, NULL), NULL);
        assert_int_equal(count(&out, "//@class"), page ? 1 : 0);
        assert_int_equal(count(&out, "//s:path[@class='f-none s-two']"), page ? 1 : 0);
        assert_int_equal(count(&out, "//s:path[@stroke='#c2410c']"),
                         themes[i] == ETAS_THEME_LIGHT ? 1 : 0);
        assert_int_equal(count(&out, "//s:path[@stroke='#ff9457']"),
                         themes[i] == ETAS_THEME_DARK ? 1 : 0);
        etas_text_free(&out);
    }
}

static void the_style_sheet_knows_every_class(void **state)
{
    static const char *const names[] = {
#define X(name, class_name, light, dark) class_name,
        ETAS_INK_MAP(X)
#undef X
    };
    etas_text css = {0};

    (void)state;
    check_ok(etas_svg_css(&css), NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char rule[64], property[32];
        const char *at = css.data;
        size_t n = 0;

        (void)etas_format(sizeof rule, rule, ".f-%s{fill:var(--ink-%s)}", names[i], names[i]);
        assert_non_null(strstr(css.data, rule));
        (void)etas_format(sizeof rule, rule, ".s-%s{stroke:var(--ink-%s)}", names[i], names[i]);
        assert_non_null(strstr(css.data, rule));
        (void)etas_format(sizeof property, property, "--ink-%s:#", names[i]);
        for (; (at = strstr(at, property)) != NULL; at++)
            n++;
        assert_true(n >= 2); /* light and dark */
    }
    etas_text_free(&css);
}

/* Relative luminance and contrast as in WCAG 2. */
static double luminance(uint32_t rgb)
{
    double sum = 0;
    const double weights[] = {0.2126, 0.7152, 0.0722};

    for (int k = 0; k < 3; k++) {
        const double x = (rgb >> (16 - 8 * k) & 255) / 255.0;

        sum += weights[k] * (x <= 0.04045 ? x / 12.92 : pow((x + 0.055) / 1.055, 2.4));
    }
    return sum;
}

static double contrast(uint32_t a, uint32_t b)
{
    const double x = luminance(a), y = luminance(b);

    return (fmax(x, y) + 0.05) / (fmin(x, y) + 0.05);
}

static void colours_stand_out_from_the_ground(void **state)
{
    static const struct {
        const char *name;
        uint32_t light, dark;
    } inks[] = {
#define X(name, class_name, light, dark) {class_name, light, dark},
        ETAS_INK_MAP(X)
#undef X
    };

    (void)state;
    for (size_t i = 1; i < sizeof inks / sizeof *inks; i++) {
        const bool is_quiet =
            strcmp(inks[i].name, "grid") == 0 || strcmp(inks[i].name, "track") == 0;
        const double want = is_quiet ? 1 : strcmp(inks[i].name, "axis") == 0 ? 3 : 4.5;

        if (contrast(inks[i].light, inks[0].light) < want ||
            contrast(inks[i].dark, inks[0].dark) < want)
            fail_msg("%s: %.2f light, %.2f dark", inks[i].name,
                     contrast(inks[i].light, inks[0].light), contrast(inks[i].dark, inks[0].dark));
    }
}

static void the_map_s_colours_get_lighter_in_even_steps(void **state)
{
    enum { N = 64 };
    const double low = etas_colour_lightness(etas_colour_map(0));
    const double high = etas_colour_lightness(etas_colour_map(1));

    (void)state;
    check_abs(low, 0.30, 0.01);
    check_abs(high, 0.92, 0.01);
    for (int k = 0; k <= N; k++)
        check_abs(etas_colour_lightness(etas_colour_map((double)k / N)), low + (high - low) * k / N,
                  0.006);
    assert_int_equal(etas_colour_map(-1), etas_colour_map(0));
    assert_int_equal(etas_colour_map(2), etas_colour_map(1));
    check_abs(etas_colour_lightness(0xffffff), 1, 1e-6);
    check_abs(etas_colour_lightness(0), 0, 1e-12);
}

static etas_plot_spec plain_spec(void)
{
    return (etas_plot_spec){.x = {.title = "x", .span = {0, 10}},
                            .y = {.title = "y", .kind = ETAS_SCALE_LOG, .span = {0.1, 1000}}};
}

static void gaps_interrupt_lines_and_dots_are_drawn_where_values_are(void **state)
{
    const double x[] = {0, 1, 2, 3, 4, 5}, y[] = {1, 10, NAN, 100, 0, 1};
    const etas_plot_spec spec = plain_spec();
    etas_text out = {0};
    etas_svg svg;
    etas_plot plot;
    char want[128], place[4][2][32];

    (void)state;
    etas_svg_begin(&svg, &HEAD, &out);
    etas_plot_begin(&plot, &svg, &spec);
    out.len = 0;
    etas_plot_line(&plot, 6, x, y, NULL);
    for (size_t i = 0, k = 0; i < 6; i++)
        if (i != 2 && i != 4) {
            etas_svg_number(plot.box.x + x[i] / 10 * plot.box.width, place[k][0]);
            etas_svg_number(plot.box.y + plot.box.height * (3 - log10(y[i])) / 4, place[k++][1]);
        }
    etas_format(sizeof want, want, "<path d=\"M%s %sL%s %sM%s %sM%s %s\"/>\n", place[0][0],
                place[0][1], place[1][0], place[1][1], place[2][0], place[2][1], place[3][0],
                place[3][1]);
    assert_string_equal(out.data, want);
    out.len = 0;
    etas_plot_dots(&plot, 6, x, y, 3, ETAS_INK_1);
    etas_format(sizeof want, want, "<path d=\"M%s %sL%s %s", place[0][0], place[0][1], place[0][0],
                place[0][1]);
    assert_memory_equal(out.data, want, strlen(want));
    etas_text_free(&out);
}

static void a_line_of_very_many_points_is_not_long(void **state)
{
    enum { N = 200000 };
    static double x[N], y[N];
    const etas_plot_spec spec = plain_spec();
    etas_text out = {0};
    etas_svg svg;
    etas_plot plot;
    char end[64], at_x[32], at_y[32];

    (void)state;
    for (size_t i = 0; i < N; i++) {
        x[i] = 10.0 * (double)i / N;
        y[i] = 1 + x[i];
    }
    etas_svg_begin(&svg, &HEAD, &out);
    etas_plot_begin(&plot, &svg, &spec);
    out.len = 0;
    etas_plot_line(&plot, N, x, y, NULL);
    assert_in_range(out.len, 1000, 40000);
    etas_svg_number(etas_scale_place(&plot.x, x[N - 1]), at_x); /* the last point is there */
    etas_svg_number(etas_scale_place(&plot.y, y[N - 1]), at_y);
    etas_format(sizeof end, end, "L%s %s\"/>\n", at_x, at_y);
    assert_string_equal(out.data + out.len - strlen(end), end);
    etas_text_free(&out);
}

static void bars_have_the_heights_of_their_values(void **state)
{
    const double edge[] = {0, 1, 2, 3}, y[] = {10, 0, 1000};
    const etas_plot_spec spec = plain_spec();
    etas_text out = {0};
    etas_svg svg;
    etas_plot plot;
    size_t n = 0;

    (void)state;
    etas_svg_begin(&svg, &HEAD, &out);
    etas_plot_begin(&plot, &svg, &spec);
    out.len = 0;
    etas_plot_bars(&plot, 3, edge, y, NULL);
    for (const char *p = out.data; (p = strchr(p, 'M')) != NULL; p++)
        n++;
    assert_int_equal(n, 2);
    etas_text_free(&out);
}

static void a_map_has_cells_points_and_rings_where_they_are(void **state)
{
    const double lat[] = {45, 46, 47}, lon[] = {178.5, 179.5, 180.5}, value[] = {1, NAN, 100};
    const double radius[] = {2, 3, 4};
    const etas_colour_scale colours = {"events", ETAS_SCALE_LOG, {1, 100}};
    const etas_map_spec spec = {
        .title = "a map", .lat = {44, 49}, .lon = {178, 182}, .colours = &colours};
    etas_svg_head head = HEAD;
    etas_text out = {0};
    etas_svg svg;
    etas_map map;

    (void)state;
    head.height = etas_map_height(&spec, head.width, head.theme);
    etas_svg_begin(&svg, &head, &out);
    etas_map_begin(&map, &svg, &spec);
    /* A degree of longitude is shorter by the cosine of the middle latitude. */
    check_rel(map.plot.box.width / map.plot.box.height, 4 * cos(46.5 * M_PI / 180) / 5, 1e-9);
    etas_map_cells_draw(&map, &(etas_map_cells){3, lat, lon, value, 1, 1}, &colours);
    etas_map_points_draw(&map, &(etas_map_points){3, lat, lon, radius},
                         &(etas_pen){.stroke = ETAS_INK_TEXT});
    etas_map_end(&map);
    check_ok(etas_svg_end(&svg, NULL), NULL);
    assert_int_equal(count(&out, "//s:g[@shape-rendering]/s:path"), 2);
    assert_int_equal(count(&out, "//s:circle"), 3);
    assert_int_equal(count(&out, "//s:text[contains(., '180\xc2\xb0') and not(contains(., 'E'))]"),
                     1);
    assert_int_equal(count(&out, "//s:text[contains(., '\xc2\xb0N')]") >= 2, 1);
    assert_int_equal(count(&out, "//s:text[.='events']"), 1);
    etas_text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_short),
        cmocka_unit_test(text_is_escaped_whatever_it_holds),
        cmocka_unit_test(a_drawing_has_words_for_those_who_do_not_see_it),
        cmocka_unit_test(raised_letters_are_smaller),
        cmocka_unit_test(a_page_gets_classes_and_a_file_gets_colours),
        cmocka_unit_test(the_style_sheet_knows_every_class),
        cmocka_unit_test(colours_stand_out_from_the_ground),
        cmocka_unit_test(the_map_s_colours_get_lighter_in_even_steps),
        cmocka_unit_test(gaps_interrupt_lines_and_dots_are_drawn_where_values_are),
        cmocka_unit_test(a_line_of_very_many_points_is_not_long),
        cmocka_unit_test(bars_have_the_heights_of_their_values),
        cmocka_unit_test(a_map_has_cells_points_and_rings_where_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
