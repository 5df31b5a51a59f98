/* Who triggered whom: every pair of an inversion as a table. */
#include "io/results_save.h"
#include "io/table_out.h"

typedef struct pairs_writer {
    const etas_results_saver *saver;
    FILE *stream;
} pairs_writer;

/* The pairs of one target; its rate and hidden events repeat in each, as in the reference's. */
static etas_status write_row(void *context, const etas_pair_row *row, etas_error *err)
{
    const pairs_writer *w = context;
    const etas_results_saver *s = w->saver;
    const etas_catalog *catalog = s->in->catalog;
    const etas_inversion_state *state = s->in->state;
    const etas_event target = etas_catalog_row(catalog, state->target[row->number]);

    for (size_t k = 0; k < row->n; k++) {
        const size_t i = row->source[k];
        const etas_event source = etas_catalog_row(catalog, i);

        etas_table_put_text(w->stream, source.id_len, source.id);
        etas_table_put_text(w->stream, target.id_len, target.id);
        etas_table_put_number(w->stream, source.mag, ',');
        etas_table_put_number(w->stream, row->r2_km2[k], ',');
        etas_table_put_number(w->stream, row->time_days[k], ',');
        etas_table_put_number(w->stream, row->p[k] * row->rate, ',');
        etas_table_put_number(w->stream, row->rate, ',');
        etas_table_put_number(w->stream, row->p[k], ',');
        etas_table_put_number(w->stream, state->xi != NULL ? state->xi[i] : 1, ',');
        etas_table_put_number(w->stream, state->zeta != NULL ? state->zeta[row->number] : 1, '\n');
    }
    return etas_table_check(w->stream, s->fn_pij, err);
}

etas_status etas_results_write_pij(const etas_results_saver *s, FILE *out)
{
    pairs_writer w = {.saver = s, .stream = out};

    (void)fputs("source_id,target_id,source_magnitude,spatial_distance_squared,time_distance,gij,"
                "tot_rates,Pij,xi_plus_1,zeta_plus_1\n",
                out);
    return etas_inversion_visit_pairs(s->in->pairs_of, write_row, &w, s->err);
}
