/* main.c - `faults ROLE MODE SCENARIO LIBRARY...` runs a scenario again and again, each time with another call
 * of the core's failing, in the host or in the worker. Where something is seen that is not seen otherwise, there
 * must be words about it; and then all of it once more, without a fault: nothing may be left that is broken,
 * no memory, no descriptor, no child. Prints how many calls failed, or a line about each that did harm. */
#define _GNU_SOURCE
#include "faults.h"
#include "../scenarios/story.h"

#include <dirent.h>
#include <sanitizer/lsan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE = 120, CANNOT = 2, LEAKED = 3, LEFT_OPEN = 4, LEFT_CHILD = 5, OTHERWISE = 6 };

const char *fault_role = "host";

static void *shared(size_t size, int file) {
    int flags = file < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
    void *made = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, file, 0);
    if (made == MAP_FAILED) {
        perror("mmap");
        exit(CANNOT);
    }
    return made;
}

/* Where the worker finds it too. */
static void make_plan(const char *role) {
    char path[64];
    int file = memfd_create("faults", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, sizeof *faults) != 0)
        exit(CANNOT);
    faults = shared(sizeof *faults, file);
    strncpy(faults->role, role, sizeof faults->role - 1);
    snprintf(path, sizeof path, "/proc/%d/fd/%d", getpid(), file);
    setenv("FAULTS_PLAN", path, 1);
}

static int descriptors(void) {
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;
    while (folder != NULL && readdir(folder) != NULL)
        count++;
    if (folder != NULL)
        closedir(folder);
    return count;
}

/* In a process of its own; never returns. */
static _Noreturn void play(scenario run, char **libraries, const char *usual, fault_mode mode, int64_t nth) {
    int open = descriptors();
    alarm(PATIENCE);
    faults->left = nth;
    faults->counted = 0;
    faults->failed[0] = '\0';
    faults->mode = (int)mode;
    run(libraries);
    faults->mode = FAULTS_OFF;
    sort_seen();
    if (usual == NULL)
        _exit(0);
    char *first = strdup(told->seen);
    told->seen[0] = '\0';
    run(libraries);
    sort_seen();
    if (first == NULL || strcmp(told->seen, usual) != 0)
        _exit(OTHERWISE);
    strcpy(told->seen, first);
    free(first);
    if (descriptors() != open)
        _exit(LEFT_OPEN);
    if (waitpid(-1, NULL, WNOHANG) >= 0)
        _exit(LEFT_CHILD);
    _exit(__lsan_do_recoverable_leak_check() != 0 ? LEAKED : 0);
}

/* The plan is in memory that the child shares: this process's own wait is no call of the core's. */
pid_t __real_waitpid(pid_t child, int *status, int options);

static int played(scenario run, char **libraries, const char *usual, fault_mode mode, int64_t nth) {
    int status;
    told->seen[0] = told->why[0] = '\0';
    pid_t child = fork();
    if (child == 0)
        play(run, libraries, usual, mode, nth);
    if (child < 0 || __real_waitpid(child, &status, 0) != child)
        exit(CANNOT);
    return status;
}

static const char *harm_of(int status, const char *usual) {
    static const char *const words[] = {[LEAKED] = "memory is lost",
                                        [LEFT_OPEN] = "a descriptor is left",
                                        [LEFT_CHILD] = "a child is left",
                                        [OTHERWISE] = "what comes behind it is not as ever"};
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGALRM ? "it hangs" : "it dies";
    if (WEXITSTATUS(status) >= LEAKED && WEXITSTATUS(status) <= OTHERWISE)
        return words[WEXITSTATUS(status)];
    if (status != 0)
        return "a sanitizer ends it";
    return strcmp(told->seen, usual) != 0 && told->why[0] == '\0' ? "nobody says why" : NULL;
}

static void tell(const char *harm, int64_t nth, const char *usual) {
    printf("call %ld, %s at 0x%lx: %s\n", (long)nth, faults->failed, (unsigned long)faults->where, harm);
    if (getenv("FAULTS_TOLD") != NULL)
        printf("-- usual:\n%s-- seen:\n%s-- why:\n%s--\n", usual, told->seen, told->why);
}

int main(int count, char **arguments) {
    static const char *const modes[] = {"off", "once", "interrupted", "exhausted"};
    fault_mode mode = FAULTS_OFF;
    scenario run = count > 3 ? find_scenario(arguments[3]) : NULL;
    for (int i = 1; count > 3 && i < 4; i++)
        if (strcmp(modes[i], arguments[2]) == 0)
            mode = (fault_mode)i;
    if (mode == FAULTS_OFF || run == NULL) {
        fputs("usage: faults host|worker once|interrupted|exhausted SCENARIO LIBRARY...\n", stderr);
        return CANNOT;
    }
    make_plan(arguments[1]);
    told = shared(sizeof *told, -1);
    int failed = 0, harmed = 0, status = played(run, arguments + 4, NULL, mode, INT64_MAX);
    static char usual[sizeof told->seen];
    strcpy(usual, told->seen);
    const char *from = getenv("FAULTS_FROM"), *to = getenv("FAULTS_TO");
    if (status != 0 || told->why[0] != '\0') {
        printf("without a fault: status %d\n%s%s", status, told->seen, told->why);
        return 1;
    }
    for (int64_t nth = from != NULL ? atol(from) : 1; to == NULL || nth <= atol(to); nth++) {
        status = played(run, arguments + 4, usual, mode, nth);
        const char *harm = harm_of(status, usual);
        if (harm != NULL)
            tell(harm, nth, usual);
        harmed += harm != NULL;
        if (faults->failed[0] == '\0')
            break;
        failed++;
        fflush(stdout);
    }
    printf("%d calls failed, %d did harm\n", failed, harmed);
    return harmed > 0;
}
