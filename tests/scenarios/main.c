/* main.c - `scenarios SCENARIO LIBRARY...` plays one, and prints what is seen. */
#include "story.h"

#include <stdio.h>

int main(int count, char **arguments) {
    static story here;
    scenario run = count > 2 ? find_scenario(arguments[1]) : NULL;
    if (run == NULL) {
        fputs("usage: scenarios SCENARIO LIBRARY...\n", stderr);
        return 2;
    }
    told = &here;
    run(arguments + 2);
    sort_seen();
    fputs(here.seen, stdout);
    fputs(here.why, stderr);
    return here.why[0] != '\0';
}
