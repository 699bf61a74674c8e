/* isolated.c - what the core does with modules in processes of their own, once each, as short as it can be. */
#define _GNU_SOURCE
#include "story.h"

static mh_instance *load_limited(mh_host *host, const char *name, const char *entry, char **libraries,
                                 int which, mh_worker_limits limits) {
    mh_isolation isolation = {.worker = libraries[WORKER], .deadline = 60, .init_deadline = 60,
                              .restarts = 5, .period = 3600, .limits = limits};
    mh_item items[] = {{"limit", "7"}};
    mh_load what = {.label = name, .path = libraries[which], .entry = entry, .revision = "doc2019",
                    .isolation = &isolation, .items = items, .item_count = 1};
    return load(host, &what);
}

static mh_instance *load_isolated(mh_host *host, const char *name, const char *entry, char **libraries,
                                  int which) {
    return load_limited(host, name, entry, libraries, which, (mh_worker_limits){0});
}

void isolate(char **libraries) {
    mh_host *host = open_host();
    if (host == NULL)
        return;
    mh_instance *echo = load_isolated(host, "echo", "mesibo_module_echo_init", libraries, ECHO);
    process(host, "hello", 5);
    process(host, long_text, LONG);
    run_batch(host);
    end_module(echo);
    take_host(host);
    mh_host_free(host);
}

void isolate_network(char **libraries) {
    mh_host *host = open_host();
    if (host == NULL)
        return;
    mh_instance *fetch = load_isolated(host, "fetch", "mesibo_module_fetch_init", libraries, FETCH);
    process(host, "http://nowhere/", 16);
    serve(host);
    if (!mh_wait_idle(host, 60))
        see("requests stay open\n");
    end_module(fetch);
    take_host(host);
    mh_host_free(host);
}

/* With as much memory as a sanitizer wants. */
void limit(char **libraries) {
    mh_worker_limits limits = {
        .memory = 1ull << 44, .cpu_time = 3600, .open_files = 50, .no_network = true};
    mh_host *host = open_host();
    if (host == NULL)
        return;
    mh_instance *echo = load_limited(host, "echo", "mesibo_module_echo_init", libraries, ECHO, limits);
    process(host, "hello", 5);
    end_module(echo);
    take_host(host);
    mh_host_free(host);
}

/* Its process ends, and there is another behind it. */
void crash(char **libraries) {
    mh_host *host = open_host();
    if (host == NULL)
        return;
    mh_instance *ends = load_isolated(host, "ends", "mesibo_module_ends_init", libraries, ENDS);
    process(host, "system call", 11);
    process(host, "kill", 4);
    process(host, "fine", 4);
    end_module(ends);
    take_host(host);
    mh_host_free(host);
}
