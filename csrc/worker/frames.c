/* frames.c - where a module was when it ended: the frames of its stack by the unwinder, each with the object
 * that it lies in; and, should that fail or fault, what on the stack looks like a return address. */
#define _GNU_SOURCE
#include "report.h"

#include <setjmp.h>
#include <unistd.h>
#include <unwind.h>

/* So many frames of a recursion are walked; of a longer one, so many bytes of the stack are looked at, at its
 * other end. */
enum { MOST_WALKED = 256, OUTER_ROOM = 16 << 10 };

static uint64_t turn_stack; /* of the thread that serves turns */
static sigjmp_buf out_of_unwinder;
static _Atomic int unwinding; /* the thread that may jump there; 0: none */

/* ---- Objects -------------------------------------------------------------------------------------------- */

static bool is_code(uint64_t address) {
    mh_object found;
    return mh_object_at(address, &found) && found.is_code;
}

static int32_t number_of_object(mh_crash *crash, const char *name) {
    char self[MH_OBJECT_PATH];
    if (name[0] == '\0') {
        ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
        self[len > 0 ? len : 0] = '\0';
        name = self;
    }
    uint32_t i = 0;
    while (i < crash->object_count && strcmp(crash->objects[i], name) != 0)
        i++;
    if (i == MH_OBJECTS)
        return -1;
    if (i == crash->object_count) {
        copy_text(crash->objects[i], MH_OBJECT_PATH, name);
        crash->object_count++;
    }
    return (int32_t)i;
}

static mh_crash_frame frame_at(mh_crash *crash, uint64_t address) {
    mh_object found;
    mh_crash_frame frame = {.address = address, .object = -1};
    if (mh_object_at(address, &found)) {
        frame.object = number_of_object(crash, found.name);
        frame.offset = address - found.bias;
    }
    return frame;
}

/* Where all are taken, the outermost ones in turn. In which object each is, is looked up behind that. */
static void add_frame(mh_crash *crash, uint64_t address) {
    enum { OUTERMOST = MH_FRAMES - MH_INNERMOST };
    uint64_t nth = crash->frame_count + crash->left_out;
    uint64_t at = nth < MH_FRAMES ? nth : MH_INNERMOST + (nth - MH_INNERMOST) % OUTERMOST;
    crash->frames[at] = (mh_crash_frame){.address = address, .object = -1};
    if (nth < MH_FRAMES)
        crash->frame_count++;
    else
        crash->left_out++;
}

/* The outermost ones in their order. */
static void turn_frames(mh_crash *crash) {
    enum { OUTERMOST = MH_FRAMES - MH_INNERMOST };
    uint64_t turned[OUTERMOST], first = crash->left_out % OUTERMOST;
    mh_crash_frame *outermost = &crash->frames[MH_INNERMOST];
    for (uint64_t i = 0; i < OUTERMOST; i++)
        turned[i] = outermost[(first + i) % OUTERMOST].address;
    for (uint64_t i = 0; i < OUTERMOST; i++)
        outermost[i].address = turned[i];
}

/* `cut`: the walk did not come to its end. */
static void finish_frames(mh_crash *crash, bool cut) {
    if (crash->left_out > 0 && cut) { /* the last ones are none of the outermost */
        crash->left_out += crash->frame_count - MH_INNERMOST;
        crash->frame_count = MH_INNERMOST;
    } else if (crash->left_out > 0) {
        turn_frames(crash);
    }
    for (uint32_t i = 0; i < crash->frame_count; i++)
        crash->frames[i] = frame_at(crash, crash->frames[i].address);
}

static void add_found(void *context, uint64_t address) {
    mh_crash *crash = context;
    if (crash->found_count < MH_FRAMES)
        crash->found[crash->found_count++] = frame_at(crash, address - 1);
}

/* ---- Frames --------------------------------------------------------------------------------------------- */

