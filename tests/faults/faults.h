/* faults.h - calls of the core into libc that fail when they are told to. The linker puts these in front of
 * libc's (--wrap), in the objects of the program and nowhere else: what libc calls itself never fails. */
#ifndef FAULTS_H
#define FAULTS_H

#include <stdatomic.h>
#include <stdint.h>

/* Which calls fail, and how. */
typedef enum fault_mode {
    FAULTS_OFF,
    FAULTS_ONCE,        /* the nth, with an error that it can have */
    FAULTS_INTERRUPTED, /* the nth of those that a signal can interrupt */
    FAULTS_EXHAUSTED    /* from the nth on, those that take memory, descriptors, threads or processes */
} fault_mode;

/* Lies in a file that all processes of a scenario map. */
typedef struct fault_plan {
    _Atomic int mode;        /* fault_mode */
    char role[8];            /* whose calls: fault_role of the program */
    _Atomic int64_t left;    /* the one that makes it 0 fails */
    _Atomic int64_t counted;
    char failed[32];         /* what did, the first; empty: nothing */
    uint64_t where;          /* its return address */
} fault_plan;

/* Of the program: "worker", unless it says otherwise. */
extern const char *fault_role;

/* The plan, from the file that FAULTS_PLAN names; NULL: there is none, and nothing fails. */
extern fault_plan *faults;

#endif
