#include "etas/run_view.h"

#include "etas/array.h"

const char *etas_store_state_name(etas_store_state state)
{
    switch (state) {
    case ETAS_STORE_RUNNING:
        return "running";
    case ETAS_STORE_COMPLETE:
        return "complete";
    case ETAS_STORE_INCOMPLETE:
        return "incomplete";
    default:
        return "not begun";
    }
}

etas_status etas_run_view_read(etas_run_view *out, etas_store *store, etas_error *err)
{
    etas_status st = etas_store_run_get(store, &out->run, err);

    if (st == ETAS_OK)
        st = etas_store_state_get(store, &out->state, err);
    if (st == ETAS_OK)
        st = etas_run_tasks_read(&out->tasks, store, err);
    if (st == ETAS_OK)
        st = etas_store_phases(store, &out->phases, &out->n_phases, err);
    if (st == ETAS_OK)
        st = etas_store_deaths(store, &out->deaths, &out->n_deaths, err);
    if (st == ETAS_OK)
        st = etas_store_faults(store, &out->faults, &out->n_faults, err);
    out->stored = etas_ranges_total(etas_store_covered(store));
    for (size_t i = 0; i < out->n_deaths; i++)
        out->n_dead += out->deaths[i].range.count;
    /* A driver that may not leave anything out ends without having closed the books. */
    if (out->state == ETAS_STORE_RUNNING && out->n_dead > 0 &&
        out->stored + out->n_dead >= out->run.n_catalogs)
        out->state = ETAS_STORE_INCOMPLETE;
    return st;
}

void etas_run_view_free(etas_run_view *self)
{
    etas_run_tasks_free(&self->tasks);
    etas_array_free((void **)&self->phases);
    etas_array_free((void **)&self->deaths);
    etas_array_free((void **)&self->faults);
    *self = (etas_run_view){0};
}
