#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "monitor.h"
#include "options.h"
#include "paths.h"
#include "talk.h"
#include "watch.h"

static const command_usage usage = {
    .name = "etas monitor",
    .synopsis = "STORE|OUTPUT [OPTIONS]",
    .about =
        "How a run goes, or went, from its store (OUTPUT.store; also while it is written to):\n"
        "progress, seconds by phase, and from the records of its tasks their durations, the\n"
        "slowest of them, the hosts that made them and how well the slots were used.",
    .min_arguments = 1,
    .max_arguments = 1,
};

typedef struct monitor {
    talk t;
    const char *argument;
    char path[4096];
    bool json;
    double watch_s;
} monitor;

static options_outcome parse(monitor *self, int argc, char *argv[])
{
    const option_spec own[] = {
        {"json", 0, OPTION_FLAG, &self->json, NULL, "as JSON"},
        {"watch", 0, OPTION_EVERY, &self->watch_s, "[SECONDS]",
         "look again every so many seconds (2), until the run is over, or ^C"}};
    option_spec talking[TALK_OPTIONS];
    const option_table tables[] = {
        {sizeof own / sizeof own[0], own}, {TALK_OPTIONS - 1, talking + 1}, {0, NULL}};
    size_t n = 0;
    options_outcome outcome;

    talk_init(&self->t, "etas");
    talk_options(&self->t, talking);
    outcome = options_parse(&usage, tables, argc, argv, &self->argument, &n);
    return outcome == OPTIONS_RUN ? talk_start(&self->t, &usage) : outcome;
}

static etas_status show(void *context, bool *over, etas_error *err)
{
    monitor *const self = context;
    etas_run_view view = {0};
    etas_store *store = NULL;
    etas_status st;

    paths_find_store(self->argument, sizeof self->path, self->path);
    st = etas_store_open(&store, self->path, ETAS_STORE_READ, err);
    if (st == ETAS_OK)
        st = etas_run_view_read(&view, store, err);
    if (st == ETAS_OK)
        st = self->json ? watch_print_json(self->watch_s, monitor_json(self->path, &view), err)
                        : monitor_print(&view, err);
    *over =
        st == ETAS_OK && (view.state == ETAS_STORE_COMPLETE || view.state == ETAS_STORE_INCOMPLETE);
    etas_run_view_free(&view);
    etas_store_close(store);
    return st;
}

int cmd_monitor(int argc, char *argv[])
{
    static monitor self;
    bool over = false;
    etas_error err = {0};
    etas_status st;
    const options_outcome outcome = parse(&self, argc, argv);

    if (outcome != OPTIONS_RUN)
        return options_exit_code(outcome);
    if (self.watch_s > 0)
        return watch_run(&self.t, self.watch_s, self.json, show, &self);
    st = show(&self, &over, &err);
    return st == ETAS_OK ? 0 : talk_fail(&self.t, st, &err);
}
