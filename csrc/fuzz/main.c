/* main.c - the fuzz program. It is started by `mesibo_abi.fuzzing`, and by nobody else:
 *
 *   program serve|fuzz LIBRARY ENTRY REVISION OPTIONS... -- what libFuzzer is to have */
#define _GNU_SOURCE
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

fuzz_options fuzz_asked = {.deadline = 10};
static fuzz_notes unread;
fuzz_notes *fuzz_noted = &unread;

static bool is_option(const char *word, const char *name, bool *out) {
    *out |= strcmp(word, name) == 0;
    return strcmp(word, name) == 0;
}

/* Those of one word. */
static bool read_flag(const char *word) {
    return is_option(word, "--has-synchronous", &fuzz_asked.has_synchronous) ||
           is_option(word, "--thread-safe", &fuzz_asked.thread_safe) ||
           is_option(word, "--threads", &fuzz_asked.threads) ||
           is_option(word, "--isolate", &fuzz_asked.isolate) ||
           is_option(word, "--leaks", &fuzz_asked.leaks);
}

static const char *item_name;

static bool read_value(const char *option, const char *value) {
    if (strcmp(option, "--words") == 0)
        fuzz_asked.words = value;
    else if (strcmp(option, "--notes") == 0)
        fuzz_asked.notes = value;
    else if (strcmp(option, "--candidates") == 0)
        fuzz_asked.candidates = value;
    else if (strcmp(option, "--deadline") == 0)
        fuzz_asked.deadline = atof(value);
    else if (strcmp(option, "--events") == 0)
        fuzz_asked.events = strtoul(value, NULL, 10);
    else if (strcmp(option, "--item") == 0)
        item_name = value;
    else if (strcmp(option, "--value") == 0 && item_name != NULL &&
             fuzz_asked.item_count < FUZZ_ITEMS)
        fuzz_asked.items[fuzz_asked.item_count++] = (mh_item){item_name, value};
    else
        return false;
    return true;
}

/* Where libFuzzer's begin; 0: something else was asked. */
static int read_options(int argc, char **argv) {
    int at = 5;
    if (argc < 5)
        return 0;
    fuzz_asked.library = argv[2];
    fuzz_asked.entry = argv[3];
    fuzz_asked.revision = argv[4];
    while (at < argc && strcmp(argv[at], "--") != 0) {
        if (read_flag(argv[at]))
            at += 1;
        else if (at + 1 < argc && read_value(argv[at], argv[at + 1]))
            at += 2;
        else
            return 0;
    }
    return at;
}

static bool map_notes(void) {
    if (fuzz_asked.notes == NULL)
        return true;
    int file = open(fuzz_asked.notes, O_RDWR | O_CLOEXEC);
    void *mapped = file >= 0 ? mmap(NULL, sizeof(fuzz_notes), PROT_READ | PROT_WRITE, MAP_SHARED,
                                    file, 0)
                             : MAP_FAILED;
    if (mapped != MAP_FAILED)
        fuzz_noted = mapped;
    return mapped != MAP_FAILED;
}

int main(int argc, char **argv) {
    int at = read_options(argc, argv);
    bool serves = argc > 1 && strcmp(argv[1], "serve") == 0;
    if (at == 0 || (!serves && strcmp(argv[1], "fuzz") != 0)) {
        fprintf(stderr, "a program of mesibo_abi.fuzzing: it is not for the command line\n");
        return 2;
    }
    if (!fuzz_open() || !map_notes() ||
        (fuzz_asked.words != NULL && !fuzz_words_read(fuzz_asked.words)))
        return 2;
    if (serves)
        return fuzz_serve();
    fuzz_asked.hurries = !fuzz_asked.isolate;
    int left = at < argc ? argc - at : 1; /* the -- becomes the name of the program */
    char *nothing[] = {argv[0], NULL}, **given = at < argc ? argv + at : nothing;
    given[0] = argv[0];
    return fuzz_with_libfuzzer(left, given);
}