typedef struct walk {
    mh_crash *crash;
    uint64_t begin; /* frames before this address are the handler's own; 0: none are */
    bool begun, cut;
    uint32_t steps;
} walk;

static _Unwind_Reason_Code take_frame(struct _Unwind_Context *context, void *data) {
    walk *walk = data;
    int exact = 0;
    uint64_t address = _Unwind_GetIPInfo(context, &exact);
    if (address == 0)
        return _URC_END_OF_STACK;
    walk->begun = walk->begun || address == walk->begin;
    if (walk->begun) /* a return address is behind the call that it belongs to */
        add_frame(walk->crash, exact || address == walk->begin ? address : address - 1);
    walk->cut = ++walk->steps == MOST_WALKED;
    return walk->cut ? _URC_END_OF_STACK : _URC_NO_REASON;
}

/* The frames above `begin` (0: above the caller). A fault in the unwinder comes back here. */
static void walk_frames(mh_crash *crash, uint64_t begin) {
    walk walk = {.crash = crash, .begin = begin, .begun = begin == 0};
    if (sigsetjmp(out_of_unwinder, 1) == 0) {
        unwinding = gettid();
        _Unwind_Backtrace(take_frame, &walk);
    }
    unwinding = 0;
    finish_frames(crash, walk.cut);
}

/* Whether it came to who called the module: this program, behind what is not. */
static bool is_whole(const mh_crash *crash) {
    mh_object object;
    bool outside = false;
    for (uint32_t i = 0; i < crash->frame_count; i++) {
        bool is_ours = mh_object_at(crash->frames[i].address, &object) && object.name[0] == '\0';
        if (outside && is_ours)
            return true;
        outside = outside || !is_ours;
    }
    return false;
}

static bool is_cut(const mh_crash *crash) {
    return crash->left_out > 0 && crash->frame_count == MH_INNERMOST;
}

/* Better than nothing, where the frames are gone: first what is left of the last calls, below the stack,
 * and then who may have called. Where they are too many: who began, from the outermost on. */
void frames_look_for_callers(mh_crash *crash) {
    bool is_off = crash->sp < crash->stack_low || crash->sp >= crash->stack_high;
    if (sigsetjmp(out_of_unwinder, 1) == 0) {
        unwinding = gettid();
        if (is_cut(crash)) {
            uint64_t begin = is_turn_thread ? turn_stack : crash->stack_high;
            mh_callers_below(begin, crash->stack_low, OUTER_ROOM, add_found, crash);
        } else if (!is_whole(crash) && !is_off) {
            crash->entry = frame_at(crash, is_turn_thread ? serve_callback(crash->event) : 0);
            mh_callers_below(crash->sp, crash->stack_low, MH_ROOM_LEFT, add_found, crash);
            mh_callers_above(crash->sp, crash->stack_high, add_found, crash);
        }
    }
    unwinding = 0;
}

void frames_take(mh_crash *crash, ucontext_t *context) {
    uint64_t begin = crash->pc;
    if (!is_code(begin)) {
        add_frame(crash, begin);
        finish_frames(crash, false);
        if (crash->sp < crash->stack_low || crash->sp >= crash->stack_high)
            return;
        begin = machine_leave_wild_frame(context);
        if (!is_code(begin))
            return;
    }
    walk_frames(crash, begin);
}

void frames_take_callers(mh_crash *crash) { walk_frames(crash, 0); }

void frames_jump_out(void) {
    if (unwinding == gettid())
        siglongjmp(out_of_unwinder, 1);
}

/* ---- Beforehand ------------------------------------------------------------------------------------------- */

void frames_begin_at(uint64_t stack) { turn_stack = stack; }

static _Unwind_Reason_Code stop_at_once(struct _Unwind_Context *context, void *data) {
    (void)context, (void)data;
    return _URC_END_OF_STACK;
}

void frames_prepare(void) { _Unwind_Backtrace(stop_at_once, NULL); }
