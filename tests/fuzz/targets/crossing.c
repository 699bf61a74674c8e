/* crossing.c - what crossed in a worker, as it lies in the memory that its module can write to: all that
 * comes out of it can be shown, within the room that there is for any. */
#include "input.h"

#include "interface/crossing.h"

static mh_crossings *crossings;

static void show(const mh_crossing *crossing) {
    static char text[MH_CROSSING_TEXT];
    size_t len = mh_crossing_json(crossing, text);
    promise(len < sizeof text && text[0] == '{' && text[len - 1] == '}');
    promise(memchr(text, '\n', len) == NULL && memchr(text, '\0', len) == NULL);
    len = mh_crossing_event(crossing, text);
    promise(len < sizeof text && memchr(text, '\0', len) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static mh_crossing out[MH_LAST_CROSSINGS];
    input from = {data, size};
    uint64_t taken = 0;
    if (crossings == NULL && (crossings = calloc(1, sizeof *crossings)) == NULL)
        return 0;
    crossings->taken_out = (take_byte(&from) & 1) != 0;
    crossings->put = take_byte(&from);
    take(&from, &crossings->open[0], sizeof(mh_crossing));
    take(&from, &crossings->ring[0], sizeof(mh_crossing));
    size_t count = mh_crossings_last(crossings, out);
    for (size_t i = 0; i < count; i++)
        show(&out[i]);
    while (mh_crossings_take(crossings, &taken, &out[0]))
        show(&out[0]);
    return 0;
}
