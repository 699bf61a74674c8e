/* columns.h - columns, row after row: in, and out. */
#ifndef MESIBO_COLUMNS_H
#define MESIBO_COLUMNS_H

#include "core.h"

/* Reads rows of columns. Words that no column has are 0 from the beginning. */
typedef struct mh_reader {
    const mh_columns *columns;
    int present[MH_WORDS], count;
    mh_params params; /* of the row that was read last, as the event's */
    mh_event event;
} mh_reader;

void mh_reader_begin(mh_reader *reader, const mh_columns *columns);
/* Into the reader's event. */
void mh_read_row(mh_reader *reader, uint64_t row);

/* Takes what is in the queue to the end of `columns`, in order. False: no memory; what was not taken is
 * still in the queue. */
bool mh_sent_columns_take(mh_sent_columns *columns, mh_queue *queue);
void mh_sent_columns_free(mh_sent_columns *columns);

#endif
